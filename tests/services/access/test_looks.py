"""Nobody looks unseen: what is answered, and what is refused, is in the chain."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from qamqor.engine.fhir import json_text
from qamqor.errors import GoneBefore, NotAllowed, NotThere
from qamqor.services.access import looks
from qamqor.services.access.sights import Sights
from qamqor.services.fhir import read, reindex, stream
from qamqor.services.fhir.write import Change, save
from qamqor.store import access, audit, quick
from qamqor.store.audit import Wanted
from qamqor.store.fhir import versions
from tests.services.access.village import (
    AT,
    PLATFORM,
    SYSTEM,
    actor,
    observation,
    people,
    put,
    resident,
    through,
)


def trail(patient: str) -> list[tuple[str, str, str, str | None]]:
    """Action, outcome, agent and relation of what concerned a person, newest first."""
    return [
        (row.action, row.outcome, row.agent, json_text.decode(row.entry.encode()).get("relation"))
        for row in audit.find(Wanted(patient=patient), limit=100)
    ]


@pytest.mark.django_db
def test_a_reading_is_kept_with_who_and_why() -> None:
    people()
    read.one("Observation", "amina-weight", actor=actor("gp"), at=AT)

    assert trail("amina")[0] == ("read", "ok", "PractitionerRole/gp", "panel")


@pytest.mark.django_db
def test_a_refused_reading_is_kept_and_says_not_there() -> None:
    people()
    with pytest.raises(NotThere):
        read.one("Observation", "bolat-weight", actor=actor("gp"), at=AT)
    with pytest.raises(NotAllowed):
        read.one("Observation", "bolat-weight", actor=actor("registrar"), at=AT)

    assert trail("bolat")[:2] == [
        ("read", "refused", "PractitionerRole/registrar", None),
        ("read", "refused", "PractitionerRole/gp", None),
    ]


@pytest.mark.django_db
def test_a_refused_change_is_kept_though_it_was_undone() -> None:
    people()
    with pytest.raises(NotAllowed):
        put(observation("new", "bolat"), by=actor("gp"))

    newest = audit.find(Wanted(agent="PractitionerRole/gp"), limit=1)[0]
    assert (newest.action, newest.outcome) == ("update", "refused")
    assert "Observation/new" in newest.entry
    assert versions.read("Observation", "new") is None


@pytest.mark.django_db
def test_a_change_and_its_entry_are_one() -> None:
    people()
    put(observation("new", "amina"), by=actor("gp"))

    assert trail("amina")[0] == ("create", "ok", "PractitionerRole/gp", "panel")


@pytest.mark.django_db
def test_what_is_deleted_stays_whose_it_was() -> None:
    people()
    save(
        [Change("DELETE", "Observation", "bolat-weight")],
        actor=actor("gp", areas=frozenset({"south"})),
        at=AT,
    )

    with pytest.raises(NotThere, match="is not here"):
        read.one("Observation", "bolat-weight", actor=actor("gp"), at=AT)
    with pytest.raises(GoneBefore):
        read.one(
            "Observation", "bolat-weight", actor=actor("gp", areas=frozenset({"south"})), at=AT
        )
    with pytest.raises(NotThere):
        read.version("Observation", "bolat-weight", 1, actor=actor("gp"), at=AT)


@pytest.mark.django_db
def test_a_label_put_on_later_hides_earlier_versions_too() -> None:
    people()
    put(observation("amina-weight", "amina", "HIV"))
    nurse = actor("practice_nurse")

    with pytest.raises(NotThere):
        read.version("Observation", "amina-weight", 1, actor=nurse, at=AT)
    history = [versions.read_version("Observation", "amina-weight", n) for n in (1, 2)]
    assert looks.at_each(Sights(nurse, AT), [v for v in history if v], action="history") == []
    assert (
        len(looks.at_each(Sights(actor("gp"), AT), [v for v in history if v], action="history"))
        == 2
    )


@pytest.mark.django_db
def test_a_label_taken_off_opens_only_what_never_had_it() -> None:
    people()
    put(observation("amina-hiv", "amina"))
    nurse = actor("practice_nurse")

    assert read.version("Observation", "amina-hiv", 2, actor=nurse, at=AT).version == 2
    with pytest.raises(NotThere):
        read.version("Observation", "amina-hiv", 1, actor=nurse, at=AT)


@pytest.mark.django_db
def test_a_mixed_history_shows_only_what_is_open() -> None:
    people()
    shown = looks.at_each(Sights(actor("gp"), AT), versions.changes_after(0), action="history")

    assert {f"{v.type}/{v.id}" for v in shown} == {
        "Patient/amina",
        "Observation/amina-weight",
        "Observation/amina-hiv",
    }


@pytest.mark.django_db
def test_a_person_reads_in_the_trail_who_they_are_to_it() -> None:
    people()
    read.one("Patient", "amina", actor=resident("amina"), at=AT)

    assert trail("amina")[0] == ("read", "ok", "Patient/amina", "self")


@pytest.mark.django_db(transaction=True)
def test_readers_who_come_together_are_each_kept() -> None:
    people()

    def look(number: int) -> None:
        read.one("Patient", "amina", actor=actor("gp", account=number), at=AT)
        connection.close()

    with ThreadPoolExecutor(16) as threads:
        list(threads.map(look, range(200)))

    kept = audit.find(Wanted(agent="PractitionerRole/gp"), limit=500)
    assert {json_text.decode(row.entry.encode())["account"] for row in kept} == set(range(200))
    assert [row.number for row in kept] == sorted((row.number for row in kept), reverse=True)


@pytest.mark.django_db
def test_what_keys_show_is_what_two_questions_tell() -> None:
    people()
    south = actor("gp", areas=frozenset({"south"}))
    save([Change("DELETE", "Observation", "bolat-weight")], actor=south, at=AT)
    keys = [row[0] for row in quick.rows("select key from fhir_resource", [])]
    seen = access.seen_by_keys(keys)

    assert len(keys) > 5
    assert {key: one.version for key, one in seen.items()} == versions.read_by_keys(keys)
    facts = access.facts(keys)
    assert {key: one.people for key, one in seen.items()} == {k: facts[k].people for k in keys}


@pytest.mark.django_db
def test_an_index_made_anew_is_the_index_that_was() -> None:
    people()
    save([Change("DELETE", "Observation", "bolat-weight")], actor=PLATFORM, at=AT)
    before = indexed()
    counts = reindex.reindex(at=AT)

    assert counts["access"] == 6
    assert indexed() == before
    assert ("access_subject", "bolat-weight") in {(row[0], row[1]) for row in before}


def indexed() -> set[tuple[object, ...]]:
    found: set[tuple[object, ...]] = set()
    for table in ("access_subject", "access_label", "access_relation"):
        sql = f"select '{table}', r.id, t.* from {table} t join fhir_resource r on r.key = t.key"
        found |= set(quick.rows(sql, []))
    return found


@pytest.mark.django_db
def test_an_export_leaves_out_what_scopes_do_not_name_and_is_kept() -> None:
    people()
    lab = through(SYSTEM, "system/Observation.rs")
    exported = b"".join(stream.resources("Observation", actor=lab, at=AT))

    assert b"amina-weight" in exported
    assert b"amina-hiv" not in exported
    newest = audit.find(Wanted(agent="Device/lab"), limit=1)[0]
    assert (newest.action, newest.outcome) == ("export", "ok")
    named = through(SYSTEM, "system/Observation.rs", "label/HIV")
    assert b"amina-hiv" in b"".join(stream.resources("Observation", actor=named, at=AT))
    with pytest.raises(NotAllowed):
        stream.resources("Observation", actor=actor("head"), at=AT)
