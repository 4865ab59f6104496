"""Doses, refusals and reactions are saved through the record, once what was found is confirmed."""

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from qamqor.engine.immunisation.recording import Dose, Reaction, What
from qamqor.errors import NotPossible, NotThere, Unusable
from qamqor.services import immunisation_recording as recording
from qamqor.services.access.actor import PLATFORM, Actor
from qamqor.services.fhir.write import Change, save
from qamqor.services.immunisation import open_schedule

pytestmark = pytest.mark.django_db(transaction=True)

AT = datetime(2026, 3, 10, 5, 0, tzinfo=UTC)
TODAY = date(2026, 3, 10)
OPENED = open_schedule(None, [Path("content")], TODAY)
SIX = Dose(
    cvx=146, given_on=TODAY, lot="L1", expires_on=date(2027, 1, 1), site="LT", route="IM",
    amount_ml="0.5", consent=True,
)  # fmt: skip
NURSE = Actor(1, "PractitionerRole/n", "practice_nurse", is_service=True)
WHO = {"actor": NURSE, "at": AT, "today": TODAY}


def person(born: str | None = "2026-01-05") -> None:
    patient = {"resourceType": "Patient", "id": "amina", "gender": "female"}
    if born:
        patient["birthDate"] = born
    save([Change("PUT", "Patient", "amina", patient)], actor=PLATFORM, at=AT)


def test_a_good_dose_is_saved_and_then_known() -> None:
    person()
    stored, found = recording.record_dose("amina", SIX, OPENED, **WHO)
    assert (stored.version.type, found) == ("Immunization", [])
    with pytest.raises(Unusable, match="duplicate"):
        recording.record_dose("amina", SIX, OPENED, **WHO)


def test_a_dose_too_early_is_saved_only_once_it_is_confirmed() -> None:
    person()
    early = replace(SIX, given_on=date(2026, 1, 20))
    with pytest.raises(Unusable, match="does not count: Polio; age: too young; 2026-02-16"):
        recording.record_dose("amina", early, OPENED, **WHO)
    _, found = recording.record_dose("amina", early, OPENED, confirmed={What.DOES_NOT_COUNT}, **WHO)
    assert {one.what for one in found} == {What.DOES_NOT_COUNT}


@pytest.mark.parametrize("amount", ["half", "-1", "NaN"])
def test_an_amount_is_a_number_of_millilitres(amount: str) -> None:
    person()
    with pytest.raises(Unusable, match="no amount"):
        recording.record_dose("amina", replace(SIX, amount_ml=amount), OPENED, **WHO)


def test_of_a_person_without_a_birth_date_nothing_can_be_checked() -> None:
    person(None)
    with pytest.raises(NotPossible, match="no birth date"):
        recording.look_at_dose("amina", SIX, OPENED, **WHO)
    with pytest.raises(NotThere):
        recording.look_at_dose("nobody", SIX, OPENED, **WHO)


def test_a_refusal_is_saved_with_its_reason_and_not_for_a_day_to_come() -> None:
    person()
    stored = recording.record_not_given("amina", 3, TODAY, "PATOBJ", **WHO)
    assert (stored.resource or {})["status"] == "not-done"
    with pytest.raises(Unusable, match="PATOBJ, MEDPREC, OSTOCK"):
        recording.record_not_given("amina", 3, TODAY, "mood", **WHO)
    with pytest.raises(Unusable, match="after today"):
        recording.record_not_given("amina", 3, date(2026, 3, 11), "PATOBJ", **WHO)


def test_a_reaction_points_to_a_dose_of_the_record() -> None:
    person()
    stored, _ = recording.record_dose("amina", SIX, OPENED, **WHO)
    seen = Reaction(TODAY, "fever", "", "non-serious", "mild", {stored.version.id: TODAY})
    kept = recording.record_reaction("amina", seen, OPENED, **WHO)
    assert kept.version.type == "AdverseEvent"
    with pytest.raises(Unusable, match="no such dose in the record: other"):
        recording.record_reaction("amina", replace(seen, doses={"other": TODAY}), OPENED, **WHO)
    with pytest.raises(Unusable, match="code unknown"):
        recording.record_reaction("amina", replace(seen, severity="awful"), OPENED, **WHO)
