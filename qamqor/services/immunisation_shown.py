"""A vaccination forecast as text for a reader and as JSON for a machine."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from qamqor.engine.immunisation.one_child.answer import GroupAnswer
from qamqor.engine.immunisation.one_child.state import Course, Standing
from qamqor.services.immunisation import PersonForecast
from qamqor.services.immunisation_everyone import COVERAGE, Coverage
from qamqor.services.immunisation_words import ImmunisationWords

COLUMNS = ("group", "standing", "number", "earliest", "recommended", "past_due", "vaccines")


def forecast_json(
    person: PersonForecast, words: ImmunisationWords, *, is_why: bool = False
) -> dict[str, Any]:
    """One person's forecast; codes as they are, with the words of the language beside them."""
    found: dict[str, Any] = {
        "patient_id": person.record.patient_id,
        "outcomes": [
            {
                "resource": note.resource,
                "outcome": str(note.outcome),
                "value": note.value,
                "words": words.tell("outcome", note.outcome),
            }
            for note in person.record.notes
        ],
        "groups": [],
        "one_visit": None,
    }
    if person.answer is not None and person.visit is not None:
        groups = person.answer.groups.values()
        found["groups"] = [_group_json(group, words, is_why=is_why) for group in groups]
        found["one_visit"] = {
            "injections": [
                {"cvx": one.cvx, "vaccine": words.vaccine(one.cvx), "closes": list(one.groups)}
                for one in person.visit.injections
            ],
            "later": list(person.visit.later),
        }
    return found


def _group_json(group: GroupAnswer, words: ImmunisationWords, *, is_why: bool) -> dict[str, Any]:
    found: dict[str, Any] = {
        "group": group.group,
        "title": words.group(group.group),
        "standing": str(group.standing),
        "words": words.tell("standing", group.standing),
        "reason": words.reason(group.reason),
        "dose_number": group.dose_number,
        "earliest_on": _iso(group.earliest),
        "recommended_on": _iso(group.recommended),
        "past_due_on": _iso(group.past_due),
        "vaccines": [{"cvx": cvx, "vaccine": words.vaccine(cvx)} for cvx in group.vaccines],
        "doses": [
            {
                "resource": dose.dose.dose_id,
                "given_on": dose.dose.given_on.isoformat(),
                "cvx": dose.dose.cvx,
                "vaccine": words.vaccine(dose.dose.cvx),
                "judged": str(dose.judged),
                "words": words.tell("judged", dose.judged),
                "faults": sorted(map(str, dose.faults)),
                "reasons": [words.tell("fault", fault) for fault in sorted(dose.faults)],
            }
            for dose in group.doses
        ],
    }
    if is_why:
        found["why"] = [line for course in group.courses for line in _why(course, words)]
    return found


def forecast_text(
    person: PersonForecast, words: ImmunisationWords, as_of: date, *, is_why: bool = False
) -> str:
    """One person's forecast to read."""
    return "\n".join(_lines(person, words, as_of, is_why=is_why))


def coverage_text(coverage: Coverage, words: ImmunisationWords) -> str:
    """How many people stand how, by vaccine group, and the doses left out with their reason."""
    rows = [["", *(words.say(f"coverage_{head}") for head in COVERAGE)]]
    for name, found in coverage.groups.items():
        rows.append([words.group(name), *(str(found[head]) for head in COVERAGE)])
    lines = [*columns(rows), words.say("people", n=coverage.people, other=coverage.not_counted)]
    for outcome, count in sorted(coverage.left_out.items()):
        lines.append(f"{count} × {words.tell('outcome', outcome)}")
    return "\n".join(lines)


def _lines(
    person: PersonForecast, words: ImmunisationWords, as_of: date, *, is_why: bool
) -> Iterator[str]:
    title = words.title(f"{words.schedule.name} {words.schedule.version}")
    who = person.record.patient_id
    yield words.say("forecast", person=who, day=_day(as_of), schedule=title)
    if person.answer is not None:
        groups = list(person.answer.groups.values())
        yield from columns([[words.say(c) for c in COLUMNS], *(_row(g, words) for g in groups)])
        yield from _doses(groups, words)
        yield from _visit(person, words, as_of)
        if is_why:
            yield from _reasons(groups, words)
    if person.record.notes:
        yield f"\n{words.say('notes')}:"
        for note in person.record.notes:
            value = f" ({note.value})" if note.value else ""
            yield f"  {note.resource}: {words.tell('outcome', note.outcome)}{value}"


def _row(group: GroupAnswer, words: ImmunisationWords) -> list[str]:
    return [
        words.group(group.group),
        words.tell("standing", group.standing),
        str(group.dose_number or words.say("none")),
        *(_day(day) or words.say("none") for day in (group.earliest, group.recommended)),
        _day(group.past_due) or words.say("none"),
        ", ".join(words.vaccine(cvx) for cvx in group.vaccines) or words.say("none"),
    ]


def columns(rows: list[list[str]]) -> Iterator[str]:
    """Rows of cells as lines of text, each column as wide as its widest cell."""
    widths = [max(len(row[c]) for row in rows) for c in range(len(rows[0]))]
    for row in rows:
        yield "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip()


def _doses(groups: list[GroupAnswer], words: ImmunisationWords) -> Iterator[str]:
    if any(group.doses for group in groups):
        yield f"\n{words.say('given')}:"
    for group in groups:
        for dose in group.doses:
            reasons = "; ".join(words.tell("fault", fault) for fault in sorted(dose.faults))
            judged = words.tell("judged", dose.judged) + (f": {reasons}" if reasons else "")
            given = f"{_day(dose.dose.given_on)} {words.vaccine(dose.dose.cvx)}"
            yield f"  {given} · {words.group(group.group)} · {judged}"


def _visit(person: PersonForecast, words: ImmunisationWords, as_of: date) -> Iterator[str]:
    visit = person.visit
    if visit is None:
        return
    yield f"\n{words.say('visit', day=_day(as_of))}"
    for one in visit.injections:
        named = ", ".join(map(words.group, one.groups))
        yield "  " + words.say("injection", vaccine=words.vaccine(one.cvx), groups=named)
    if not visit.injections:
        yield f"  {words.say('nothing')}"
    if visit.later:
        yield "  " + words.say("later", groups=", ".join(map(words.group, visit.later)))


def _reasons(groups: list[GroupAnswer], words: ImmunisationWords) -> Iterator[str]:
    yield f"\n{words.say('why')}:"
    for group in groups:
        yield f"  {words.group(group.group)}: {words.reason(group.reason)}"
        for course in group.courses:
            yield from (f"    {line}" for line in _why(course, words))


def _why(course: Course, words: ImmunisationWords) -> Iterator[str]:
    """The doses left out and, for an open dose, each date that holds it back."""
    named = words.series(course.series.antigen, course.series.name)
    for target in course.targets:
        if target.is_skipped:
            yield f"{named} · " + words.say("skipped", number=target.dose.number)
    dated = [step for step in course.steps if step.rule == "earliest-date"]
    if course.standing is Standing.NOT_COMPLETE and dated:
        floors = (
            f"{words.tell('floor', name)}: {_day(day)}"
            for name, day in dated[-1].dates.items()
            if day
        )
        yield f"{named} · " + ", ".join(floors)


def _day(day: date | None) -> str:
    return f"{day:%d.%m.%Y}" if day else ""


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None
