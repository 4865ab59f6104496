"""The log cannot be changed quietly: one altered, removed or inserted row is found and named."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import DatabaseError, connection, transaction

from qamqor.errors import NotPossible
from qamqor.services.access.actor import PLATFORM
from qamqor.services.audit import checkpoints, record, verify
from qamqor.store import audit, node
from tests.services.access.village import AT, actor

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def chain() -> Iterator[None]:
    """Twelve readings, one of each of twelve people, signed at the first and again at the tenth."""
    published().unlink(missing_ok=True)
    audit.unprotect()
    for number in range(1, 13):
        record(
            actor("gp"),
            "read",
            at=AT + timedelta(minutes=number),
            what=[f"Patient/p{number}/_history/1"],
            people=[f"p{number}"],
            relation="panel",
        )
        if number == 10:
            checkpoints.sign_now(at=number)
    node.commit(audit.index_people)
    yield
    published().unlink(missing_ok=True)


def published() -> Path:
    return checkpoints.published_file()


def tamper(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)


def found() -> list[tuple[str, int]]:
    return [(finding.kind, finding.number) for finding in verify.verify().findings]


def test_an_untouched_chain_is_intact() -> None:
    verdict = verify.verify()

    assert verdict.is_intact
    assert (verdict.entries, verdict.checkpoints) == (12, 2)


@pytest.mark.parametrize(
    "change",
    [
        "entry = replace(entry, 'p7', 'p8')",
        "at = at + 1",
        "action = 'search'",
        "outcome = 'refused'",
        "agent = 'PractitionerRole/somebody'",
    ],
)
def test_an_altered_entry_is_named(change: str) -> None:
    tamper(f"update audit_entry set {change} where number = 7")

    assert found() == [("altered", 7)]


def test_an_altered_first_entry_is_named() -> None:
    tamper("update audit_entry set at = at + 1 where number = 1")

    assert found() == [("altered", 1)]


def test_an_altered_entry_with_a_hash_that_fits_shows_at_the_next() -> None:
    rows = audit.find(audit.Wanted(), limit=12)[::-1]
    forged = audit.chained(rows[5].hash, (7, rows[6].at, "search", *rows[6][3:6]))
    tamper(f"update audit_entry set action = 'search', hash = '{forged}' where number = 7")

    assert found() == [("altered", 8)]


def test_a_chain_rewritten_to_its_end_breaks_the_signatures() -> None:
    before = audit.FIRST_HASH
    for row in audit.find(audit.Wanted(), limit=12)[::-1]:
        agent = "PractitionerRole/other" if row.number == 7 else row.agent
        hash_ = audit.chained(before, (*row[:4], agent, row.entry))
        tamper(
            f"update audit_entry set agent = '{agent}', hash = '{hash_}' "
            f"where number = {row.number}"
        )
        before = hash_

    assert found() == [("rewritten", 10)]


def test_a_removed_entry_is_named() -> None:
    tamper("delete from audit_entry where number = 7")
    tamper("delete from audit_patient where number = 7")

    assert found() == [("removed", 7)]


def test_an_inserted_entry_is_named() -> None:
    tamper(
        """insert into audit_entry select 13, at, action, outcome, agent, entry, hash
        from audit_entry where number = 12"""
    )

    assert found()[0] == ("altered", 13)
    assert ("inserted", 13) in found()


def test_entries_moved_to_make_room_are_named() -> None:
    tamper("update audit_entry set number = 100 where number = 7")

    assert found()[0] == ("removed", 7)


def test_a_cut_off_end_is_found() -> None:
    tamper("delete from audit_entry where number > 11")

    assert ("removed", 12) in found()


def test_a_cut_off_end_with_the_counter_set_back_is_found_by_the_signatures() -> None:
    tamper("delete from audit_entry where number > 9")
    tamper("update node_counter set value = 9 where name = 'audit'")

    assert ("truncated", 10) in found()


def test_a_cut_off_end_without_its_checkpoint_is_found_by_the_published_file() -> None:
    tamper("delete from audit_entry where number > 9")
    tamper("delete from audit_checkpoint where number > 9")
    tamper("update node_counter set value = 9 where name = 'audit'")

    assert found() == [("checkpoint", 10), ("truncated", 10)]


def test_a_checkpoint_signed_by_somebody_else_is_not_believed() -> None:
    tamper("update audit_checkpoint set signature = replace(signature, 'a', 'b') where number = 10")
    published().unlink()

    assert found() == [("checkpoint", 10)]


def test_a_person_taken_out_of_the_index_of_people_is_noticed() -> None:
    tamper("delete from audit_patient where patient = 'p7'")

    assert found() == [("index", 0)]


def test_who_is_not_yet_in_the_index_is_not_missing() -> None:
    record(actor("gp"), "read", at=AT, people=["p7", "p9"])

    assert found() == []


def test_an_index_that_is_said_to_reach_further_than_it_does_is_noticed() -> None:
    record(actor("gp"), "read", at=AT, people=["p7"])
    tamper("update node_counter set value = 13 where name = 'audit_people'")

    assert found() == [("index", 0)]


def test_an_entry_made_unreadable_stops_no_commit_and_is_named() -> None:
    record(actor("gp"), "read", at=AT, people=["p7"])
    tamper("update audit_entry set entry = 'no JSON' where number = 13")
    node.commit(audit.index_people)
    record(actor("gp"), "read", at=AT, people=["p7"])

    assert ("altered", 13) in found()


def test_the_database_itself_refuses_to_change_entries() -> None:
    audit.protect()
    for sql in (
        "update audit_entry set agent = 'x' where number = 7",
        "delete from audit_entry where number = 7",
        "delete from audit_checkpoint",
    ):
        with pytest.raises(DatabaseError, match="only ever added"), transaction.atomic():
            tamper(sql)


def test_a_key_of_the_publishers_choice_is_used(tmp_path: Path) -> None:
    public = tmp_path / "key.pem"
    public.write_text(checkpoints.public_pem())
    copy = tmp_path / "checkpoints"
    copy.write_bytes(published().read_bytes())

    assert verify.verify(published=copy, public_key=public).is_intact


def test_a_file_that_holds_no_checkpoints_is_said_to(tmp_path: Path) -> None:
    wrong = tmp_path / "checkpoints"
    wrong.write_text('{"number": 1}\n')

    with pytest.raises(NotPossible, match=":1 is no checkpoint"):
        verify.verify(published=wrong)


def test_a_failed_change_leaves_no_entry_and_no_gap() -> None:
    def fails(tx: node.Transaction) -> None:
        tx.note("audit", None)
        raise ValueError("undone")

    with pytest.raises(ValueError, match="undone"):
        node.commit(fails)
    record(PLATFORM, "read", at=AT)

    assert verify.verify().is_intact
    assert verify.verify().entries == 13
