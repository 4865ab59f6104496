"""A visit's numbers become the record at once, close what was due, and can be taken back."""

from __future__ import annotations

import uuid
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import connection
from django.test.utils import CaptureQueriesContext

from qamqor.engine.fhir import json_text
from qamqor.engine.fhir.validation import check
from qamqor.errors import NotAllowed, NotThere, Unusable
from qamqor.services import due
from qamqor.services.visit import drafts, foreseen, known, measuring, named, signing
from qamqor.services.visit.measuring import Visit
from qamqor.store.fhir import versions
from tests.services.access.village import actor
from tests.services.test_derived import AT, TODAY, pressure, put
from tests.services.worklist.test_today import NURSE, of, resident

pytestmark = pytest.mark.django_db
PRESSURE = {"blood_pressure": ({"systolic": Decimal(132), "diastolic": Decimal(78)},)}
TWICE = {
    "blood_pressure": (
        {"systolic": Decimal(168), "diastolic": Decimal(98)},
        {"systolic": Decimal(157), "diastolic": Decimal(92)},
    )
}


@pytest.fixture(autouse=True)
def invented_approvals(settings: Any) -> None:
    settings.QAMQOR = replace(django_settings.QAMQOR, is_demo=True)


def visit(who: str = "amina", key: str = "") -> Visit:
    return Visit(who, key or str(uuid.uuid4()), AT)


def resource(type_: str, id_: str) -> dict[str, Any]:
    found = versions.read(type_, id_)
    assert found is not None
    assert found.content is not None
    decoded: dict[str, Any] = json_text.decode(found.content)
    return decoded


def contact() -> due.Due:
    (found,) = [
        one for one in due.due_of("amina", as_of=TODAY)
        if (one.programme, one.action) == ("hypertension", "nurse_contact")
    ]  # fmt: skip
    return found


def test_a_pressure_closes_what_was_due_in_the_same_commit() -> None:
    resident("amina")
    before = contact()
    begun = visit()

    measuring.keep(begun, PRESSURE, actor=NURSE, at=AT)

    after = contact()
    assert before.status in ("due", "overdue")
    assert after.status == "not_due"
    assert after.due_on is not None
    assert after.due_on > TODAY
    assert resource("Encounter", named.id_of(begun.key, "encounter"))["status"] == "in-progress"


def test_what_is_foreseen_is_what_comes() -> None:
    resident("amina")
    made = measuring.as_if("amina", PRESSURE, at=AT)
    then = foreseen.due_after("amina", made, as_of=TODAY)

    measuring.keep(visit(), PRESSURE, actor=NURSE, at=AT)

    def plain(rows: tuple[due.Due, ...]) -> list[due.Due]:
        return sorted((one._replace(evidence=None) for one in rows), key=lambda one: one[2:6])

    assert plain(then) == plain(due.due_of("amina", as_of=TODAY))


def test_the_same_form_sent_twice_is_one_measurement() -> None:
    resident("amina")
    begun = visit()
    measuring.keep(begun, PRESSURE, actor=NURSE, at=AT)
    before = versions.last_sequence()

    assert measuring.keep(begun, PRESSURE, actor=NURSE, at=AT) == []
    assert versions.last_sequence() == before


def test_other_numbers_correct_those_kept_before() -> None:
    resident("amina")
    begun = visit()
    measuring.keep(begun, PRESSURE, actor=NURSE, at=AT)
    right = {"blood_pressure": ({"systolic": Decimal(123), "diastolic": Decimal(78)},)}

    (stored,) = measuring.keep(begun, right, actor=NURSE, at=AT)

    assert stored.resource is not None
    assert stored.resource["status"] == "corrected"
    assert stored.resource["component"][0]["valueQuantity"]["value"] == 123


def test_two_readings_are_one_observation_of_their_mean() -> None:
    resident("amina")
    begun = visit()

    measuring.keep(begun, TWICE, actor=NURSE, at=AT)

    found = resource("Observation", named.id_of(begun.key, "blood_pressure"))
    values = [c["valueQuantity"]["value"] for c in found["component"]]
    assert values == [163, 95, 168, 98, 157, 92]
    about = known.about("amina", actor=NURSE, at=AT, as_of=TODAY)
    last = about.last("blood_pressure")
    assert last is not None
    assert last.values == {"systolic": 163, "diastolic": 95}


def test_what_is_taken_back_is_due_again_and_stays_in_the_history() -> None:
    resident("amina")
    begun = visit()
    measuring.keep(begun, PRESSURE, actor=NURSE, at=AT)

    assert measuring.take_back("amina", begun.key, actor=NURSE, at=AT) == 2

    assert contact().status in ("due", "overdue")
    id_ = named.id_of(begun.key, "blood_pressure")
    assert resource("Observation", id_)["status"] == "entered-in-error"


def test_a_colleagues_measurement_is_not_mine_to_take_back() -> None:
    resident("amina")
    begun = visit()
    measuring.keep(begun, PRESSURE, actor=actor("gp"), at=AT)

    with pytest.raises(NotThere):
        measuring.take_back("amina", begun.key, actor=NURSE, at=AT)


def test_signing_ends_the_visit_and_forgets_the_draft() -> None:
    resident("amina")
    begun = visit()
    drafts.keep("amina", begun.key, {"pulse": "72"}, seen=0, actor=NURSE, at=AT)

    signing.sign(begun, PRESSURE, actor=NURSE, at=AT)
    before = versions.last_sequence()
    assert signing.sign(begun, PRESSURE, actor=NURSE, at=AT) == []

    assert versions.last_sequence() == before
    encounter = resource("Encounter", named.id_of(begun.key, "encounter"))
    assert encounter["status"] == "finished"
    assert drafts.own("amina", NURSE) is None
    signature = resource("Provenance", named.id_of(begun.key, "signature"))
    assert len(signature["target"]) == 3
    for found in (encounter, signature):
        assert check(found) == []


def test_nothing_is_kept_of_a_person_of_another_area() -> None:
    resident("bolat", "south")

    with pytest.raises(NotThere):
        measuring.keep(visit("bolat"), PRESSURE, actor=NURSE, at=AT)
    with pytest.raises(NotThere):
        drafts.keep("bolat", str(uuid.uuid4()), {}, seen=0, actor=NURSE, at=AT)
    with pytest.raises(NotThere):
        signing.sign(visit("bolat"), PRESSURE, actor=NURSE, at=AT)


def test_a_key_that_is_none_is_refused() -> None:
    resident("amina")

    with pytest.raises(Unusable):
        measuring.keep(visit(key="../x"), PRESSURE, actor=NURSE, at=AT)


def test_a_version_no_store_can_hold_is_one_that_went_on_elsewhere() -> None:
    resident("amina")
    key = str(uuid.uuid4())
    assert drafts.keep("amina", key, {}, seen=10**21, actor=NURSE, at=AT).is_stale
    drafts.keep("amina", key, {"pulse": "72"}, seen=0, actor=NURSE, at=AT)
    late = drafts.keep("amina", key, {"pulse": "80"}, seen=2**31 - 1, actor=NURSE, at=AT)
    assert (late.is_stale, late.draft.fields) == (True, {"pulse": "72"})


def test_a_draft_that_went_on_elsewhere_is_shown_not_overwritten() -> None:
    resident("amina")
    key = str(uuid.uuid4())
    first = drafts.keep("amina", key, {"pulse": "72"}, seen=0, actor=NURSE, at=AT)
    drafts.keep("amina", key, {"pulse": "74"}, seen=first.draft.version, actor=NURSE, at=AT)

    late = drafts.keep("amina", key, {"pulse": "80"}, seen=first.draft.version, actor=NURSE, at=AT)
    assert late.is_stale
    assert late.draft.fields == {"pulse": "74"}

    chosen = drafts.keep("amina", key, {"pulse": "80"}, seen=2, actor=NURSE, at=AT, anyway=True)
    assert not chosen.is_stale
    own = drafts.own("amina", NURSE)
    assert own is not None
    assert own.fields == {"pulse": "80"}


def test_a_draft_of_a_colleague_is_named_but_neither_read_nor_written() -> None:
    resident("amina")
    key = str(uuid.uuid4())
    doctor = actor("gp", account=9)
    drafts.keep("amina", key, {"pulse": "72"}, seen=0, actor=doctor, at=AT)

    assert len(known.about("amina", actor=NURSE, at=AT, as_of=TODAY).colleagues) == 1
    assert drafts.own("amina", NURSE) is None
    with pytest.raises(NotAllowed):
        drafts.keep("amina", key, {"pulse": "1"}, seen=1, actor=NURSE, at=AT)


def test_a_novel_is_no_draft() -> None:
    resident("amina")
    with pytest.raises(Unusable):
        drafts.keep("amina", str(uuid.uuid4()), {"goal": "a" * 70_000}, seen=0, actor=NURSE, at=AT)


def test_what_a_visit_reads_does_not_grow_with_the_record() -> None:
    resident("amina")
    few = _queries()
    put(*(of(pressure(f"p{n}", f"2025-{n % 12 + 1:02d}-03", 140), "amina") for n in range(60)))

    assert _queries() <= few + 1


def _queries() -> int:
    with CaptureQueriesContext(connection) as asked:
        known.about("amina", actor=NURSE, at=AT, as_of=TODAY)
    return len(asked)
