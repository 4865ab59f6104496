"""Turns a line of the list into what a worker reads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from qamqor.engine.programmes import words
from qamqor.engine.worklist import Need, Row, Tab
from qamqor.services import installed
from qamqor.services.worklist.today import Line
from qamqor.web.components import dates

MOST_TAGS: Final = 3
SHORT: Final = 40
LINE: Final = 30  # letters of tags that fit one line; two lines make a row
TABS: Final[dict[Tab, str | Promise]] = {
    Tab.to_see: _("To see"),
    Tab.to_call: _("To call"),
    Tab.to_visit: _("To visit"),
    Tab.agreed: _("Agreed"),
    Tab.waiting: _("Waiting for an answer"),
    Tab.done: _("Done today"),
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
    "agreed": _("will come"),
    "later": _("asked for later"),
    "no_answer": _("no answer"),
    "refused": _("refused"),
    "wrong": _("the list was wrong"),
    "done_elsewhere": _("done elsewhere"),
    "visited": _("visited"),
    "moved": _("moved away"),
}
POINTS: Final[dict[str, str | Promise]] = {
    "urgency": _("urgency"),
    "weeks_overdue": _("weeks overdue"),
    "several_needs": _("several needs at once"),
    "tried_in_vain": _("tried in vain"),
}


@dataclass(frozen=True, slots=True)
class Said:
    """One need in words."""

    key: str
    state: str
    title: str
    reason: str
    closes: str
    due_on: date | None
    overdue_on: date | None
    version: str
    evidence: tuple[str, ...]


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
        one = shown(line.row, line.person, today)
        if waiting and (one.household is None or one.household != waiting[0].household):
            yield _block(waiting)
            waiting = []
        waiting.append(one)
    if waiting:
        yield _block(waiting)


def _block(people: Sequence[Shown]) -> Block:
    return Block(people[0].address if len(people) > 1 else "", tuple(people))


def shown(row: Row, person: Mapping[str, Any], today: date) -> Shown:
    """One person in words."""
    needs = tuple(said(need) for need in row.needs)
    state = needs[0].state if needs else "wait" if row.tab is Tab.waiting else "done"
    act, icon = ACTS[row.channel]
    fitting = _fitting([need.title for need in needs])
    due_on = needs[0].due_on if needs else row.oldest_due_on
    return Shown(
        patient=row.patient_id,
        name=name_of(person),
        second_line=_second_line(person, today),
        tags=needs[:fitting],
        more=len(needs) - fitting,
        state=state,
        when=_when(row, due_on, today),
        since=dates.short(due_on),
        reason=_short(needs[0].reason) if needs else _without_needs(row),
        channel=str(CHANNELS[row.channel]),
        channel_icon=icon,
        last_try=_last_try(row, today),
        act=str(act),
        act_icon=icon,
        is_filled=state == "urgent",
        address=address_of(person),
        household=row.household,
        phone=_phone(person),
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


def _short(reason: str) -> str:
    """The fact itself; what follows a colon, or a comma late in it, is told beside the list."""
    fact = reason.partition(":")[0]
    return fact if len(fact) <= SHORT else fact.partition(",")[0]


def _when(row: Row, due_on: date | None, today: date) -> str:
    if due_on is not None:
        return dates.from_here(due_on, today)
    return gettext("today") if row.tab is Tab.done else gettext("not known")


def _without_needs(row: Row) -> str:
    if row.tab is Tab.waiting:
        return gettext("A reply to a referral is awaited")
    return gettext("Nothing is left to do")


def said(need: Need) -> Said:
    """One need in the reader's language."""
    language = (get_language() or "en")[:2]
    programmes = installed.pack().programmes
    own = [p for p in programmes if p.id == need.programme and need.action in p.actions]
    key = f"{need.programme}/{need.action}/{need.item}"
    evidence = tuple((need.evidence or "").split())
    if not own:
        return Said(
            key, _state(need), need.action, "", "", need.due_on, need.overdue_on, "", evidence
        )
    newest = own[-1]
    title = words.action_title(newest, need.action, language)
    if need.item:
        title = words.item(newest, need.action, need.item, language)
    return Said(
        key=key,
        state=_state(need),
        title=title,
        reason=words.reason(newest, need.action, need.reason, language) if need.reason else "",
        closes=words.closes(newest, need.action, language),
        due_on=need.due_on,
        overdue_on=need.overdue_on,
        version=f"{words.title(newest, language)}, {newest.version}",
        evidence=evidence,
    )


def _state(need: Need) -> str:
    if need.urgency == 1 and need.status in ("due", "overdue"):
        return "urgent"
    return {"overdue": "overdue", "due": "due"}.get(need.status, "soon")


def name_of(person: Mapping[str, Any]) -> str:
    """Family and given name, as the record has them."""
    names = person.get("name") or [{}]
    official = next((one for one in names if one.get("use") == "official"), names[0])
    given = (official.get("given") or [""])[0]
    return f"{official.get('family', '')} {given}".strip() or official.get(
        "text", gettext("no name")
    )


def _second_line(person: Mapping[str, Any], today: date) -> str:
    sex = {"female": gettext("f"), "male": gettext("m")}.get(person.get("gender", ""), "")
    born = str(person.get("birthDate", ""))
    age = dates.age(date.fromisoformat(born), today) if len(born) == 10 else born
    return ", ".join(part for part in (sex, age) if part)


def address_of(person: Mapping[str, Any]) -> str:
    """The address people find the door by."""
    first = (person.get("address") or [{}])[0]
    lines = first.get("line") or []
    return str(first.get("text") or ", ".join([*lines, first.get("city", "")]).strip(", "))


def _phone(person: Mapping[str, Any]) -> str:
    contacts = person.get("telecom") or []
    return next((str(one.get("value", "")) for one in contacts if one.get("system") == "phone"), "")


def _last_try(row: Row, today: date) -> str:
    last = row.last_attempt
    if last is None:
        return gettext("not tried yet")
    outcome = OUTCOMES.get(last.outcome, "")
    return f"{dates.from_here(last.on, today)}, {outcome}" if outcome else dates.short(last.on)
