"""The quick way to rows gives what the plain way gives, whatever a resource holds."""

from __future__ import annotations

import copy
from datetime import date
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from qamqor.engine.fhir import json_text
from qamqor.engine.tables.chosen import Choose, chooser
from qamqor.engine.tables.definition import read_view
from qamqor.engine.tables.quick import quick
from qamqor.engine.tables.rows import rows
from qamqor.engine.tables.view import View
from qamqor.errors import BadInput
from qamqor.services.demo import Wish, invent_resources

CHANGES = ("remove", "double", "null", "empty", "date")
CONTENT = Path(__file__).parents[3] / "content"


@cache
def views() -> dict[str, list[View]]:
    found: dict[str, list[View]] = {}
    for file in sorted((CONTENT / "tables").glob("*.json")):
        view = read_view(msgspec.json.decode(file.read_bytes()))
        found.setdefault(view.resource, []).append(view)
    return found


@cache
def samples() -> list[dict[str, Any]]:
    found = []
    with TemporaryDirectory() as folder:
        invent_resources(Wish(CONTENT, 100, "merke", 7, date(2026, 3, 2)), Path(folder))
        for file in sorted(Path(folder).glob("*.ndjson")):
            found += [json_text.decode(line) for line in file.read_bytes().splitlines()[:80]]
    return [one for one in found if one["resourceType"] in views()]


@cache
def choosers() -> dict[str, Choose]:
    return {kind: chooser(found) for kind, found in views().items()}


def both(view: View, resource: dict[str, Any]) -> tuple[Any, Any]:
    answers: list[Any] = []
    for way in (lambda: rows(view, resource), lambda: quick(view)(resource)):
        try:
            answers.append(way())
        except (BadInput, TypeError) as error:
            answers.append(str(error))
    return answers[0], answers[1]


def test_every_table_of_the_pack_has_a_quick_way() -> None:
    named = {quick(view).__name__ for found in views().values() for view in found}

    assert named == {"to_rows"}


def test_invented_records_give_the_same_rows_both_ways() -> None:
    given_rows = 0
    for resource in samples():
        for view in views()[resource["resourceType"]]:
            plain, fast = both(view, resource)
            assert fast == plain, view.name
            given_rows += len(plain)

    assert given_rows > 300


def test_a_reference_that_is_no_object_is_no_reference() -> None:
    for view in views()["Encounter"]:
        plain, fast = both(view, {"resourceType": "Encounter", "id": "e", "serviceProvider": "x"})
        assert fast == plain
        assert isinstance(plain, list)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place inside a resource, outermost first."""
    found = []
    inside = value.items() if isinstance(value, dict) else enumerate(value)
    for key, part in inside:
        found.append((*path, key))
        if isinstance(part, (dict, list)):
            found += places(part, (*path, key))
    return found


@given(which=st.integers(0, 10_000), where=st.integers(0, 10_000), change=st.sampled_from(CHANGES))
def test_damaged_records_give_the_same_rows_both_ways(which: int, where: int, change: str) -> None:
    resource = copy.deepcopy(samples()[which % len(samples())])
    kind = resource["resourceType"]
    every = places(resource)
    *path, last = every[where % len(every)]
    owner: Any = resource
    for key in path:
        owner = owner[key]
    if change == "remove":
        del owner[last]
    else:
        new = {"double": [owner[last], owner[last]], "null": None, "empty": {}, "date": "2026-02"}
        owner[last] = new[change]

    chosen = choosers()[kind](resource)
    for number, view in enumerate(views()[kind]):
        plain, fast = both(view, resource)
        assert fast == plain
        assert number in chosen or not plain or isinstance(plain, str)


def test_a_look_at_its_codes_leaves_out_what_gives_no_rows_and_most_of_it() -> None:
    asked = given_rows = 0
    for resource in samples():
        kind = resource["resourceType"]
        chosen = choosers()[kind](resource)
        asked += len(chosen)
        for number, view in enumerate(views()[kind]):
            gives = bool(rows(view, resource))
            assert number in chosen or not gives, view.name
            given_rows += gives

    assert asked < 1.5 * given_rows


def test_a_view_beyond_the_quick_way_is_served_plainly() -> None:
    raw = {
        "name": "texts",
        "resource": "Patient",
        "select": [{"column": [{"name": "text", "path": "name.family.join(',')"}]}],
    }
    patient = {"resourceType": "Patient", "id": "a", "name": [{"family": "A"}, {"family": "B"}]}

    assert quick(read_view(raw))(patient) == [{"text": "A,B"}]


def test_a_view_gives_nothing_for_another_type() -> None:
    assert quick(views()["Patient"][0])({"resourceType": "Group", "id": "g"}) == []
