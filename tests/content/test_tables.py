"""Every table of care against hand-written records, in both engines."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from qamqor.engine.tables import rows, sql
from qamqor.engine.tables.definition import read_view
from qamqor.engine.tables.view import View

TABLES = Path(__file__).parents[2] / "content/tables"
RECORDS = Path(__file__).parent / "records"
VIEWS = sorted(file.stem for file in TABLES.glob("*.json"))


def view_of(name: str) -> View:
    return read_view(json.loads((TABLES / f"{name}.json").read_text(encoding="utf-8")))


def every_record() -> Iterator[Any]:
    for file in sorted(RECORDS.glob("*.yaml")):
        told = yaml.safe_load(file.read_text(encoding="utf-8"))
        for case in told["cases"]:
            resource = {**told["defaults"], **case["resource"]}
            resource = {key: value for key, value in resource.items() if value is not None}
            yield pytest.param(
                case["view"], resource, case["rows"], id=f"{case['view']}: {case['case']}"
            )


RECORD_CASES = list(every_record())


def complete(view: View, expected: list[dict[str, Any]]) -> list[dict[str, Any]]:
    names = [column.name for column in view.columns]
    assert all(set(row) <= set(names) for row in expected)
    return [{name: row.get(name) for name in names} for row in expected]


def rounded(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Numbers to nine digits: a factor of a unit is not exact in binary."""
    return [
        {name: round(cell, 9) if isinstance(cell, float) else cell for name, cell in row.items()}
        for row in found
    ]


@pytest.mark.parametrize(("name", "resource", "expected"), RECORD_CASES)
def test_a_record_gives_its_rows(
    name: str, resource: dict[str, Any], expected: list[dict[str, Any]]
) -> None:
    view = view_of(name)
    assert rounded(rows.rows(view, resource)) == complete(view, expected)


@pytest.mark.parametrize("name", VIEWS)
def test_all_records_at_once_give_the_same_rows(name: str, tmp_path: Path) -> None:
    view = view_of(name)
    given = [case.values for case in RECORD_CASES if case.values[0] == name]
    file = tmp_path / "all.ndjson"
    lines = [json.dumps(resource, ensure_ascii=False) for _, resource, _ in given]
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")

    found = sql.flatten(duckdb.connect(), [view], [file])[view.name].to_pylist()

    expected = [row for _, _, rows_of_one in given for row in complete(view, rows_of_one)]
    assert sorted(map(repr, rounded(found))) == sorted(map(repr, expected))


def test_every_table_has_a_record_that_gives_a_row_and_most_one_that_does_not() -> None:
    giving = {case.values[0] for case in RECORD_CASES if case.values[2]}
    assert sorted(giving) == VIEWS


@pytest.mark.parametrize("name", VIEWS)
def test_a_table_begins_with_its_person_and_says_which_day_it_was_known(name: str) -> None:
    raw = json.loads((TABLES / f"{name}.json").read_text(encoding="utf-8"))
    view = read_view(raw)
    columns = [column.name for column in view.columns]
    text = json.dumps(raw)

    assert raw["name"] == name.split(".")[0]
    assert (columns[0] == "patient_id") != (name in {"organisation", "staff_role", "territory"})
    assert text.count('"value": "key"') == 1
    assert ('"known_on"' in text) != (name in {"organisation", "territory", "patient"})
