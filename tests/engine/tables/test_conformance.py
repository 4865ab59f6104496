"""The public sql-on-fhir suite, in both engines, every case and nothing special about any."""

import json
import os
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from qamqor.engine.tables import rows, sql
from qamqor.engine.tables.definition import read_view
from qamqor.engine.tables.view import View
from qamqor.errors import QamqorError

FOLDER = os.environ.get("QAMQOR_CONFORMANCE")
SUITE = Path(FOLDER or "none") / "sql-on-fhir"
CASES_IN_SUITE = 91
pytestmark = [
    pytest.mark.conformance,
    pytest.mark.skipif(not SUITE.is_dir(), reason="QAMQOR_CONFORMANCE names no folder"),
]
Row = dict[str, Any]


def cases() -> Iterator[tuple[str, list[dict[str, Any]], dict[str, Any]]]:
    for file in sorted(SUITE.glob("*.json")):
        suite = json.loads(file.read_text(), parse_float=Decimal)
        for case in suite["tests"]:
            yield f"{suite['title']}: {case['title']}", suite["resources"], case


CASES = list(cases())


def plainly(view: View, resources: list[dict[str, Any]], _: Path) -> list[Row]:
    return [row for resource in resources for row in rows.rows(view, resource)]


def by_duckdb(view: View, resources: list[dict[str, Any]], folder: Path) -> list[Row]:
    file = folder / "resources.ndjson"
    file.write_text("".join(json.dumps(r, default=float) + "\n" for r in resources))
    with duckdb.connect(config={"threads": 1}) as connection:
        found: list[Row] = sql.flatten(connection, [view], [file])[view.name].to_pylist()
    return found


ENGINES = {"rows": plainly, "sql": by_duckdb}


def as_multiset(found: list[Row]) -> list[str]:
    """Rows in any order; 5 and 5.0 are one number, true and 1 are not."""

    def cell(value: Any) -> Any:
        is_number = isinstance(value, (int, float, Decimal)) and not isinstance(value, bool)
        return float(value) if is_number else value

    return sorted(repr({name: cell(value) for name, value in sorted(r.items())}) for r in found)


@pytest.mark.parametrize("engine", ENGINES.values(), ids=ENGINES)
@pytest.mark.parametrize(("resources", "case"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_the_suite_says_what_a_view_gives(
    resources: list[dict[str, Any]],
    case: dict[str, Any],
    engine: Callable[..., list[Row]],
    tmp_path: Path,
) -> None:
    if case.get("expectError"):
        with pytest.raises(QamqorError):
            engine(read_view(case["view"]), resources, tmp_path)
        return

    found = engine(read_view(case["view"]), resources, tmp_path)

    if "expect" in case:
        assert as_multiset(found) == as_multiset(case["expect"])
    if "expectCount" in case:
        assert len(found) == case["expectCount"]
    if "expectColumns" in case and found:
        assert list(found[0]) == case["expectColumns"]


def test_the_whole_suite_was_run() -> None:
    print(f"sql-on-fhir: {len(CASES)} cases, each in {len(ENGINES)} engines")
    assert len(CASES) == CASES_IN_SUITE
