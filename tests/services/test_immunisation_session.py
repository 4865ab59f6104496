"""A vaccination session is saved whole or not at all, once, and what it used stays in hand."""

import uuid
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from qamqor.engine.immunisation.recording import Dose, What
from qamqor.errors import NotAllowed, NotThere, Unusable
from qamqor.services import immunisation_batches as batches
from qamqor.services import immunisation_session as sessions
from qamqor.services import immunisation_watch as watching
from qamqor.services.access.actor import PLATFORM, Actor
from qamqor.services.fhir.write import Change, save
from qamqor.services.immunisation_batches import Batch
from qamqor.services.immunisation_session import Entry
from qamqor.store import audit
from qamqor.store.fhir import versions

pytestmark = pytest.mark.django_db(transaction=True)
AT = datetime(2026, 3, 10, 5, 0, tzinfo=UTC)
TODAY = date(2026, 3, 10)
NURSE = Actor(1, "PractitionerRole/n", "practice_nurse", is_service=True)
WHO = {"actor": NURSE, "at": AT, "today": TODAY}
KEY = str(uuid.UUID(int=7))
SIX = Dose(
    cvx=146, given_on=TODAY, lot="L1", expires_on=date(2027, 1, 1), site="LT", route="IM",
    amount_ml="0.5", consent=True,
)  # fmt: skip
THIRTEEN = replace(SIX, cvx=133, lot="P1", site="RT")


@pytest.fixture
def opened() -> Any:
    patient = {"resourceType": "Patient", "id": "amina", "gender": "female"}
    born = {**patient, "birthDate": "2026-01-05"}
    save([Change("PUT", "Patient", "amina", born)], actor=PLATFORM, at=AT)
    return sessions.calendar(TODAY, "en").opened


def begin(opened: Any) -> sessions.Session:
    return sessions.begin("amina", opened, **WHO)


def test_doses_a_refusal_and_consent_are_saved_together_and_once(opened: Any) -> None:
    entries = [Entry(SIX), Entry(Dose(133, TODAY), "PATOBJ", "wants to wait")]
    found = begin(opened)
    stored = sessions.record(found, KEY, entries, opened, **WHO)
    assert [one.version.type for one in stored] == ["Immunization", "Immunization", "Consent"]
    again = begin(opened)
    assert again.consent_on == TODAY
    assert sessions.record(again, KEY, entries, opened, **WHO) == []
    kept = list(sessions.saved(again, KEY))
    assert {one["status"] for one in kept} == {"completed", "not-done"}
    assert [one["note"][0]["text"] for one in kept if "note" in one] == ["wants to wait"]


def test_one_dose_that_is_stopped_stops_the_whole_session(opened: Any) -> None:
    found = begin(opened)
    with pytest.raises(Unusable, match="no lot"):
        sessions.record(found, KEY, [Entry(SIX), Entry(replace(THIRTEEN, lot=""))], opened, **WHO)
    assert versions.read("Immunization", sessions.id_of(KEY, 146)) is None


def test_each_dose_of_a_session_knows_those_before_it(opened: Any) -> None:
    found = begin(opened)
    findings = sessions.check(found, [Entry(SIX), Entry(replace(SIX, cvx=120))], opened, TODAY)
    assert findings[146] == []
    assert {one.what for one in findings[120]} == {What.DOES_NOT_COUNT}


def test_what_is_swallowed_needs_no_site(opened: Any) -> None:
    found = begin(opened)
    drops = replace(SIX, cvx=178, site="", route="PO")
    whats = {one.what for one in sessions.check(found, [Entry(drops)], opened, TODAY)[178]}
    assert What.NO_SITE not in whats
    other = replace(drops, route="IM")
    whats = {one.what for one in sessions.check(found, [Entry(other)], opened, TODAY)[178]}
    assert What.NO_SITE in whats


def test_somebody_who_may_not_record_is_refused_and_nobody_is_not_there(opened: Any) -> None:
    found = begin(opened)
    head = Actor(2, "PractitionerRole/h", "head")
    with pytest.raises(NotAllowed):
        sessions.record(found, KEY, [Entry(SIX)], opened, actor=head, at=AT, today=TODAY)
    with pytest.raises(NotThere):
        sessions.begin("nobody", opened, **WHO)


def test_batches_stay_in_hand_for_the_day_and_for_the_worker() -> None:
    batches.keep({146: Batch("L1", "2027-01-01")}, actor=NURSE, at=AT, today=TODAY)
    batches.keep({133: Batch("P1", "2027-01-31")}, actor=NURSE, at=AT, today=TODAY)
    assert batches.in_hand(NURSE, TODAY) == {
        146: Batch("L1", "2027-01-01"),
        133: Batch("P1", "2027-01-31"),
    }
    assert batches.in_hand(NURSE, TODAY)[133].shown == "31.01.2027"
    assert batches.in_hand(NURSE, TODAY + timedelta(1)) == {}
    assert batches.in_hand(replace(NURSE, account=2), TODAY) == {}


def test_who_had_a_dose_is_watched_until_the_minutes_are_over(opened: Any) -> None:
    found = begin(opened)
    sessions.record(found, KEY, [Entry(SIX), Entry(THIRTEEN)], opened, **WHO)
    later = AT + timedelta(minutes=10)
    (one,) = watching.watched(30, actor=NURSE, at=later)
    assert (one.patient, one.vaccines, one.minutes_left(later)) == ("amina", (133, 146), 20)
    assert one.minutes_left(AT + timedelta(minutes=30)) == 0
    assert watching.watched(30, actor=NURSE, at=AT + timedelta(hours=3)) == []


def test_looking_is_kept_and_costs_few_queries(opened: Any) -> None:
    found = begin(opened)
    sessions.record(found, KEY, [Entry(SIX)], opened, **WHO)
    before = audit.counted()
    with CaptureQueriesContext(connection) as asked:
        begin(opened)
    assert len(asked) <= 25, [one["sql"][:80] for one in asked]
    assert audit.counted() != before, "who looked is kept"


def test_what_the_list_asks_of_a_group_at_risk_is_offered_on_the_page(village: None) -> None:
    """A programme sees the risk in an illness, which the schedule itself does not read."""
    day, at = date(2026, 11, 30), datetime(2026, 11, 30, 5, 0, tzinfo=UTC)
    illness = {
        "resourceType": "Condition",
        "id": "high",
        "subject": {"reference": "Patient/bolat"},
        "recordedDate": "2020-01-01",
        "code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10", "code": "I10"}]},
    }
    save([Change("PUT", "Condition", "high", illness)], actor=PLATFORM, at=at)
    opened = sessions.calendar(day, "en").opened

    found = sessions.begin("bolat", opened, actor=NURSE, at=at, today=day)

    assert found.asked == {"Influenza"}
    assert [one.groups for one in found.injections] == [("Influenza",)]
