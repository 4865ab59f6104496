"""Reads the named cases of a programme: rows in, rows out, one sentence each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from qamqor.engine.programmes.filters import population_queries
from qamqor.engine.programmes.marks import Document, Entry, read
from qamqor.engine.programmes.schema import (
    DOSE_COLUMNS,
    DUE_COLUMNS,
    HISTORY_COLUMNS,
    MEASURE_COLUMNS,
    POPULATION_COLUMNS,
    STATE_COLUMNS,
    Action,
    Kind,
    Measure,
    Pack,
    Programme,
    State,
)
from qamqor.errors import Problem

Row = Mapping[str, Any]
EXTRA_DUE: Final[dict[str, Kind]] = {"status": "text", "overdue_on": "date"}
_PYTHON: Final[dict[Kind, tuple[type, ...]]] = {
    "text": (str,),
    "date": (date,),
    "double": (int, float),
    "integer": (int,),
    "boolean": (bool,),
}


@dataclass(frozen=True, slots=True)
class Query:
    """One query of a programme: what it is called, its kind and its text.

    Attributes:
        kind: ``population``, ``state``, ``due``, ``schedule`` or ``measure``.
        owner: the state, action or measure that asks it; null for populations.
    """

    programme: Programme
    name: str
    file: str
    kind: str
    sql: str
    owner: State | Action | Measure | None = None

    @property
    def columns(self) -> dict[str, Kind]:
        """The columns its kind promises, in order."""
        return {
            "population": POPULATION_COLUMNS,
            "state": STATE_COLUMNS,
            "due": DUE_COLUMNS,
            "schedule": HISTORY_COLUMNS,
            "measure": MEASURE_COLUMNS,
        }[self.kind]

    @property
    def answers(self) -> dict[str, Kind]:
        """The columns of what comes of it; a schedule turns what it is told into due rows."""
        return DUE_COLUMNS if self.kind == "schedule" else self.columns

    @property
    def where(self) -> str:
        """The file as people should read it."""
        return f"{self.programme.where}/{self.file}"


@dataclass(frozen=True, slots=True)
class Case:
    """What is known, the day asked about, and the rows expected.

    Attributes:
        given: table → rows; a column a row leaves out is null.
        expect: rows with the columns that matter; others are not compared.
        as_of: of a measure's case the last day of its period unless the case says otherwise.
    """

    query: Query
    sentence: str
    as_of: date
    period_start: date | None
    period_end: date | None
    given: Mapping[str, tuple[Row, ...]]
    expect: tuple[Row, ...]
    where: str
    line: int | None


def queries(programme: Programme) -> list[Query]:
    """Every query of a programme: its people, their states, its actions, its measures."""
    found = []
    files = {programme.population_table: programme.population_file}
    if programme.eligible_file is not None:
        files[programme.eligible_table] = programme.eligible_file
    for name, sql in population_queries(programme).items():
        found.append(Query(programme, name, files[name], "population", sql))
    for name, state in programme.states.items():
        table = programme.state_table(name)
        found.append(Query(programme, table, state.file, "state", state.sql, state))
    for name, action in programme.actions.items():
        kind = "due" if action.schedule is None else "schedule"
        found.append(Query(programme, name, action.file, kind, action.sql, action))
    for name, measure in programme.measures.items():
        found.append(Query(programme, name, measure.file, "measure", measure.sql, measure))
    return found


def read_cases(pack: Pack, programme: Programme, problems: list[Problem]) -> list[Case]:
    """Every case of a programme; those that cannot be read are noted as problems."""
    found: list[Case] = []
    by_stem: dict[str, Query] = {}
    for query in queries(programme):
        by_stem.setdefault(query.file.removesuffix(".sql"), query)
    for file in sorted((programme.folder / "cases").glob("*.yaml")):
        document = read(file, f"{programme.where}/cases/{file.name}")
        if file.stem not in by_stem:
            fix = f"name it as one of: {', '.join(by_stem)}"
            document.problem((), "no query of the programme has this name", fix)
        elif document.value is not None:
            found.extend(_Cases(pack, by_stem[file.stem], document).cases())
        problems.extend(document.problems)
    return found


class _Cases:
    """The cases of one file."""

    def __init__(self, pack: Pack, query: Query, document: Document) -> None:
        self.query, self.document = query, document
        self.tables: dict[str, Mapping[str, Kind]] = {
            name: table.columns for name, table in pack.tables.items()
        }
        for programme in pack.programmes:
            self.tables[programme.population_table] = POPULATION_COLUMNS
            if programme.eligible_sql is not None:
                self.tables[programme.eligible_table] = POPULATION_COLUMNS
            if programme.doses_table is not None:
                self.tables[programme.doses_table] = DOSE_COLUMNS
            for name in programme.states:
                self.tables[programme.state_table(name)] = STATE_COLUMNS

    def cases(self) -> Iterator[Case]:
        if not isinstance(self.document.value, list):
            self.document.problem((), "should be a list of cases", "begin each with `- case:`")
            return
        for position in range(len(self.document.value)):
            yield from self._case(Entry(self.document, (position,)))

    def _case(self, entry: Entry) -> Iterator[Case]:
        before = len(self.document.problems)
        entry.knows("case", "as_of", "period_start", "period_end", "given", "expect", "note")
        start, end = self._period(entry)
        as_of = entry.get("as_of", date, "a date", end and end - timedelta(days=1))
        if as_of is None and len(self.document.problems) == before:
            entry.problem(None, "has no `as_of`", "the day the question is asked about")
        case = Case(
            query=self.query,
            sentence=entry.text("case"),
            as_of=as_of,
            period_start=start,
            period_end=end,
            given=self._given(entry),
            expect=self._rows(entry, "expect", self._expected_columns()),
            where=self.document.where,
            line=self.document.line(entry.path),
        )
        if "expect" not in entry.value:
            entry.problem(None, "has no `expect`", "the rows expected, [] for none")
        if len(self.document.problems) == before:
            yield case

    def _period(self, entry: Entry) -> tuple[date | None, date | None]:
        if self.query.kind != "measure":
            for key in ("period_start", "period_end"):
                if key in entry.value:
                    entry.problem(key, "is only for the cases of a measure")
            return None, None
        start, end = entry.day("period_start"), entry.day("period_end")
        if start >= end > date.min:
            entry.problem("period_end", f"is {end}", "the first day after the period")
        return start, end if end > date.min else None

    def _expected_columns(self) -> Mapping[str, Kind]:
        is_due = self.query.kind in {"due", "schedule"}
        return self.query.answers | (EXTRA_DUE if is_due else {})

    def _given(self, entry: Entry) -> dict[str, tuple[Row, ...]]:
        given = entry.get("given", dict, "a mapping of tables to rows", {})
        inside = Entry(self.document, (*entry.path, "given")) if given else entry
        found = {}
        for table in given:
            if table not in self.tables:
                inside.problem(table, "is not a table of the pack", "see content/tables")
            else:
                found[table] = self._rows(inside, table, self.tables[table])
        return found

    def _rows(self, entry: Entry, key: str, columns: Mapping[str, Kind]) -> tuple[Row, ...]:
        rows = entry.get(key, list, "a list of rows", [])
        return tuple(
            self._row(Entry(self.document, (*entry.path, key, position)), columns)
            for position in range(len(rows))
        )

    def _row(self, entry: Entry, columns: Mapping[str, Kind]) -> Row:
        found = {}
        for column, value in entry.value.items():
            if column not in columns:
                entry.problem(column, "is not a column", f"columns: {', '.join(columns)}")
            else:
                found[column] = _fitting(entry, column, value, columns[column])
        if entry.value and found.get("patient_id") is None and "patient_id" in columns:
            entry.problem(None, "has no `patient_id`", "give the person a name")
        return found


def _fitting(entry: Entry, column: str, value: Any, kind: Kind) -> Any:
    if value is None or value == "" and kind == "text":
        return value
    boolean = isinstance(value, bool)
    if not isinstance(value, _PYTHON[kind]) or boolean != (kind == "boolean"):
        fix = "put it in quotes" if kind == "text" else f"write the {kind} itself"
        entry.problem(column, f"is `{value}`, not {kind}", fix)
        return None
    return float(value) if kind == "double" and isinstance(value, int) else value
