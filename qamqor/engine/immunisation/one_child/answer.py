"""Everything about one child: each dose judged, each vaccine group forecast (CDSi 4 to 9)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date

from qamqor.engine.immunisation.one_child.choose import best, prioritise
from qamqor.engine.immunisation.one_child.judge import evaluate
from qamqor.engine.immunisation.one_child.next_dose import forecast
from qamqor.engine.immunisation.one_child.state import (
    Child,
    Course,
    Fault,
    GivenDose,
    Judged,
    Setting,
    Standing,
    start_courses,
)
from qamqor.engine.immunisation.schedule import Schedule, SeriesKind, VaccineGroup, after

_WORST_FIRST = (Standing.CONTRAINDICATED, Standing.AGED_OUT, Standing.NOT_RECOMMENDED)


@dataclass(slots=True)
class AntigenAnswer:
    """All courses of one antigen, the prioritised one of each series group, and the best ones."""

    antigen: str
    courses: list[Course]
    prioritised: dict[int, Course]
    best: list[Course]


@dataclass(slots=True)
class DoseAnswer:
    """What a given dose counts for in one vaccine group; ``faults`` holds every reason found."""

    dose: GivenDose
    judged: Judged
    faults: frozenset[Fault]


@dataclass(slots=True)
class GroupAnswer:
    """What is next for one vaccine group."""

    group: str
    standing: Standing
    reason: str
    earliest: date | None = None
    recommended: date | None = None
    past_due: date | None = None
    latest: date | None = None
    dose_number: int | None = None
    antigens: tuple[str, ...] = ()
    vaccines: tuple[int, ...] = ()
    courses: list[Course] = field(default_factory=list)
    doses: list[DoseAnswer] = field(default_factory=list)


@dataclass(slots=True)
class Answer:
    """The whole answer; ``unknown`` are doses whose code no antigen of the schedule knows."""

    antigens: dict[str, AntigenAnswer]
    groups: dict[str, GroupAnswer]
    unknown: list[GivenDose]


def answer(schedule: Schedule, child: Child, as_of: date) -> Answer:
    """Judge every dose and forecast every vaccine group for one child.

    Doses after ``as_of`` are not yet known and are left out.

    Args:
        schedule: a country's schedule.
        child: birth date, sex, doses and observations.
        as_of: the day the question is asked about.

    Source:
        CDC CDSi Logic Specification 4.6.
    """
    known = tuple(dose for dose in child.doses if dose.given_on <= as_of)
    child = Child(child.born_on, child.sex, known, child.observations, child.country)
    setting = Setting(schedule, child, as_of)
    antigens = {name: _antigen(setting, name) for name in schedule.antigens}
    groups = {
        name: _group(setting, group, [antigens[a] for a in group.antigens if a in antigens])
        for name, group in schedule.groups.items()
    }
    unknown = [dose for dose in known if not schedule.products.get(dose.cvx)]
    return Answer(antigens, groups, unknown)


def _antigen(setting: Setting, name: str) -> AntigenAnswer:
    courses = start_courses(setting, name)
    completed: set[int] = set()
    for course in courses:
        evaluate(setting, course, frozenset(completed))
        forecast(setting, course, frozenset(completed))
        if course.standing is Standing.COMPLETE:
            completed.add(course.series.series_group)
    prioritised = prioritise(setting, courses)
    return AntigenAnswer(name, courses, prioritised, best(prioritised))


def _group(setting: Setting, group: VaccineGroup, members: Sequence[AntigenAnswer]) -> GroupAnswer:
    chosen = _chosen(setting, members)
    doses = [
        _dose_answer(dose, members)
        for dose in sorted(setting.child.doses, key=lambda d: d.given_on)
        if any(r.dose is dose for m in members for c in m.courses for r in c.records)
    ]
    if not chosen:
        standing, reason = _standing_without_best(members)
        return GroupAnswer(group.name, standing, reason, doses=doses)
    merged = _merge(setting, group, members, chosen)
    merged.doses = doses
    return merged


def _chosen(setting: Setting, members: Sequence[AntigenAnswer]) -> list[Course]:
    """Which of the best courses a vaccine group's answer is about."""
    risk = [c for m in members for c in m.best if c.series.kind is SeriesKind.RISK]
    other = [
        course
        for m in members
        for course in _started(setting, [c for c in m.best if c.series.kind is not SeriesKind.RISK])
    ]
    is_open = any(course.standing is Standing.NOT_COMPLETE for course in other)
    if risk and not (is_open and all(c.standing is Standing.COMPLETE for c in risk)):
        return risk
    return other


def _started(setting: Setting, courses: list[Course]) -> list[Course]:
    """Of several routine courses of one antigen, those whose age has come or that have begun."""
    if len(courses) < 2:
        return courses
    born, as_of = setting.child.born_on, setting.as_of
    begun = [
        course
        for course in courses
        if course.satisfied() or (after(born, course.series.min_age_to_start) or born) <= as_of
    ]
    over = {Standing.AGED_OUT, Standing.NOT_RECOMMENDED}
    return [course for course in begun if course.standing not in over] or begun or courses


def _standing_without_best(members: Sequence[AntigenAnswer]) -> tuple[Standing, str]:
    courses = [course for member in members for course in member.courses]
    for course in courses:
        if course.standing is Standing.CONTRAINDICATED:
            return course.standing, course.reason
    for member in members:
        for course in member.prioritised.values():
            return course.standing, course.reason
    return Standing.NOT_RECOMMENDED, "no series is meant for this person"


def _merge(
    setting: Setting, group: VaccineGroup, members: Sequence[AntigenAnswer], chosen: list[Course]
) -> GroupAnswer:
    """Chapter 9: one forecast from the courses of all antigens of the group."""
    standing = _merged_standing(chosen, is_single=len(members) == 1)
    dated = [c for c in chosen if c.standing is Standing.NOT_COMPLETE and c.earliest]
    reason = "; ".join(dict.fromkeys(c.reason for c in chosen if c.standing is standing))
    merged = GroupAnswer(group.name, standing, reason, courses=chosen)
    if standing is not Standing.NOT_COMPLETE or not dated:
        return merged
    earliest = _merged_earliest(dated, is_single=len(members) == 1)
    merged.earliest = earliest
    merged.recommended = max(earliest, min(c.recommended for c in dated if c.recommended))
    past_due = min((c.past_due for c in dated if c.past_due), default=None)
    merged.past_due = max(earliest, past_due) if past_due else None
    merged.latest = min((c.latest for c in dated if c.latest), default=None)
    merged.antigens = tuple(dict.fromkeys(c.series.antigen for c in dated))
    merged.vaccines = tuple(dict.fromkeys(v for c in dated for v in c.vaccines))
    merged.dose_number = _merged_number(group, members, dated)
    return merged


def _merged_standing(chosen: list[Course], *, is_single: bool) -> Standing:
    """Table 9-4; several courses of one antigen are open as long as one is."""
    found = [course.standing for course in chosen]
    if is_single:
        return Standing.NOT_COMPLETE if Standing.NOT_COMPLETE in found else found[0]
    for standing in (*_WORST_FIRST, Standing.NOT_COMPLETE):
        if standing in found:
            return standing
    return Standing.IMMUNE if set(found) == {Standing.IMMUNE} else Standing.COMPLETE


def _merged_earliest(dated: list[Course], *, is_single: bool) -> date:
    """SINGLEANTVG-2 and MULTIANTVG-1: a course with priority pulls the date forward."""
    days = [course.earliest for course in dated if course.earliest]
    if is_single:
        return min(days)
    if not any(_is_priority(course) for course in dated):
        return max(days)
    given = (r.given_on for course in dated for r in course.records)
    return max([min(days), *given])


def _is_priority(course: Course) -> bool:
    intervals = course.target().dose.intervals
    return bool(intervals) and all(rule.is_priority for rule in intervals)


def _merged_number(
    group: VaccineGroup, members: Sequence[AntigenAnswer], dated: list[Course]
) -> int:
    """FORECASTDN-2; with a risk and a routine course both best, each dose that counts in either."""
    numbers = []
    for course in dated:
        number = course.dose_number or 1
        best_ones = next(m.best for m in members if m.antigen == course.series.antigen)
        if len({c.series.kind for c in best_ones}) > 1:
            counted = {id(t.record.dose) for c in best_ones for t in c.satisfied() if t.record}
            number = max(number, 1 + len(counted))
        numbers.append(number)
    return min(numbers) if group.is_full else max(numbers)


def _dose_answer(dose: GivenDose, members: Sequence[AntigenAnswer]) -> DoseAnswer:
    """What the prioritised series make of a dose: valid as soon as one says so."""
    records = _records(dose, (c for m in members for c in m.prioritised.values()))
    records = records or _records(dose, (c for m in members for c in m.courses))
    for judged in (Judged.VALID, Judged.NOT_VALID, Judged.EXTRANEOUS, Judged.SUBSTANDARD):
        faults = [set(faults) for found, faults in records if found is judged]
        if faults:
            return DoseAnswer(dose, judged, frozenset().union(*faults))
    return DoseAnswer(dose, Judged.NOT_VALID, frozenset({Fault.WRONG_VACCINE}))


def _records(dose: GivenDose, courses: Iterable[Course]) -> list[tuple[Judged | None, list[Fault]]]:
    return [(r.judged, r.faults) for c in courses for r in c.records if r.dose is dose]
