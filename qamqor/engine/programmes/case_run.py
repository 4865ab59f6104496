"""Runs named cases in both engines and says how what was found differs from what was expected."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any

from qamqor.engine.immunisation.due import Fact, tell
from qamqor.engine.programmes.case_engines import (
    GIVEN,
    DuckDB,
    EngineError,
    SQLite,
    doses_tables,
    engines,
)
from qamqor.engine.programmes.cases import Case, Query, Row
from qamqor.engine.programmes.filters import (
    PEOPLE,
    belonging,
    gone,
    population_queries,
    state_queries,
)
from qamqor.engine.programmes.scheduled import plan_of
from qamqor.engine.programmes.schema import (
    DOSE_COLUMNS,
    POPULATION_COLUMNS,
    STATE_COLUMNS,
    Action,
    Kind,
    Pack,
    Programme,
    State,
    Value,
)
from qamqor.engine.programmes.status import overdue_on, status


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one case ended.

    Attributes:
        found: engine → the rows it gave, dates as dates; missing when the query failed.
        failures: what was wrong, in words; empty when the case holds in both engines.
    """

    case: Case
    found: Mapping[str, tuple[Row, ...]]
    failures: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """Whether both engines gave what the case expects."""
        return not self.failures


def run_cases(pack: Pack, cases: Iterable[Case]) -> Iterator[Outcome]:
    """The outcome of each case, in order; each runs alone and leaves nothing behind."""
    runner = CaseRunner(pack)
    for case in cases:
        yield runner.run(case)


class CaseRunner:
    """Both engines, set up once for a pack."""

    def __init__(self, pack: Pack) -> None:
        self.pack = pack
        self.engines = engines(pack)

    def run(self, case: Case) -> Outcome:
        """Run one case in both engines."""
        found: dict[str, tuple[Row, ...]] = {}
        failures: list[str] = []
        for engine in self.engines:
            try:
                columns, rows = _run(self.pack, case, engine)
            except EngineError as error:
                failures.append(f"{engine.name} says: {str(error).splitlines()[0]}")
                continue
            if columns != list(case.query.columns):
                promised = ", ".join(case.query.columns)
                failures.append(f"{engine.name} returned {', '.join(columns)}, not {promised}")
                continue
            if case.query.kind == "schedule":
                found[engine.name] = tuple(_scheduled(self.pack, case, rows))
            else:
                found[engine.name] = tuple(_plain(row, case) for row in rows)
            failures += [
                f"{engine.name}: {said}" for said in _differences(case, found[engine.name])
            ]
        return Outcome(case, found, tuple(failures))


def _run(
    pack: Pack, case: Case, engine: DuckDB | SQLite
) -> tuple[list[str], list[tuple[Any, ...]]]:
    values: dict[str, Value] = case.query.programme.values() | {"as_of": case.as_of}
    if case.period_start is not None and case.period_end is not None:
        values |= {"period_start": case.period_start, "period_end": case.period_end}
    with _undone(engine):
        engine.run("insert into moment values ($as_of, true)", values)
        for table, rows in case.given.items():
            if rows:
                engine.insert(GIVEN + table, _kinds(pack, table), rows)
        for name, sql, programme in _people_needed(pack, case):
            known = programme.values() | {"as_of": case.as_of}
            if name not in state_queries(programme):
                _fill(engine, case, name, sql, known)
            elif name not in case.given:
                engine.run("update moment set sees_all = false", {})
                engine.run(f"insert into {GIVEN}{name} {sql.strip().rstrip(';')}", known)
                engine.run("update moment set sees_all = true", {})
        if case.query.kind in {"state", "due", "schedule"}:
            engine.run("update moment set sees_all = false", {})
        sql = case.query.sql.strip().rstrip(";")
        if case.query.kind == "population":
            sql = belonging(sql, GIVEN + PEOPLE, "$as_of")
        return engine.run(sql, values)


def _kinds(pack: Pack, table: str) -> Mapping[str, Kind]:
    if table in pack.tables:
        return pack.tables[table].columns
    states = {name for programme in pack.programmes for name in state_queries(programme)}
    if table in doses_tables(pack):
        return DOSE_COLUMNS
    return STATE_COLUMNS if table in states else POPULATION_COLUMNS


@contextmanager
def _undone(engine: DuckDB | SQLite) -> Iterator[None]:
    engine.run("begin", {})
    try:
        yield
    finally:
        engine.run("rollback", {})


def _fill(
    engine: DuckDB | SQLite, case: Case, name: str, sql: str, values: Mapping[str, Value]
) -> None:
    """Put people into a population's table: those given, else those its query finds."""
    if name not in case.given:
        engine.run(f"insert into {GIVEN}{name} {belonging(sql, GIVEN + PEOPLE, '$as_of')}", values)
    elif PEOPLE in case.given:
        left_out = gone(GIVEN + PEOPLE, "$as_of")
        engine.run(f"delete from {GIVEN}{name} where patient_id in ({left_out})", values)


def _people_needed(pack: Pack, case: Case) -> Iterator[tuple[str, str, Programme]]:
    """The populations and states the query reads, and what these read, in the order to make."""
    tested = case.query.programme
    in_force = {one.id: one for one in pack.programmes if one.valid_from <= case.as_of}
    in_force[tested.id] = tested
    tables = {
        name: (sql, programme)
        for programme in in_force.values()
        for name, sql in (population_queries(programme) | state_queries(programme)).items()
    }
    needed: list[str] = []
    _collect(case.query.sql, case, {k: v[0] for k, v in tables.items()}, needed)
    for name in needed:
        if name != case.query.name:
            yield name, *tables[name]


def _collect(sql: str, case: Case, texts: Mapping[str, str], needed: list[str]) -> None:
    for name in texts:
        if name in needed or name == case.query.name or not re.search(rf"\b{name}\b", sql):
            continue
        if name not in case.given:
            _collect(texts[name], case, texts, needed)
        needed.append(name)


def _scheduled(pack: Pack, case: Case, rows: Iterable[tuple[Any, ...]]) -> Iterator[Row]:
    """What the schedule makes of the facts that a query selected, as due rows."""
    plan = plan_of(pack, case.query, case.as_of)
    facts: dict[str, list[Fact]] = {}
    for who, fact, code, on_day, until, evidence in rows:
        known = Fact(fact, code, _day(on_day), _day(until), evidence)
        facts.setdefault(who, []).append(known)
    for who, told in facts.items():
        for need in tell(plan, told).needs:
            yield {
                "patient_id": who,
                **need._asdict(),
                "status": status(need.due_on, need.overdue_on, case.as_of),
            }


def _day(value: Any) -> date | None:
    return date.fromisoformat(value) if isinstance(value, str) else value


def _plain(row: tuple[Any, ...], case: Case) -> dict[str, Any]:
    """One row as both engines should give it, with status and overdue day for a due row."""
    found: dict[str, Any] = {}
    for (column, kind), value in zip(case.query.columns.items(), row, strict=True):
        if value is not None and kind == "date":
            value = date.fromisoformat(value) if isinstance(value, str) else value
        if value is not None and kind == "boolean":
            value = bool(value)
        found[column] = value
    found["evidence"] = " ".join(sorted(set((found["evidence"] or "").split()))) or None
    if isinstance(case.query.owner, Action):
        owner, programme = case.query.owner, case.query.programme
        found["overdue_on"] = overdue_on(found["due_on"], owner, programme)
        found["status"] = status(found["due_on"], found["overdue_on"], case.as_of)
    return found


def _differences(case: Case, found: tuple[Row, ...]) -> Iterator[str]:
    yield from _undeclared(case.query, found)
    rest = list(found)
    for expected in case.expect:
        match = next((row for row in rest if _fits(expected, row)), None)
        if match is not None:
            rest.remove(match)
        else:
            yield f"expected {said(expected)}"
    yield from (f"found {said(row)}" for row in rest)


def _fits(expected: Row, row: Row) -> bool:
    return all(_same(column, value, row.get(column)) for column, value in expected.items())


def _same(column: str, expected: Any, found: Any) -> bool:
    if column == "evidence":
        return bool(set((expected or "").split()) == set((found or "").split()))
    return bool(expected == found)


def _undeclared(query: Query, found: tuple[Row, ...]) -> Iterator[str]:
    """Codes a query may not return, and rows that are not one a person and item."""
    if isinstance(query.owner, Action):
        for row in found:
            if row["reason"] not in query.owner.reasons:
                yield f"reason `{row['reason']}` is not declared"
            known = query.owner.items or {"": ""}
            is_plain = row["item"] == "" and query.kind == "schedule"
            if row["item"] is None or row["item"] not in known and not is_plain:
                yield f"item `{row['item']}` is not declared"
    if isinstance(query.owner, State):
        for row in found:
            if row["state"] not in query.owner.values:
                yield f"state `{row['state']}` is not declared"
    if any(row.get("in_numerator", True) is None for row in found):
        yield "in_numerator is unknown: answer true or false, with coalesce(…, false)"
    keys = [(row["patient_id"], row.get("item")) for row in found]
    if query.kind != "population" and len(set(keys)) < len(keys):
        yield "more than one row for a person and item"


def said(row: Row) -> str:
    """A row as one line of text."""
    return ", ".join(f"{column} {'–' if v is None else v}" for column, v in row.items())
