"""Corners of FHIRPath that the public suite leaves alone."""

from decimal import Decimal
from typing import Any

import pytest

from qamqor.engine.fhir.fhirpath.evaluate import evaluate, start
from qamqor.engine.fhir.fhirpath.parse import parse
from qamqor.engine.fhir.fhirpath.syntax import PathError

RESOURCE: dict[str, Any] = {
    "resourceType": "Observation",
    "id": "o",
    "valueQuantity": {"value": Decimal("2.50"), "unit": "kg", "code": "kg"},
    "component": [{"valueInteger": 3}, {"valueInteger": -4}],
    "extension": [{"url": "whole", "valueBoolean": True}],
    "_issued": {"extension": [{"url": "u"}]},
}
FOUND = {
    "Observation.issued.extension.url": ["u"],
    "Observation.extension.url": ["whole"],
    "Observation.extension('whole').value": [True],
    "2 'kg' + 500 'g' = 2.5 'kg'": [True],
    "2 'kg' - 1 'm'": [],
    "(2 'm' * 3 'kg').toString()": ["6000 'm.g'"],
    "value > 2 'kg'": [True],
    "value > 2 'm'": [],
    "abs(-2 'kg')": PathError,
    "(-2 'kg').abs() = 2 'kg'": [True],
    "2 + 'a'": PathError,
    "2 'kg' div 2 'kg'": PathError,
    "2 'kg' + 1": PathError,
    "@T08:00 + 1 'h'": PathError,
    "@0001-01-01 - 1 year": [],
    "@2024-02-29 + 1 year": ["2025-02-28"],
    "@2024-01-31 + 1 month": ["2024-02-29"],
    "@2024-11 + 3 months": ["2025-02"],
    "@9999-12-31T23:59:59Z + 1 second": [],
    "5 mod 0": [],
    "5.5 mod 2": ["1.5"],
    "5.5 div 2": [2],
    "2147483647 + 1": [],
    "1 / 3 * 3 = 1": [False],
    "-'a'": PathError,
    "1 < 'a'": PathError,
    "true < false": PathError,
    "component.value + 1": PathError,
    "component.value.single()": PathError,
    "component.value.iif(true, 1)": PathError,
    "component.where(value).exists()": [True],
    "component.value.aggregate($this + $total, 10)": [9],
    "component.value.sort(-$this)": [3, -4],
    "(1 | {} | 3).exclude(3)": [1],
    "issued.exists()": [True],
    "issued.hasValue()": [False],
    "%unheard": PathError,
    "%`vs-administrative-gender`": ["http://hl7.org/fhir/ValueSet/administrative-gender"],
    "%context.id": ["o"],
    "id.unheard()": PathError,
    "id.substring()": PathError,
    "id is Nonsense": PathError,
    "'a'.length().sqrt()": ["1.0"],
    "(-1).sqrt()": [],
    "(-1).ln()": [],
    "8.log(1)": [],
    "2.power(-1)": ["0.5"],
    "(-1).power(0.5)": [],
    "1.5.round(-1)": PathError,
    "'a'.abs()": PathError,
    "1.upper()": PathError,
    "'ab'.substring(5)": [],
    "'a,b'.split(',')": ["a", "b"],
    "'ab'.toChars()": ["a", "b"],
    "'a'.encode('rot13')": [],
    "'<'.escape('html')": ["&lt;"],
    "{}.join(',')": [],
    "'x'.lowBoundary()": PathError,
    "@2024.lowBoundary(7)": [],
    "@2024-01-01T08:00:00Z.highBoundary()": ["2024-01-01T08:00:00.999Z"],
    "@0000.highBoundary()": [],
    "1.0.precision()": [1],
    "'true'.toBoolean()": [True],
    "'maybe'.toBoolean()": [],
    "id.toQuantity()": [],
    "1.toDate()": [],
    "component.value.distinct().isDistinct()": [True],
    "component.value.subsetOf(3 | -4 | 5)": [True],
    "(true | false).allTrue()": [False],
    "(true | false).anyFalse()": [True],
    "2 days.toString()": ["2 days"],
    "2 'cm'.comparable({})": [],
    "component.valueInteger": [],
    "(1 | 2) ~ (2 | 1 | 3)": [False],
    "1 'kg' ~ 1000 'g'": [True],
    "{} !~ {}": [False],
    "@2024-02-30T08:00:00Z = @2024-02-29T08:00:00Z": [],
    "'a' in {}": [False],
    "{} in 'a'": [],
    "$index": [],
    "id.select($index)": [0],
}


@pytest.mark.parametrize(("path", "expected"), FOUND.items(), ids=FOUND)
def test_a_path_finds(path: str, expected: Any) -> None:
    if expected is PathError:
        with pytest.raises(PathError):
            evaluate(parse(path), start(RESOURCE))
        return

    found = [item.value for item in evaluate(parse(path), start(RESOURCE))]

    assert [str(v) if isinstance(v, Decimal) else v for v in found] == expected


WRONG = [
    "'a\\q'",
    "$this.$this",
    "$that",
    "id.",
    "and true",
    "(",
    "1 +",
    "{1}",
    "id[0",
    "@x",
    "a is",
]


@pytest.mark.parametrize("path", WRONG)
def test_what_is_no_path_is_refused_with_a_place(path: str) -> None:
    with pytest.raises(PathError) as caught:
        parse(path)
    assert 0 <= caught.value.at <= len(path)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("('a' & 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!').matches('^(a+)+$')", [False]),
        ("('a' & 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!').matchesFull('(a|a)*')", [False]),
        ("'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!'.replaceMatches('(a+)+$', '')",
         ["aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!"]),
        ("'2026-03'.replaceMatches('(?<y>[0-9]+)-([0-9]+)', '$2.${y}')", ["03.2026"]),
        ("'a.b'.replaceMatches('[.]', '\\\\')", ["a\\b"]),
        ("'ab'.matches('(')", PathError),
        ("'ab'.matches('a(?=b)')", PathError),
        ("'ab'.replaceMatches('a', '$nobody')", PathError),
        ("'a'.repeat($this & 'a').count()", PathError),
        ("'abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz'.toChars()"
         ".aggregate($total & $total, 'ab').length()", PathError),
        ("'a'.replace('a', 'aaaaaaaaaaaaaaaaaaaa').length()", [20]),
    ],
)  # fmt: skip
def test_what_somebody_sent_ends_soon(expression: str, expected: Any) -> None:
    """Each of these would otherwise run for years, or fill the memory."""
    if expected is PathError:
        with pytest.raises(PathError):
            evaluate(parse(expression), start(RESOURCE))
    else:
        assert [one.value for one in evaluate(parse(expression), start(RESOURCE))] == expected
