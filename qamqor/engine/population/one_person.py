"""Asks every question of one person, in SQLite in memory: the same texts, a millisecond."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, NamedTuple

from qamqor.engine.calendar import age_years, register_sqlite
from qamqor.engine.immunisation.due import Fact, Plan, Told, judged_doses, tell
from qamqor.engine.population.due import LEAST_URGENT
from qamqor.engine.population.questions import Questions, Read
from qamqor.engine.programmes.binding import for_sqlite
from qamqor.engine.programmes.cases import Query
from qamqor.engine.programmes.filters import PEOPLE
from qamqor.engine.programmes.scheduled import plan_of
from qamqor.engine.programmes.schema import DOSE_COLUMNS, Action, Kind, Programme, Table
from qamqor.engine.programmes.status import overdue_on, status
from qamqor.errors import MissingColumns, Problem

Row = Mapping[str, Any]
Rows = Mapping[str, Sequence[Row]]
_TYPES: Final[dict[Kind, str]] = {
    "text": "text",
    "date": "text",
    "double": "real",
    "integer": "integer",
    "boolean": "integer",
}
_FEW_ROWS: Final = 5
_TOLD: Final = 4_096  # answers of schedules kept, by the facts they follow from


class Due(NamedTuple):
    """One row of the due table, MODEL section 5."""

    as_of: date
    patient_id: str
    programme: str
    version: str
    action: str
    item: str
    role: str
    channel: str
    urgency: int
    due_on: date | None
    overdue_on: date | None
    status: str
    reason: str | None
    evidence: str | None
    organization_id: str | None
    area_id: str | None
    place_id: str | None
    is_rural: bool | None
    sex: str | None
    age_years: int | None


class Belonging(NamedTuple):
    """One row of a population: a person belongs from a day until a day."""

    patient_id: str
    enrolled_on: str | None
    left_on: str | None
    evidence: str | None


class Counted(NamedTuple):
    """What one measure says of one person."""

    programme: str
    measure: str
    in_numerator: bool
    excluded_because: str | None
    evidence: str | None


@dataclass(frozen=True, slots=True)
class Answer:
    """Everything that follows from one person's rows.

    Attributes:
        belongings: the table of each population and eligible query → its rows, ever.
        due: in the order of the pack.
        counted: each measure whose denominator the person is in.
        told: what each schedule that was asked says of the person.
    """

    belongings: Mapping[str, tuple[Belonging, ...]]
    due: tuple[Due, ...]
    counted: tuple[Counted, ...] = ()
    told: tuple[tuple[Query, Told], ...] = ()


@dataclass(frozen=True, slots=True)
class _Prepared:
    """A query with its values bound once."""

    query: Query
    sql: str
    values: Mapping[str, Any]


class OnePerson:
    """All questions of a day, prepared once and asked of one person after another.

    Not for several threads at once: each keeps its own.

    Raises:
        MissingColumns: a query does not return exactly what its kind promises.
    """

    def __init__(
        self,
        questions: Questions,
        *,
        places: Mapping[str, str] | None = None,
        organisations: Mapping[str, str] | None = None,
    ) -> None:
        """Prepare the questions.

        Args:
            places: kato → place_id, the lowest where there are several.
            organisations: organisation's id → the id of the one above it.
        """
        self.questions = questions
        self.places, self.organisations = places or {}, organisations or {}
        self._day = questions.as_of.isoformat()
        self._known = (questions.known_at or date.max).isoformat()
        self._connection = sqlite3.connect(
            ":memory:", isolation_level=None, cached_statements=4 * len(questions.every) + 256
        )
        self._execute = self._connection.execute
        self._filled: set[str] = set()
        named = (one.programme.doses_table for one in questions.due if one.kind == "schedule")
        self._doses_tables = {name for name in named if name is not None}
        self._plans: dict[tuple[str, str], Plan] = {}
        # Most of what is saved about a person changes nothing that a schedule looks at.
        self._told: dict[tuple[tuple[str, str], tuple[Fact, ...]], Told] = {}
        self._make_tables()
        self._people = [self._prepared(query) for query in questions.people]
        self._states = [self._prepared(query) for query in questions.states]
        self._due = [self._prepared(query) for query in questions.due]
        self._measures = [self._prepared(query) for query in questions.measures]

    def due(self, rows: Rows) -> tuple[Due, ...]:
        """What one person is due.

        Args:
            rows: table → the person's rows, dates as dates or ISO text, a missing column null;
                tables that are missing are empty; unfiltered.

        Returns:
            One row for each action and item of each programme the person belongs to, due or
            not; nothing for a person who is dead, not active or not on the register.
        """
        return self.answer(rows).due

    def answer(self, rows: Rows, *, with_measures: bool = False) -> Answer:
        """Everything that follows from one person's rows; ``due`` says which rows are given."""
        person = self._who_counts(rows.get(PEOPLE, ()))
        if person is None:
            return Answer({}, ())
        try:
            return self._answer(person, rows, with_measures)
        finally:
            for table in self._filled:
                self._execute(f"delete from {table}")
            self._filled.clear()

    def _answer(self, person: Row, rows: Rows, with_measures: bool) -> Answer:
        who, facts = person["patient_id"], self._facts(person, rows)
        self._fill_all(rows, None)
        belongings = {one.query.name: self._belongings(one) for one in self._people}
        ever = {one.query.programme.id for one in self._people if belongings[one.query.name]}
        members = self._narrow(belongings)
        self._fill_all(rows, ever if with_measures else members)
        found: list[Due] = []
        for one in self._states:
            if one.query.programme.id in members:
                self._insert_found(one)
        told: list[tuple[Query, Told]] = []
        for one in self._due:
            if one.query.programme.id not in members:
                continue
            if one.query.kind == "schedule":
                told.append((one.query, self._tell(one, who)))
                self._insert_doses(one.query, told[-1][1], who)
                found += self._scheduled(one, who, told[-1][1], facts)
            else:
                found += self._due_rows(one, who, facts)
        counted = self._all_counted(belongings) if with_measures else ()
        return Answer(belongings, tuple(found), tuple(counted), tuple(told))

    def _all_counted(self, belongings: Mapping[str, Sequence[Belonging]]) -> Iterable[Counted]:
        """What each measure says; measures see everyone who ever belonged."""
        ever: set[str] = set()
        for one in self._people:
            if rows := belongings[one.query.name]:
                ever.add(one.query.programme.id)
                self._execute(f"delete from {one.query.name}")
                self._connection.executemany(_into(one.query), rows)
        for one in self._measures:
            if one.query.programme.id in ever:
                yield from self._counted(one)

    def seen(self, table: str, rows: Sequence[Row]) -> list[Row]:
        """Of a table's rows those that the queries may see."""
        known = self.questions.pack.tables.get(table)
        return [row for row in rows if known is not None and self._is_seen(known, row)]

    def _make_tables(self) -> None:
        register_sqlite(self._connection)
        self._execute("pragma automatic_index = off")
        for read in self.questions.reads:
            for name in self._names(read):
                columns = ", ".join(f"{c} {_TYPES[read.table.columns[c]]}" for c in read.columns)
                self._execute(f"create table {name} ({columns})")
        for query in (*self.questions.people, *self.questions.states):
            columns = ", ".join(f"{c} {_TYPES[kind]}" for c, kind in query.columns.items())
            self._execute(f"create table {query.name} ({columns})")
        for name in self._doses_tables:
            columns = ", ".join(f"{c} {_TYPES[kind]}" for c, kind in DOSE_COLUMNS.items())
            self._execute(f"create table {name} ({columns})")
        for name in self.questions.value_sets:
            self._execute(
                f"create table {name} (system text, code text, primary key (system, code))"
                " without rowid"
            )
            self._connection.executemany(
                f"insert into {name} values (?, ?)", self.questions.pack.value_sets[name]
            )
        self._tell_sizes()

    def _tell_sizes(self) -> None:
        """Tell the planner that a person has few rows and a value set many codes.

        Without it a join begins with the codes and looks for each of them among the rows.
        """
        self._execute("analyze")
        self._execute("analyze sqlite_schema")
        known = {row[0] for row in self._execute("select tbl from sqlite_stat1")}
        names = [row[0] for row in self._execute("select name from sqlite_schema")]
        few = [name for name in names if name not in known and not name.startswith("sqlite_")]
        self._connection.executemany(
            f"insert into sqlite_stat1 values (?, null, '{_FEW_ROWS}')", [(name,) for name in few]
        )
        self._execute("analyze sqlite_schema")

    def _names(self, read: Read) -> list[str]:
        return [read.table.name] * read.whole + [read.table.latest] * read.newest

    def _prepared(self, query: Query) -> _Prepared:
        sql = query.sql.strip().rstrip(";")
        values = for_sqlite(sql, self.questions.values(query))
        try:
            description = self._execute(sql, values).description
        except sqlite3.Error as error:
            raise MissingColumns([Problem(query.where, f"SQLite says: {error}")]) from error
        if [column[0] for column in description] != list(query.columns):
            returned = ", ".join(column[0] for column in description)
            what = f"expected columns {', '.join(query.columns)}; returned {returned}"
            raise MissingColumns([Problem(query.where, what)])
        return _Prepared(query, sql, values)

    def _who_counts(self, people: Sequence[Row]) -> Row | None:
        for person in people:
            died_on = _text(person.get("died_on"))
            if person.get("is_active") is not False and not (died_on and died_on <= self._day):
                return person
        return None

    def _fill_all(self, rows: Rows, members: set[str] | None) -> None:
        """Fill the tables that find people, or those that only programmes of some read."""
        for read in self.questions.reads:
            found = rows.get(read.table.name)
            if not found:
                continue
            whole = read.whole and _is_needed(read.programmes, members)
            newest = read.newest and _is_needed(read.newest_programmes, members)
            if whole or newest:
                self._fill(read, found, whole=whole, newest=newest)

    def _fill(self, read: Read, rows: Iterable[Row], *, whole: bool, newest: bool) -> None:
        seen = [row for row in rows if self._is_seen(read.table, row)]
        if not seen:
            return
        if whole:
            self._insert(read.table.name, read, seen)
        if newest:
            last = max(seen, key=lambda row: _rank(read.table, row)) if len(seen) > 1 else seen[0]
            self._insert(read.table.latest, read, [last])

    def _insert(self, table: str, read: Read, rows: Iterable[Row]) -> None:
        marks = ", ".join("?" * len(read.columns))
        is_date = [(c, read.table.columns[c] == "date") for c in read.columns]
        values = [
            [_text(row.get(c)) if dated else row.get(c) for c, dated in is_date] for row in rows
        ]
        self._filled.add(table)
        self._connection.executemany(f"insert into {table} values ({marks})", values)

    def _is_seen(self, table: Table, row: Row) -> bool:
        """Whether a row was known on the day asked about and, for replay, told by then."""
        if table.name == PEOPLE:
            return self._who_counts([row]) is not None
        if table.known_on is None:
            return True
        known_on = row.get(table.known_on)
        if known_on is not None and not self._is_by(known_on, self.questions.as_of, self._day):
            return False
        if self.questions.known_at is None:
            return True
        told_on = row.get("recorded_on") or known_on
        return told_on is None or self._is_by(told_on, self.questions.known_at, self._known)

    @staticmethod
    def _is_by(when: date | str, day: date, text: str) -> bool:
        """Whether a date, or ISO text, is not after a day."""
        return when <= text if isinstance(when, str) else when <= day

    def _belongings(self, one: _Prepared) -> tuple[Belonging, ...]:
        return tuple(Belonging(*row) for row in self._insert_found(one))

    def _insert_found(self, one: _Prepared) -> list[Any]:
        """Put what a query finds into the table of its name."""
        found = self._execute(one.sql, one.values).fetchall()
        if found:
            self._connection.executemany(_into(one.query), found)
            self._filled.add(one.query.name)
        return found

    def _narrow(self, belongings: Mapping[str, Sequence[Belonging]]) -> set[str]:
        """Keep only who belongs on the day; the programmes that may speak about the person."""
        members: set[str] = set()
        for query in self.questions.people:
            rows = belongings[query.name]
            if not rows:
                continue
            kept = [row for row in rows if self._is_open(row)]
            if len(kept) < len(rows):
                self._execute(f"delete from {query.name}")
                self._connection.executemany(_into(query), kept)
            if kept:
                members.add(query.programme.id)
        return members

    def _is_open(self, row: Belonging) -> bool:
        started = row.enrolled_on is None or row.enrolled_on <= self._day
        return started and (row.left_on is None or row.left_on > self._day)

    def _counted(self, one: _Prepared) -> list[Counted]:
        programme, name = one.query.programme.id, one.query.name
        return [
            Counted(programme, name, bool(counts), because, sorted_evidence(evidence))
            for _, counts, because, evidence in self._execute(one.sql, one.values)
        ]

    def _tell(self, one: _Prepared, who: str) -> Told:
        """What a schedule says of the facts its query selects."""
        key = one.query.programme.id, one.query.name
        if key not in self._plans:
            self._plans[key] = plan_of(self.questions.pack, one.query, self.questions.as_of)
        known = [
            Fact(fact, code, _day(on_day), _day(until), evidence)
            for patient_id, fact, code, on_day, until, evidence in self._execute(
                one.sql, one.values
            )
            if patient_id == who
        ]
        asked = (key, tuple(known))
        if asked not in self._told:
            if len(self._told) >= _TOLD:
                self._told.clear()
            self._told[asked] = tell(self._plans[key], known)
        return self._told[asked]

    def _insert_doses(self, query: Query, told: Told, who: str) -> None:
        """Put the doses a schedule judged into the table that measures read."""
        table = query.programme.doses_table
        if table is None or table not in self._doses_tables:
            return
        rows = [
            (who, *dose[:3], dose.given_on.isoformat(), dose.evidence)
            for dose in judged_doses(told)
        ]
        if rows:
            self._connection.executemany(f"insert into {table} values (?, ?, ?, ?, ?, ?)", rows)
            self._filled.add(table)

    def _scheduled(
        self, one: _Prepared, who: str, told: Told, facts: tuple[Any, ...]
    ) -> Iterable[Due]:
        action, programme, as_of = one.query.owner, one.query.programme, self.questions.as_of
        if not isinstance(action, Action):
            raise AssertionError(f"{one.query.name} is not an action")
        return [
            Due(
                as_of, who, programme.id, programme.version, action.name, need.item,
                action.role, action.channel, action.urgency.get(need.reason, LEAST_URGENT),
                need.due_on, need.overdue_on, status(need.due_on, need.overdue_on, as_of),
                need.reason, sorted_evidence(need.evidence), *facts,
            )
            for need in sorted(told.needs)
        ]  # fmt: skip

    def _due_rows(self, one: _Prepared, who: str, facts: tuple[Any, ...]) -> Iterable[Due]:
        action, programme, as_of = one.query.owner, one.query.programme, self.questions.as_of
        if not isinstance(action, Action):
            raise AssertionError(f"{one.query.name} is not an action")
        found = []
        for patient_id, item, due_text, reason, evidence in self._execute(one.sql, one.values):
            if patient_id != who:
                continue
            due_on = date.fromisoformat(due_text) if due_text else None
            late_on = overdue_on(due_on, action, programme)
            found.append(
                Due(
                    as_of, who, programme.id, programme.version, action.name, item or "",
                    action.role, action.channel, action.urgency.get(reason, LEAST_URGENT),
                    due_on, late_on, status(due_on, late_on, as_of), reason,
                    sorted_evidence(evidence), *facts,
                )
            )  # fmt: skip
        return sorted(found, key=lambda row: row.item) if len(found) > 1 else found

    def _facts(self, person: Row, rows: Rows) -> tuple[Any, ...]:
        """Organisation, area, place, whether rural, sex and age of the person on the day."""
        attachment = self.questions.pack.tables["attachment"]
        is_open = [
            row
            for row in rows.get("attachment", ())
            if self._is_seen(attachment, row) and not _is_over(row, self._day)
        ]
        newest = max(is_open, key=lambda row: _rank(attachment, row)) if is_open else {}
        area, born_on = newest.get("organization_id"), _text(person.get("born_on"))
        return (
            self.organisations.get(area) if area else None,
            area,
            self.places.get(person.get("kato") or ""),
            person.get("is_rural"),
            person.get("sex"),
            age_years(date.fromisoformat(born_on), self.questions.as_of) if born_on else None,
        )


def _is_needed(programmes: Sequence[Programme] | None, members: set[str] | None) -> bool:
    """Whether a table is filled now: null programmes find people, null members ask who belongs."""
    if programmes is None or members is None:
        return programmes is None and members is None
    return any(one.id in members for one in programmes)


def _into(query: Query) -> str:
    return f"insert into {query.name} values ({', '.join('?' * len(query.columns))})"


def _is_over(row: Row, day: str) -> bool:
    left_on = _text(row.get("left_on"))
    return left_on is not None and left_on <= day


def _rank(table: Table, row: Row) -> tuple[Any, ...]:
    """What puts the newest row last: its date, then its key; an unknown date is the oldest."""
    known_on = row.get(table.known_on) if table.known_on else None
    keys = [row.get(key) or "" for key in table.keys]
    return (False, *keys) if known_on is None else (True, known_on, *keys)


def _day(value: Any) -> date | None:
    return date.fromisoformat(value) if isinstance(value, str) else value


def _text(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def sorted_evidence(evidence: str | None) -> str | None:
    """References in alphabetical order, each once; null where there is none."""
    if not evidence or " " not in evidence:
        return evidence or None
    return " ".join(sorted(set(evidence.split()))) or None
