"""The public FHIRPath suite for R4: the plain evaluator on every group a table could need."""

import csv
import json
import os
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import pytest

from qamqor.engine.fhir.fhirpath.analyse import Scope, analyse
from qamqor.engine.fhir.fhirpath.evaluate import evaluate, start
from qamqor.engine.fhir.fhirpath.items import Item
from qamqor.engine.fhir.fhirpath.parse import parse
from qamqor.engine.fhir.fhirpath.syntax import PathError

SUITE = Path(os.environ.get("QAMQOR_CONFORMANCE") or "none") / "fhirpath-r4"
pytestmark = [
    pytest.mark.conformance,
    pytest.mark.skipif(not SUITE.is_dir(), reason="QAMQOR_CONFORMANCE names no folder"),
]
OUT_OF_SCOPE = {
    "testToday": "a table must not depend on the day it is made",
    "testNow": "a table must not depend on the moment it is made",
    "testConformsTo": "profiles are checked by the record server, not by tables",
}
NOT_YET = {
    "testLiterals/testDateTimeGreaterThanDate1": "needs now()",
    "testLiterals/testDateGreaterThanDate": "needs today()",
    "testLiterals/testDateTimeGreaterThanDate2": "needs now()",
    "LowBoundary/LowBoundaryDecimal15": "rounds towards zero, where a boundary rounds outward",
    "HighBoundary/HighBoundaryDecimal15": "rounds towards zero, where a boundary rounds outward",
    "HighBoundary/HighBoundaryDecimal16": "rounds towards zero, where a boundary rounds outward",
    "HighBoundary/HighBoundaryDateTimeMillisecond3": "08 may mean up to 08:59, not 08:00",
    "testInheritance/testFHIRPathIsFunction8": "the extension asked for is not in the JSON input",
    "testInheritance/testFHIRPathIsFunction10": "the extension asked for is not in the JSON input",
}


def cases() -> Iterator[dict[str, str]]:
    with (SUITE / "cases.csv").open(newline="") as stream:
        for case in csv.DictReader(stream):
            file = SUITE / "input" / case["inputfile"].replace(".xml", ".json")
            if not case["inputfile"] or file.exists():
                yield case


CASES = list(cases()) if SUITE.is_dir() else []
IN_SCOPE = [case for case in CASES if case["group"] not in OUT_OF_SCOPE]


def resource_of(case: dict[str, str]) -> dict[str, Any]:
    if not case["inputfile"]:
        return {}
    file = SUITE / "input" / case["inputfile"].replace(".xml", ".json")
    read: dict[str, Any] = json.loads(file.read_text(), parse_float=Decimal)
    return read


def said(item: Item) -> str:
    if isinstance(item.value, bool):
        return str(item.value).lower()
    if item.type == "Quantity" and item.is_system:
        return f"{item.value} '{item.unit}'"
    return plain(str(item.value))


def plain(text: str) -> str:
    """Numbers without trailing zeros, dates and times without their marks."""
    try:
        return format(Decimal(text).normalize(), "f")
    except InvalidOperation:
        return text.removeprefix("@").removeprefix("T")


def outcome(case: dict[str, str]) -> list[str]:
    """What the path finds, as texts."""
    resource, node = resource_of(case), parse(case["expression"])
    if case["mode"] == "strict":
        name = resource["resourceType"]
        analyse(node, Scope((name,), name, is_top=True))
    found = evaluate(node, start(resource))
    if case["predicate"] == "true":
        return [str(bool(found) and all(item.value is not False for item in found)).lower()]
    return [said(item) for item in found]


def holds(case: dict[str, str]) -> bool:
    try:
        found = outcome(case)
    except PathError:
        return bool(case["invalid"])
    expected = [plain(text) for _, text in json.loads(case["outputs"])]
    return not case["invalid"] and found == expected


@pytest.mark.parametrize("case", IN_SCOPE, ids=[case["id"] for case in IN_SCOPE])
def test_the_suite_says_what_a_path_finds(case: dict[str, str]) -> None:
    if case["id"] in NOT_YET:
        assert not holds(case), f"holds now: take it off the list ({NOT_YET[case['id']]})"
    else:
        assert holds(case)


def test_the_count_is_said() -> None:
    passed = sum(holds(case) for case in IN_SCOPE)
    groups = Counter(case["group"] for case in IN_SCOPE)
    print(
        f"fhirpath-r4: {passed} passed of {len(IN_SCOPE)} in {len(groups)} groups;"
        f" of all groups, N = {len(CASES)}"
    )
    assert passed == len(IN_SCOPE) - len(NOT_YET)
