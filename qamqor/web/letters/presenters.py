"""Turns what is printed into the words of the person's language."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from qamqor.engine.booking import AT_CLINIC, AT_HOME, FROM_AFAR, REFERRED, Booking
from qamqor.engine.fhir.names import IDENTIFIERS
from qamqor.services.booking import reading
from qamqor.services.immunisation_words import ImmunisationWords
from qamqor.services.person import content
from qamqor.services.person.letters import Place, Sheet
from qamqor.services.person.page import Page
from qamqor.web.components import bookings, dates, facts, needs, people, reader, words

SIZES: Final = ("a4", "a5")
AHEAD: Final = timedelta(days=366)
CHILD_UNTIL: Final = 18


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a sheet: what, what it says, and a day or nothing."""

    what: str
    says: str = ""
    day: str = ""


def language_of(request: HttpRequest, person: Mapping[str, Any]) -> str:
    """Which language to print in: the one asked for, else the person's, else the reader's."""
    known = [code for code, _ in settings.LANGUAGES]
    asked = request.GET.get("language", "")
    here = reader.language()
    return next(
        (one for one in (asked, people.language_code(person), here) if one in known), known[0]
    )


def bar(request: HttpRequest, person: Mapping[str, Any], kind: str, code: str) -> dict[str, Any]:
    """What stands above the sheet on the screen, in the worker's language."""
    size = request.GET.get("size", "")
    size = size if size in SIZES else "a4"
    extra = "&kind=home" if request.GET.get("kind") == "home" else ""
    languages = [
        {
            "code": one,
            "name": words.LANGUAGE_SHORT[one],
            "href": f"?language={one}&size={size}{extra}",
            "is_current": one == code,
        }
        for one, _ in settings.LANGUAGES
    ]
    sizes = [
        {
            "name": one.upper(),
            "href": f"?language={code}&size={one}{extra}",
            "is_current": one == size,
        }
        for one in SIZES
    ]
    return {
        "bar": {
            "language": reader.language(),
            "languages": languages,
            "sizes": sizes,
            "print": gettext("Print"),
            "no_phone": gettext(
                "The clinic has no phone on record: write it on the sheet by hand."
            ),
            "back": gettext("Back to the person"),
            "choose_language": gettext("Language of the sheet"),
            "choose_size": gettext("Paper"),
            "href": reverse("person", kwargs={"patient": str(person.get("id", ""))}),
        },
        "size": size,
    }


def head(person: Mapping[str, Any], code: str) -> dict[str, Any]:
    """Who the sheet is for."""
    born = people.born_on(person)
    given = _given(person)
    return {
        "person": people.full_name_of(person),
        "born": dates.short(born),
        "greeted": given or people.name_of(person),
        "today": dates.long(timezone.localdate()),
    }


def _given(person: Mapping[str, Any]) -> str:
    names = person.get("name") or [{}]
    official = next((one for one in names if one.get("use") == "official"), names[0])
    return " ".join(map(str, official.get("given") or []))


def choice(found: Page) -> dict[str, Any]:
    """What can be printed for this person, as links."""
    who = {"patient": found.patient}
    visits = sorted(
        (facts.line(one) for one in found.resources.get("Encounter", ())),
        key=lambda line: line.on or date.min,
        reverse=True,
    )
    referrals = [facts.line(one) for one in found.resources.get("ServiceRequest", ())][:5]
    return {
        "patient": found.patient,
        "name": people.name_of(found.person),
        "language_name": dict(settings.LANGUAGES).get(people.language_code(found.person), ""),
        "visits": [
            (
                f"{line.title}: {line.detail}" if line.detail else line.title,
                dates.short(line.on),
                reverse("print_visit", kwargs={**who, "encounter": line.reference.split("/")[1]}),
            )
            for line in visits
        ],
        "referrals": [
            (
                line.detail or line.title,
                dates.short(line.on),
                reverse("print_referral", kwargs={**who, "request_id": line.reference[15:]}),
            )
            for line in referrals
        ],
        "is_clinical": "create Observation" in found.may or "Observation" in found.resources,
    }


def _place(place: Place, code: str) -> dict[str, str]:
    return {
        "place": place.name(code),
        "place_phone": place.phone.replace(" ", "\N{NO-BREAK SPACE}"),
        "place_address": place.address,
    }


def visit(sheet: Sheet, coming: Page, code: str) -> dict[str, Any]:
    """The summary of one visit."""
    found = sheet.resources
    measured = [_row(one, code) for one in found.get("Observation", ())]
    role, name = sheet.author
    goals = [_text(one) for one in found.get("Goal", ())]
    return {
        **_place(sheet.place, code),
        "day": dates.long(facts.day_of(sheet.about)),
        "by": ", ".join(filter(None, [words.role(role).lower() if role else "", name])),
        "measured": [row for row in measured if row.says],
        "findings": [facts.marked(facts.line(one, code)) for one in found.get("Condition", ())],
        "medicines": list(_medicines(found.get("MedicationRequest", ()), code)),
        "agreed": [text for text in goals if text],
        "referrals": [facts.line(one, code).detail for one in found.get("ServiceRequest", ())],
        "given": [facts.line(one, code).detail for one in found.get("Immunization", ())],
        **_now_and_later(coming, code),
        "bookings": list(_bookings(coming.resources.get("Appointment", ()), code)),
    }


def _row(one: Mapping[str, Any], code: str) -> Row:
    line = facts.line(one, code)
    return Row(line.title, line.detail)


def _text(goal: Mapping[str, Any]) -> str:
    return str((goal.get("description") or {}).get("text") or "")


def _medicines(found: Iterable[Mapping[str, Any]], code: str) -> Iterator[Row]:
    seen: set[str] = set()
    for one in found:
        name = content.said(one.get("medicationCodeableConcept"), code)
        validity = (one.get("dispenseRequest") or {}).get("validityPeriod") or {}
        end = str(validity.get("end") or "")[:10]
        is_over = bool(end) and end < timezone.localdate().isoformat()
        if one.get("status") in ("active", "on-hold") and name not in seen and not is_over:
            seen.add(name)
            doses = ", ".join(str(d.get("text", "")) for d in one.get("dosageInstruction") or ())
            yield Row(name, doses, dates.short(date.fromisoformat(end)) if end else "")


def _now_and_later(found: Page, code: str) -> dict[str, list[Row]]:
    """What it is time for, what we do for them now, and what comes later with its day.

    Programmes say what the person is told of each action, and what is the team's own work.
    """
    seen: dict[tuple[str, bool], date] = {}
    for one in found.due:
        if one.due_on is None or one.due_on > found.as_of + AHEAD or one.status == "unknown":
            continue
        said = needs.said(one, code)
        if said.told:
            key = said.told, said.is_ours
            seen[key] = min(seen.get(key, one.due_on), one.due_on)
    rows: dict[str, list[Row]] = {"coming": [], "ours": [], "later": []}
    for (text, is_ours), day in sorted(seen.items(), key=lambda pair: pair[1]):
        if day > found.as_of:
            rows["later"].append(Row(text, day=dates.short(day)))
        else:
            rows["ours" if is_ours else "coming"].append(Row(text))
    return rows


def _bookings(found: Iterable[Mapping[str, Any]], code: str) -> Iterator[Row]:
    """Bookings ahead: day and time, where, and what to have at hand."""
    for one in _ahead(found):
        yield Row(bookings.when(one), _place_and_bring(one, code))


def _ahead(found: Iterable[Mapping[str, Any]]) -> list[Booking]:
    today = timezone.localdate()
    return [
        one
        for one in bookings.of(found)
        if one.status in ("booked", "pending")
        and one.start is not None
        and one.day
        and one.day >= today
    ]


def _place_and_bring(one: Booking, code: str) -> str:
    return ". ".join(filter(None, [bookings.where(one, code), _bring(one, code)]))


def _bring(one: Booking, code: str) -> str:
    """What to have at hand as a sentence; where the person goes somewhere, what to bring."""
    said = bookings.bring(one, code)
    if said and reading.settings().class_of(one.place) not in (AT_HOME, FROM_AFAR):
        return gettext("Please bring: %(what)s") % {"what": said}
    return f"{said[:1].upper()}{said[1:]}"


def plan(found: Page, place: Place, code: str) -> dict[str, Any]:
    """What was agreed with the person and what comes when."""
    goals = [g for g in found.resources.get("Goal", ()) if _is_live(g)]
    targets = []
    for one in found.numbers:
        if one.target is not None:
            label = one.number.told.get(code) or one.number.label.get(code)
            unit = one.number.unit.get(code, "")
            last = ""
            if one.points:
                point = one.points[-1]
                last = f"{_values(point.values, one.number.decimals)} {unit}".strip()
                last += f", {dates.short(point.on)}"
            aim = f"{_values(one.target.values, one.number.decimals)} {unit}".strip()
            held = str(AIMS[one.target.compare]) % {"number": aim}
            targets.append((label or one.number.label["en"], last, held))
    return {
        **_place(place, code),
        "matters": [_text(one) for one in goals if _is_own(one) and _text(one)],
        "goals": [_text(one) for one in goals if not _is_own(one) and not one.get("target")],
        "targets": targets,
        "medicines": list(_medicines(found.resources.get("MedicationRequest", ()), code)),
        **_now_and_later(found, code),
        "bookings": list(_bookings(found.resources.get("Appointment", ()), code)),
        "team": [Row(one.name, words.role(one.role), one.phone) for one in found.team],
    }


AIMS: Final = {
    "below": _("below %(number)s"),
    "up_to": _("not above %(number)s"),
    "above": _("above %(number)s"),
}


def _values(values: Iterable[float], decimals: int) -> str:
    return "/".join(dates.number(value, decimals) for value in values)


def _is_live(goal: Mapping[str, Any]) -> bool:
    return goal.get("lifecycleStatus") in ("proposed", "planned", "accepted", "active", "on-hold")


def _is_own(goal: Mapping[str, Any]) -> bool:
    return str((goal.get("expressedBy") or {}).get("reference", "")).startswith("Patient/")


def vaccinations(
    sheet: Sheet, values: Mapping[str, Any], said: ImmunisationWords
) -> dict[str, Any]:
    """The vaccination card, in the words of the schedule; what no longer concerns is left out."""
    coming = [one for one in values["coming"] if one.state != "other"]
    card = {**values, "coming": coming}
    return {**_place(sheet.place, said.language), "card": card, "say": said.say}


def referral(sheet: Sheet, code: str) -> dict[str, Any]:
    """A referral for the specialist, with the whole number, as the other side needs it."""
    about, found = sheet.about, sheet.resources
    role, name = sheet.author
    numbers = [
        str(one.get("value"))
        for one in sheet.person.get("identifier") or ()
        if one.get("system") == f"{IDENTIFIERS}/iin"
    ]
    reasons = [content.said(one, code) for one in about.get("reasonCode") or ()]
    notes = [str(one.get("text", "")) for one in about.get("note") or ()]
    return {
        **_place(sheet.place, code),
        "to": content.said(about.get("code"), code),
        "is_urgent": about.get("priority") in ("urgent", "asap", "stat"),
        "head_day": dates.long(facts.day_of({"authoredOn": about.get("authoredOn")})),
        "where": sheet.recipient.name(code) if sheet.recipient else "",
        "iin": numbers[0] if numbers else "",
        "address": people.address_of(sheet.person),
        "phone": people.phone_of(sheet.person),
        "reasons": list(filter(None, [*reasons, *notes])),
        "conditions": list(dict.fromkeys(_condition(c, code) for c in found.get("Condition", ()))),
        "allergies": [
            content.said(a.get("code"), code) for a in found.get("AllergyIntolerance", ())
        ],
        "medicines": list(_medicines(found.get("MedicationRequest", ()), code)),
        "by": ", ".join(filter(None, [words.role(role).lower() if role else "", name])),
    }


def _condition(one: Mapping[str, Any], code: str) -> str:
    return facts.marked(facts.line(one, code), with_code=True)


def invitation(sheet: Sheet, kind: str, code: str) -> dict[str, Any]:
    """An invitation that says nothing of an illness: anybody may open the envelope."""
    born = people.born_on(sheet.person)
    today = timezone.localdate()
    is_child = born is not None and born > date(today.year - CHILD_UNTIL, today.month, 1)
    is_home = kind == "home"
    class_of, wanted = reading.settings().class_of, _ahead(sheet.resources.get("Appointment", ()))
    # A letter invites to a place: who is called at a time is not told to come then.
    own = [
        one
        for one in wanted
        if class_of(one.place) != FROM_AFAR and (class_of(one.place) == AT_HOME) == is_home
        # Nor to where another has asked them to come.
        if one.place != REFERRED
    ]
    booked = own[0] if own else None
    is_here = booked is None or class_of(booked.place) == AT_CLINIC
    role, name = sheet.author
    return {
        **_place(sheet.place, code),
        "is_home": is_home,
        "is_child": is_child,
        "when": bookings.when(booked) if booked else "",
        "is_here": is_here and not is_home,
        "where": bookings.where(booked, code) if booked and (booked.room or not is_here) else "",
        "bring": bookings.bring(booked, code) if booked else "",
        "address": people.address_of(sheet.person),
        "by": ", ".join(filter(None, [words.role(role).lower() if role else "", name])),
    }
