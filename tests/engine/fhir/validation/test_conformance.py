"""The public validator cases, HL7's examples and synthetic records, each answered as expected."""

import csv
import json
import os
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import zstandard

from qamqor.engine.fhir import json_text
from qamqor.engine.fhir.json_text import NotJson
from qamqor.engine.fhir.validation import check, is_valid

SUITE = Path(os.environ.get("QAMQOR_CONFORMANCE") or "none")
pytestmark = [
    pytest.mark.conformance,
    pytest.mark.skipif(not SUITE.is_dir(), reason="QAMQOR_CONFORMANCE names no folder"),
]
DISPLAYS = "displays of codes: they are in the code system, which is elsewhere"
EXTENSIONS = "extensions, whose definitions are elsewhere; R4 lets an unknown one stand"
FORMULA = "it reads a formula in an extension, whose definition is elsewhere"
TASTE = "R4 does not forbid it; the suite's validator warns against it by its own setting"
# Invalid by the suite's validator, and stored here.
ACCEPTED = {
    "bundle-document-versioned-references-bad": "R4 lets whoever reads a bundle decide what an "
    "ambiguous reference means",
    "dr-example-org": TASTE,
    "mr-covid-bnd1": "R4 allows a relative system in a Coding; displays and profiles are elsewhere",
    "pat-security-bad-string": "R4 lets a string hold any text; pages escape what they show",
    "parameters-reference-bad": "whether a reference leads somewhere is seen elsewhere",
    "pat-dob-ext": EXTENSIONS,
    "target-ref-profile-empty": EXTENSIONS,
    "bundle-id-5": DISPLAYS,
    "uk-msg": DISPLAYS,
    "nested-questionnaire-nested-valueset": EXTENSIONS,
    "encounter-period": "an end on the day of the start: nobody can say that it is before it",
    "ips-nz-pj": DISPLAYS,
    "sp-composite": "R4's definitions ask a composite parameter for no number of components",
    "ips-htmlrefs-backwards": EXTENSIONS,
    "vs-params-2": FORMULA,
    "vs-params-3": FORMULA,
    "vs-params-4": FORMULA,
}
# Valid in a setting of the suite's validator that a record does not have.
OTHER_SETTINGS = {
    "contained-resource-bad-id-ignore": "the same file, invalid when what is contained is read",
    "json-comments-1-yes": "comments are not JSON",
    "json-comments-2-yes": "comments are not JSON",
}
# Literals of google/fhir that stand for no value, or are no JSON.
OTHER_LITERALS = {("xhtml", '""'): "FHIR JSON has no empty texts; the narrative needs a div"}


def cases() -> list[dict[str, str]]:
    if not SUITE.is_dir():
        return []
    with (SUITE / "fhir-validation/cases.csv").open(newline="") as stream:
        return list(csv.DictReader(stream))


def is_stored(text: bytes) -> bool:
    """Whether both twins let it pass; that they agree is asserted."""
    try:
        resource = json_text.decode(text)
    except NotJson:
        return False
    errors = [issue for issue in check(resource) if issue.severity == "error"]
    assert bool(is_valid(resource)) == (not errors)
    return not errors


@pytest.mark.parametrize("case", cases(), ids=lambda case: case["name"])
def test_the_validator_suite(case: dict[str, str]) -> None:
    stored = is_stored((SUITE / "fhir-validation/files" / case["file"]).read_bytes())
    expected = case["expect"] == "valid"
    if case["name"] in ACCEPTED | OTHER_SETTINGS:
        assert stored != expected, "answered as expected now: take it off the list"
    else:
        assert stored == expected


def test_the_count_is_said() -> None:
    listed = cases()
    apart = ACCEPTED.keys() | OTHER_SETTINGS.keys()
    passed = [case for case in listed if case["name"] not in apart]
    print(f"fhir-validation: {len(passed)} passed of {len(listed)}, {len(apart)} listed apart")
    assert apart <= {case["name"] for case in listed}


NAMES = {
    "base64_binary": "base64Binary",
    "date_time": "dateTime",
    "positive_int": "positiveInt",
    "unsigned_int": "unsignedInt",
}


def literals() -> Iterator[tuple[str, str, str]]:
    """Type, whether valid, and literal."""
    for file in sorted((SUITE / "fhir-validation/primitives").glob("*.ndjson")):
        name, expected, _ = file.name.split(".")
        for line in file.read_text().splitlines():
            if line.strip():
                yield NAMES.get(name, name), expected, line.strip()


def holder(type_: str, literal: Any) -> dict[str, Any]:
    """A resource with the literal as a value of the type; null is no value, with an extension."""
    if type_ == "xhtml":
        narrative = {"status": "generated", **({} if literal is None else {"div": literal})}
        return {"resourceType": "Basic", "code": {"text": "x"}, "text": narrative}
    key = f"value{type_[0].upper()}{type_[1:]}"
    beside = {"extension": [{"url": "http://a.kz", "valueCode": "unknown"}]}
    extension = {
        "url": "http://a.kz",
        **({f"_{key}": beside} if literal is None else {key: literal}),
    }
    if isinstance(literal, dict) and str(literal.get("reference", "")).startswith("#"):
        inner = {"resourceType": "Patient", "id": literal["reference"][1:]}
        return {"resourceType": "Basic", "code": {"text": "x"}, "contained": [inner],
                "extension": [extension]}  # fmt: skip
    return {"resourceType": "Basic", "code": {"text": "x"}, "extension": [extension]}


def test_literals_of_simple_types() -> None:
    wrong, count = [], 0
    for type_, expected, text in literals():
        if (type_, text) in OTHER_LITERALS:
            continue
        count += 1
        try:
            literal = json.loads(text, parse_float=Decimal)
            stored = is_stored(json_text.encode(holder(type_, literal)))
        except ValueError:
            stored = False
        if stored != (expected == "valid"):
            wrong.append((type_, expected, text))
    print(f"literals: {count - len(wrong)} passed of {count}")
    assert not wrong


def test_the_examples_of_hl7_are_valid() -> None:
    files = sorted((SUITE / "fhir-examples").glob("*.json"))
    refused = [file.name for file in files if not is_stored(file.read_bytes())]
    print(f"fhir-examples: {len(files) - len(refused)} passed of {len(files)}")
    assert files
    assert not refused


def resources(file: Path) -> Iterator[bytes]:
    with file.open("rb") as packed:
        text = zstandard.ZstdDecompressor().stream_reader(packed).read()
    yield from (line for line in text.splitlines() if line)


@pytest.mark.parametrize("people", ["synthea-120", "synthea-430"])
def test_synthetic_records_are_valid(people: str) -> None:
    every = 1 if os.environ.get("HYPOTHESIS_PROFILE") == "new examples" else 7
    count, refused = 0, []
    for file in sorted((SUITE / "synthea" / people).glob("*.ndjson.zst")):
        for number, line in enumerate(resources(file)):
            if number % every == 0:
                count += 1
                if not is_valid(json_text.decode(line)):
                    refused.append((file.name, number))
    print(f"{people}: {count - len(refused)} passed of {count}")
    assert count
    assert not refused
