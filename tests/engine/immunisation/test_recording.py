"""What is said of a dose, a refusal and a reaction before they are saved."""

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from qamqor.engine.immunisation.one_child.state import Child, GivenDose, Observed
from qamqor.engine.immunisation.read_yaml import read_schedule
from qamqor.engine.immunisation.recording import (
    Dose,
    Finding,
    Level,
    Reaction,
    What,
    adverse_event,
    check_dose,
    check_reaction,
    immunization,
    not_given,
)

FILE = sorted(Path("content/schedules/kazakhstan").glob("*/schedule.yaml"))[-1]
SCHEDULE = read_schedule(FILE.read_text(encoding="utf-8"))
TODAY = date(2026, 3, 10)
BORN = date(2026, 1, 5)
CHILD = Child(BORN, "Female", (GivenDose(BORN, 8, dose_id="Immunization/a"),))
SIX = Dose(
    cvx=146, given_on=TODAY, lot="L1", expires_on=date(2027, 1, 1), site="LT", route="IM",
    amount_ml="0.5", consent=True,
)  # fmt: skip


def found(child: Child = CHILD, today: date = TODAY, **changes: Any) -> list[Finding]:
    return check_dose(SCHEDULE, child, replace(SIX, **changes), today)


def codes(child: Child = CHILD, **changes: Any) -> set[tuple[What, Level]]:
    return {(one.what, one.level) for one in found(child, **changes)}


def test_a_dose_in_time_and_fully_recorded_needs_no_word() -> None:
    assert found() == []


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"given_on": None}, What.NO_DATE),
        ({"given_on": date(2025, 12, 31)}, What.BEFORE_BIRTH),
        ({"given_on": date(2026, 3, 11)}, What.IN_FUTURE),
        ({"cvx": 8, "given_on": BORN}, What.DUPLICATE),
        ({"cvx": 999}, What.UNKNOWN_VACCINE),
        ({"consent": None}, What.NO_CONSENT),
        ({"consent": False}, What.REFUSED),
        ({"lot": ""}, What.NO_LOT),
        ({"expires_on": None}, What.NO_EXPIRY),
        ({"site": ""}, What.NO_SITE),
        ({"route": ""}, What.NO_ROUTE),
        ({"amount_ml": ""}, What.NO_AMOUNT),
    ],
)
def test_what_cannot_be_true_or_is_missing_stops_it(changes: dict[str, Any], what: What) -> None:
    assert (what, Level.STOP) in codes(**changes)


def test_a_paper_card_need_not_tell_lot_site_and_consent() -> None:
    bare = Dose(cvx=146, given_on=TODAY, is_from_paper=True)
    assert check_dose(SCHEDULE, CHILD, bare, TODAY) == []


def test_a_dose_too_early_is_said_with_the_reason_and_the_first_good_day() -> None:
    (early, *_) = [one for one in found(given_on=date(2026, 1, 25)) if one.group == "HepB"]
    assert (early.what, early.level) == (What.DOES_NOT_COUNT, Level.CONFIRM)
    assert early.reasons == ("age: too young", "interval: too soon")
    assert early.day == date(2026, 2, 16)


def test_an_expired_dose_is_confirmed_before_it_is_saved() -> None:
    assert (What.EXPIRED, Level.CONFIRM) in codes(expires_on=date(2026, 3, 1))


def test_a_dose_after_the_last_is_not_needed() -> None:
    done = replace(CHILD, doses=(*CHILD.doses, GivenDose(date(2026, 1, 6), 19)))
    assert (What.NOT_NEEDED, Level.CONFIRM) in codes(done, cvx=19)


def test_what_must_not_be_given_is_said_and_can_still_be_recorded() -> None:
    allergic = replace(CHILD, observations=(Observed("K80", BORN),))
    assert (What.MUST_NOT, Level.CONFIRM) in codes(allergic)


def test_what_stops_stands_first() -> None:
    levels = [one.level for one in found(expires_on=date(2026, 3, 1), lot="")]
    assert levels == sorted(levels, key=list(Level).index)
    assert levels[0] is Level.STOP


def test_a_dose_becomes_an_immunization_and_a_refusal_one_not_done() -> None:
    made = immunization("Patient/x", SIX, performer="PractitionerRole/n", recorded="2026-03-10")
    assert made["vaccineCode"]["coding"][0]["code"] == "146"
    assert (made["lotNumber"], made["expirationDate"]) == ("L1", "2027-01-01")
    bare = immunization(
        "Patient/x", Dose(8, BORN, is_from_paper=True), performer="p", recorded="2026-03-10"
    )
    assert not {"lotNumber", "site", "route", "doseQuantity", "expirationDate"} & set(bare)
    refusal = not_given("Patient/x", 3, TODAY, "PATOBJ", recorded="2026-03-10")
    assert (refusal["status"], refusal["vaccineCode"]["coding"][0]["code"]) == ("not-done", "03")


REACTION = Reaction(TODAY, "fever", "39.1", "non-serious", "mild", {"a": BORN})


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"happened_on": None}, What.NO_DATE),
        ({"happened_on": date(2026, 3, 11)}, What.IN_FUTURE),
        ({"happened_on": date(2026, 1, 4)}, What.BEFORE_DOSE),
        ({"code": "", "text": ""}, What.NO_EVENT),
        ({"doses": {}}, What.UNKNOWN_VACCINE),
        ({"severity": "awful"}, What.UNKNOWN_CODE),
    ],
)
def test_a_reaction_has_a_day_a_name_and_a_dose(changes: dict[str, Any], what: What) -> None:
    assert check_reaction(REACTION, TODAY) == []
    assert what in {one.what for one in check_reaction(replace(REACTION, **changes), TODAY)}


def test_a_reaction_points_to_the_doses_suspected() -> None:
    made = adverse_event("Patient/x", REACTION, recorder="PractitionerRole/n", recorded="2026")
    assert made["suspectEntity"] == [{"instance": {"reference": "Immunization/a"}}]
    assert made["event"]["text"] == "39.1"
    said = adverse_event("Patient/x", replace(REACTION, code=""), recorder="r", recorded="2026")
    assert said["event"] == {"text": "39.1"}
