"""JSON Patch does what RFC 6902 says, and says why it cannot."""

from __future__ import annotations

import copy
import json
import os
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from qamqor.engine.fhir.patch.json_patch import apply, is_same
from qamqor.errors import Unusable

FOLDER = os.environ.get("QAMQOR_CONFORMANCE")


@pytest.mark.conformance
@pytest.mark.skipif(not FOLDER, reason="QAMQOR_CONFORMANCE names no folder of cases")
def test_the_published_cases_hold() -> None:
    cases = json.loads((Path(str(FOLDER)) / "fhir-validation/json-patch.json").read_text())
    listed = [case for case in cases if "patch" in case and not case.get("disabled")]
    failed = [case for case in listed if not holds(case)]
    print(f"json-patch: {len(listed) - len(failed)} passed of {len(listed)}")
    assert not failed


def holds(case: dict[str, Any]) -> bool:
    try:
        found = apply(case["doc"], case["patch"])
    except Unusable:
        return "error" in case
    return "error" not in case and ("expected" not in case or is_same(found, case["expected"]))


def test_what_is_given_is_not_touched_and_numbers_stay_as_written() -> None:
    document = {"a": [Decimal("1.00")], "b": {"c": 1}}
    before = copy.deepcopy(document)

    found = apply(document, [{"op": "copy", "from": "/a/0", "path": "/b/c"}])

    assert document == before
    assert str(found["b"]["c"]) == "1.00"


@pytest.mark.parametrize(
    ("steps", "status"),
    [
        ({"op": "add"}, 400),
        ([1], 400),
        ([{"op": "explode", "path": ""}], 400),
        ([{"op": ["add"], "path": ""}], 400),
        ([{"op": "add", "path": "/a"}], 400),
        ([{"op": "add", "path": "a", "value": 1}], 400),
        ([{"op": "add", "path": 3, "value": 1}], 400),
        ([{"op": "add", "path": "/a~2", "value": 1}], 400),
        ([{"op": "remove", "path": "/x"}], 422),
        ([{"op": "remove", "path": "/list/01"}], 422),
        ([{"op": "replace", "path": "/list/9", "value": 1}], 422),
        ([{"op": "add", "path": "/list/9", "value": 1}], 422),
        ([{"op": "add", "path": "/text/x", "value": 1}], 422),
        ([{"op": "move", "from": "/list", "path": "/list/0"}], 422),
        ([{"op": "test", "path": "/one", "value": True}], 422),
    ],
)
def test_what_cannot_be_done_says_so(steps: Any, status: int) -> None:
    with pytest.raises(Unusable) as refused:
        apply({"list": [1, 2], "text": "t", "one": 1}, steps)

    assert refused.value.status == status


def test_true_is_not_one_and_equal_numbers_are_the_same() -> None:
    assert not is_same(True, 1)
    assert not is_same("1", 1)
    assert is_same(Decimal("1.00"), 1)
    assert is_same({"a": [None]}, {"a": [None]})
    assert not is_same([1], [1, 2])
