"""A schedule as one array, and a population as a few, the shapes that the compiled loop reads."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from qamqor.engine.immunisation.everyone import layout as at
from qamqor.engine.immunisation.one_child.state import Child
from qamqor.engine.immunisation.schedule import (
    AgeRule,
    Anchor,
    Condition,
    IntervalRule,
    Offset,
    Schedule,
    Series,
    SeriesDose,
    SeriesKind,
    Skip,
    Test,
    VaccineRule,
)

Ints = npt.NDArray[np.int32]
Row = tuple[int, ...]

EPOCH: Final = date(1850, 1, 1)
MONTHS: Final = 12 * 450
SEX: Final = {"Female": 1, "Male": 2}
UNKNOWN_SEX: Final = 4
ANCHORS: Final = (Anchor.PREVIOUS, Anchor.TARGET, Anchor.RECENT, Anchor.OBSERVATION)
TESTS: Final = (Test.AGE, Test.COMPLETED_SERIES, Test.INTERVAL, Test.COUNT)
COMPARISONS: Final = ("greater than", "equal to", "less than")
KINDS: Final = (SeriesKind.STANDARD, SeriesKind.RISK, SeriesKind.EVALUATION_ONLY)


class Codes(NamedTuple):
    """How the outside names things: positions in the arrays by code."""

    products: dict[int, int]
    makers: dict[str, int]
    observations: dict[str, int]
    countries: dict[str, int]
    antigens: tuple[str, ...]
    groups: tuple[str, ...]


class People(NamedTuple):
    """A population; doses and observations of person ``i`` lie in ``[x_from[i], x_from[i + 1])``.

    Days count from the epoch. Doses are sorted by day within a person. ``product`` is -1 for a
    vaccine the schedule does not know.
    """

    born: Ints
    sex: Ints
    country: Ints
    dose_from: npt.NDArray[np.int64]
    dose_day: Ints
    product: Ints
    maker: Ints
    is_unfit: npt.NDArray[np.uint8]
    observation_from: npt.NDArray[np.int64]
    observation: Ints
    observation_day: Ints


def day_number(day: date | None) -> int:
    """Days since the epoch; no date is ``NOTHING``."""
    return at.NOTHING if day is None else (day - EPOCH).days


def date_of_day(number: int) -> date | None:
    """The date of a day number."""
    return None if number == at.NOTHING else date.fromordinal(EPOCH.toordinal() + int(number))


def packed(offset: Offset | None) -> int:
    """An offset in one number: months above, days below."""
    return at.NO_OFFSET if offset is None else (offset.months << 16) + offset.days + 32768


def compile_schedule(schedule: Schedule) -> tuple[Ints, Codes]:
    """A schedule as one array; done once for each release, in milliseconds."""
    memory = _Memory(schedule)
    return memory.array(), memory.codes()


class _Memory:
    """Writes rows one behind the other, children before the parent that holds their positions."""

    def __init__(self, schedule: Schedule) -> None:
        self.schedule = schedule
        self.cells: list[int] = [0] * at.HEAD
        self.products = {cvx: rank for rank, cvx in enumerate(sorted(_all_products(schedule)))}
        self.makers: dict[str, int] = {}
        self.observations: dict[str, int] = {}
        self.countries: dict[str, int] = {}
        self.sets: dict[frozenset[int], int] = {}
        self.antigens = tuple(schedule.antigens)
        self.live: set[int] = set()

    def codes(self) -> Codes:
        return Codes(
            self.products,
            self.makers,
            self.observations,
            self.countries,
            self.antigens,
            tuple(self.schedule.groups),
        )

    def array(self) -> Ints:
        head = {}
        head[at.FIRST_OF_MONTH], _ = self.place([tuple(_first_of_months())])
        head[at.PAIRS], self.live = self.conflicts()
        head[at.PRODUCT_COUNT] = len(self.products)
        head[at.PRODUCTS], _ = self.place([self.product(c, c in self.live) for c in self.products])
        rows = [self.antigen(index) for index in range(len(self.antigens))]
        head[at.ANTIGENS_FROM], head[at.ANTIGENS_UNTIL] = self.place(rows)
        groups = [self.group(name) for name in self.schedule.groups]
        head[at.GROUPS_FROM], head[at.GROUPS_UNTIL] = self.place(groups)
        for cell, value in head.items():
            self.cells[cell] = value
        return np.array(self.cells, np.int32)

    def place(self, rows: Iterable[Row]) -> tuple[int, int]:
        """Write rows; the positions of the first and behind the last."""
        begin = len(self.cells)
        for row in rows:
            self.cells.extend(row)
        return begin, len(self.cells)

    def codes_of(self, observations: Iterable[str]) -> tuple[int, int]:
        return self.place([(self.observation(code),) for code in sorted(observations)])

    def observation(self, code: str | None) -> int:
        if code is None:
            return at.NOTHING
        return self.observations.setdefault(code, len(self.observations))

    def product_set(self, products: frozenset[int]) -> int:
        """The position of a 0 or 1 for each product; ``NOTHING`` where none is named."""
        if products and products not in self.sets:
            self.sets[products], _ = self.place([(int(c in products),) for c in self.products])
        return self.sets.get(products, at.NOTHING)

    def product(self, cvx: int, has_conflict: bool) -> Row:
        links = [
            (self.antigens.index(a.antigen), packed(a.begin), packed(a.end))
            for a in self.schedule.products.get(cvx, ())
            if a.antigen in self.antigens
        ]
        return (*self.place(links), int(has_conflict))

    def conflicts(self) -> tuple[int, set[int]]:
        """The table of pairs, and the products that occur in one."""
        size, rank = len(self.products), self.products
        pairs = [0] * (size * size)
        for (previous, current), rule in self.schedule.conflicts.items():
            row = packed(rule.begin), packed(rule.minimum_end), packed(rule.end)
            pairs[rank[previous] * size + rank[current]], _ = self.place([row])
        return self.place([tuple(pairs)])[0], {c for p in self.schedule.conflicts for c in p}

    def group(self, name: str) -> Row:
        group = self.schedule.groups[name]
        members = [a for a in group.antigens if a in self.antigens]
        places = self.place([(self.antigens.index(a),) for a in members])
        wanted = {
            rule.cvx
            for member in members
            for series in self.schedule.antigens[member].series
            for dose in series.doses
            for rule in dose.preferable
        }
        return (*places, int(group.is_full is True), int(bool(wanted & self.live)))

    def antigen(self, index: int) -> Row:
        antigen = self.schedule.antigens[self.antigens[index]]
        ordered = sorted(antigen.series, key=lambda series: series.series_group)
        births = [
            (
                day_number(rule.born_before),
                at.NOTHING if rule.country is None else self.country(rule.country),
                *self.codes_of(rule.exclusions),
            )
            for rule in antigen.birth_immunity
        ]
        bars = [
            (
                self.observation(rule.observation),
                packed(rule.begin),
                packed(rule.end),
                at.NOTHING if rule.cvx is None else self.products[rule.cvx],
            )
            for rule in antigen.contraindications
        ]
        series = [self.series(one) for one in ordered]
        return (
            *self.place(series),
            *self.codes_of(antigen.immunity_observations),
            *self.place(births),
            *self.place(bars),
            index,
        )

    def country(self, name: str) -> int:
        return self.countries.setdefault(name, len(self.countries))

    def series(self, series: Series) -> Row:
        doses = [self.dose(dose) for dose in series.doses]
        indications = [
            (self.observation(i.observation), packed(i.begin), packed(i.end))
            for i in series.indications
        ]
        return (
            KINDS.index(series.kind),
            sum({SEX.get(gender, UNKNOWN_SEX) for gender in series.genders}),
            int(series.is_default),
            int(series.is_product),
            series.series_group,
            sum(1 << group for group in series.equivalent_groups),
            ord((series.priority or "\0")[0]),
            99 if series.preference is None else series.preference,
            packed(series.min_age_to_start),
            packed(series.max_age_to_start),
            *self.place(doses),
            *self.place(indications),
        )

    def dose(self, dose: SeriesDose) -> Row:
        vaccines = self.place([self.vaccine(v) for v in (*dose.preferable, *dose.allowable)])
        skips = [self.skip(skip) for skip in dose.skips]
        intervals = [self.interval(rule) for rule in dose.intervals]
        allowable = [self.interval(rule) for rule in dose.allowable_intervals]
        return (
            dose.number,
            *self.place([self.age(rule) for rule in dose.ages]),
            *self.place(intervals),
            *self.place(allowable),
            *vaccines,
            vaccines[0] + len(dose.preferable) * at.VACCINE,
            *self.place(skips),
            self.product_set(dose.inadvertent),
            int(dose.is_recurring),
            day_number(dose.season_start),
            day_number(dose.season_end),
        )

    def age(self, rule: AgeRule) -> Row:
        offsets = (rule.absolute_minimum, rule.minimum, rule.earliest, rule.latest, rule.maximum)
        return (*map(packed, offsets), day_number(rule.effective), day_number(rule.cessation))

    def interval(self, rule: IntervalRule) -> Row:
        return (
            ANCHORS.index(rule.anchor),
            at.NOTHING if rule.target is None else rule.target,
            self.product_set(rule.vaccines),
            self.observation(rule.observation),
            *map(packed, (rule.absolute_minimum, rule.minimum, rule.earliest, rule.latest)),
            int(rule.is_priority),
            day_number(rule.effective),
            day_number(rule.cessation),
        )

    def vaccine(self, rule: VaccineRule) -> Row:
        maker = at.NOTHING
        if rule.mvx is not None:
            maker = self.makers.setdefault(rule.mvx, len(self.makers))
        return self.products[rule.cvx], packed(rule.begin), packed(rule.end), maker

    def skip(self, skip: Skip) -> Row:
        sets = [
            (
                *self.place([self.condition(c) for c in one.conditions]),
                int(one.is_every),
                day_number(one.effective),
                day_number(one.cessation),
            )
            for one in skip.sets
        ]
        return *self.place(sets), int(skip.is_every), int(skip.in_evaluation), int(skip.in_forecast)

    def condition(self, condition: Condition) -> Row:
        is_count = condition.test is Test.COUNT
        return (
            TESTS.index(condition.test),
            packed(condition.begin_age),
            packed(condition.end_age),
            day_number(condition.start_on),
            day_number(condition.end_on),
            packed(condition.interval),
            condition.count,
            COMPARISONS.index(condition.comparison) if is_count else 0,
            int(condition.is_valid_only),
            self.product_set(condition.vaccines),
            sum(1 << group for group in condition.series_groups),
        )


def _all_products(schedule: Schedule) -> set[int]:
    antigens = schedule.antigens.values()
    doses = [dose for a in antigens for series in a.series for dose in series.doses]
    named = {rule.cvx for dose in doses for rule in (*dose.preferable, *dose.allowable)}
    barred = {c.cvx for a in antigens for c in a.contraindications if c.cvx is not None}
    return (
        named | barred | set(schedule.products) | {c for pair in schedule.conflicts for c in pair}
    )


def _first_of_months() -> list[int]:
    months = np.datetime64(EPOCH, "M") + np.arange(MONTHS)
    days: list[int] = (months.astype("datetime64[D]") - np.datetime64(EPOCH)).astype(int).tolist()
    return days


def people_of(children: Sequence[Child], codes: Codes) -> People:
    """A population from single children; the slow door, for tests and small lists."""
    doses = [sorted(child.doses, key=lambda dose: dose.given_on) for child in children]
    flat = [dose for of_child in doses for dose in of_child]
    observed = [o for child in children for o in child.observations]
    return People(
        born=_ints(day_number(child.born_on) for child in children),
        sex=_ints(SEX.get(child.sex, UNKNOWN_SEX) for child in children),
        country=_ints(codes.countries.get(child.country or "", -1) for child in children),
        dose_from=_starts(len(of_child) for of_child in doses),
        dose_day=_ints(day_number(dose.given_on) for dose in flat),
        product=_ints(codes.products.get(dose.cvx, -1) for dose in flat),
        maker=_ints(at.NOTHING if d.mvx is None else codes.makers.get(d.mvx, -1) for d in flat),
        is_unfit=np.array([dose.is_unfit for dose in flat], np.uint8),
        observation_from=_starts(len(child.observations) for child in children),
        observation=_ints(codes.observations.get(o.code, -1) for o in observed),
        observation_day=_ints(day_number(o.observed_on) for o in observed),
    )


def _ints(values: Iterable[int]) -> Ints:
    return np.fromiter(values, np.int32)


def _starts(lengths: Iterable[int]) -> npt.NDArray[np.int64]:
    return np.concatenate([[0], np.cumsum(np.fromiter(lengths, np.int64))]).astype(np.int64)


def make_workspace(schedule: Ints, most_given: int, most_seen: int) -> Ints:
    """Room for one thread: one person's doses and observations, all courses of one antigen."""
    antigens = _rows(schedule, at.ANTIGENS_FROM, at.ANTIGEN)
    spans = [_rows(schedule, a + at.SERIES_FROM, at.SERIES) for a in antigens]
    courses = max(len(span) for span in spans)
    longest = max(len(_rows(schedule, s + at.DOSE_FROM, at.DOSE)) for span in spans for s in span)
    records, targets = most_given + 1, longest + most_given + 1
    room = at.COURSE_HEAD + 3 * records + 3 * targets
    cells: list[int] = [0] * at.WORK_HEAD

    def reserve(size: int) -> int:
        begin = len(cells)
        cells.extend([0] * size)
        return begin

    cells[at.GIVEN_FROM] = reserve(records * at.GIVEN)
    cells[at.SEEN_FROM] = reserve((most_seen + 1) * at.SEEN)
    cells[at.COURSES] = reserve(courses * room)
    cells[at.SCRATCH], cells[at.CHOSEN] = reserve(4 * courses), reserve(courses)
    cells[at.COURSE_COUNT], cells[at.COURSE_ROOM] = courses, room
    for c in range(courses):
        course = cells[at.COURSES] + c * room
        sizes = [records] * 3 + [targets] * 3
        for cell in range(len(sizes)):
            cells[course + at.JUDGED + cell] = course + at.COURSE_HEAD + sum(sizes[:cell])
    groups = len(_rows(schedule, at.GROUPS_FROM, at.GROUP))
    cells[at.ANSWER_ROW], cells[at.LAST_BLANK] = reserve(at.ANSWER), reserve(groups * at.BLANK)
    cells[at.STATES] = reserve(len(antigens) * at.STATE)
    for a in range(len(antigens)):
        state = cells[at.STATES] + a * at.STATE
        cells[state + at.RECORDS] = reserve(records)
        cells[state + at.KEPT] = reserve(courses * at.COURSE)
        cells[state + at.BY_PRIORITISED] = reserve(5 * records)
        cells[state + at.BY_ANY] = reserve(5 * records)
    return np.array(cells, np.int32)


def _rows(schedule: Ints, cell: int, width: int) -> range:
    return range(int(schedule[cell]), int(schedule[cell + 1]), width)
