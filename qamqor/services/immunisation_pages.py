"""Pages to print: one person's vaccination card, and the calendar as a picture."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from qamqor.engine.charts.grid import Mark, grid
from qamqor.engine.charts.svg import Caption
from qamqor.engine.immunisation.ideal import Age, Injection, age_on, ideal_course
from qamqor.engine.immunisation.one_child.answer import Answer
from qamqor.engine.immunisation.one_child.state import Judged, Standing
from qamqor.engine.immunisation.record import Outcome
from qamqor.services.immunisation import OpenSchedule, PersonForecast
from qamqor.services.immunisation_words import ImmunisationWords
from qamqor.services.population_words import PopulationWords
from qamqor.services.report_words import TEMPLATES

STYLES: Final = ("tokens.css", "charts.css", "vaccination.css")
UNTIL_YEARS: Final = 36
Resource = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Given:
    """One line of the card's history."""

    day: str
    age: str
    vaccine: str
    lot: str
    counts: str
    reasons: str
    is_good: bool


@dataclass(frozen=True, slots=True)
class Next:
    """One line of what comes next."""

    group: str
    number: str
    day: str
    latest: str
    vaccine: str
    state: str
    state_words: str


class Said:
    """Ages and days in a language, beside the words of the schedules."""

    def __init__(self, words: ImmunisationWords) -> None:
        self.words = words
        self._spans = PopulationWords(words.language)

    def day(self, day: date | None) -> str:
        return f"{day:%d.%m.%Y}" if day else self.words.say("none")

    def age(self, age: Age) -> str:
        """In days up to a month, in months up to three years, then in years and months."""
        if age == (0, 0):
            return self.words.say("at_birth")
        if age.months == 0:
            return self._spans.length("day", age.days)
        if age.months < 36:
            return self._spans.length("month", age.months)
        years, months = divmod(age.months, 12)
        parts = [self._years(years), self._spans.length("month", months) if months else ""]
        return " ".join(filter(None, parts))

    def _years(self, years: int) -> str:
        """Years of age; in Kazakh they have a word of their own."""
        if self.words.language == "kk":
            return f"{years} жас"
        return self._spans.length("year", years)

    def age_then(self, born: date, day: date) -> str:
        """How old somebody was, in whole months or, from three, whole years."""
        age = age_on(born, day)
        whole = Age(age.months // 12 * 12, 0) if age.months >= 36 else age
        return self.age(whole if whole.months else age)


def card(
    person: PersonForecast,
    resources: Iterable[Resource],
    opened: OpenSchedule,
    words: ImmunisationWords,
    as_of: date,
) -> str:
    """The card of one person as HTML: doses given with how each counts, and the next dates.

    Args:
        resources: the person's resources; name and lot numbers are read from them.
    """
    values = card_values(person, resources, opened, words, as_of)
    return _render("vaccination_card.html.jinja", words, **values)


def card_values(
    person: PersonForecast,
    resources: Iterable[Resource],
    opened: OpenSchedule,
    words: ImmunisationWords,
    as_of: date,
    asked: frozenset[str] | None = None,
) -> dict[str, Any]:
    """What a card says, by the names of its template, in the language of the words.

    Args:
        asked: the groups that may be called due; None calls all. Earlier doses of somebody born
            before the records begin stand on paper.
    """
    found = {f"{one['resourceType']}/{one.get('id', '')}": one for one in resources}
    patient = next((one for one in found.values() if one["resourceType"] == "Patient"), {})
    said, child, told = Said(words), person.record.child, person.answer
    sex = str(patient.get("gender") or "unknown")
    return {
        "title": words.say("card_title"),
        "name": _name(patient) or person.record.patient_id,
        "born": said.day(child.born_on) if child else str(patient.get("birthDate") or "–"),
        "sex": PopulationWords(words.language).tell(f"sex.{sex}")
        if sex in {"female", "male"}
        else "",
        "day": said.day(as_of),
        "schedule": words.title(opened.title),
        "is_draft": opened.status == "draft",
        "given": _given(told, child.born_on, found, said) if told and child else [],
        "coming": _coming(told, said, as_of, asked) if told else [],
        "visit": [
            (words.vaccine(one.cvx), ", ".join(map(words.group, one.groups)))
            for one in (person.visit.injections if person.visit else ())
        ],
        "not_given": _not_given(person, found, said),
        "notes": _notes(person, words),
    }


def _name(patient: Resource) -> str:
    names = [one for one in patient.get("name") or [] if isinstance(one, dict)]
    chosen = next((one for one in names if one.get("use") == "official"), names[0] if names else {})
    parts = [chosen.get("family"), *(chosen.get("given") or [])]
    return " ".join(str(part) for part in parts if part) or str(chosen.get("text") or "")


def _given(told: Answer, born: date, found: Mapping[str, Resource], said: Said) -> list[Given]:
    words = said.words
    doses: dict[str, list[tuple[str, Any]]] = {}
    for group in told.groups.values():
        for dose in group.doses:
            doses.setdefault(dose.dose.dose_id, []).append((group.group, dose))
    lines = []
    for name, parts in sorted(doses.items(), key=lambda pair: pair[1][0][1].dose.given_on):
        given = parts[0][1].dose
        good = [words.group(group) for group, one in parts if one.judged is Judged.VALID]
        faults = {
            fault for _, one in parts if one.judged is not Judged.VALID for fault in one.faults
        }
        lines.append(
            Given(
                said.day(given.given_on),
                said.age_then(born, given.given_on),
                words.vaccine(given.cvx),
                str(found.get(name, {}).get("lotNumber") or words.say("none")),
                ", ".join(good),
                "; ".join(words.tell("fault", fault) for fault in sorted(faults)),
                bool(good),
            )
        )
    return lines


def _coming(told: Answer, said: Said, as_of: date, asked: frozenset[str] | None) -> list[Next]:
    words = said.words
    lines = []
    for group in told.groups.values():
        state = _state(group.standing, group.recommended, group.past_due, as_of)
        if state in ("overdue", "due") and asked is not None and group.group not in asked:
            continue
        lines.append(
            (
                group.recommended or date.max,
                Next(
                    words.group(group.group),
                    str(group.dose_number or words.say("none")),
                    said.day(group.recommended),
                    said.day(group.past_due),
                    ", ".join(map(words.vaccine, group.vaccines)) or words.say("none"),
                    state,
                    words.say(f"state_{state}")
                    if state != "other"
                    else words.tell("standing", group.standing),
                ),
            )
        )
    return [line for _, line in sorted(lines, key=lambda pair: pair[0])]


def _state(standing: Standing, recommended: date | None, past_due: date | None, as_of: date) -> str:
    if standing is not Standing.NOT_COMPLETE or recommended is None:
        return "other"
    if past_due is not None and past_due < as_of:
        return "overdue"
    return "due" if recommended <= as_of else "later"


def _not_given(person: PersonForecast, found: Mapping[str, Resource], said: Said) -> list[str]:
    """Doses refused or not given for a medical reason, with the day and the reason."""
    lines = []
    for note in person.record.notes:
        if note.outcome is Outcome.NOT_DONE:
            text = str(found.get(note.resource, {}).get("occurrenceDateTime") or "")[:10]
            day = said.day(date.fromisoformat(text)) if len(text) == 10 else text
            codes = _codes(found.get(note.resource, {}))
            vaccine = ", ".join(said.words.vaccine(code) for code in codes)
            reason = said.words.tell("not_done", note.value) if note.value else ""
            lines.append(" · ".join(part for part in (day, vaccine, reason) if part))
    return lines


def _codes(resource: Resource) -> list[int]:
    coded = (resource.get("vaccineCode") or {}).get("coding") or []
    codes = [
        str(one.get("code", "")) for one in coded if str(one.get("system", "")).endswith("cvx")
    ]
    return [int(code) for code in codes if code.isdecimal()]


def _notes(person: PersonForecast, words: ImmunisationWords) -> list[str]:
    return [
        f"{words.tell('outcome', note.outcome)}{f' ({note.value})' if note.value else ''}"
        for note in person.record.notes
        if note.outcome is not Outcome.NOT_DONE
    ]


def timeline(opened: OpenSchedule, words: ImmunisationWords, born: date) -> str:
    """The calendar as HTML: a picture of vaccine by age, and the same as a table.

    Args:
        born: the birthday from which ages are counted, when the schedule is in force.
    """
    course = ideal_course(opened.schedule, born, until_years=UNTIL_YEARS)
    said = Said(words)
    ages = sorted({one.age for one in course})
    products = list(dict.fromkeys(one.cvx for one in course))
    marks: dict[tuple[int, int], Mark] = {}
    for one in course:
        place = products.index(one.cvx), ages.index(one.age)
        numbers = sorted({number for _, number in one.doses})
        marks[place] = Mark(
            ", ".join(map(str, numbers)), _whole(one, said), is_partial=len(one.sexes) == 1
        )
    title = words.title(opened.title)
    caption = Caption("calendar", title, words.say("timeline_description"))
    drawing = grid(caption, [words.vaccine(p) for p in products], [*map(said.age, ages)], marks)
    return _render(
        "vaccination_timeline.html.jinja",
        words,
        title=title,
        is_draft=opened.status == "draft",
        drawing=Markup(drawing),  # noqa: S704
        rows=_rows(course, ages, said),
        has_partial=any(mark.is_partial for mark in marks.values()),
    )


def _rows(course: Sequence[Injection], ages: Sequence[Age], said: Said) -> list[Any]:
    return [
        (
            said.age(age),
            [(said.words.vaccine(o.cvx), _doses(o, said)) for o in course if o.age == age],
        )
        for age in ages
    ]


def _doses(one: Injection, said: Said) -> str:
    listed = ", ".join(f"{said.words.group(name)} {number}" for name, number in one.doses)
    return f"{listed} · {_for_whom(one, said)}" if len(one.sexes) == 1 else listed


def _whole(one: Injection, said: Said) -> str:
    return f"{said.age(one.age)}: {said.words.vaccine(one.cvx)} – {_doses(one, said)}"


def _for_whom(one: Injection, said: Said) -> str:
    return said.words.say("girls_only" if one.sexes == ("Female",) else "boys_only")


def _render(template: str, words: ImmunisationWords, **values: Any) -> str:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style = _style()
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return environment.get_template(template).render(
        lang=words.language,
        say=words.say,
        style=Markup(style),  # noqa: S704
        style_hash=f"sha256-{digest}",
        **values,
    )


def _style() -> str:
    """All styles in one text without comments, so that its hash can stand in the policy."""
    whole = "\n".join((TEMPLATES / name).read_text() for name in STYLES)
    without = re.sub(r"/\*.*?\*/", "", whole, flags=re.DOTALL)
    return re.sub(r"\s*\n\s*", "\n", without).strip()
