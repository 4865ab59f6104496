"""Says why one person is due, not yet due or not concerned, with the rows that decide it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from qamqor.engine.immunisation.due import Told
from qamqor.engine.population.one_person import Belonging, Due, OnePerson, Row, Rows
from qamqor.engine.population.questions import Questions, words_in
from qamqor.engine.programmes.cases import Query
from qamqor.engine.programmes.filters import PEOPLE
from qamqor.engine.programmes.schema import Action, Programme, Table

_UNSHOWN: Final = ("patient_id", "system")
_ORDER: Final = ("overdue", "due", "unknown", "not_due")


@dataclass(frozen=True, slots=True)
class Evidence:
    """One record that decided something: its reference, and what the tables say of it.

    Attributes:
        rows: table → the row's columns that are known; a code is followed by its meaning.
    """

    reference: str
    rows: Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Need:
    """One row of the due table, and the records it rests on."""

    due: Due
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class Fact:
    """What is known of a person in one table that a population query reads.

    Attributes:
        rows: how many rows were known on the day.
        with_codes: value set the query names → how many of them have one of its codes.
        of_programme: how many of them name the programme; null where the table names none.
        row: the row itself where there is just one a person.
    """

    table: str
    rows: int
    with_codes: Mapping[str, int]
    of_programme: int | None
    row: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class NotConcerned:
    """A programme that does not apply on the day, and what its question found.

    Attributes:
        question: the first sentence of the query that finds the programme's people.
        belonged: stretches that ended by the day or begin after it.
        facts: what is known in the tables the query reads.
    """

    programme: Programme
    question: str
    belonged: tuple[Belonging, ...]
    facts: tuple[Fact, ...]


@dataclass(frozen=True, slots=True)
class Scheduled:
    """What a schedule says of a person, by which rows of the due table it is told.

    Attributes:
        schedule: the id of the schedule the action names.
    """

    programme: Programme
    action: str
    schedule: str
    told: Told


@dataclass(frozen=True, slots=True)
class Explanation:
    """Everything every programme says of one person on a day.

    Attributes:
        needs: overdue first, then due, unknown and not yet due, each by date.
        not_concerned: programmes that say nothing of the person.
        person: the person's row of the table of people; null when not on the register.
        counts: whether the person counts on the day: alive, active and on the register.
        scheduled: what each schedule that was asked made of the person's records.
    """

    patient_id: str
    as_of: date
    person: Row | None
    counts: bool
    needs: tuple[Need, ...]
    not_concerned: tuple[NotConcerned, ...]
    scheduled: tuple[Scheduled, ...] = ()


def explain(asker: OnePerson, patient_id: str, rows: Rows) -> Explanation:
    """Ask every question of one person and say what each answer rests on.

    Args:
        asker: the questions, prepared.
        rows: table → the person's rows, unfiltered.
    """
    questions = asker.questions
    answer = asker.answer(rows)
    people = rows.get(PEOPLE, ())
    known = {name: asker.seen(name, found) for name, found in rows.items()}
    records = dict(_records(questions, known))
    needs = sorted(answer.due, key=_pressing)
    concerned = {one.programme for one in needs}
    return Explanation(
        patient_id=patient_id,
        as_of=questions.as_of,
        person=people[0] if people else None,
        counts=bool(known.get(PEOPLE)),
        needs=tuple(Need(one, _evidence(one, records)) for one in needs),
        not_concerned=tuple(
            _not_concerned(programme, questions, answer.belongings, known)
            for programme in questions.programmes
            if programme.id not in concerned
        ),
        scheduled=tuple(
            Scheduled(query.programme, query.name, query.owner.schedule or "", told)
            for query, told in answer.told
            if isinstance(query.owner, Action) and told.answer is not None
        ),
    )


def _pressing(due: Due) -> tuple[int, date, int]:
    return _ORDER.index(due.status), due.due_on or date.max, due.urgency


def _evidence(due: Due, records: Mapping[str, dict[str, Row]]) -> tuple[Evidence, ...]:
    references = (due.evidence or "").split()
    return tuple(Evidence(one, records.get(one, {})) for one in references)


def _records(questions: Questions, known: Rows) -> Iterator[tuple[str, dict[str, Row]]]:
    """Each reference to a person's records, with the rows that came from it."""
    found: dict[str, dict[str, Row]] = {}
    for name, rows in known.items():
        table = questions.pack.tables.get(name)
        if table is None or table.key is None:
            continue
        for row in rows:
            record = found.setdefault(reference(table, row), {})
            record[name] = {**record.get(name, {}), **_shown(table, row, questions)}
    yield from found.items()


def reference(table: Table, row: Row) -> str:
    """How evidence names a row: the resource type, a slash and the id.

    A key column is named by its resource (``observation_id``), or a ``…_type`` beside it says.
    """
    key = table.key or ""
    stem = key.removesuffix("_id")
    resource = row.get(f"{stem}_type") or "".join(part.title() for part in stem.split("_"))
    return f"{resource}/{row.get(key)}"


def _shown(table: Table, row: Row, questions: Questions) -> dict[str, Any]:
    """What a reader needs of a row: what rules read of it, dates first, a code with its meaning."""
    read = next((one.columns for one in questions.reads if one.table == table), table.columns)
    values = {
        column: row.get(column)
        for column in read
        if row.get(column) is not None and column not in _UNSHOWN and column not in table.keys
    }
    meaning = _meaning(table, row, questions)
    if meaning is not None:
        values["meaning"] = meaning
    return dict(sorted(values.items(), key=lambda pair: table.columns.get(pair[0]) != "date"))


def _meaning(table: Table, row: Row, questions: Questions) -> str | None:
    """What a row's code means; without a system only when the pack knows one meaning of it."""
    displays, code = questions.pack.displays, str(row.get("code"))
    if "system" in table.columns:
        return displays.get((str(row.get("system")), code))
    said = {words for (_, known), words in displays.items() if known == code}
    return said.pop() if len(said) == 1 else None


def _not_concerned(
    programme: Programme,
    questions: Questions,
    belongings: Mapping[str, Sequence[Belonging]],
    known: Rows,
) -> NotConcerned:
    asked = [query for query in questions.people if query.programme.id == programme.id]
    first = asked[0]
    rows = [row for query in asked for row in belongings.get(query.name, ())]
    tables = dict.fromkeys(
        name
        for query in asked
        for name in questions.pack.tables
        if name in words_in(query.sql) and questions.pack.tables[name].has_patient
    )
    return NotConcerned(
        programme=programme,
        question=question(first.sql),
        belonged=tuple(rows),
        facts=tuple(_fact(name, asked, questions, known) for name in tables),
    )


def _fact(name: str, asked: Sequence[Query], questions: Questions, known: Rows) -> Fact:
    table, rows = questions.pack.tables[name], known.get(name, ())
    named = set().union(*(words_in(query.sql) for query in asked))
    sets = sorted(named & set(questions.pack.value_sets)) if "code" in table.columns else []
    return Fact(
        table=name,
        rows=len(rows),
        with_codes={one: _having(questions.pack.value_sets[one], rows) for one in sets},
        of_programme=sum(row.get("programme") == asked[0].programme.id for row in rows)
        if "programme" in table.columns
        else None,
        row=_shown(table, rows[0], questions) if name == PEOPLE and rows else {},
    )


def _having(codes: Sequence[tuple[str, str]], rows: Sequence[Row]) -> int:
    wanted = set(codes)
    return sum((row.get("system"), row.get("code")) in wanted for row in rows)


def question(sql: str) -> str:
    """The question a query says it answers: the first sentence of its header."""
    lines = re.match(r"(?:\s*--[^\n]*\n?)*", sql)
    text = " ".join(
        line.strip().removeprefix("--").strip() for line in (lines[0] if lines else "").splitlines()
    )
    found = re.match(r"[^?.]*[?.]", text)
    return found[0] if found else text
