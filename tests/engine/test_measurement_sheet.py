"""A sheet of numbers as typed at one visit, and numbers of earlier visits read back."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from qamqor.engine.measurements.earlier import earlier
from qamqor.engine.measurements.observation import mean, observation
from qamqor.engine.measurements.sheet import read_sheet
from tests.engine.test_measurements import KNOWN, PRESSURE, WEIGHT

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def test_a_high_first_reading_asks_for_a_second() -> None:
    found = read_sheet(KNOWN.values(), {"systolic": "168", "diastolic": "98"}, {})

    assert found.wants_second == {"blood_pressure"}
    assert len(found.readings["blood_pressure"]) == 1


def test_a_second_reading_is_judged_by_its_own_name() -> None:
    typed = {"systolic": "168", "diastolic": "98", "systolic_2": "156", "diastolic_2": "160"}
    found = read_sheet(KNOWN.values(), typed, {})

    assert [(one.measure, one.code) for one in found.remarks] == [("diastolic_2", "not_below")]
    assert found.stops


def test_a_second_without_a_first_is_refused() -> None:
    found = read_sheet(KNOWN.values(), {"systolic_2": "150", "diastolic_2": "90"}, {})

    assert [(one.measure, one.code) for one in found.remarks] == [
        ("systolic", "missing"),
        ("diastolic", "missing"),
    ]


def test_half_a_pair_is_no_reading() -> None:
    found = read_sheet(KNOWN.values(), {"systolic": "120", "pulse": "72"}, {})

    assert set(found.readings) == {"pulse"}
    assert found.stops


def test_a_mean_is_rounded_half_up_to_the_decimals_of_the_part() -> None:
    readings = [{"weight": Decimal("70.1")}, {"weight": Decimal("70.2")}]

    assert mean(WEIGHT, readings) == {"weight": Decimal("70.2")}


def test_what_was_written_is_read_back_and_other_units_are_left_out() -> None:
    values = {"systolic": Decimal(128), "diastolic": Decimal(78)}
    made = observation(PRESSURE, [values], patient="Patient/a", performer="PractitionerRole/n",
                       encounter="Encounter/e", setting="clinic", at=AT)  # fmt: skip
    pounds = observation(WEIGHT, [{"weight": Decimal(150)}], patient="Patient/a", performer="x",
                         encounter=None, setting="home", at=AT)  # fmt: skip
    pounds["valueQuantity"]["code"] = "[lb_av]"

    (found,) = earlier(PRESSURE, [{"id": "1", **made}, {"id": "2", **pounds}])

    assert (found.values, found.encounter) == (values, "Encounter/e")
    assert earlier(WEIGHT, [{"id": "2", **pounds}]) == []
    assert earlier(PRESSURE, [{"id": "1", **made, "status": "entered-in-error"}]) == []
