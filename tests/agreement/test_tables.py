"""Both table engines give the same rows, for views and resources nobody thought of."""

import json
import random
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qamqor.engine.tables import rows, sql
from qamqor.engine.tables.shape import Shape
from qamqor.engine.tables.view import View
from qamqor.errors import BadInput
from tests.agreement.invented_views import Inventor

Rows = list[str]


@pytest.fixture(scope="module")
def duck() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(config={"threads": 1}) as connection:
        yield connection


def plainly(view: View, lines: list[str]) -> Rows | str:
    try:
        return as_multiset(
            row for line in lines for row in rows.rows(view, json.loads(line, parse_float=Decimal))
        )
    except BadInput as error:
        return str(error)


def fast(view: View, lines: list[str], duck: duckdb.DuckDBPyConnection, file: Path) -> Rows | str:
    file.write_text("".join(f"{line}\n" for line in lines))
    try:
        return as_multiset(sql.flatten(duck, [view], [file])[view.name].to_pylist())
    except BadInput as error:
        return str(error)


def as_multiset(found: Any) -> Rows:
    return sorted(repr([(name, cell(value)) for name, value in row.items()]) for row in found)


def cell(value: Any) -> Any:
    if isinstance(value, list):
        return [cell(one) for one in value]
    return (
        float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else value
    )


def agree(seed: int, duck: duckdb.DuckDBPyConnection, file: Path) -> bool:
    """Whether a case could be drawn; fails if the engines differ on it."""
    inventor = Inventor(random.Random(seed))
    view = inventor.view()
    if view is None:
        return False
    lines = inventor.resources(view)
    shape = Shape([view])
    assert [shape.check(line.encode()) for line in lines] == [[] for _ in lines]

    slow, quick = plainly(view, lines), fast(view, lines, duck, file)

    if isinstance(slow, list) and isinstance(quick, list):
        assert quick == slow, json.dumps({"seed": seed, "view": view.raw, "lines": lines})
    else:
        # Which record stops a run first may differ; only a view with risks can be stopped.
        assert view.risks, json.dumps({"seed": seed, "view": view.raw, "slow": slow, "fast": quick})
    return True


@given(seed=st.integers(0, 2**32))
@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_rows_and_sql_agree(seed: int, duck: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    agree(seed, duck, tmp_path / "resources.ndjson")


@pytest.mark.long
def test_rows_and_sql_agree_at_length(duck: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    drawn = sum(agree(seed, duck, tmp_path / "resources.ndjson") for seed in range(2_000))
    assert drawn > 1_500
