"""The cards of a person's page, in words: what to do, what is so, who is around."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from qamqor.engine.fhir.names import CVX
from qamqor.engine.population.one_person import Due
from qamqor.services.person import content
from qamqor.services.person.page import Opened, Page, Relative
from qamqor.web.components import bookings, dates, facts, needs, people, reader, words
from qamqor.web.components.facts import Line
from qamqor.web.components.needs import Said
from qamqor.web.person import numbers
from qamqor.web.person.banner import address
from qamqor.web.person.numbers import NumberRow

ORDER: Final = {"urgent": 0, "overdue": 1, "due": 2, "soon": 3}
RELATIVES: Final[dict[str, str | Promise]] = {
    "head": _("whom to talk to in the family"),
    "spouse": _("husband or wife"),
    "child": _("son or daughter"),
    "parent": _("parent"),
    "grandparent": _("grandparent"),
    "grandchild": _("grandchild"),
    "sibling": _("brother or sister"),
    "relative": _("relative"),
    "other": _("lives there too"),
}
CHANNEL_ICONS: Final = {"phone": "phone", "video": "phone", "message": "message", "home": "visit"}
MOST: Final = 5
AHEAD: Final = timedelta(days=120)


@dataclass(frozen=True, slots=True)
class NeedRow:
    """A need with its button and what it rests on.

    Attributes:
        when: the day in words, from today. act, href: the button; empty where no page does it yet.
        facts: the records that decide it, with where to see them.
        hidden: how many such records the reader may not see.
    """

    said: Said
    when: str
    act: str
    href: str
    icon: str
    facts: tuple[tuple[Line, str], ...]
    hidden: int
    role: str
    key: uuid.UUID


@dataclass(frozen=True, slots=True)
class Item:
    """One line of a card: a state or none, words, a second line, and a day or code at the end.

    ``english``: a second line that is in English whatever the reader's language.
    """

    text: str
    aside: str = ""
    second: str = ""
    state: str = ""
    href: str = ""
    english: str = ""


@dataclass(frozen=True, slots=True)
class Cards:
    """Everything below the banner."""

    patient: str
    needs: tuple[NeedRow, ...]
    overdue: int
    unknown: tuple[Said, ...]
    year: tuple[Item, ...]
    vaccinations: tuple[Item, ...]
    vaccinations_href: str
    numbers: tuple[NumberRow, ...]
    foot: tuple[str, ...]
    problems: tuple[Item, ...]
    medicines: tuple[Item, ...]
    history: tuple[Item, ...]
    total: int
    team: tuple[Item, ...]
    bookings: tuple[Item, ...]
    book: str
    referrals: tuple[Item, ...]
    household: tuple[Item, ...]
    life: tuple[Item, ...]
    opened: tuple[Item, ...]
    may_see_opened: bool
    is_clinical: bool


def of(page: Page) -> Cards:
    """Every card of one person."""
    language = reader.language()
    said = [(one, needs.said(one)) for one in page.due]
    now = [(one, word) for one, word in said if one.status in ("overdue", "due")]
    now.sort(key=lambda pair: (ORDER[pair[1].state], pair[1].due_on or page.as_of))
    return Cards(
        patient=page.patient,
        needs=tuple(_need(one, word, page) for one, word in now),
        overdue=sum(one.status == "overdue" for one, _ in now),
        unknown=tuple(word for one, word in said if one.status == "unknown"),
        year=tuple(_year(said, page)),
        vaccinations=tuple(_vaccinations(said, page, language)),
        vaccinations_href=address("vaccinations", page.patient),
        numbers=numbers.rows(page.numbers, page.patient, page.as_of, language),
        foot=tuple(_foot(page, language)),
        problems=tuple(_problems(page, language)),
        medicines=tuple(_medicines(page, language)),
        history=tuple(_history(page)),
        total=page.total,
        team=tuple(_team(page)),
        bookings=tuple(_bookings(page)),
        book=address("book", page.patient) if "create Appointment" in page.may else "",
        referrals=tuple(_referrals(page, language)),
        household=tuple(map(_relative, page.household, [page.as_of] * len(page.household))),
        life=tuple(_life(page)),
        opened=tuple(_opened(one, page.as_of) for one in page.opened),
        may_see_opened=page.may_see_opened,
        is_clinical="Condition" in page.resources or "create Observation" in page.may,
    )


def _need(due: Due, said: Said, page: Page) -> NeedRow:
    shown = [
        (facts.line(page.facts[one]), _record(page.patient, one))
        for one in said.evidence
        if one in page.facts and not one.startswith("Patient/")
    ]
    closed = [one for one in said.evidence if one not in page.facts]
    act, href, icon = _act(said, page)
    return NeedRow(
        said=said,
        when=_when(due, page.as_of),
        act=act,
        href=href,
        icon=icon,
        facts=tuple(shown),
        hidden=len(closed),
        role=words.role(said.role),
        key=uuid.uuid4(),
    )


def _record(patient: str, reference: str) -> str:
    type_, _, id_ = reference.partition("/")
    return f"{address('person', patient)}/record/{type_}/{id_}"


def _when(due: Due, today: date) -> str:
    if due.due_on is None:
        return gettext("not known since when")
    if due.status == "overdue":
        return gettext("was due %(when)s") % {"when": dates.from_here(due.due_on, today)}
    if due.overdue_on is not None and due.overdue_on > today:
        return needs.by_when(due.due_on, due.overdue_on, today)
    return gettext("was due %(when)s") % {"when": dates.from_here(due.due_on, today)}


def _act(said: Said, page: Page) -> tuple[str, str, str]:
    """The button of a need: by phone a call, a dose to the vaccination page, else the visit."""
    phone = people.phone_of(page.person)
    if said.channel in ("phone", "video") and phone:
        return gettext("Call"), f"tel:{phone}", "phone"
    if said.is_scheduled and (href := address("vaccinate", page.patient)):
        return gettext("Vaccinate"), href, "syringe"
    if href := address("visit", page.patient):
        return gettext("See the person"), href, ""
    return "", "", ""


def _year(said: Iterable[tuple[Due, Said]], page: Page) -> Iterator[Item]:
    """What was done this year and when it comes again, and what lies ahead in some months."""
    days = _days(page.rows)
    start, end = date(page.as_of.year, 1, 1), page.as_of + AHEAD
    found: dict[str, tuple[date, date | None]] = {}
    for one, word in said:
        if one.status != "not_due" or word.due_on is None:
            continue
        done = max((days[e] for e in word.evidence if e in days), default=None)
        own = done if done is not None and done >= start and bool(one.item) else None
        before = found.get(word.title)
        if before is None or word.due_on < before[0]:
            found[word.title] = (word.due_on, own)
    ahead = sorted(found.items(), key=lambda pair: pair[1][0])
    for title, (due_on, done) in ahead:
        if done is None and due_on < end:
            yield Item(title, _from(due_on, page.as_of), state="soon")
    for title, (due_on, done) in ahead:
        if done is not None:
            text = gettext("next from %(day)s") % {"day": dates.short(due_on)}
            yield Item(title, dates.without_year(done), second=text, state="done")


def _days(rows: Mapping[str, Sequence[Mapping[str, Any]]]) -> dict[str, date]:
    """The day of every record that the tables know, by its reference."""
    found = {}
    for listed in rows.values():
        for row in listed:
            day = str(row.get("effective_on") or row.get("sent_on") or "")
            id_ = row.get("observation_id") or row.get("source_id")
            type_ = row.get("source_type") or "Observation"
            if day and id_:
                found[f"{type_}/{id_}"] = date.fromisoformat(day)
    return found


def _from(day: date, today: date) -> str:
    text = dates.without_year(day) if day.year == today.year else dates.short(day)
    return gettext("from %(day)s") % {"day": text}


def _vaccinations(said: Iterable[tuple[Due, Said]], page: Page, language: str) -> Iterator[Item]:
    for one, word in said:
        if word.is_scheduled and one.status in ("overdue", "due"):
            yield Item(word.title, _when(one, page.as_of), state=word.state)
    given = {
        (str(row.get("given_on") or ""), content.vaccine_by_cvx(row.get("code"), language))
        for row in page.rows.get("immunisation", ())
        if row.get("system") == CVX and row.get("status") == "completed"
    }
    for day, name in sorted(given, reverse=True)[:4]:
        if name:
            yield Item(name[:1].upper() + name[1:], _day(day), state="done")


def _day(text: str) -> str:
    return dates.short(date.fromisoformat(text[:10])) if len(text) >= 10 else ""


def _foot(page: Page, language: str) -> Iterator[str]:
    """Scores and habits, which are no line of their own."""
    smoking = sorted(page.rows.get("smoking", ()), key=lambda row: str(row.get("effective_on")))
    if smoking and (word := content.name_of(LOINC, str(smoking[-1].get("code")), language)):
        yield gettext("Smoking: %(answer)s") % {"answer": word}
    latest: dict[str, dict[str, Any]] = {}
    for row in page.rows.get("questionnaire_score", ()):
        name = str(row.get("questionnaire"))
        if str(row.get("effective_on")) >= str(latest.get(name, {}).get("effective_on", "")):
            latest[name] = row
    for name, row in sorted(latest.items()):
        title = str(facts.FORMS.get(name, name))
        score = facts.number(float(row.get("score") or 0))
        day = _day(str(row.get("effective_on") or ""))
        yield gettext("%(form)s: %(score)s, %(day)s") % {
            "form": title,
            "score": score,
            "day": day,
        }


LOINC: Final = "http://loinc.org"


def _problems(page: Page, language: str) -> Iterator[Item]:
    seen: set[tuple[str, str]] = set()
    for one in page.resources.get("Condition", ()):
        if not _is_live(one) or not _is_problem(one):
            continue
        line = facts.line(one, language)
        if (line.title, line.english) in seen:
            continue
        seen.add((line.title, line.english))
        year = str(one.get("onsetDateTime") or one.get("recordedDate") or "")[:4]
        aside = " · ".join(filter(None, [year, line.detail]))
        href = _record(page.patient, line.reference)
        yield Item(line.title, aside, href=href, english=line.english)


def _is_problem(one: Mapping[str, Any]) -> bool:
    codes = [
        str(coding.get("code"))
        for kind in one.get("category") or ()
        for coding in kind.get("coding") or ()
    ]
    return not codes or "problem-list-item" in codes


def _is_live(one: Mapping[str, Any]) -> bool:
    codes = {
        str(coding.get("code"))
        for field in ("clinicalStatus", "verificationStatus")
        for coding in (one.get(field) or {}).get("coding") or ()
    }
    ended = {"inactive", "resolved", "remission", "refuted", "entered-in-error"}
    return not codes & ended and one.get("status") != "entered-in-error"


def _medicines(page: Page, language: str) -> Iterator[Item]:
    """What is prescribed now, each medicine once; a prescription that ran out says so."""
    seen: set[str] = set()
    for one in page.resources.get("MedicationRequest", ()):
        name = content.said(one.get("medicationCodeableConcept"), language)
        if one.get("status") not in ("active", "on-hold") or name in seen:
            continue
        seen.add(name)
        doses = ", ".join(str(d.get("text", "")) for d in one.get("dosageInstruction") or ())
        end = str(
            ((one.get("dispenseRequest") or {}).get("validityPeriod") or {}).get("end") or ""
        )[:10]
        is_over = bool(end) and end < page.as_of.isoformat()
        if is_over:
            yield Item(
                name,
                doses,
                second=gettext("prescription ended %(day)s") % {"day": _day(end)},
                state="due",
            )
        else:
            yield Item(
                name, doses or (gettext("until %(day)s") % {"day": _day(end)} if end else "")
            )


def _history(page: Page) -> Iterator[Item]:
    lines = [facts.line(one) for one in page.resources.get("Encounter", ())]
    lines.sort(key=lambda line: line.on or date.min, reverse=True)
    for line in lines[:MOST]:
        text = f"{line.title}: {line.detail}" if line.detail else line.title
        yield Item(text, dates.short(line.on), href=_record(page.patient, line.reference))


def _team(page: Page) -> Iterator[Item]:
    for one in page.team:
        second = words.role(one.role)
        if one.is_me:
            second = gettext("%(role)s · you") % {"role": second}
        elif one.phone:
            second = f"{second} · {one.phone}"
        yield Item(one.name or gettext("no name"), second=second)


def _bookings(page: Page) -> Iterator[Item]:
    """Bookings ahead, the soonest first, then days wished for without a time."""
    now = timezone.now()
    for one in bookings.of(page.resources.get("Appointment", ())):
        is_ahead = one.day is not None and one.day >= page.as_of
        if not is_ahead or one.status not in ("booked", "arrived", "pending", "proposed"):
            continue
        said, shape = bookings.state(one, now)
        second = ", ".join(filter(None, [bookings.where(one), *bookings.what_for(one)]))
        aside = "" if one.status == "booked" and shape == "soon" else said
        href = reverse("booking", args=[one.id])
        yield Item(bookings.when(one), aside, second=second, href=href)


def _referrals(page: Page, language: str) -> Iterator[Item]:
    """Referrals that wait for somebody, with how far each has come."""
    ways = {
        str((one.get("focus") or {}).get("reference", "")): one
        for one in page.resources.get("Task", ())
    }
    for one in page.resources.get("ServiceRequest", ()):
        way = ways.get(f"ServiceRequest/{one['id']}", {})
        if one.get("status") != "active" or way.get("status") in ("completed", "cancelled"):
            continue
        line = facts.line(one, language)
        stage = facts.outcome_of(way, "businessStatus") or gettext("sent")
        day = facts.day_of(way) or line.on
        yield Item(
            line.detail or line.title,
            dates.short(day),
            second=stage,
            state="wait",
            href=_referral(page.patient, line.reference),
        )


def _referral(patient: str, reference: str) -> str:
    """The page of a referral, where there is one here."""
    try:
        return reverse("referral", kwargs={"request_id": reference.split("/")[1]})
    except NoReverseMatch:
        return _record(patient, reference)


def _relative(one: Relative, today: date) -> Item:
    role = str(RELATIVES.get(one.role, RELATIVES["other"]))
    if one.person is None:
        return Item(gettext("somebody of another area"), second=role)
    text = people.name_of(one.person)
    second = ", ".join(filter(None, [role, people.age_of(one.person, today)]))
    pressing, state = "", ""
    if one.overdue:
        pressing, state = gettext("%(n)s late") % {"n": one.overdue}, "overdue"
    elif one.due:
        pressing, state = gettext("%(n)s due") % {"n": one.due}, "due"
    return Item(text, pressing, second, state, href=address("person", one.patient))


def _life(page: Page) -> Iterator[Item]:
    """Goals, plans and what the person answered of their circumstances."""
    for goal in page.resources.get("Goal", ()):
        text = str((goal.get("description") or {}).get("text") or "")
        live = goal.get("lifecycleStatus") in ("accepted", "active", "on-hold", "proposed")
        if live and text and not goal.get("target"):
            yield Item(gettext("Goal: %(goal)s") % {"goal": text})
    for plan in page.resources.get("CarePlan", ()):
        if plan.get("status") == "active":
            text = str(plan.get("title") or plan.get("description") or gettext("Care plan"))
            yield Item(text, dates.short(facts.day_of(plan)))


def _opened(one: Opened, today: date) -> Item:
    nobody = gettext("the platform") if one.role == "system" else words.role(one.role)
    who = gettext("You") if one.is_me else one.name or nobody
    here = timezone.localtime(one.at)
    when = f"{here:%H:%M}" if here.date() == today else dates.short(here.date())
    return Item(who, when, second=words.role(one.role) if one.name and not one.is_me else "")
