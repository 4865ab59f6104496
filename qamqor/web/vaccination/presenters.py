"""Turns a vaccination record and what is to come into what its pages show."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.utils.translation import gettext, ngettext

from qamqor.engine.immunisation.one_child.answer import GroupAnswer
from qamqor.engine.immunisation.one_child.state import Standing
from qamqor.engine.immunisation.recording import Dose, Finding, Level, What
from qamqor.services import immunisation_session as sessions
from qamqor.services.immunisation_pages import Said
from qamqor.services.immunisation_session import Calendar, Entry, Session
from qamqor.services.immunisation_watch import Watched
from qamqor.web.components import dates, people, reader
from qamqor.web.vaccination import picture
from qamqor.web.vaccination.forms import SessionForm

Findings = Mapping[int, Sequence[Finding]]
SHOWN_NEXT = 8
ORDER = ("overdue", "due", "soon")


@dataclass(frozen=True, slots=True)
class Bar:
    """Who it is: what somebody compares before a dose."""

    id: str
    name: str
    born: str
    age: str
    sex: str
    iin: str
    phone: str
    allergies: tuple[str, ...]
    asked_allergies: bool


@dataclass(frozen=True, slots=True)
class Row:
    """One vaccine of a session: its fields and what is said of it."""

    cvx: int
    name: str
    closes: str
    state: str
    until: str
    said: tuple[tuple[str, str], ...]
    can_confirm: bool
    errors: tuple[str, ...]
    fields: Mapping[str, Any] = field(default_factory=dict)


def bar_of(found: Session, today: date) -> Bar:
    """The bar of every page of the room."""
    person = found.person
    allergies = found.of_type("AllergyIntolerance")
    born = people.born_on(person)
    return Bar(
        id=str(person["id"]),
        name=people.full_name_of(person),
        born=dates.long(born) if born else str(person.get("birthDate", "")),
        age=people.age_of(person, today) if born else "",
        sex={"female": gettext("female"), "male": gettext("male")}.get(
            str(person.get("gender")), ""
        ),
        iin=people.iin_of(person),
        phone=people.phone_of(person),
        allergies=tuple(filter(None, (_text(one.get("code", {})) for one in allergies))),
        asked_allergies=bool(allergies),
    )


def _text(concept: Mapping[str, Any]) -> str:
    coding = concept.get("coding") or [{}]
    return str(concept.get("text") or coding[0].get("display") or "")


def card_of(found: Session, known: Calendar, today: date) -> dict[str, Any]:
    """Everything the page of a person's vaccinations shows."""
    coming = sessions.ahead(found, known.opened, today)
    groups = list(_open_groups(found, today))
    return {
        "person": bar_of(found, today),
        "drawing": picture.drawn(found, known, coming, today),
        "lines": picture.lines(found, known, coming, today),
        "now": [
            (known.words.vaccine(one.cvx), *_closing(found, known, one.groups, today))
            for one in found.injections
        ],
        "is_on_paper": _is_on_paper(found),
        "apart": [known.words.group(n) for n in _apart(found)],
        "why": [_why(group, known) for _, group in groups if _state(group, today) != "soon"],
        "next": [
            (known.words.vaccine(one.cvx), _numbers(one.doses, known), one.day)
            for one in coming
            if one.day > today
        ][:SHOWN_NEXT],
        "given": list(given(found, known)),
        "left_out": list(_left_out(found, known)),
        "consent_on": found.consent_on,
        "may_give": found.may_give,
        "title": known.words.title(known.opened.title),
        "is_draft": known.opened.status == "draft",
        "today": today,
    }


def _apart(found: Session) -> Sequence[str]:
    later = found.forecast.visit.later if found.forecast.visit else ()
    return [name for name in later if found.asks([name])]


def _is_on_paper(found: Session) -> bool:
    """Whether the calendar wants more than the list asks: earlier doses may stand on paper."""
    visit = found.forecast.visit
    return visit is not None and len(found.injections) < len(visit.injections)


def _groups(found: Session) -> dict[str, GroupAnswer]:
    answer = found.forecast.answer
    return dict(answer.groups) if answer else {}


def _open_groups(found: Session, today: date) -> Iterator[tuple[str, GroupAnswer]]:
    for name, group in _groups(found).items():
        if group.standing is Standing.NOT_COMPLETE and group.recommended and found.asks([name]):
            yield name, group


def _state(group: GroupAnswer, today: date) -> str:
    if group.past_due is not None and group.past_due < today:
        return "overdue"
    return "due" if group.recommended is not None and group.recommended <= today else "soon"


def _closing(
    found: Session, known: Calendar, names: Sequence[str], today: date
) -> tuple[str, str, str]:
    """Which doses one injection closes, how pressing the most pressing is, and its last day."""
    groups = [(name, _groups(found)[name]) for name in names]
    said = _numbers([(name, group.dose_number or 1) for name, group in groups], known)
    state = min((_state(group, today) for _, group in groups), key=ORDER.index)
    days = [group.past_due for _, group in groups if group.past_due]
    until = min(days, default=None)
    if until is None:
        return said, state, ""
    if state == "overdue":
        return said, state, dates.from_here(until, today)
    return said, state, gettext("until %(day)s") % {"day": dates.short(until)}


def _numbers(doses: Sequence[tuple[str, int]], known: Calendar) -> str:
    return ", ".join(f"{known.words.group(name)} {number}" for name, number in doses)


def _why(group: GroupAnswer, known: Calendar) -> tuple[str, list[str]]:
    said = [
        gettext("from %(day)s") % {"day": dates.short(group.earliest)}
        if group.earliest and group.earliest != group.recommended
        else "",
        gettext("best from %(day)s") % {"day": dates.short(group.recommended)},
        gettext("no later than %(day)s") % {"day": dates.short(group.past_due)}
        if group.past_due
        else "",
        ngettext("%(num)d dose counts", "%(num)d doses count", counted) % {"num": counted}
        if (counted := (group.dose_number or 1) - 1)
        else gettext("no dose counts yet"),
    ]
    return known.words.group(group.group), [one for one in said if one]


def given(found: Session, known: Calendar) -> Iterator[dict[str, Any]]:
    """The doses of the record, the newest first, with what each counts for."""
    doses: dict[str, list[tuple[str, Any]]] = {}
    for name, group in _groups(found).items():
        for dose in group.doses:
            doses.setdefault(dose.dose.dose_id, []).append((name, dose))
    said = Said(known.words)
    newest = sorted(doses.items(), key=lambda one: one[1][0][1].dose.given_on, reverse=True)
    for reference, parts in newest:
        dose = parts[0][1].dose
        good = [known.words.group(name) for name, one in parts if str(one.judged) == "valid"]
        faults = {
            str(fault) for _, one in parts if str(one.judged) != "valid" for fault in one.faults
        }
        yield {
            "vaccine": known.words.vaccine(dose.cvx),
            "day": dose.given_on,
            "age": said.age_then(found.child.born_on, dose.given_on),
            "lot": str(found.resources.get(reference, {}).get("lotNumber") or ""),
            "good": ", ".join(good),
            "reasons": "; ".join(known.words.tell("fault", one) for one in sorted(faults)),
        }


def _left_out(found: Session, known: Calendar) -> Iterator[str]:
    for note in found.forecast.record.notes:
        one = found.resources.get(note.resource, {})
        vaccines = ", ".join(known.words.vaccine(cvx) for cvx in sessions.cvx_of(one))
        day = str(one.get("occurrenceDateTime") or "")[:10]
        shown = dates.short(date.fromisoformat(day)) if len(day) == 10 else day
        said = known.words.tell("outcome", note.outcome)
        if note.value:
            said = f"{said} ({known.words.tell('not_done', note.value)})"
        yield " · ".join(filter(None, (shown, vaccines, said)))


def session(
    found: Session,
    known: Calendar,
    form: SessionForm,
    today: date,
    findings: Findings | None,
) -> dict[str, Any]:
    """Everything the page of a session shows."""
    if findings is None:
        foreseen = [Entry(Dose(cvx, today, is_from_paper=True)) for cvx in form.cvxs]
        findings = sessions.check(found, foreseen, known.opened, today)
    proposed = {one.cvx: one.groups for one in found.injections}
    rows = [
        _row(found, known, form, cvx, proposed.get(cvx, ()), findings, today) for cvx in form.cvxs
    ]
    return {
        "person": bar_of(found, today),
        "form": form,
        "rows": rows,
        "also": [cvx for cvx in form.cvxs if cvx not in proposed],
        "is_on_paper": _is_on_paper(found),
        "apart": [known.words.group(n) for n in _apart(found)],
        "ask": [one[reader.language()] for one in known.giving.ask],
        "consent_on": found.consent_on,
        "products": [
            one
            for one in sessions.all_products(known.opened, known.words)
            if one[0] not in form.cvxs
        ],
        "given": list(given(found, known))[:6],
        "reactions": [
            _text(one.get("event", {})) or _event(one, known)
            for one in found.of_type("AdverseEvent")
        ],
        "may_give": found.may_give,
        "minutes": known.giving.watch_minutes,
        "today": today,
    }


def _event(one: Mapping[str, Any], known: Calendar) -> str:
    for coding in (one.get("event") or {}).get("coding") or []:
        words = known.giving.reactions.get(str(coding.get("code")))
        if words:
            return words[reader.language()]
    return gettext("a reaction")


def _row(
    found: Session,
    known: Calendar,
    form: SessionForm,
    cvx: int,
    groups: Sequence[str],
    findings: Findings,
    today: date,
) -> Row:
    closes, state, until = _closing(found, known, groups, today) if groups else ("", "wait", "")
    said = findings.get(cvx, ())
    names = ("what", "lot", "expires", "route", "site", "amount", "note", "confirm")
    fields = {name: form[f"{name}-{cvx}"] for name in names}
    errors = [str(error) for bound in fields.values() for error in bound.errors]
    return Row(
        cvx=cvx,
        name=known.words.vaccine(cvx),
        closes=closes,
        state=state,
        until=until,
        said=tuple((_level(one), say(one, known)) for one in said),
        can_confirm=sessions.confirmable(said),
        errors=tuple(errors),
        fields=fields,
    )


def _level(one: Finding) -> str:
    return {Level.STOP: "overdue", Level.CONFIRM: "due", Level.NOTE: "info"}[one.level]


def say(one: Finding, known: Calendar) -> str:
    """A finding in words: what, of which disease, why, and from when it would be good."""
    group = known.words.group(one.group) if one.group else ""
    why = "; ".join(known.words.tell("fault", reason) for reason in one.reasons)
    texts = {
        What.UNKNOWN_VACCINE: gettext("The calendar does not know this vaccine."),
        What.DUPLICATE: gettext("The same vaccine is recorded for this day already."),
        What.BEFORE_BIRTH: gettext("That is before birth."),
        What.IN_FUTURE: gettext("That day is still to come."),
        What.EXPIRED: gettext("The batch is out of date."),
        What.NO_AMOUNT: gettext("Write how much is given, in millilitres."),
        What.NOT_FOR_THIS_AGE: gettext("It protects against nothing at this age."),
        What.DOES_NOT_COUNT: gettext("It will not count"),
        What.NOT_NEEDED: gettext("It is not needed"),
        What.MUST_NOT: gettext("It must not be given: a contraindication is on record"),
    }
    said = str(texts.get(one.what, gettext("Something is missing.")))
    if one.what in (What.DOES_NOT_COUNT, What.NOT_NEEDED, What.MUST_NOT):
        said = ": ".join(filter(None, (said, group, why)))
        if one.what is What.DOES_NOT_COUNT and one.day:
            said = gettext("%(said)s. Good from %(day)s") % {
                "said": said,
                "day": dates.short(one.day),
            }
        said += "."
    return said


def saved(found: Session, known: Calendar, key: str, today: date) -> dict[str, Any]:
    """What a session came to, and what is next."""
    kept = list(sessions.saved(found, key))
    done = [one for one in kept if one.get("status") == "completed"]
    minutes = known.giving.watch_minutes
    moments = [datetime.fromisoformat(one["recorded"]) for one in done if "recorded" in one]
    groups = sorted(
        (group for _, group in _open_groups(found, today)),
        key=lambda one: one.recommended or date.max,
    )
    return {
        "person": bar_of(found, today),
        "done": [_kept(one, known) for one in done],
        "not_done": [_kept(one, known) for one in kept if one not in done],
        "doses": [one["id"] for one in done],
        "until": max(moments) + timedelta(minutes=minutes) if moments else None,
        "minutes": minutes,
        "next": [
            (
                known.words.group(one.group),
                one.dose_number or 1,
                one.recommended,
                _state(one, today),
            )
            for one in groups
        ][:SHOWN_NEXT],
        "today": today,
    }


def _kept(one: Mapping[str, Any], known: Calendar) -> tuple[str, str]:
    vaccine = ", ".join(known.words.vaccine(cvx) for cvx in sessions.cvx_of(one))
    reasons = [code.get("code", "") for code in (one.get("statusReason") or {}).get("coding") or []]
    more = "; ".join(known.words.tell("not_done", code) for code in reasons)
    return vaccine, more or str(one.get("lotNumber") or "")


def doses_to_choose(found: Session, known: Calendar) -> list[tuple[str, str]]:
    """The doses of the record a reaction may have followed, the newest first."""
    given_doses = sorted(
        (dose for dose in found.child.doses), key=lambda one: one.given_on, reverse=True
    )
    return [
        (
            one.dose_id.partition("/")[2],
            f"{known.words.vaccine(one.cvx)}, {dates.short(one.given_on)}",
        )
        for one in given_doses[:6]
    ]


def watched(one: Watched, known: Calendar, now: datetime, today: date) -> dict[str, Any]:
    """One line of those under observation."""
    left = one.minutes_left(now)
    return {
        "patient": one.patient,
        "name": people.full_name_of(one.person),
        "age": people.age_of(one.person, today) if people.born_on(one.person) else "",
        "vaccines": ", ".join(known.words.vaccine(cvx) for cvx in one.vaccines),
        "since": one.since,
        "until": one.until,
        "left": left,
        "said": ngettext("%(num)d minute left", "%(num)d minutes left", left) % {"num": left}
        if left
        else gettext("may go"),
        "state": "wait" if left else "done",
    }
