"""What a search request asks, and what it may not ask."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qamqor.engine.fhir.search.folding import number
from qamqor.engine.fhir.search.grammar import in_compartment, read_query
from qamqor.engine.fhir.search.parameters import (
    by_number,
    compartment,
    compartments,
    parameters,
    searchable_types,
)
from qamqor.engine.fhir.search.query import (
    NOTHING,
    AllOf,
    AnyOf,
    IdIn,
    Match,
    Missing,
    Not,
    PointedAt,
    Query,
    ReferenceTest,
    Through,
    TokenTest,
)
from qamqor.engine.fhir.search.ranges import DAY, date_range, decimal, number_range
from qamqor.engine.fhir.search.wanted import Setting

NOW = 1_764_000_000_000_000
SETTING = Setting(at=NOW, zone=0, bases=("http://here/fhir",), codes_in=lambda url: {
    "http://vs": [("http://loinc.org", "1"), ("http://loinc.org", "2")]}.get(url))  # fmt: skip


def asked(resource_type: str, text: str, *, is_strict: bool = False) -> Query:
    return read_query([resource_type], parse_qsl(text, True), SETTING, is_strict=is_strict)


def only(resource_type: str, text: str) -> Any:
    query = asked(resource_type, text)
    assert query.refused == query.ignored == ()
    (criterion,) = query.criteria[resource_type]
    return criterion


def values_of(resource_type: str, text: str) -> Any:
    return only(resource_type, text).tests


def test_every_parameter_has_a_number_of_its_own() -> None:
    listed = [p for t in searchable_types() for p in parameters(t).values()]
    assert len({p.number for p in listed}) == len(listed) == len(by_number())


def test_a_token_may_name_its_system_any_system_or_none() -> None:
    loinc = number("http://loinc.org")
    assert values_of("Observation", "code=X") == (TokenTest("x"),)
    assert values_of("Observation", "code=http://loinc.org|X") == (TokenTest("x", loinc),)
    assert values_of("Observation", "code=|X") == (TokenTest("x", 0),)
    assert values_of("Observation", "code=http://loinc.org|") == (TokenTest(None, loinc),)


def test_escaped_marks_belong_to_the_value() -> None:
    assert values_of("Patient", r"identifier=a\,b\|c,d") == (TokenTest("a,b|c"), TokenTest("d"))


@pytest.mark.parametrize(
    ("text", "prefix", "low", "high"),
    [("1970-01-02", "eq", DAY, 2 * DAY), ("lt1970-01-02", "lt", DAY, 2 * DAY),
     ("ge1970-01", "ge", 0, 31 * DAY), ("1970-01-01T00:00:01.5Z", "eq", 1_500_000, 1_600_000),
     ("1970-01-01T05:00:00 05:00", "eq", 0, 1_000_000), ("sa1970", "sa", 0, 365 * DAY)],
)  # fmt: skip
def test_a_date_means_the_range_its_digits_leave_open(
    text: str, prefix: str, low: int, high: int
) -> None:
    (test,) = values_of("Observation", f"date={text.replace('+', '%2B')}")
    assert (test.prefix, test.low, test.high) == (prefix, low, high)


def test_numbers_mean_what_rounds_to_them() -> None:
    ranges = {text: number_range(decimal(text) or 0) for text in ("100", "100.00", "1e2")}  # type: ignore[arg-type]
    assert ranges == {"100": (99.5, 100.5), "100.00": (99.995, 100.005), "1e2": (95.0, 105.0)}


@pytest.mark.parametrize("text", ["", "x", "NaN", "inf", "1_0", "1e999", "0e-999", "9" * 99])
def test_what_no_database_can_hold_is_no_number(text: str) -> None:
    assert decimal(text) is None


@pytest.mark.parametrize(
    "text", ["2026-13", "2026-02-30", "26", "2026-W01-1", "20260101", "2026-01-01t10:00", "٢٠٢٦",
             "2026-01-01T25:00:00Z", "2026/01/01", "0000", "2026-1-1", "2026-٠١",
             "2026-01-01 10:00"],
)  # fmt: skip
def test_what_is_no_fhir_date_is_refused(text: str) -> None:
    assert date_range(text, 0) is None


def test_the_last_year_and_a_leap_second_are_dates() -> None:
    assert date_range("9999", 0) == (253370764800 * 10**6, 253402300800 * 10**6)
    assert date_range("2016-12-31T23:59:60Z", 0) == date_range("2017-01-01T00:00:00Z", 0)


def test_about_a_date_is_a_tenth_of_the_time_since() -> None:
    (test,) = values_of("Observation", "date=ap1970-01-01")
    assert (test.low, test.high) == (-NOW // 10, DAY + NOW // 10)


def test_a_quantity_with_a_unit_is_compared_in_the_unit_of_its_kind() -> None:
    (mg,) = values_of("Observation", "value-quantity=gt5000|http://unitsofmeasure.org|mg")
    (g,) = values_of("Observation", "value-quantity=gt5|http://unitsofmeasure.org|g")
    assert (mg.exact, mg.unit) == (g.exact, g.unit) == (0.005, "kilogram")


def test_a_unit_without_a_system_is_compared_as_written() -> None:
    (test,) = values_of("Observation", "value-quantity=5||mg")
    assert (test.unit, test.code, test.system, test.low) == ("", "mg", None, 4.5)


@pytest.mark.parametrize(
    ("text", "test"),
    [("subject=Patient/a", ReferenceTest("a", "Patient")), ("subject=a", ReferenceTest("a")),
     ("subject:Patient=a", ReferenceTest("a", "Patient")),
     ("subject=http://here/fhir/Patient/a", ReferenceTest("a", "Patient")),
     ("subject=http://there/Patient/a", ReferenceTest("http://there/Patient/a", "")),
     ("subject:Device=Patient/a", ReferenceTest("", "")),
     ("subject=Practitioner/a", ReferenceTest("", ""))],
)  # fmt: skip
def test_a_reference_is_an_id_a_type_and_id_or_an_address(text: str, test: Any) -> None:
    assert values_of("Observation", text) == (test,)


def test_negation_covers_all_alternatives() -> None:
    assert only("Patient", "gender:not=male,female") == Not(
        Match(parameters("Patient")["gender"], (TokenTest("male"), TokenTest("female")))
    )
    assert only("Patient", "_id:not=a") == Not(IdIn(("a",)))


def test_missing_is_true_or_false() -> None:
    active = parameters("Patient")["active"]
    assert only("Patient", "active:missing=true") == Missing(active)
    assert only("Patient", "active:missing=false") == Not(Missing(active))
    assert only("Patient", "_id:missing=true") == NOTHING


def test_a_value_set_stands_for_its_codes() -> None:
    loinc = number("http://loinc.org")
    tests = values_of("Observation", "code:in=http://vs")
    assert set(tests) == {TokenTest("1", loinc), TokenTest("2", loinc)}
    assert isinstance(only("Observation", "code:not-in=http://vs"), Not)
    assert asked("Observation", "code:in=http://no").refused[0].code == "not-found"


def test_below_takes_everything_under_a_diagnosis() -> None:
    icd = "http://hl7.org/fhir/sid/icd-10"
    assert values_of("Condition", f"code:below={icd}|I10") == (TokenTest("i10", number(icd), True),)
    assert TokenTest("i10", number(icd)) in values_of("Condition", f"code:above={icd}|I10.1")
    assert asked("Condition", "code:below=http://other|1").refused[0].code == "not-supported"


def test_a_chain_asks_each_type_at_its_other_end() -> None:
    found = only("Observation", "subject.name=a")
    assert isinstance(found, Through)
    assert {t for t, _ in found.inner} == {"Patient", "Group", "Location", "Device"} & {
        t for t in searchable_types() if "name" in parameters(t)
    }
    two = only("Observation", "encounter:Encounter.subject:Patient.family=a")
    assert two.inner[0][1].inner[0][0] == "Patient"


def test_a_reverse_chain_may_go_over_several_hops() -> None:
    found = only("Patient", "_has:Observation:patient:_has:Provenance:target:agent=a")
    assert isinstance(found, PointedAt)
    assert isinstance(found.inner, PointedAt)


@pytest.mark.parametrize(
    ("resource_type", "text", "code"),
    [
        ("Patient", "_text=a", "not-supported"), ("Patient", "_filter=a", "not-supported"),
        ("Patient", "gender:exact=male", "not-supported"),
        ("Patient", "birthdate=soon", "invalid"), ("Patient", "name:foo=a", "not-supported"),
        ("Patient", "_count=-1", "invalid"), ("Patient", "_count=1&_count=2", "invalid"),
        ("Patient", "_sort=foo", "invalid"), ("Patient", "_total=yes", "not-supported"),
        ("Patient", "_include=Patient:name", "invalid"), ("Patient", "_include=X:y", "invalid"),
        ("Patient", "_has:Observation:patient=a", "invalid"),
        ("Patient", "_has:X:patient:code=a", "invalid"),
        ("Patient", "_has:Observation:encounter:code=a", "invalid"),
        ("Patient", "name.family=a", "invalid"), ("Patient", "active:missing=maybe", "invalid"),
        ("Patient", "link:Observation.code=a", "invalid"), ("Patient", "_elements=foo", "invalid"),
        ("Patient", "_contained=true", "not-supported"), ("Patient", "identifier=a|b|c", "invalid"),
        ("Patient", "identifier:of-type=a|b", "invalid"), ("Patient", "name=,", "invalid"),
        ("Observation", "code-value-quantity=a", "invalid"),
        ("Observation", "value-quantity=1|2", "invalid"),
        ("Observation", "_sort=code-value-quantity", "invalid"),
        ("Location", "near=91|0", "invalid"), ("Location", "near=1|1|1|ly", "invalid"),
        ("Provenance", "target._id=a", "too-costly"),
        ("Patient", "general-practitioner.a.b=1&_count=" + "9" * 12, "invalid"),
    ],
)  # fmt: skip
def test_what_cannot_be_asked_is_refused_with_its_reason(
    resource_type: str, text: str, code: str
) -> None:
    query = asked(resource_type, text)
    assert [problem.code for problem in query.refused] == [code]
    assert query.refused[0].text


def test_an_unknown_parameter_is_left_out_unless_asked_to_be_strict() -> None:
    lenient = asked("Patient", "foo=1&gender=male")
    assert (len(lenient.ignored), lenient.refused) == (1, ())
    assert lenient.used == (("gender", "male"),)
    assert asked("Patient", "foo=1", is_strict=True).refused


def test_the_shape_of_the_answer_is_read() -> None:
    query = asked(
        "Observation",
        "_sort=-date,_id&_count=0&_total=accurate&_summary=count&_elements=code,value"
        "&_include=Observation:subject:Patient&_revinclude:iterate=Provenance:target&_include=*",
    )
    assert query.refused == ()
    assert [(key.code, key.is_descending) for key in query.sort] == [("date", True), ("_id", False)]
    assert (query.count, query.total, query.summary) == (0, "accurate", "count")
    first, second, every = query.includes
    assert (first.target, first.is_reverse, second.is_reverse) == ("Patient", False, True)
    assert second.is_iterated
    assert len(every.parameters) > 5


def test_several_types_may_be_asked_at_once() -> None:
    query = read_query([], [("_type", "Patient,Group"), ("_id", "a")], SETTING, is_strict=False)
    assert set(query.criteria) == {"Patient", "Group"}
    wrong = read_query([], [("_type", "Person,Foo")], SETTING, is_strict=False)
    assert wrong.refused


def test_five_types_have_a_compartment() -> None:
    assert set(compartments()) == {
        "Device",
        "Encounter",
        "Patient",
        "Practitioner",
        "RelatedPerson",
    }
    assert compartment("Patient", "Observation") == ("subject", "performer")
    found = in_compartment("Patient", "a", "Condition")
    assert isinstance(found, AnyOf)
    assert in_compartment("Patient", "a", "Organization") == NOTHING
    own = in_compartment("Encounter", "a", "Encounter")
    assert own == IdIn(("a",))
    assert AllOf(()) != NOTHING


LISTED = (
    "name _id gender birthdate identifier general-practitioner _has:Observation:patient:code "
    "organization.name link:Patient.name _sort _count _include _revinclude _total _elements "
    "deceased:missing name:exact identifier:of-type _lastUpdated _tag:not phone _type foo "
    "_has:Group:member:value value-quantity code-value-quantity near"
)
NAMES = st.sampled_from(LISTED.split()) | st.text(max_size=12)
VALUES = st.text(max_size=20) | st.sampled_from(
    ["ge2020", "a|b", "|", "||", r"\,", "$", "1$2", "-name", "Patient:link", "*", "ap1e5", "5||mg"]
)


@settings(deadline=None)
@given(
    st.sampled_from(["Patient", "Observation", "Location", "MolecularSequence"]),
    st.lists(st.tuples(NAMES, VALUES), max_size=6),
)
def test_no_request_breaks_the_reader(kind: str, pairs: list[tuple[str, str]]) -> None:
    query = read_query([kind], pairs, SETTING, is_strict=False)
    assert len(query.used) + len(query.ignored) + len(query.refused) >= len(pairs)
