"""Whatever is written into a pack, the check answers with problems, never with an error."""

import copy
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qamqor.engine.programmes.case_engines import DuckDB, SQLite, engines
from qamqor.engine.programmes.cases import queries
from qamqor.engine.programmes.check import check
from qamqor.engine.programmes.load import load_pack
from qamqor.engine.programmes.schema import Pack
from qamqor.engine.programmes.sql_check import check_query
from tests.engine.programmes.small_pack import (
    CASES,
    CHECK,
    CHECKED,
    POPULATION,
    WORDS,
    YAML,
    write_pack,
    write_programme,
    write_yaml,
)

TOKEN = re.compile(r"\s+|'[^']*'|\w+|.", re.DOTALL)
PIECES = sorted({*TOKEN.findall(CHECK + CHECKED + POPULATION)} - {" "}) + [
    *("*", "::", "null", "distinct", "over", "filter", "values", "like", "?", "'x", "union", "`"),
    *("group by 1", "limit 1", "exists", "not", '"', "cast", "as date", "/*", "in", "[", "{", "@"),
    *("lateral", "all", "with", "recursive", "case", "end", "$", "-", "1e9", "interval", ";"),
]


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Pack:
    folder = tmp_path_factory.mktemp("small")
    write_pack(folder)
    return load_pack(folder)


@pytest.fixture(scope="module")
def both(pack: Pack) -> Iterator[tuple[DuckDB, SQLite]]:
    pair = engines(pack)
    yield pair
    for engine in pair:
        engine.connection.close()


@st.composite
def mutilated(draw: st.DrawFn) -> tuple[int, str]:
    """One of the small pack's queries with up to four pieces lost, swapped or put in."""
    which = draw(st.integers(0, 2))
    pieces = TOKEN.findall((POPULATION, CHECK, CHECKED)[which])
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(pieces) - 1))
        change = draw(st.sampled_from(["lose", "swap", "put in"]))
        piece = f" {draw(st.sampled_from(PIECES))} "
        pieces[at : at + (change != "put in")] = [] if change == "lose" else [piece]
    return which, "".join(pieces)


@settings(deadline=None, max_examples=80)
@given(text=mutilated())
def test_no_mutilated_query_breaks_the_check(
    pack: Pack, both: tuple[DuckDB, SQLite], text: tuple[int, str]
) -> None:
    which, sql = text
    asked = replace(queries(pack.programmes[0])[which], sql=sql)
    for problem in check_query(pack, asked, both).text.problems:
        assert problem.what
        assert problem.line is None or 1 <= problem.line <= sql.count("\n") + 2


STRANGE = [None, 0, -3, 2.5, True, "x", "", [], {}, ["a"], [[1]], {"a": {"b": 1}}, date(2025, 1, 1)]


def paths(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    inside = value.items() if isinstance(value, dict) else enumerate(value)
    for key, found in inside:
        yield (*at, key)
        if isinstance(found, dict | list):
            yield from paths(found, (*at, key))


@st.composite
def strange(draw: st.DrawFn, value: Any) -> Any:
    """A tree in which one to three places hold something strange or are gone."""
    value = copy.deepcopy(value)
    for _ in range(draw(st.integers(1, 3))):
        places = list(paths(value))
        if not places:
            return value
        *steps, last = draw(st.sampled_from(places))
        inside = value
        for step in steps:
            inside = inside[step]
        if draw(st.booleans()):
            inside[last] = copy.deepcopy(draw(st.sampled_from(STRANGE)))
        else:
            del inside[last]
    return value


@settings(deadline=None, max_examples=40)
@given(
    programme=st.just(YAML) | strange(YAML),
    words=strange(WORDS),
    cases=st.sampled_from(sorted(CASES)).flatmap(
        lambda n: st.tuples(st.just(n), strange(CASES[n]))
    ),
)
def test_no_strange_file_breaks_the_check(
    tmp_path_factory: pytest.TempPathFactory,
    programme: dict[str, Any],
    words: Any,
    cases: tuple[str, Any],
) -> None:
    folder = tmp_path_factory.mktemp("strange")
    version: Path = write_pack(folder)
    write_programme(version, programme)
    write_yaml(version / "words.kk.yaml", words)
    write_yaml(version / f"cases/{cases[0]}.yaml", cases[1])
    assert all(problem.what and problem.where for problem in check(folder))
    shutil.rmtree(folder)
