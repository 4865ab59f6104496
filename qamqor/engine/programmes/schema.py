"""The shape of a content pack, as values that do not change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Final, Literal

CARE_ROLES: Final = (
    "gp",
    "practice_nurse",
    "district_nurse",
    "midwife",
    "psychologist",
    "social_worker",
)
CHANNELS: Final = ("clinic", "home", "phone", "video", "message")
URGENCIES: Final = (1, 2, 3, 4)

Kind = Literal["text", "date", "double", "integer", "boolean"]
Value = int | float | str | bool | date

POPULATION_COLUMNS: Final[dict[str, Kind]] = {
    "patient_id": "text",
    "enrolled_on": "date",
    "left_on": "date",
    "evidence": "text",
}
DUE_COLUMNS: Final[dict[str, Kind]] = {
    "patient_id": "text",
    "item": "text",
    "due_on": "date",
    "reason": "text",
    "evidence": "text",
}
HISTORY_COLUMNS: Final[dict[str, Kind]] = {
    "patient_id": "text",
    "fact": "text",
    "code": "text",
    "on_day": "date",
    "until": "date",
    "evidence": "text",
}
DOSE_COLUMNS: Final[dict[str, Kind]] = {
    "patient_id": "text",
    "item": "text",
    "number": "integer",
    "valid_number": "integer",
    "given_on": "date",
    "evidence": "text",
}
MEASURE_COLUMNS: Final[dict[str, Kind]] = {
    "patient_id": "text",
    "in_numerator": "boolean",
    "excluded_because": "text",
    "evidence": "text",
}
STATE_COLUMNS: Final[dict[str, Kind]] = {
    "patient_id": "text",
    "state": "text",
    "since_on": "date",
    "evidence": "text",
}
VALUE_SET_COLUMNS: Final[dict[str, Kind]] = {"system": "text", "code": "text"}


@dataclass(frozen=True, slots=True)
class Parameter:
    """A number, text, date or boolean of a rule; its unit is in its name.

    Attributes:
        source: a name in the programme's sources, or of an override the source itself.
        status: ``confirmed`` or ``assumption``.
        is_override: another pack's ``parameters.yaml`` gave this value.
    """

    name: str
    value: Value
    source: str
    status: str
    note: str = ""
    is_override: bool = False


@dataclass(frozen=True, slots=True)
class State:
    """What state each person of a programme is in on a day, worked out once for all its actions.

    Attributes:
        file, sql: the query's file name and its text (kind ``state``).
        values: code of a state → English words.
    """

    name: str
    title: str
    file: str
    sql: str
    values: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Told:
    """What the person reads of an action, on what is printed for them.

    Attributes:
        is_ours: the clinic does it and says so; else it is time for the person to come for it.
        words: item → English words; one text under the empty item tells of every item.
    """

    is_ours: bool
    words: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Action:
    """One thing a role does for a person when it is due.

    Attributes:
        file, sql: the query's file name and its text (kind ``due``, or ``schedule``: it selects
            what the schedule is told of each person).
        items: code → English words of the items a row may carry; empty = one row a person.
        urgency: reason → 1 (now) to 4 (routine).
        overdue_after_days: name of the parameter that allows so many days after ``due_on``.
        overdue_after_months: the same in whole calendar months; one of the two.
        reasons: code → English words.
        closes: what would close it, in English words.
        schedule: the id of the schedule that says what is due; null where the query does.
        told: what the person reads of it; null where it is the team's own work.
    """

    name: str
    title: str
    file: str
    sql: str
    items: Mapping[str, str]
    role: str
    channel: str
    urgency: Mapping[str, int]
    overdue_after_days: str | None
    overdue_after_months: str | None
    reasons: Mapping[str, str]
    closes: str
    schedule: str | None = None
    told: Told | None = None


@dataclass(frozen=True, slots=True)
class Measure:
    """A share of people: who counts, over how many months.

    Attributes:
        exclusions: code of ``excluded_because`` → English words.
        higher_is_better: whether a larger share is the better one.
    """

    name: str
    title: str
    file: str
    sql: str
    period_months: int
    numerator: str
    denominator: str
    exclusions: Mapping[str, str]
    higher_is_better: bool = True


@dataclass(frozen=True, slots=True)
class Programme:
    """One version of a programme, as its folder says.

    Attributes:
        version: the day it came into force, ISO text; with ``id`` it names the version.
        reads: ids of the programmes whose population or eligible people it reads.
        words: language → the tree of ``words.<language>.yaml``; ``en`` is programme.yaml's own.
        sha256: of its folder, the value sets and tables it names, and overridden parameters.
        where: its folder as people should read it.
    """

    id: str
    valid_from: date
    status: str
    belongs: str
    title: str
    purpose: str
    sources: Mapping[str, str]
    tables: tuple[str, ...]
    value_sets: tuple[str, ...]
    parameters: Mapping[str, Parameter]
    population_file: str
    population_sql: str
    eligible_file: str | None
    eligible_sql: str | None
    actions: Mapping[str, Action]
    measures: Mapping[str, Measure]
    words: Mapping[str, Mapping[str, Any]]
    reads: tuple[str, ...]
    sha256: str
    folder: Path
    where: str
    states: Mapping[str, State] = field(default_factory=dict)

    @property
    def version(self) -> str:
        """The day it came into force, as ISO text."""
        return self.valid_from.isoformat()

    @property
    def population_table(self) -> str:
        """The table its population query makes."""
        return f"{self.id}_population"

    @property
    def eligible_table(self) -> str:
        """The table its eligible query makes."""
        return f"{self.id}_eligible"

    def state_table(self, name: str) -> str:
        """The table one of its states makes."""
        return f"{self.id}_{name}"

    @property
    def doses_table(self) -> str | None:
        """The table of doses its schedule judged, for its measures; null where it asks none."""
        asks = any(action.schedule is not None for action in self.actions.values())
        return f"{self.id}_doses" if asks else None

    def values(self) -> dict[str, Value]:
        """Every parameter's value by name, ready to bind."""
        return {name: parameter.value for name, parameter in self.parameters.items()}


@dataclass(frozen=True, slots=True)
class Table:
    """A table rules may read: what its ViewDefinitions and their tags say.

    Attributes:
        views: the ViewDefinitions, as JSON; several when several resource types give its rows.
        columns: name → kind, in order.
        keys: the columns that tell one row from another, the resource's key first.
        known_on: the date column after which a row is hidden; null = never hidden.
        has_latest: ``latest_<name>`` exists, one row a person.
        files: the file of each view, as people should read it.
    """

    name: str
    views: tuple[Mapping[str, Any], ...]
    columns: Mapping[str, Kind]
    keys: tuple[str, ...]
    known_on: str | None
    has_latest: bool
    has_patient: bool
    files: tuple[str, ...] = ()

    @property
    def view(self) -> Mapping[str, Any]:
        """The ViewDefinition, the first where there are several."""
        return self.views[0]

    @property
    def key(self) -> str | None:
        """The column that names the row's resource; null where it has none."""
        return self.keys[0] if self.keys else None

    @property
    def latest(self) -> str:
        """The name of the table of each person's newest row."""
        return f"latest_{self.name}"


@dataclass(frozen=True, slots=True)
class ScheduleFile:
    """One version of a vaccination schedule of a pack, as it is written.

    Attributes:
        where: the file as people should read it.
    """

    id: str
    valid_from: date
    text: str
    folder: Path
    where: str


@dataclass(frozen=True, slots=True)
class Pack:
    """Everything the platform knows: programmes, tables, codes.

    Attributes:
        programmes: every version of every programme, by id, then date.
        value_sets: name → (system, code) pairs, in the file's order.
        displays: (system, code) → what the code means, in English.
        folders: the packs laid over one another, the shipped one first.
        schedules: every version of every vaccination schedule, by id, then date.
    """

    id: str
    version: str
    title: str
    languages: tuple[str, ...]
    licence: str
    programmes: tuple[Programme, ...]
    tables: Mapping[str, Table]
    value_sets: Mapping[str, tuple[tuple[str, str], ...]]
    displays: Mapping[tuple[str, str], str] = field(default_factory=dict)
    folders: tuple[Path, ...] = ()
    schedules: tuple[ScheduleFile, ...] = ()

    def schedule(self, schedule: str, as_of: date) -> ScheduleFile | None:
        """The version of a schedule in force on a day; null when there is none."""
        begun = [one for one in self.schedules if one.id == schedule and one.valid_from <= as_of]
        return begun[-1] if begun else None

    def in_force(self, as_of: date) -> tuple[Programme, ...]:
        """The version of each programme in force on a day, those that others read first."""
        newest: dict[str, Programme] = {}
        for programme in self.programmes:
            if programme.valid_from <= as_of:
                newest[programme.id] = programme
        ordered, _ = in_order(newest)
        return ordered

    def programme(self, programme: str, version: str | None = None) -> Programme | None:
        """One version, the newest when none is named; null when there is none."""
        found = [
            one for one in self.programmes if one.id == programme and version in {None, one.version}
        ]
        return found[-1] if found else None


def in_order(programmes: Mapping[str, Programme]) -> tuple[tuple[Programme, ...], tuple[str, ...]]:
    """Programmes with those they read first (else by id), and the ids caught in a circle."""
    ordered: list[Programme] = []
    waiting = dict(sorted(programmes.items()))
    while waiting:
        ready = [
            programme
            for programme in waiting.values()
            if not any(other in waiting and other != programme.id for other in programme.reads)
        ]
        if not ready:
            return tuple(ordered), tuple(waiting)
        ordered.extend(ready)
        for programme in ready:
            del waiting[programme.id]
    return tuple(ordered), ()
