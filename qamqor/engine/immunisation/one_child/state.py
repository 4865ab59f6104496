"""What is known of a child and where each series stands while it is worked out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from qamqor.engine.immunisation.schedule import (
    AgeRule,
    Anchor,
    IntervalRule,
    Schedule,
    Series,
    SeriesDose,
    SeriesKind,
    after,
    is_in_force,
    is_within,
)


class Judged(StrEnum):
    """What became of one given dose in one series."""

    VALID = "valid"
    NOT_VALID = "not valid"
    EXTRANEOUS = "extraneous"
    SUBSTANDARD = "sub-standard"


class Standing(StrEnum):
    """Where a series, or a vaccine group, stands."""

    NOT_COMPLETE = "not complete"
    COMPLETE = "complete"
    IMMUNE = "immune"
    CONTRAINDICATED = "contraindicated"
    AGED_OUT = "aged out"
    NOT_RECOMMENDED = "not recommended"


class Fault(StrEnum):
    """Why a dose does not count; pages turn these codes into words."""

    TOO_YOUNG = "age: too young"
    TOO_OLD = "age: too old"
    TOO_SOON = "interval: too soon"
    LIVE_CONFLICT = "live virus conflict"
    INADVERTENT = "inadvertent vaccine"
    WRONG_VACCINE = "not a preferable or allowable vaccine"
    SERIES_COMPLETE = "series already complete"
    EXPIRED = "expired or unfit"


@dataclass(frozen=True, slots=True)
class GivenDose:
    """One injection as recorded."""

    given_on: date
    cvx: int
    mvx: str | None = None
    trade_name: str | None = None
    is_unfit: bool = False
    dose_id: str = ""


@dataclass(frozen=True, slots=True)
class Observed:
    """Something that matters for vaccination: an indication, a contraindication, immunity."""

    code: str
    observed_on: date | None = None


@dataclass(frozen=True, slots=True)
class Child:
    """Whom the question is about; anybody of any age."""

    born_on: date
    sex: str
    doses: tuple[GivenDose, ...] = ()
    observations: tuple[Observed, ...] = ()
    country: str | None = None

    def codes(self) -> frozenset[str]:
        """The codes of all observations."""
        return frozenset(observed.code for observed in self.observations)

    def latest(self, code: str | None) -> date | None:
        """When an observation was last made, if a date is known."""
        days = [o.observed_on for o in self.observations if o.code == code and o.observed_on]
        return max(days, default=None)


@dataclass(slots=True)
class Record:
    """One given dose as one series sees it."""

    dose: GivenDose
    judged: Judged | None = None
    faults: list[Fault] = field(default_factory=list)
    is_inadvertent: bool = False
    is_grace: bool = False
    target: int | None = None

    @property
    def given_on(self) -> date:
        return self.dose.given_on

    def is_anchor(self) -> bool:
        """Whether the next interval may be counted from this dose."""
        return self.judged in {Judged.VALID, Judged.NOT_VALID} and not self.is_inadvertent


@dataclass(slots=True)
class Target:
    """One dose of the series for this child: open, satisfied by a record, or skipped."""

    dose: SeriesDose
    record: Record | None = None
    is_skipped: bool = False


@dataclass(slots=True)
class Step:
    """One line of the explanation: the rule, what it found, and the dates it used."""

    rule: str
    found: str
    dates: dict[str, date | None] = field(default_factory=dict)


@dataclass(slots=True)
class Course:
    """One series on its way through one child's history."""

    series: Series
    records: list[Record]
    targets: list[Target]
    current: int = 0
    standing: Standing = Standing.NOT_COMPLETE
    reason: str = ""
    earliest: date | None = None
    recommended: date | None = None
    past_due: date | None = None
    latest: date | None = None
    unadjusted_recommended: date | None = None
    unadjusted_past_due: date | None = None
    dose_number: int | None = None
    vaccines: tuple[int, ...] = ()
    steps: list[Step] = field(default_factory=list)

    def target(self) -> Target:
        return self.targets[self.current]

    def is_past_end(self) -> bool:
        return self.current >= len(self.targets)

    def satisfied(self) -> list[Target]:
        return [target for target in self.targets if target.record]

    def skip_current(self, why: str) -> None:
        """Leave the current target dose out; the next one becomes current."""
        self.target().is_skipped = True
        self.steps.append(Step("conditional-skip", f"dose {self.target().dose.number} {why}"))
        self.current += 1


@dataclass(frozen=True, slots=True)
class Setting:
    """The schedule, the child and the day: the same for all series."""

    schedule: Schedule
    child: Child
    as_of: date


def start_courses(setting: Setting, antigen: str) -> list[Course]:
    """A course for each relevant series of an antigen, series groups in ascending order."""
    chosen = [s for s in setting.schedule.antigens[antigen].series if is_relevant(setting, s)]
    return [
        Course(s, [Record(d) for d in doses_of(setting, antigen)], [Target(d) for d in s.doses])
        for s in sorted(chosen, key=lambda s: s.series_group)
    ]


def doses_of(setting: Setting, antigen: str) -> list[GivenDose]:
    """The given doses that hold the antigen, by date, in input order on one day."""
    born = setting.child.born_on
    return [
        dose
        for dose in sorted(setting.child.doses, key=lambda d: d.given_on)
        if any(
            a.antigen == antigen
            and is_within(after(born, a.begin), after(born, a.end), dose.given_on)
            for a in setting.schedule.products.get(dose.cvx, ())
        )
    ]


def is_relevant(setting: Setting, series: Series) -> bool:
    """Table 5-5: the sex fits, and a risk series has an indication that applies."""
    if series.genders and setting.child.sex not in series.genders:
        return False
    return series.kind is not SeriesKind.RISK or _has_indication(setting, series)


def _has_indication(setting: Setting, series: Series) -> bool:
    born, codes = setting.child.born_on, setting.child.codes()
    return any(
        i.observation in codes
        and is_within(after(born, i.begin), after(born, i.end), setting.as_of)
        for i in series.indications
    )


def age_in_force(dose: SeriesDose, anchor: date) -> AgeRule | None:
    """The one age rule that holds on the anchor date."""
    return next((a for a in dose.ages if is_in_force(a.effective, a.cessation, anchor)), None)


def intervals_in_force(rules: Iterable[IntervalRule], anchor: date) -> list[IntervalRule]:
    """The interval rules that hold on the anchor date."""
    return [rule for rule in rules if is_in_force(rule.effective, rule.cessation, anchor)]


def interval_start(
    setting: Setting, course: Course, rule: IntervalRule, earlier: Sequence[Record]
) -> date | None:
    """The date an interval is counted from (CALCDTINT-1, -2, -8, -9); None: it does not apply."""
    if rule.anchor is Anchor.PREVIOUS:
        return max((r.given_on for r in earlier if r.is_anchor()), default=None)
    if rule.anchor is Anchor.TARGET:
        days = [
            t.record.given_on
            for t in course.satisfied()
            if t.dose.number == rule.target and t.record
        ]
        return max(days, default=None)
    if rule.anchor is Anchor.RECENT:
        fits = [r.given_on for r in earlier if r.dose.cvx in rule.vaccines and not r.is_inadvertent]
        return max(fits, default=None)
    return setting.child.latest(rule.observation)
