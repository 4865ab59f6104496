"""Keeps what follows from the record in step with it: a save works out its person's due care.

Each saved resource becomes rows of the tables rules read, kept by person. People whose rows changed
are worked out once at the end of the commit, however many of their resources it holds. A load of
many people marks them instead, and ``refresh`` works them out in groups; so does the night, because
dates pass.
"""

from __future__ import annotations

import hashlib
import logging
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache, partial
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec

from qamqor.engine.fhir import json_text
from qamqor.engine.population.one_person import Due, OnePerson
from qamqor.engine.population.questions import ask
from qamqor.engine.tables.chosen import chooser
from qamqor.engine.tables.dates import NATIONAL
from qamqor.engine.tables.quick import ToRows, quick
from qamqor.engine.tables.view import View
from qamqor.engine.worklist_facts import facts
from qamqor.errors import BadInput
from qamqor.services import installed
from qamqor.services.warehouse.plan import plan_of
from qamqor.store import derived as store
from qamqor.store import node, worklist
from qamqor.store.fhir.versions import keys_after, read_by_keys
from qamqor.store.node import Transaction

logger = logging.getLogger(__name__)

DUE: Final = "due"
TOGETHER: Final = 100  # people in one commit of a refresh, so that a save never waits long
REBUILT: Final = 1000  # resources in one commit of a rebuild
DIGITS: Final = 15  # of a digest in hexadecimal: 60 bits fit into every database's integer
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
DIRECTORY: Final = {"organisation": ("id", "parent_id"), "territory": ("kato", "place_id")}
"""What a table without patients says for everybody: which column names what."""

OBSERVERS: Final[list[Callable[[float], None]]] = []
"""Told how many people were worked out."""

_ENCODER: Final = msgspec.json.Encoder()
_here: Final = threading.local()


class Saved(NamedTuple):
    """A resource as a commit leaves it; ``is_first`` says that it never was here before."""

    key: int
    type: str
    id: str
    resource: Mapping[str, Any] | None
    is_first: bool
    sequence: int


class Flat(NamedTuple):
    """What one resource gives: JSON of rows by person, and directory entries by kind."""

    people: dict[str, str]
    entries: dict[str, list[tuple[str, str]]]


NOTHING: Final = Flat({}, {})


@dataclass(frozen=True, slots=True)
class _Feed:
    view: View
    table: str
    has_patient: bool
    to_rows: ToRows


class _Tables:
    """What the tables of the pack read, prepared once in a process.

    Attributes:
        number: tells these tables from others, as a counter of the node can hold it.
        feeds: resource type → the tables it gives rows to.
        choose: resource type → by number, those of its feeds that one resource may give rows to.
        shared: the resource types that speak for everybody.
    """

    def __init__(self) -> None:
        made = plan_of(installed.pack().tables.values())
        self.sha256 = made.sha256
        self.number = int(made.sha256[:DIGITS], 16)
        every = {
            kind: tuple(
                _Feed(one.view, one.table, one.has_patient, quick(one.view)) for one in feeds
            )
            for kind, feeds in made.feeds.items()
        }
        used = {
            kind: tuple(one for one in feeds if one.has_patient or one.table in DIRECTORY)
            for kind, feeds in every.items()
        }
        self.feeds = {kind: feeds for kind, feeds in used.items() if feeds}
        self.choose = {
            kind: chooser([one.view for one in feeds]) for kind, feeds in self.feeds.items()
        }
        self.shared = frozenset(
            kind for kind, feeds in self.feeds.items() if not all(one.has_patient for one in feeds)
        )


def tables() -> _Tables:
    """The tables of the pack of this installation."""
    return _tables(installed.folders())


@cache
def _tables(_: tuple[Path, Path]) -> _Tables:
    return _Tables()


def are_of_other_tables() -> bool:
    """Whether the rows of people were made by other tables of care than the pack now has."""
    return store.made_by() != tables().number


def begin() -> None:
    """Say that an empty record has its rows made by the tables of the pack."""
    if are_of_other_tables():
        node.commit(partial(store.say_made_by, tables().number))


def flatten(type_: str, resource: Mapping[str, Any] | None) -> Flat:
    """The rows that one resource gives, by the person they are about."""
    known = tables()
    feeds = known.feeds.get(type_)
    if resource is None or feeds is None:
        return NOTHING
    people: dict[str, dict[str, list[dict[str, Any]]]] = {}
    entries: dict[str, list[tuple[str, str]]] = {}
    for number in known.choose[type_](resource):
        feed = feeds[number]
        for row in _rows(feed, resource):
            if not feed.has_patient:
                code, value = (row[column] for column in DIRECTORY[feed.table])
                entries.setdefault(feed.table, []).extend([(code, value)] if code and value else [])
            elif row["patient_id"] is not None:
                said = {name: value for name, value in row.items() if value is not None}
                people.setdefault(row["patient_id"], {}).setdefault(feed.table, []).append(said)
    return Flat({one: _ENCODER.encode(rows).decode() for one, rows in people.items()}, entries)


def _rows(feed: _Feed, resource: Mapping[str, Any]) -> list[dict[str, Any]]:
    try:
        return feed.to_rows(resource)
    except BadInput:
        logger.warning("a resource gives a table no rows", extra={"table": feed.table})
        return []


def follow(tx: Transaction, saved: Sequence[Saved], at: datetime) -> None:
    """Bring rows up to what a commit saves, and have the people they are about worked out.

    The people of a load of many (``tx.are_many``) are only marked, and whoever loads calls
    ``refresh`` afterwards.
    """
    changes: dict[int, tuple[bool, Mapping[str, str]]] = {}
    moved: dict[str, str | None] = {}
    known = tables()
    for one in saved:
        if one.type not in known.feeds:
            continue
        given = flatten(one.type, one.resource)
        is_first = changes[one.key][0] if one.key in changes else one.is_first
        changes[one.key] = (is_first, given.people)
        if one.type in known.shared:
            moved |= _direct(tx, one, given)
    touched = store.replace_rows(tx, changes) if changes else set()
    store.move_areas(tx, moved)
    if tx.are_many:
        store.mark_stale(tx, sorted(touched))
        return
    sequence = saved[-1].sequence if saved else 0
    for patient_id in touched:
        tx.note(DUE, (patient_id, day_of(at), sequence))


def _direct(tx: Transaction, one: Saved, given: Flat) -> dict[str, str | None]:
    """Keep what a shared resource says; the organisation above an area is in its due rows."""
    pairs = [(kind, pair) for kind, listed in given.entries.items() for pair in listed]
    entries = [(kind, *pair) for kind, pair in pairs]
    store.replace_entries(tx, one.key, entries, is_first=one.is_first)
    return {code: value for kind, (code, value) in pairs if kind == "organisation"}


def day_of(at: datetime) -> date:
    """The day of a moment in the platform's zone."""
    return (at + NATIONAL).date()


class Asker:
    """The questions of one day, prepared, for one thread.

    Attributes:
        asked: which programmes and tables, as a digest; with another one, answers differ.
    """

    def __init__(self, as_of: date) -> None:
        pack, choice = installed.pack(), installed.choice(as_of)
        programmes = choice.programmes if choice is not None else ()
        self.as_of = as_of
        self.one = OnePerson(ask(pack, as_of, programmes=programmes))
        named = [tables().sha256, *(f"{one.id} {one.sha256}" for one in programmes)]
        self.asked = hashlib.sha256("\n".join(named).encode()).hexdigest()[:16]

    def look_up(self, people: Iterable[store.Rows]) -> None:
        """Learn the places and organisations that some people's rows name."""
        listed = list(people)
        places = store.entries("territory", _named(listed, "patient", "kato"))
        above = store.entries("organisation", _named(listed, "attachment", "organization_id"))
        self.one.places = {code: values[0] for code, values in places.items()}
        self.one.organisations = {code: values[-1] for code, values in above.items()}

    def due(self, rows: store.Rows) -> tuple[Due, ...] | None:
        """What a person is due; nothing where a rule fails on the person's records.

        A rule that fails must not keep a record from being saved.
        """
        try:
            return self.one.due(rows)
        except Exception as error:
            logger.exception("due care could not be worked out", extra={"error": type(error)})
            return None


def _named(people: Iterable[store.Rows], table: str, column: str) -> set[str]:
    """What a column of a table names, among some people's rows."""
    return {row[column] for rows in people for row in rows.get(table, ()) if column in row}


def asker(as_of: date) -> Asker:
    """The questions of a day, prepared once in each thread and again after an approval."""
    wanted = (as_of, installed.stamp(), installed.folders())
    if getattr(_here, "wanted", None) != wanted:
        _here.asker, _here.wanted = Asker(as_of), wanted
    found: Asker = _here.asker
    return found


def _recompute(tx: Transaction, notes: list[tuple[str, date, int]]) -> None:
    """Work out everybody a commit touched, each once."""
    latest: dict[str, tuple[date, int]] = {}
    for patient_id, day, sequence in notes:
        latest[patient_id] = max(latest.get(patient_id, (day, 0)), (day, sequence))
    for day in sorted({day for day, _ in latest.values()}):
        people = {one: sequence for one, (on, sequence) in latest.items() if on == day}
        for some in store.sliced(sorted(people)):
            work_out(tx, {one: people[one] for one in some}, asker(day))


def work_out(tx: Transaction, people: Mapping[str, int], day: Asker) -> None:
    """Replace some people's due rows by those of a day.

    Args:
        people: ids → the newest change that the rows know.
    """
    rows = store.rows_of(list(people))
    day.look_up(rows.values())
    due = {one: day.due(own) for one, own in rows.items()}
    store.replace_due(tx, {one: found or () for one, found in due.items()})
    worklist.replace(
        tx,
        {
            one: (people[one], facts(one, due[one] or (), rows[one], as_of=day.as_of))
            for one in people
        },
    )
    store.put_states(
        tx,
        {
            one: store.State(
                day.as_of.isoformat(), day.asked, people[one] if due[one] is not None else 0
            )
            for one in people
        },
    )

    for observe in OBSERVERS:
        observe(len(people))


node.at_the_end(DUE, _recompute)


def _work_out_on(as_of: date, people: Mapping[str, int], tx: Transaction) -> None:
    work_out(tx, people, asker(as_of))


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What a refresh did: people worked out, people known, people a rule failed on."""

    people: int
    known: int
    failed: int


def refresh(
    as_of: date, *, sequence: int, progress: Callable[[int, int], None] = lambda done, total: None
) -> Refreshed:
    """Work out everybody whose due rows are not yet those of a day; safe to stop and run again.

    Args:
        sequence: the newest change of the node; what is saved meanwhile is worked out by its save.
    """
    asked = asker(as_of).asked
    day = as_of.isoformat()
    total, known = store.count_stale(day, asked)
    done, last = 0, ""
    while some := store.stale(day, asked, after=last, limit=TOGETHER):
        node.commit(partial(_work_out_on, as_of, dict.fromkeys(some, sequence)))
        done, last = done + len(some), some[-1]
        progress(done, total)
    return Refreshed(done, known, store.count_stale(day, asked)[0])


def rebuild(
    *, sequence: int, as_of: date, progress: Callable[[int], None] = lambda done: None
) -> Refreshed:
    """Make everybody's rows anew from the resources, then their due rows.

    What is saved meanwhile keeps its own rows; the people say until the end that theirs are old.
    Stopped before all rows are made, it is known to be wanted still; stopped after, ``refresh``
    does the rest.

    Args:
        progress: told how many resources, and then people with them, are done.
    """
    node.commit(store.clear)
    node.commit(worklist.clear)
    last = done = 0
    while keys := keys_after(last, limit=REBUILT):
        node.commit(partial(_fill, keys))
        last, done = keys[-1], done + len(keys)
        progress(done)
    node.commit(partial(store.say_made_by, tables().number))
    return refresh(as_of, sequence=sequence, progress=lambda people, total: progress(done + people))


def _fill(keys: Sequence[int], tx: Transaction) -> None:
    tx.are_many = True
    saved = [
        Saved(key, one.type, one.id, json_text.decode(one.content), False, one.sequence)
        for key, one in read_by_keys(keys).items()
        if one.content is not None
    ]
    follow(tx, saved, EPOCH)
