"""Says of one person, for each role, the few facts that decide where they stand on its list.

The list of a whole district is ordered from these by the database; ``worklist.row`` does the same
from everything that is known of a person, slowly and plainly, and tests hold the two together.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final, NamedTuple

from qamqor.engine.booking import REFERRED
from qamqor.engine.tables.dates import NATIONAL
from qamqor.engine.worklist import (
    EXPECTED,
    PRESSING,
    Agreed,
    Attempt,
    Booked,
    Known,
    Need,
    tries_in_vain,
)

WHOLE_TEAM: Final = "team"
"""Stands for all roles together: the list of who leads."""
COMING: Final = "agreed"
PROMISED: Final = (COMING, "later")
WAITING_ROLES: Final = ("gp", "practice_nurse", WHOLE_TEAM)
"""Whose lists show that an answer to a referral is awaited."""
MISSED_DAYS: Final = 60
"""How long a missed booking is a reason to call."""
_EPOCH: Final = date(1970, 1, 1).toordinal()
# What counts as something done with a person: a day in one of these columns of their rows.
_DONE: Final = {
    "encounter": "started_on",
    "immunisation": "given_on",
    "examination": "effective_on",
    "screening_result": "effective_on",
    "questionnaire_score": "effective_on",
    "task": "acted_on",
}
_MEASURED: Final = "effective_on"
Rows = Mapping[str, Sequence[Mapping[str, Any]]]


class Fact(NamedTuple):
    """Where a person stands on the list of a role, as the database keeps it.

    Attributes:
        programmes: ids of the programmes that need something, each between spaces.
        channel: how the needs are met best; the list turns to a visit after tries in vain.
        urgency: of the most urgent need, 1 to 4; 0 = nothing is needed.
        needs: how many.
        late_from: since which day the longest waiting need is late, in days from 1970.
        failed: tries in vain since somebody was last reached.
        agreed_until: a day as ISO text, with the time where they are booked.
        waiting_since, done_on: days as ISO text.
        unserved: urgency of the most urgent need that nothing agreed is for; 0 = none.
        owner: PractitionerRole the person was given to, who has them in place of the area's worker.
    """

    patient_id: str
    role: str
    area_id: str | None
    place_id: str | None
    household: str | None
    owner: str | None
    programmes: str
    channel: str
    urgency: int
    needs: int
    due_on: str | None
    late_from: int | None
    failed: int
    agreed_until: str | None
    waiting_since: str | None
    done_on: str | None
    unserved: int


def facts(patient_id: str, due: Sequence[Any], rows: Rows, *, as_of: date) -> list[Fact]:
    """A person's facts for each role with something due, awaited or just done.

    Args:
        due: every due row of the person, with the attributes of a ``Due``.
        rows: their rows by table, dates as ISO text.
    """
    roles = sorted({one.role for one in due})
    if not roles:
        return []
    beside = _Beside(rows, as_of)
    by_role = {role: [one for one in due if one.role == role] for role in roles}
    by_role[WHOLE_TEAM] = list(due)
    found = (_fact(patient_id, role, own, beside) for role, own in by_role.items())
    return [one for one in found if one is not None]


def known(patient_id: str, needs: Sequence[Need], role: str, rows: Rows, *, as_of: date) -> Known:
    """What the list knows of a person for one role, from their rows."""
    beside = _Beside(rows, as_of)
    return beside.known(patient_id, tuple(needs), role)


class _Beside:
    """What a person's rows say beside what is due; the same for every role."""

    def __init__(self, rows: Rows, as_of: date) -> None:
        self.as_of = as_of
        self.tries = sorted(
            (
                Attempt(on, str(one.get("medium") or ""), str(one.get("outcome") or "reached"))
                for one in rows.get("contact_attempt", ())
                if (on := day(one.get("sent_on"))) is not None
            ),
            key=lambda one: one.on,
        )
        # What another sees them for meets none of the needs listed here.
        bookings = [one for one in rows.get("booking", ()) if one.get("place") != REFERRED]
        named = _named(rows.get("booking_need", ()))
        promises: list[Agreed] = []
        coming: list[date] = []
        for task in rows.get("task", ()):
            until = day(task.get("until"))
            if task.get("outcome") not in PROMISED or until is None:
                continue
            names = frozenset(filter(None, [key_of(task)]))
            taken = _replaced_by(task, until, bookings, as_of)
            if not taken:
                promises.append(Agreed(until, day(task.get("acted_on")), names))
                coming += [until] if task["outcome"] == COMING and until >= as_of else []
            # What somebody promised to come for, they come for to the booking made from it.
            for id_ in taken:
                named[id_] = named.get(id_, frozenset()) | names
        self.agreed_until = max((one.on for one in promises), default=None)
        self.coming_on = min(coming, default=None)
        self.booked = _booked(bookings, self.tries, as_of)
        booked = (
            Agreed(
                on,
                day(row.get("made_on")),
                named.get(str(row.get("appointment_id")), frozenset()),
                str(row.get("role") or ""),
            )
            for row in bookings
            if row.get("status") in EXPECTED and (on := day(row.get("starts_on"))) is not None
        )
        self.ahead = tuple(one for one in (*promises, *booked) if one.on >= as_of)
        homes = (
            str(one["group_id"])
            for one in rows.get("household_member", ())
            if (day(one.get("left_on")) or as_of) >= as_of
        )
        self.household = next(homes, None)
        self.waiting_since = _waiting_since(rows.get("referral", ()))
        self.done_on = _done_on(rows, as_of)
        self.owners = {
            str(one.get("role")): str(one["practitioner_role_id"])
            for one in rows.get("assignment", ())
            if one.get("practitioner_role_id")
            and (day(one.get("from_on")) or as_of) <= as_of
            and (day(one.get("until")) or as_of) >= as_of
        }

    def known(self, patient_id: str, needs: tuple[Need, ...], role: str) -> Known:
        since = min((need.due_on for need in needs if need.due_on), default=self.as_of)
        return Known(
            patient_id=patient_id,
            needs=needs,
            attempts=tuple(one for one in self.tries if one.on >= since),
            agreed_until=self.agreed_until,
            waiting_since=self.waiting_since if role in WAITING_ROLES else None,
            done_on=self.done_on,
            household=self.household,
            booked=self.booked,
            ahead=self.ahead,
            coming_on=self.coming_on,
        )


def _fact(patient_id: str, role: str, due: Sequence[Any], beside: _Beside) -> Fact | None:
    needs = tuple(need_of(one) for one in due if one.status in PRESSING)
    own = beside.known(patient_id, needs, role)
    if not needs and own.waiting_since is None and own.done_on != beside.as_of:
        return None
    late = [need.overdue_on for need in needs if need.overdue_on]
    due_on = min((need.due_on for need in needs if need.due_on), default=None)
    return Fact(
        patient_id=patient_id,
        role=role,
        area_id=due[0].area_id,
        place_id=due[0].place_id,
        household=own.household,
        owner=beside.owners.get(role),
        programmes="".join(f" {one}" for one in sorted({n.programme for n in needs})) + " ",
        channel=own.channel(beside.as_of) if needs else "",
        urgency=min((need.urgency for need in needs), default=0),
        needs=len(needs),
        due_on=_text(due_on),
        late_from=day_number(min(late)) if late else None,
        failed=tries_in_vain(own.attempts),
        agreed_until=own.agreed(beside.as_of) or None,
        waiting_since=_text(own.waiting_since),
        done_on=_text(own.done_on),
        unserved=own.unserved() if own.ahead else 0,
    )


def _booked(
    bookings: Sequence[Mapping[str, Any]], tries: Sequence[Attempt], as_of: date
) -> Booked | None:
    """The soonest booking from today on; else the last, if it was missed and nobody spoke since."""
    found = sorted(
        (one for row in bookings if (one := _booking(row)) is not None),
        key=lambda one: one.moment,
    )
    ahead = [one for one in found if one.on >= as_of and one.status in EXPECTED]
    if ahead:
        return ahead[0]
    before = [one for one in found if one.on <= as_of and one.status != "cancelled"]
    if not before or not before[-1].is_missed:
        return None
    last = before[-1]
    is_old = last.on < as_of - timedelta(days=MISSED_DAYS)
    reached = any(one.on > last.on and one.outcome != "no_answer" for one in tries)
    return None if reached or is_old else last


def _booking(row: Mapping[str, Any]) -> Booked | None:
    on, begins = day(row.get("starts_on")), _clock(row.get("starts_at"))
    if on is None:
        return None
    return Booked(
        on=on,
        at=begins,
        until=_clock(row.get("ends_at")),
        place=str(row.get("place") or ""),
        status=str(row.get("status") or ""),
        is_part=not row.get("minutes"),
    )


def _clock(text: Any) -> str:
    """The time on the clock of this place; as for days, only a moment in UTC is moved."""
    try:
        at = datetime.fromisoformat(str(text))
        return f"{at + NATIONAL if str(text).endswith('Z') else at:%H:%M}"
    except (ValueError, OverflowError):
        return ""


def _replaced_by(
    task: Mapping[str, Any], until: date, bookings: Iterable[Mapping[str, Any]], as_of: date
) -> list[str]:
    """Ids of the bookings that took the place of a promise to come.

    One that lies ahead does, wherever the promise pointed. One that was kept, missed or cancelled
    ends the promise it was made for: of that day, or of the day after the call, which stands in
    the form where nobody said another.
    """
    acted, found = day(task.get("acted_on")), []
    if task.get("outcome") != COMING or acted is None:
        return []
    for row in bookings:
        made, on = day(row.get("made_on")), day(row.get("starts_on"))
        if made is None or on is None or made < acted:
            continue
        is_ahead = on >= as_of and row.get("status") in EXPECTED
        if is_ahead or until <= on or (until - made).days <= 1:
            found.append(str(row.get("appointment_id")))
    return found


def _named(rows: Iterable[Mapping[str, Any]]) -> dict[str, frozenset[str]]:
    """The needs that each booking names, by the id of the booking."""
    found: dict[str, frozenset[str]] = {}
    for row in rows:
        id_, names = str(row.get("appointment_id")), frozenset(filter(None, [key_of(row)]))
        found[id_] = found.get(id_, frozenset()) | names
    return found


def key_of(row: Mapping[str, Any]) -> str:
    """A need as a row of a booking or a task names it; empty where it names none."""
    if not row.get("action"):
        return ""
    return "/".join(str(row.get(name) or "") for name in ("programme", "action", "item"))


def need_of(due: Any) -> Need:
    """A due row as the list shows it."""
    return Need(*(getattr(due, name) for name in Need.__slots__))


def day_number(on: date) -> int:
    """Days from 1 January 1970."""
    return on.toordinal() - _EPOCH


def day(value: Any) -> date | None:
    """A day as rows keep it."""
    return date.fromisoformat(value) if isinstance(value, str) else None


def _text(on: date | None) -> str | None:
    return None if on is None else on.isoformat()


def _waiting_since(referrals: Iterable[Mapping[str, Any]]) -> date | None:
    """Since when the oldest referral waits that nobody has replied to or closed."""
    sent: dict[str, date] = {}
    answered: set[str] = set()
    for one in referrals:
        key = str(one.get("service_request_id"))
        if (on := day(one.get("sent_on"))) is not None:
            sent[key] = min(on, sent.get(key, on))
        if one.get("replied_on") or one.get("closed_on"):
            answered.add(key)
    return min((on for key, on in sent.items() if key not in answered), default=None)


def _done_on(rows: Rows, as_of: date) -> date | None:
    """The last day on which something was done with the person, up to today."""
    found = []
    for table, listed in rows.items():
        column = _DONE.get(table, _MEASURED)
        for one in listed:
            if table == "task" and one.get("outcome") in PROMISED:
                continue
            value = one.get(column)
            if isinstance(value, str):
                found.append(value)
    today = as_of.isoformat()
    newest = max((one for one in found if one <= today), default=None)
    return day(newest)
