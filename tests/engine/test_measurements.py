"""Numbers at a visit: what is refused, what is doubted, what is taken, and how it is stored."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from qamqor.engine.fhir.json_text import encode
from qamqor.engine.measurements.definition import Measurement, read_measurements
from qamqor.engine.measurements.observation import observation
from qamqor.engine.measurements.typed import read_number, remarks, wants_second
from qamqor.errors import InvalidPack

FILE = Path(__file__).parents[2] / "content/measurements/measurements.yaml"
KNOWN = {m.id: m for m in read_measurements(yaml.safe_load(FILE.read_text()), FILE.name)}
PRESSURE, WEIGHT = KNOWN["blood_pressure"], KNOWN["weight"]
AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def codes(measurement: Measurement, last: dict[str, Decimal] | None = None, **typed: str) -> Any:
    return [(one.measure, one.code) for one in remarks(measurement, typed, last or {})]


def test_an_ordinary_reading_is_taken_without_a_word() -> None:
    assert codes(PRESSURE, systolic="128", diastolic="78") == []


def test_nothing_typed_is_nothing_measured() -> None:
    assert codes(PRESSURE, systolic=" ", diastolic="") == []


@pytest.mark.parametrize(
    ("systolic", "diastolic", "said"),
    [
        ("301", "80", [("systolic", "too_high")]),
        ("59", "50", [("systolic", "too_low")]),
        ("12o", "80", [("systolic", "not_a_number")]),
        ("120,5", "80", [("systolic", "not_a_number")]),
        ("120", "", [("diastolic", "missing")]),
        ("80", "80", [("systolic", "unusually_low"), ("diastolic", "not_below")]),
        ("210", "130", [("systolic", "unusually_high"), ("diastolic", "unusually_high")]),
    ],
)
def test_what_is_said_of_a_pressure(systolic: str, diastolic: str, said: Any) -> None:
    assert codes(PRESSURE, systolic=systolic, diastolic=diastolic) == said


@pytest.mark.parametrize(("now", "asked"), [("139", []), ("168", [("systolic", "changed_much")])])
def test_a_leap_from_the_last_value_is_asked_about(now: str, asked: Any) -> None:
    last = {"systolic": Decimal(128), "diastolic": Decimal(80)}

    assert codes(PRESSURE, last, systolic=now, diastolic="80") == asked


def test_asking_does_not_stop_saving_and_refusing_does() -> None:
    doubted = remarks(PRESSURE, {"systolic": "210", "diastolic": "90"}, {})
    refused = remarks(PRESSURE, {"systolic": "400", "diastolic": "90"}, {})

    assert [one.stops for one in doubted] == [False]
    assert [one.stops for one in refused] == [True]


@pytest.mark.parametrize(
    ("systolic", "diastolic", "again"),
    [("139", "89", False), ("140", "80", True), ("120", "90", True), ("", "", False)],
)
def test_a_high_first_reading_asks_for_a_second(systolic: str, diastolic: str, again: bool) -> None:
    assert wants_second(PRESSURE, {"systolic": systolic, "diastolic": diastolic}) is again


@pytest.mark.parametrize(("first", "digits"), [("1", 3), ("2", 3), ("9", 2)])
def test_the_next_field_takes_over_when_the_number_is_complete(first: str, digits: int) -> None:
    advance = PRESSURE.parts[0].advance

    assert advance is not None
    assert advance.digits_after(first) == digits


def test_a_weight_keeps_the_decimal_as_it_was_typed() -> None:
    value = read_number("72,0", WEIGHT.parts[0])
    assert value is not None
    found = observation(
        WEIGHT,
        [{"weight": value}],
        patient="Patient/a",
        performer="x",
        encounter=None,
        setting="home",
        at=AT,
    )

    assert b'"value":72.0,' in encode(found)
    assert found["extension"][0]["valueCode"] == "home"


def test_a_pressure_is_one_observation_of_two_parts() -> None:
    values = {"systolic": Decimal(128), "diastolic": Decimal(78)}
    found = observation(PRESSURE, [values], patient="Patient/a", performer="PractitionerRole/n",
                        encounter="Encounter/e", setting="clinic", at=AT)  # fmt: skip

    assert [c["valueQuantity"]["value"] for c in found["component"]] == [128, 78]
    assert "valueQuantity" not in found


@given(text=st.text(max_size=12))
def test_anything_typed_is_a_number_within_limits_or_refused(text: str) -> None:
    value = read_number(text, WEIGHT.parts[0])
    refused = any(one.stops for one in remarks(WEIGHT, {"weight": text}, {}))

    low, high = WEIGHT.parts[0].hard
    assert refused or not text.strip() or (value is not None and low <= value <= high)


@pytest.mark.parametrize(
    ("instead", "said"),
    [
        ({"soft": [0, 500]}, "within the hard ones"),
        ({"hard": [1]}, "two numbers"),
        ({"label": {"en": "x"}}, "no words in kk"),
        ({"colour": "red"}, "is not known here"),
        ({"below": "moon"}, "not measured with it"),
        ({"unit": ""}, "is missing"),
    ],
)
def test_mistakes_in_the_content_are_named(instead: dict[str, Any], said: str) -> None:
    words = {"en": "x", "ru": "x", "kk": "x"}
    good = {"id": "x", "code": "1", "unit": "kg", "shown_unit": words, "label": words,
            "hard": [0, 10], "soft": [1, 9]}  # fmt: skip

    with pytest.raises(InvalidPack, match=said):
        read_measurements([good | instead], "m.yaml")
    with pytest.raises(InvalidPack, match="stands twice"):
        read_measurements([good, good], "m.yaml")
