"""Turns what is known and typed at a visit into what its page shows."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext

from qamqor.engine.forms.form import Form
from qamqor.engine.measurements.definition import Measure, Measurement
from qamqor.engine.measurements.earlier import Earlier, earlier
from qamqor.engine.measurements.sheet import SECOND, Sheet
from qamqor.engine.population.one_person import Due
from qamqor.services import forms
from qamqor.services.due import PRESSING
from qamqor.services.person import content as coded
from qamqor.services.visit import content
from qamqor.services.visit.known import Known
from qamqor.web.components import dates, needs, people, reader
from qamqor.web.visit import remarks
from qamqor.web.visit.forms import HIDDEN, VisitForm

MOST_OWED = 12
NO_KNOWN_ALLERGY = ("716186003", "409137002")
"""SNOMED CT: no known allergy, no known drug allergy; input of others brings them."""


@dataclass(frozen=True, slots=True)
class Field:
    """One number to type.

    Attributes:
        below: what the record knew, or what to aim for.
        remark: what is said of the number; ``stops`` says whether it can be saved.
        script: what the script needs to say the same without asking the server.
    """

    name: str
    label: str
    unit: str
    below: str
    value: str
    remark: str
    stops: bool
    script: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Box:
    """The fields of one measurement, of one reading."""

    id: str
    label: str
    unit: str
    fields: tuple[Field, ...]
    is_second: bool
    is_shown: bool


@dataclass(frozen=True, slots=True)
class Owed:
    """One thing a person was due when the visit began.

    Attributes:
        state: done, urgent, overdue, due.
        next: when it is due next or, if it is still due, by when or since when.
    """

    title: str
    state: str
    next: str


def boxes(form: VisitForm, known: Known, *, quick: bool) -> list[Box]:
    """The measurements that stand open on every visit, or the others."""
    sheet = form.sheet
    return [
        box
        for one in content.measurements()
        if one.is_quick is quick
        for box in _boxes(one, form, known, sheet)
    ]


def _boxes(one: Measurement, form: VisitForm, known: Known, sheet: Sheet) -> Iterator[Box]:
    typed, language = form.typed, reader.language()
    for is_second in (False, True) if one.again_when_high else (False,):
        suffix = SECOND if is_second else ""
        label = one.label[language]
        if one.again_when_high:
            label = (
                gettext("%(measurement)s, second") % {"measurement": label}
                if is_second
                else gettext("%(measurement)s, first") % {"measurement": label}
            )
        has_any = any(part.id + suffix in typed for part in one.parts)
        yield Box(
            id=one.id + suffix,
            label=label,
            unit=one.parts[0].shown_unit[language],
            fields=tuple(
                _field(one, part, suffix, form, known.last(one.id), sheet) for part in one.parts
            ),
            is_second=is_second,
            is_shown=not is_second or one.id in sheet.wants_second or has_any,
        )


def _field(
    one: Measurement,
    part: Measure,
    suffix: str,
    form: VisitForm,
    last: Earlier | None,
    sheet: Sheet,
) -> Field:
    name = part.id + suffix
    was = last.values.get(part.id) if last and not suffix else None
    remark = next((r for r in sheet.remarks if r.measure == name), None)
    stops = remark is not None and remark.stops
    is_shown = remark is not None and (not stops or form.is_bound)
    return Field(
        name=name,
        label=part.label[reader.language()],
        unit=part.shown_unit[reader.language()],
        below=_second_below(part, one) if suffix else _below(one, part, last),
        value=str(form[name].value() or ""),
        remark=remarks.said(remark) if remark and is_shown else "",
        stops=stops,
        script=_script(one, part, suffix, was),
    )


def _script(one: Measurement, part: Measure, suffix: str, was: Decimal | None) -> dict[str, str]:
    found = {
        "data-measure": one.id,
        "data-part": part.id,
        "data-hard": f"{part.hard[0]} {part.hard[1]}",
        "data-soft": f"{part.soft[0]} {part.soft[1]}",
        "data-decimals": str(part.decimals),
        "data-words": json.dumps(remarks.for_script(part, was), ensure_ascii=False),
        "inputmode": "decimal" if part.decimals else "numeric",
    }
    if part.advance:
        rule = part.advance
        found["data-advance"] = f"{rule.digits} {rule.if_first} {rule.else_digits}"
    if part.below:
        found["data-below"] = part.below + suffix
    if was is not None:
        found["data-last"] = str(was)
    if part.change is not None:
        found["data-change"] = str(part.change)
    if part.high is not None and one.again_when_high and not suffix:
        found["data-high"] = str(part.high)
    return found


def _below(one: Measurement, part: Measure, last: Earlier | None) -> str:
    """Under a pair: the last pair under its first field, what to aim for under the second."""
    if one.is_panel and part is not one.parts[0]:
        highs = [p.high for p in one.parts]
        if all(high is not None for high in highs):
            goal = "/".join(str(high) for high in highs)
            return gettext("goal: below %(goal)s") % {"goal": goal}
        return ""
    if last is None:
        return gettext("never measured")
    values = "/".join(remarks.number(last.values[p.id]) for p in one.parts if p.id in last.values)
    return gettext("was %(value)s, %(day)s") % {"value": values, "day": dates.short(last.on)}


def _second_below(part: Measure, one: Measurement) -> str:
    return gettext("after 1 to 2 minutes") if part is one.parts[0] else ""


ORDER = ("urgent", "overdue", "due", "done")


def owed_now(due: Sequence[Due], role: str) -> list[str]:
    """Names of what presses when a visit begins: of this role first, then the most urgent."""
    pressing = [one for one in due if one.status in PRESSING]
    pressing.sort(
        key=lambda one: (
            one.role != role,
            one.urgency,
            one.due_on or date.max,
            one.programme,
            one.item,
        )
    )
    return [_name(one) for one in pressing[:MOST_OWED]]


def closes(names: Sequence[str], due: Sequence[Due], today: date) -> list[Owed]:
    """What was owed, as the rules say it now; done first, then the most urgent.

    What several programmes ask for stands once, and is done when it is done for all of them.
    """
    now = {_name(one): one for one in due}
    found: dict[str, Owed] = {}
    for name in names:
        owed = _owed(name, now.get(name), today)
        known = found.get(owed.title)
        if known is None or ORDER.index(owed.state) < ORDER.index(known.state):
            found[owed.title] = owed
    return sorted(found.values(), key=lambda one: (one.state != "done", ORDER.index(one.state)))


def _owed(name: str, now: Due | None, today: date) -> Owed:
    programme, action, item = name.split("/", 2)
    title = needs.title_of(programme, action, item)
    if now is None:
        return Owed(title, "done", "")
    if now.status not in PRESSING:
        said = gettext("next: %(day)s") % {"day": dates.short(now.due_on)} if now.due_on else ""
        return Owed(title, "done", said)
    return Owed(title, needs.state(now), needs.by_when(now.due_on, now.overdue_on, today))


def _name(one: Due) -> str:
    return f"{one.programme}/{one.action}/{one.item}"


def concept(found: Mapping[str, Any]) -> str:
    """What a coded thing is called: as written, which may say a strength, else by its code."""
    return str(found.get("text") or coded.said(found, reader.language()))


@dataclass(frozen=True, slots=True)
class Person:
    """Who the visit is with, as the bar says it.

    Attributes:
        allergies: names; empty = nobody asked. ``none_known`` = asked, and none.
    """

    name: str
    age: str
    speaks: str
    matters: str
    allergies: tuple[str, ...]
    none_known: bool


def person(known: Known, today: date) -> Person:
    """The bar of the page."""
    allergies = [concept(one.get("code", {})) for one in known.allergies]
    none = any(_is_none(one) for one in known.allergies)
    return Person(
        name=people.name_of(known.person),
        age=people.age_of(known.person, today),
        speaks=people.speaks(known.person),
        matters=matters(known),
        allergies=() if none else tuple(allergies),
        none_known=none,
    )


def _is_none(allergy: Mapping[str, Any]) -> bool:
    coding = allergy.get("code", {}).get("coding") or [{}]
    return any(one.get("code") in NO_KNOWN_ALLERGY for one in coding)


def saved(known: Known) -> str:
    """What of this visit is in the record already, in one line."""
    said = []
    for one in content.measurements():
        if one.id in known.saved:
            values = earlier(one, [known.saved[one.id]])[-1].values
            numbers = "/".join(remarks.number(values[p.id]) for p in one.parts if p.id in values)
            said.append(f"{one.label[reader.language()]} {numbers}")
    return ", ".join(said)


def differences(mine: Mapping[str, str], there: Mapping[str, str]) -> list[dict[str, str]]:
    """Fields that differ between two versions of a draft."""
    labels = field_labels()
    return [
        {"name": labels.get(name, name), "mine": mine.get(name, ""), "there": there.get(name, "")}
        for name in dict.fromkeys([*mine, *there])
        if name not in HIDDEN and mine.get(name, "") != there.get(name, "")
    ]


def field_labels() -> dict[str, str]:
    """What each field of the page is called."""
    language, found = reader.language(), {}
    for one in content.measurements():
        for part in one.parts:
            name = one.label[language]
            if one.is_panel:
                name = f"{name}, {part.label[language].lower()}"
            found[part.id] = name
            found[part.id + SECOND] = gettext("%(measurement)s, second") % {"measurement": name}
    return found


@dataclass(frozen=True, slots=True)
class Medicine:
    """A medicine in use: its name and how it is taken."""

    id: str
    name: str
    how: str


def medicines(known: Known) -> list[Medicine]:
    """What the person takes by order."""
    return [
        Medicine(
            str(one["id"]),
            concept(one.get("medicationCodeableConcept", {})),
            str((one.get("dosageInstruction") or [{}])[0].get("text", "")),
        )
        for one in known.medicines
    ]


@dataclass(frozen=True, slots=True)
class Asking:
    """A questionnaire to ask, and what came of it last time."""

    id: str
    title: str
    last: str


def questionnaires(known: Known) -> list[Asking]:
    """Every questionnaire of the pack."""
    language = reader.language()
    return [Asking(one.id, one.title[language], _last_score(one, known)) for one in forms.forms()]


def _last_score(form: Form, known: Known) -> str:
    scores = known.scores.get(form.id, ())
    if not scores:
        return ""
    on, total = scores[-1]
    band = next((b for b in reversed(form.bands) if b.from_ <= total), None)
    said = f"{total}: {band.words[reader.language()].lower()}" if band else str(total)
    return gettext("was %(value)s, %(day)s") % {"value": said, "day": dates.short(on)}


def matters(known: Known) -> str:
    """What matters to the person, in their words: the newest goal."""
    goals = sorted(known.goals, key=lambda one: str(one.get("startDate", "")))
    return str(goals[-1].get("description", {}).get("text", "")) if goals else ""
