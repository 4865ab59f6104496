"""Turns a line of the list into what a worker reads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, NamedTuple

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from qamqor.engine.worklist import Booked, Row, Tab, is_ahead
from qamqor.services.worklist.today import Line
from qamqor.web.components import bookings, dates, facts, people, reasons
from qamqor.web.components.needs import Said, by_when, said

MOST_TAGS: Final = 3
LINE: Final = 30  # letters of tags that fit one line; two lines make a row
TABS: Final[dict[Tab, str | Promise]] = {
    Tab.to_see: _("To see"),
    Tab.to_call: _("To call"),
    Tab.to_visit: _("To visit"),
    Tab.agreed: _("Agreed"),
    Tab.waiting: _("Waiting for an answer"),
    Tab.done: _("Done today"),
}
EMPTY: Final[dict[Tab, str | Promise]] = {
    Tab.agreed: _("Nobody has agreed on a day yet."),
    Tab.waiting: _("No answer to a referral is awaited."),
    Tab.done: _("Nothing is done yet today. Whoever you finish with stands here."),
}
TOGETHER: Final[dict[Tab, str | Promise]] = {
    Tab.to_see: _("one visit"),
    Tab.to_call: _("one call"),
    Tab.to_visit: _("one visit"),
}
ACTS: Final[dict[str, tuple[str | Promise, str]]] = {
    "home": (_("Visit"), "visit"),
    "phone": (_("Call"), "phone"),
    "video": (_("Call"), "phone"),
    "message": (_("Write"), "message"),
    "clinic": (_("Invite"), "calendar"),
}
CHANNELS: Final[dict[str, str | Promise]] = {
    "home": _("at home"),
    "phone": _("by phone"),
    "video": _("by video"),
    "message": _("by message"),
    "clinic": _("at the clinic"),
}
OUTCOMES: Final[dict[str, str | Promise]] = {
    **facts.CALLS,
    "visited": _("visited"),
    "moved": _("moved away"),
}
POINTS: Final[dict[str, str | Promise]] = {
    "urgency": _("urgency"),
    "weeks_overdue": _("weeks overdue"),
    "several_needs": _("several needs at once"),
    "tried_in_vain": _("tried in vain"),
}


class RestsOn(NamedTuple):
    """The records behind a need: those the reader may see in words, and how many more there are."""

    lines: tuple[facts.Line, ...]
    hidden: int


@dataclass(frozen=True, slots=True)
class Shown:
    """One person on the list, in words."""

    patient: str
    name: str
    second_line: str
    tags: tuple[Said, ...]
    more: int
    state: str
    when: str
    when_shape: str
    since: str
    reason: str
    channel: str
    channel_icon: str
    last_try: str
    act: str
    act_icon: str
    is_filled: bool
    address: str
    household: str | None
    phone: str
    needs: tuple[Said, ...]
    points: tuple[tuple[str, int], ...]
    score: int
    tab: Tab


@dataclass(frozen=True, slots=True)
class Block:
    """People of one address, or one person alone."""

    address: str
    people: tuple[Shown, ...]


def blocks(lines: Iterable[Line], today: date) -> Iterator[Block]:
    """The list in its order, neighbours of one household under one address."""
    waiting: list[Shown] = []
    for line in lines:
        one = shown(line, today)
        if waiting and (one.household is None or one.household != waiting[0].household):
            yield _block(waiting)
            waiting = []
        waiting.append(one)
    if waiting:
        yield _block(waiting)


def _block(people: Sequence[Shown]) -> Block:
    return Block(people[0].address if len(people) > 1 else "", tuple(people))


def shown(line: Line, today: date) -> Shown:
    """One person in words."""
    row, person = line.row, line.person
    needs = tuple(said(need) for need in row.needs)
    state = needs[0].state if needs else "wait" if row.tab is Tab.waiting else "done"
    is_kept = row.tab is Tab.agreed and _is_kept(row, today)
    act, icon = (gettext("Show"), "calendar") if is_kept else ACTS[row.channel]
    how, tried = str(CHANNELS[row.channel]), _last_try(row, today)
    if row.tab is Tab.waiting:  # nobody is to be invited: a specialist owes an answer
        act, icon, how, tried = gettext("Show"), "wait", gettext("the specialist answers"), ""
    fitting = _fitting([need.title for need in needs])
    due_on = needs[0].due_on if needs else row.oldest_due_on
    when, since, shape = _when(row, due_on, today), dates.short(due_on), state
    if needs and (late_on := needs[0].overdue_on) and by_when(due_on, late_on, today) != when:
        when, since = by_when(due_on, late_on, today), dates.from_here(late_on, today)
    if row.tab is Tab.agreed:
        when, since, shape = _agreed(row, today)
    return Shown(
        patient=row.patient_id,
        name=people.name_of(person),
        second_line=_second_line(person, today),
        tags=needs[:fitting],
        more=len(needs) - fitting,
        state=state,
        when=when,
        when_shape=shape,
        since=since,
        reason=_reason(needs[0], line, today) if needs else _without_needs(row),
        channel=how,
        channel_icon=icon,
        last_try=tried,
        act=str(act),
        act_icon=icon,
        is_filled=state == "urgent" and not is_kept,
        address=people.address_of(person),
        household=row.household,
        phone=people.phone_of(person),
        needs=needs,
        points=tuple((str(POINTS[code]), points) for code, points in row.points),
        score=row.score,
        tab=row.tab,
    )


def _fitting(titles: Sequence[str]) -> int:
    """How many needs fit two lines of tags, and still the word how many more there are."""
    line, left = 1, LINE
    for number, title in enumerate(titles[:MOST_TAGS]):
        takes = len(title) + 5
        if takes > left and line == 1:
            line, left = 2 + (takes > LINE), LINE
        is_last = number + 1 == len(titles)
        if number and (line > 2 or takes + (0 if is_last else 4) > left):
            return number
        left -= takes
    return min(len(titles), MOST_TAGS)


def _reason(need: Said, line: Line, today: date) -> str:
    found = [line.facts[one] for one in need.evidence if one in line.facts]
    if need.is_unknown:
        return reasons.missing(need.reason, found, today)
    return reasons.in_short(need.reason, found, today)


def rests_on(line: Line) -> dict[str, RestsOn]:
    """The records behind each need of one person, by the key of the need."""
    found: dict[str, RestsOn] = {}
    for need in map(said, line.row.needs):
        told = [one for one in need.evidence if not one.startswith("Patient/")]
        seen = [facts.line(line.facts[one]) for one in told if one in line.facts]
        found[need.key] = RestsOn(tuple(seen), len(told) - len(seen))
    return found


def _when(row: Row, due_on: date | None, today: date) -> str:
    if due_on is not None:
        return dates.from_here(due_on, today)
    return gettext("today") if row.tab is Tab.done else gettext("not known")


def _without_needs(row: Row) -> str:
    if row.tab is Tab.waiting:
        return gettext("A reply to a referral is awaited")
    return gettext("Nothing is left to do")


def _second_line(person: Mapping[str, Any], today: date) -> str:
    return ", ".join(filter(None, (people.sex_of(person), people.age_of(person, today))))


def _is_kept(row: Row, today: date) -> bool:
    """Whether somebody has a time that is still to come: nothing is left to ask them."""
    booked = row.booked
    if booked is None or row.agreed != booked.moment:
        return False
    return is_ahead(booked, today) and not _has_passed(booked, today)


def _agreed(row: Row, today: date) -> tuple[str, str, str]:
    """Day and time somebody agreed to come, where, and the shape of it; a time passed says so."""
    booked = row.booked
    if booked is None or row.agreed != booked.moment or not is_ahead(booked, today):
        day = date.fromisoformat(row.agreed[:10])
        return dates.from_here(day, today), gettext("no time yet"), "soon"
    where = bookings.place_of(booked.place)
    if booked.status == "arrived":
        return bookings.on_list(booked, today), gettext("arrived"), "due"
    if _has_passed(booked, today):
        said = gettext("the time has passed: did they come?")
        return bookings.on_list(booked, today), said, "overdue"
    return bookings.on_list(booked, today), where, "soon"


def _booked(booked: Booked, today: date) -> str:
    return gettext("booked: %(when)s") % {"when": bookings.on_list(booked, today)}


def booked_beside(row: Row, today: date) -> str:
    """When and where somebody is booked who is asked all the same; nothing for others."""
    booked = row.booked
    if booked is None or row.tab is Tab.agreed or not is_ahead(booked, today):
        return ""
    said = (bookings.on_list(booked, today), bookings.place_of(booked.place))
    return ", ".join(filter(None, said))


def _has_passed(booked: Booked, today: date) -> bool:
    return booked.on == today and booked.until <= f"{timezone.localtime():%H:%M}"


def _last_try(row: Row, today: date) -> str:
    if row.booked is not None and row.tab is not Tab.agreed:
        if is_ahead(row.booked, today):
            return _booked(row.booked, today)
        return bookings.missed(row.booked, today)
    last = row.last_attempt
    if last is None:
        return gettext("not tried yet")
    outcome = OUTCOMES.get(last.outcome, "")
    return f"{dates.from_here(last.on, today)}, {outcome}" if outcome else dates.short(last.on)
