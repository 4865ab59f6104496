"""Merges what is due into one ordered list for a team: one row a person, families together.

The order is a sum of points that a nurse can read: each point has a code, which pages turn into
words, and its size is content, so that a head of a site can tune it and see what changes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from enum import StrEnum
from typing import Any, Final

from qamqor.errors import InvalidPack, Problem


class Tab(StrEnum):
    """Where a person is on the list of one role: what the next step with them is."""

    to_see = "to_see"
    to_call = "to_call"
    to_visit = "to_visit"
    agreed = "agreed"
    waiting = "waiting"
    done = "done"


PRESSING: Final = ("overdue", "due", "unknown")
_OF_CHANNEL: Final = {
    "home": Tab.to_visit,
    "phone": Tab.to_call,
    "message": Tab.to_call,
    "video": Tab.to_call,
    "clinic": Tab.to_see,
}
# A visit at home closes what the clinic could, and a visit what a call could.
_CHANNEL_ORDER: Final = ("home", "clinic", "video", "phone", "message")


@dataclass(frozen=True, slots=True)
class Need:
    """One due row of a person, as the list shows it; fields as in the due table."""

    programme: str
    action: str
    item: str
    role: str
    channel: str
    urgency: int
    due_on: date | None
    overdue_on: date | None
    status: str
    reason: str | None = None
    evidence: str | None = None

    @property
    def key(self) -> str:
        """What is needed, as bookings and tasks name it."""
        return f"{self.programme}/{self.action}/{self.item}"

    @property
    def is_masked(self) -> bool:
        """Whether what is needed is not told."""
        return not self.action

    def masked(self) -> Need:
        """The same need without what it is and why: whose work it is, how and by when stay."""
        return replace(self, programme="", action="", item="", reason=None, evidence=None)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try to reach a person, and how it ended: ``no_answer``, ``agreed``, ``refused`` ..."""

    on: date
    medium: str
    outcome: str


@dataclass(frozen=True, slots=True)
class Booked:
    """A booking as the list needs it.

    Attributes:
        at: ``HH:MM``, when it begins. is_part: it is for a part of the day, not for an hour.
        until: ``HH:MM``, when it ends.
        status: of the Appointment: ``booked``, ``arrived``, ``noshow`` ...
    """

    on: date
    at: str
    until: str
    place: str
    status: str
    is_part: bool = False

    @property
    def is_missed(self) -> bool:
        """Whether they did not come; of one whose day is over nobody said that they did."""
        return self.status in ("noshow", "booked", "pending")

    @property
    def moment(self) -> str:
        """Day and time as text that orders by time."""
        return f"{self.on.isoformat()}T{self.at}"


@dataclass(frozen=True, slots=True)
class Agreed:
    """A booking or a promise that lies ahead, and which needs it is for.

    Attributes:
        on: its day. made_on: when it was made; None where nobody says.
        names: keys of needs it is for.
        role: of who is booked: one that names nothing is for what this role owed when it was made.
    """

    on: date
    made_on: date | None = None
    names: frozenset[str] = frozenset()
    role: str = ""

    def is_for(self, need: Need) -> bool:
        """Whether it was made for a need as it stands: one that became due since is another."""
        is_new = self.made_on and need.due_on and need.due_on > self.made_on
        named = need.key in self.names if self.names else bool(self.role) and need.role == self.role
        return named and not is_new


@dataclass(frozen=True, slots=True)
class Known:
    """What the list knows of one person.

    Attributes:
        needs: due rows of the role the list is for.
        attempts: tries to reach the person since the oldest need became due, oldest first.
        agreed_until: the day a person promised to come or asked to be left until.
        booked: the soonest booking from today on, which goes before a promise; else the last one,
            where it was missed and nobody reached them since: then they are called again.
        waiting_since: since when somebody else must answer: a referral sent and not replied to.
        done_on: the last day on which a need of theirs was closed, for the tab of what is done.
        household: id of the group they live in.
        ahead: bookings and promises of today or later.
        coming_on: the first day, today or later, for which they promised to come without a time.
    """

    patient_id: str
    needs: tuple[Need, ...]
    attempts: tuple[Attempt, ...] = ()
    agreed_until: date | None = None
    waiting_since: date | None = None
    done_on: date | None = None
    household: str | None = None
    booked: Booked | None = None
    ahead: tuple[Agreed, ...] = ()
    coming_on: date | None = None

    def agreed(self, as_of: date) -> str:
        """Until when they are left in peace, with the time where they are booked; may be over."""
        if self.booked is not None and is_ahead(self.booked, as_of):
            is_sooner = self.coming_on is not None and self.coming_on < self.booked.on
            return str(self.coming_on) if is_sooner else self.booked.moment
        return self.agreed_until.isoformat() if self.agreed_until is not None else ""

    def unserved(self) -> int:
        """Urgency of the most urgent need that nothing agreed is for; 0 = everything is cared for.

        Such a need may wait for what is agreed only so long as its urgency allows.
        """
        left = (one for one in self.needs if one.status in PRESSING)
        return min(
            (n.urgency for n in left if not any(one.is_for(n) for one in self.ahead)), default=0
        )

    def channel(self, as_of: date) -> str:
        """How their needs are met best: who missed a booking at the clinic is called."""
        found = best_channel(self.needs)
        missed = self.booked is not None and not is_ahead(self.booked, as_of)
        return "phone" if missed and found == "clinic" else found


def is_ahead(booked: Booked, as_of: date) -> bool:
    """Whether somebody is still expected, or there."""
    return booked.on >= as_of and booked.status in EXPECTED


EXPECTED: Final = ("booked", "arrived", "pending")


@dataclass(frozen=True, slots=True)
class Points:
    """How much each thing moves a person up, and when the channel changes.

    Attributes:
        urgency: points of the most urgent need, by its urgency 1 (now) to 4 (routine).
        week_overdue: for each full week past the overdue day, of the longest waiting need.
        most_weeks: weeks that count at most, so that an old routine never outweighs a red one.
        need: for each need after the first: one contact closes several.
        failed_attempt: for each try in vain.
        visit_after_attempts: tries in vain after which the next step is a home visit.
        may_wait_days: how long a need of each urgency may wait for a booking that is not for it.
    """

    urgency: Mapping[int, int] = field(default_factory=lambda: {1: 1000, 2: 300, 3: 100, 4: 0})
    week_overdue: int = 5
    most_weeks: int = 26
    need: int = 15
    failed_attempt: int = 10
    visit_after_attempts: int = 3
    may_wait_days: Mapping[int, int] = field(default_factory=lambda: {1: 1, 2: 7, 3: 30, 4: 90})

    def waits_until(self, urgency: int, as_of: date) -> date:
        """The last day of a booking for which a need that it is not for may wait."""
        return as_of + timedelta(days=min(self.may_wait_days[urgency], (date.max - as_of).days - 1))


@dataclass(frozen=True, slots=True)
class Row:
    """One person on the list.

    Attributes:
        points: code → points, the largest first; their sum orders the list.
        channel: the best way to reach them now.
        agreed: until when, on the tab of what is agreed, as text that orders by time.
        failed_attempts: tries in vain since the last one that reached them.
    """

    patient_id: str
    tab: Tab
    needs: tuple[Need, ...]
    points: tuple[tuple[str, int], ...]
    channel: str
    oldest_due_on: date | None
    last_attempt: Attempt | None
    failed_attempts: int
    household: str | None
    agreed: str = ""
    booked: Booked | None = None

    @property
    def score(self) -> int:
        return sum(points for _, points in self.points)


URGENCIES: Final = (1, 2, 3, 4)
LADDERS: Final = {
    "urgency": (True, "what is more urgent must not count less"),
    "may_wait_days": (False, "what is more urgent must not wait longer"),
}
"""Points given for each urgency: whether they fall from the most urgent on; what is wrong else."""


def read_points(raw: Mapping[str, Any], where: str) -> Points:
    """Points as a site has set them.

    Raises:
        InvalidPack: an unknown name, or a value that is no whole number from zero up.
    """
    problems: list[Problem] = []
    values: dict[str, Any] = {}
    for name, value in raw.items():
        if name not in Points.__slots__:
            problems.append(Problem(f"{where}: {name}", "is no kind of points"))
        elif name in LADDERS:
            values[name] = {int(k): v for k, v in value.items()} if _is_ladder(value) else None
        else:
            values[name] = value if _is_whole(value) else None
    problems += [
        Problem(
            f"{where}: {name}",
            "must be whole numbers from zero up; for urgency and waiting, one for each of 1 to 4",
        )
        for name, value in values.items()
        if value is None
    ]
    for name, (is_falling, what) in LADDERS.items():
        ladder = values.get(name)
        if ladder and [ladder[k] for k in URGENCIES] != sorted(ladder.values(), reverse=is_falling):
            problems.append(Problem(f"{where}: {name}", what))
    if problems:
        raise InvalidPack(problems)
    return Points(**values)


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_ladder(value: Any) -> bool:
    return (
        isinstance(value, Mapping)
        and {str(key) for key in value} == {"1", "2", "3", "4"}
        and all(_is_whole(one) for one in value.values())
    )


def row(known: Known, *, points: Points, as_of: date) -> Row | None:
    """One person's row; None where the role has nothing to do with them on this day."""
    needs = tuple(sorted((n for n in known.needs if n.status in PRESSING), key=_pressing_first))
    tab, failed = _tab(known, needs, points, as_of), tries_in_vain(known.attempts)
    if tab is None:
        return None
    return Row(
        patient_id=known.patient_id,
        tab=tab,
        needs=needs,
        points=_points(needs, failed, points, as_of),
        channel="home" if tab is Tab.to_visit else known.channel(as_of) if needs else "clinic",
        oldest_due_on=min(
            (n.due_on for n in needs if n.due_on),
            default=known.waiting_since if tab is Tab.waiting else None,
        ),
        last_attempt=known.attempts[-1] if known.attempts else None,
        failed_attempts=failed,
        household=known.household,
        agreed=known.agreed(as_of) if tab is Tab.agreed else "",
        booked=known.booked,
    )


def _pressing_first(need: Need) -> tuple[Any, ...]:
    return (
        PRESSING.index(need.status),
        need.urgency,
        need.due_on or date.max,
        need.programme,
        need.action,
        need.item,
    )


def _tab(known: Known, needs: Sequence[Need], points: Points, as_of: date) -> Tab | None:
    if not needs:
        return _without_needs(known, as_of)
    if known.agreed(as_of) >= as_of.isoformat() and _may_wait(known, points, as_of):
        return Tab.agreed
    if tries_in_vain(known.attempts) >= points.visit_after_attempts:
        return Tab.to_visit
    return _OF_CHANNEL[known.channel(as_of)]


def _may_wait(known: Known, points: Points, as_of: date) -> bool:
    """Whether what is agreed is for every need, or so soon that the rest may wait for it."""
    urgency, day = known.unserved(), date.fromisoformat(known.agreed(as_of)[:10])
    return not urgency or day <= points.waits_until(urgency, as_of)


def _without_needs(known: Known, as_of: date) -> Tab | None:
    if known.done_on == as_of:
        return Tab.done
    return Tab.waiting if known.waiting_since is not None else None


def best_channel(needs: Sequence[Need]) -> str:
    """The one way that meets all needs: at home what the clinic could, and so on down."""
    asked = {need.channel for need in needs}
    return next((channel for channel in _CHANNEL_ORDER if channel in asked), "clinic")


def tries_in_vain(attempts: Sequence[Attempt]) -> int:
    """How many tries failed since somebody was last reached."""
    failed = 0
    for attempt in reversed(attempts):
        if attempt.outcome != "no_answer":
            break
        failed += 1
    return failed


def _points(
    needs: Sequence[Need], failed: int, points: Points, as_of: date
) -> tuple[tuple[str, int], ...]:
    if not needs:
        return ()
    late = [(as_of - n.overdue_on).days for n in needs if n.overdue_on and n.overdue_on <= as_of]
    weeks = min(max(late, default=0) // 7, points.most_weeks)
    found = {
        "urgency": max(points.urgency[need.urgency] for need in needs),
        "weeks_overdue": weeks * points.week_overdue,
        "several_needs": (len(needs) - 1) * points.need,
        "tried_in_vain": failed * points.failed_attempt,
    }
    return tuple(sorted(((k, v) for k, v in found.items() if v), key=lambda one: (-one[1], one[0])))


def ordered(rows: Iterable[Row]) -> list[Row]:
    """The list: most points first, the longest waiting first among equals, families together.

    A household stands where its most pressing member stands, so that one visit serves the family.

    What is agreed stands by its time, the soonest first; then only who of a household is expected
    at one time stands together, for times that jump cannot be worked down.
    """
    alone = sorted(rows, key=_place)
    first_of_home: dict[tuple[str, str], tuple[Any, ...]] = {}
    for one in alone:
        if one.household is not None:
            first_of_home.setdefault((one.household, one.agreed), _place(one))

    def place(one: Row) -> tuple[Any, ...]:
        return first_of_home.get((one.household or "", one.agreed), _place(one)), _place(one)

    return sorted(alone, key=place)


def _place(one: Row) -> tuple[Any, ...]:
    return (one.agreed, -one.score, one.oldest_due_on or date.max, one.patient_id)


def counts(rows: Iterable[Row]) -> dict[Tab, int]:
    """How many people stand on each tab; every tab is named."""
    found = dict.fromkeys(Tab, 0)
    for one in rows:
        found[one.tab] += 1
    return found
