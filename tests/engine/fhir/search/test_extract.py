"""What search can find in a resource."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from qamqor.engine.fhir.search.extract import values
from qamqor.engine.fhir.search.folding import number
from qamqor.engine.fhir.search.parameters import by_number
from qamqor.engine.fhir.search.plainly import values_plainly
from qamqor.engine.fhir.search.ranges import DAY, FOREVER

LOINC, UCUM = "http://loinc.org", "http://unitsofmeasure.org"


def found(resource: dict[str, Any], code: str, zone: int = 0) -> dict[str, list[Any]]:
    """The rows of one parameter, without its number."""
    rows = {
        kind: [row[1:] for row in listed if by_number()[row[0]].code == code]
        for kind, listed in values(resource, zone).by_kind().items()
    }
    return {kind: listed for kind, listed in rows.items() if listed}


def observation(**extra: Any) -> dict[str, Any]:
    return {"resourceType": "Observation", "status": "final", **extra}


def test_a_code_is_found_by_its_system_and_its_words() -> None:
    code = {"coding": [{"system": LOINC, "code": "8480-6", "display": "Systolic"}], "text": "Top"}
    rows = found(observation(code=code), "code")
    assert rows["tokens"] == [("8480-6", number(LOINC))]
    assert sorted(rows["labels"]) == sorted([(number("systolic"),), (number("top"),)])


def test_a_date_without_a_time_is_a_day_of_local_time() -> None:
    five = 5 * 3_600_000_000
    rows = found(observation(effectiveDateTime="1970-01-01"), "date", five)
    assert rows["dates"] == [(-five, DAY - five)]


def test_an_open_period_has_no_end() -> None:
    rows = found(observation(effectivePeriod={"start": "1970-01-02"}), "date")
    assert rows["dates"] == [(DAY, FOREVER)]


def test_a_quantity_is_kept_as_written_and_in_the_unit_of_its_kind() -> None:
    value = {"value": Decimal("5.40"), "unit": "mg", "system": UCUM, "code": "mg"}
    rows = found(observation(valueQuantity=value), "value-quantity")
    ((low, high, code, system, text, kind, least, most),) = rows["quantities"]
    assert (low, high, code, text, kind) == (5.4, 5.4, "mg", "mg", "kilogram")
    assert system == number(UCUM)
    assert least == most == pytest.approx(5.4e-6)


def test_less_than_is_open_at_its_lower_end() -> None:
    rows = found(observation(valueQuantity={"value": 3, "comparator": "<"}), "value-quantity")
    ((low, high, *_),) = rows["quantities"]
    assert low < -1e300
    assert high == 3


def test_components_of_a_composite_come_from_one_element() -> None:
    def part(code: str, value: int) -> dict[str, Any]:
        return {
            "code": {"coding": [{"system": LOINC, "code": code}]},
            "valueQuantity": {"value": value, "system": UCUM, "code": "mm[Hg]"},
        }

    pressure = observation(component=[part("8480-6", 120), part("8462-4", 80)])
    rows = found(pressure, "component-code-value-quantity")["composites"]
    assert [(row[0], row[4]) for row in rows] == [("8462-4", 80.0), ("8480-6", 120.0)]


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("Patient/a", ("a", "Patient")),
        ("Patient/a/_history/3", ("a", "Patient")),
        ("https://other.example/fhir/Patient/a", ("https://other.example/fhir/Patient/a", "")),
        ("urn:uuid:0b8ee4c4", ("urn:uuid:0b8ee4c4", "")),
        ("Practitioner?identifier=x|1", ("Practitioner?identifier=x|1", "")),
    ],
)
def test_references_are_kept_by_type_and_id_or_by_address(
    written: str, kept: tuple[str, str]
) -> None:
    rows = found(observation(performer=[{"reference": written}]), "performer")
    assert rows["references"] == [kept]


def test_a_contained_resource_is_not_a_target() -> None:
    assert found(observation(subject={"reference": "#p"}), "subject") == {}


def test_patient_finds_only_references_to_patients() -> None:
    group = observation(subject={"reference": "Group/a"})
    assert found(group, "patient") == {}
    assert found(group, "subject")["references"] == [("a", "Group")]


def test_a_name_is_found_without_case_accents_and_kazakh_letters() -> None:
    patient = {
        "resourceType": "Patient",
        "name": [{"family": "Қасымова", "given": ["Әсел", "Renée"]}],
    }
    rows = found(patient, "name")["strings"]
    assert [folded for folded, _ in rows] == ["renee", "асел", "касымова"]


def test_phone_takes_phones_and_leaves_letters() -> None:
    telecom = [{"system": "phone", "value": "1"}, {"system": "email", "value": "a@b"}]
    patient = {"resourceType": "Patient", "telecom": telecom}
    assert found(patient, "phone")["tokens"] == [("1", number("phone"))]
    assert len(found(patient, "telecom")["tokens"]) == 2


@pytest.mark.parametrize(
    ("said", "code"), [({}, "false"), ({"deceasedDateTime": "2020-01-01"}, "true"),
                       ({"deceasedBoolean": False}, "false"), ({"deceasedBoolean": True}, "true")],
)  # fmt: skip
def test_deceased_is_answered_whatever_was_written(said: dict[str, Any], code: str) -> None:
    rows = found({"resourceType": "Patient", **said}, "deceased")
    assert [row[0] for row in rows["tokens"]] == [code]


def test_an_identifier_is_found_by_its_type() -> None:
    kind = {"coding": [{"system": "s", "code": "MR"}], "text": "Chart"}
    patient = {"resourceType": "Patient", "identifier": [{"type": kind, "value": "12"}]}
    rows = found(patient, "identifier")
    assert rows["composites"][0][:3] == ("mr", number("s"), "12")
    assert rows["labels"] == [(number("chart"),)]


def test_a_very_long_code_is_kept_as_a_digest() -> None:
    (row,) = found(observation(status="x" * 5000), "status")["tokens"]
    assert len(row[0]) < 250


BROKEN: list[Any] = [
    "text",
    1,
    None,
    True,
    [],
    [None],
    {},
    [{}],
    [[1]],
    {"coding": 1},
    {"value": {}},
]


@pytest.mark.parametrize("broken", BROKEN)
@pytest.mark.parametrize("kind", ["Observation", "Patient", "Location", "Bundle", "Encounter"])
def test_what_is_not_as_fhir_says_is_passed_over(kind: str, broken: Any) -> None:
    names = (
        "code status subject effectiveDateTime effectivePeriod valueQuantity component meta name "
        "identifier telecom address position period entry link contact participant performer"
    )
    values({"resourceType": kind, **dict.fromkeys(names.split(), broken)})


MIXED = [
    observation(
        code={"coding": [{"code": "a"}, {"system": LOINC, "code": "b"}]},
        meta={"tag": [{"system": "t", "code": "x"}], "profile": ["http://p|1"], "source": "urn:x"},
        subject={"reference": "Patient/1", "identifier": {"system": "s", "value": "v"}},
        effectiveTiming={"event": ["2020-01-01", "2021-01-01"]},
        valueSampledData={"origin": {"value": 2, "code": "mm", "system": UCUM}, "lowerLimit": -1},
    ),
    {"resourceType": "Location", "position": {"latitude": 51, "longitude": 71}},
    {"resourceType": "Condition", "onsetAge": {"value": 3, "code": "a", "system": UCUM}},
    {"resourceType": "Condition", "abatementRange": {"low": {"value": 1}, "high": {"value": 2}}},
    {"resourceType": "Invoice", "totalNet": {"value": 5, "currency": "KZT"}},
    {
        "resourceType": "DocumentReference",
        "relatesTo": [{"code": "replaces", "target": {"reference": "DocumentReference/1"}}],
    },
    {
        "resourceType": "MolecularSequence",
        "referenceSeq": {"chromosome": {"coding": [{"code": "1"}]}},
        "variant": [{"start": 1, "end": 5}],
    },
    {
        "resourceType": "Bundle",
        "type": "document",
        "entry": [{"resource": {"resourceType": "Composition", "id": "c"}}],
    },
    {
        "resourceType": "PlanDefinition",
        "relatedArtifact": [{"type": "depends-on", "resource": "http://l|2"}],
        "useContext": [{"code": {"code": "age"}, "valueRange": {"low": {"value": 18}}}],
    },
]


@pytest.mark.parametrize("resource", MIXED, ids=lambda r: r["resourceType"])
def test_the_walk_finds_what_evaluating_each_path_finds(resource: dict[str, Any]) -> None:
    walked = values(resource, 0).by_kind()
    assert walked == values_plainly(resource, 0).by_kind()
    assert any(walked.values())
