"""The charts and tables of measures: each with its interval, its gaps, its areas side by side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from markupsafe import Markup

from qamqor.engine.charts import dots, funnel, gaps
from qamqor.engine.charts.svg import PHONE, Caption
from qamqor.engine.charts.trend import Trend, trend
from qamqor.engine.population.intervals import Z998, Interval, expected, gap
from qamqor.services.report_measured import Proportion, Shares
from qamqor.services.report_shown import Figures
from qamqor.services.report_speaker import (
    DOT,
    Picture,
    Speaker,
    Table,
    as_markup,
    drawings,
    name_order,
)

LEAST_UNITS: Final = 4
MOST_GAPS: Final = 10
# Whose gap is asked about: the group that is usually behind, and the one it is held against.
PAIRS: Final[dict[str, tuple[Any, Any]]] = {"settlement": (True, False), "sex": ("male", "female")}


@dataclass(frozen=True, slots=True)
class Card:
    """One measure.

    Attributes:
        value: the share in words; empty where hidden or nobody counts.
        likely: its interval in words.
        done, numerator, of, denominator: how many with whom, of how many of whom.
        change: against the period before, in words; ``change_kind`` good, bad or none.
        drawing: trend where there are periods, else the interval on its scale; null if hidden.
    """

    programme: str
    title: str
    value: str
    likely: str
    done: str
    numerator: str
    of: str
    denominator: str
    excluded: str
    change: str
    change_kind: str
    drawing: Markup | None
    table: Table


def cards(figures: Figures, speaker: Speaker) -> list[Card]:
    """One card a measure, those of a programme beside each other."""
    return [
        _card(f"measure{index}", shares, speaker) for index, shares in enumerate(figures.measures)
    ]


def _card(key: str, shares: Shares, speaker: Speaker) -> Card:
    words, say = speaker.words, speaker.words.say
    about = speaker.names.measure(shares.measure)
    now, interval = shares.now, shares.now.interval
    change, kind = _change(shares, speaker, is_higher_better=about.is_higher_better)
    value = words.number(interval.value * 100, 1) if interval else ""
    return Card(
        about.programme,
        about.title,
        value,
        say("likely {ends}", ends=words.between(interval)) if interval else "",
        speaker.amount(now.numerator) if now.denominator != 0 else say("nobody counts here"),
        about.numerator,
        speaker.amount(now.denominator),
        about.denominator,
        say("left out: {n}", n=speaker.amount(shares.excluded)) if shares.excluded != 0 else "",
        change,
        kind,
        _drawing(key, about.title, shares, speaker) if interval else None,
        _periods(f"{about.title} · {about.programme}", shares, speaker),
    )


def _change(shares: Shares, speaker: Speaker, *, is_higher_better: bool) -> tuple[str, str]:
    """Against the period before: an arrow and a number, or *no change* where it may be chance."""
    say, history = speaker.words.say, shares.history
    if len(history) < 2 or shares.now.interval is None:
        return "", "none"
    now, before = ((one.numerator or 0, one.denominator or 0) for one in (history[-1], history[-2]))
    if not (now[1] and before[1]):
        return "", "none"
    step = gap(now, before)
    since = speaker.words.month(history[-2].key[1])
    if step.spans(0):
        return say("no sure change since {month}", month=since), "none"
    arrow = (
        "\N{BLACK UP-POINTING TRIANGLE}" if step.value > 0 else "\N{BLACK DOWN-POINTING TRIANGLE}"
    )
    sign = "+" if step.value > 0 else ""
    number = f"{arrow} {sign}{speaker.words.points(step.value)}"
    kind = "good" if (step.value > 0) == is_higher_better else "bad"
    return say("{change} points since {month}", change=number, month=since), kind


def _as_rate(interval: Interval, shape: str = "filled") -> dots.Rate:
    return dots.Rate(interval.value * 100, interval.low * 100, interval.high * 100, shape)


def _drawing(key: str, title: str, shares: Shares, speaker: Speaker) -> Markup:
    words, history = speaker.words, shares.history
    rates = [_as_rate(one.interval) for one in history if one.interval]
    described = "; ".join(
        f"{words.month(one.key[1])}: {words.percent(one.interval.value)} "
        f"({words.between(one.interval)})"
        for one in history
        if one.interval
    )
    caption = Caption(key, title, described + ".")
    if len(rates) < 2:
        drawn = dots.single(rates[-1], caption, PHONE, words.tick_percent)
    else:
        ends = words.month(history[0].key[1]), words.month(history[-1].key[1])
        drawn = trend(Trend(rates, *ends), caption, PHONE, words.tick_percent)
    return as_markup(drawn)


def _periods(title: str, shares: Shares, speaker: Speaker) -> Table:
    words, say = speaker.words, speaker.words.say
    history = list(shares.history) or [shares.now]
    rows = [
        (f"{words.short_day(one.key[0])}–{words.short_day(one.key[1])}", *_numbers(one, speaker))
        for one in history
    ]
    for by, name_of in (("settlement", speaker.settlement), ("sex", speaker.sex)):
        rows += [
            (name_of(one.key), *_numbers(one, speaker))
            for one in shares.groups[by]
            if one.denominator != 0 and len(shares.groups[by]) > 1
        ]
    head = (say("Period or group"), say("Done"), say("Of"), say("Share"), say("95% interval"))
    return Table(title, head, rows)


def _numbers(one: Proportion, speaker: Speaker) -> tuple[str, str, str, str]:
    words, hidden = speaker.words, speaker.words.say("hidden")
    interval = one.interval
    return (
        speaker.amount(one.numerator),
        speaker.amount(one.denominator),
        words.percent(interval.value) if interval else hidden,
        words.between(interval) if interval else hidden,
    )


@dataclass(frozen=True, slots=True)
class Gap:
    """How much worse care reaches one group, in percentage points turned so that left is worse."""

    label: str
    shares: Shares
    interval: Interval
    is_higher_better: bool

    @property
    def is_certain(self) -> bool:
        """Beyond what chance explains."""
        return not self.interval.spans(0)


def gaps_of(figures: Figures, by: str, speaker: Speaker) -> list[Gap]:
    """The gaps of all measures between two groups, those beyond chance and the largest on top."""
    found = []
    for shares in figures.measures:
        about = speaker.names.measure(shares.measure)
        step = shares.gap(by, *PAIRS[by])
        if step is None:
            continue
        if not about.is_higher_better:
            step = Interval(-step.value, -step.high, -step.low)
        label = about.title + DOT + about.programme
        found.append(Gap(label, shares, step, about.is_higher_better))
    return sorted(found, key=lambda one: (not one.is_certain, -abs(one.interval.value)))


def beside(by: str, found: list[Gap], speaker: Speaker) -> Picture:
    """Both groups of each measure beside each other, the largest gaps on top."""
    words, say = speaker.words, speaker.words.say
    name_of = speaker.settlement if by == "settlement" else speaker.sex
    first, second = (name_of(key) for key in PAIRS[by])
    rows = [_dumbbell(one, by, (first, second), speaker) for one in found[:MOST_GAPS]]
    title = say("Gaps between {first} and {second}", first=first, second=second)
    table = Table(
        title,
        (
            say("Measure"),
            f"{first}, %",
            f"{second}, %",
            say("Gap, points"),
            say("95% interval"),
            say("Beyond chance"),
        ),
        [_gap_row(one, by, speaker) for one in found],
    )
    described = "; ".join(f"{row.label}: {row.gap}" for row in rows) + "."
    caption = Caption(f"gaps-{by}", title, described)
    picture = drawings(lambda frame: gaps.dumbbells(rows, caption, frame, words.tick_percent))
    marks = [(as_markup(dots.swatch("hollow")), first), (as_markup(dots.swatch("filled")), second)]
    return Picture(picture, table, marks)


def _dumbbell(one: Gap, by: str, groups: tuple[str, str], speaker: Speaker) -> gaps.Dumbbell:
    """The gap is said as who is behind and by how much, so that the sign needs no thought."""
    words, say = speaker.words, speaker.words.say
    known = {group.key: group.interval for group in one.shares.groups[by]}
    first, second = (known[key] for key in PAIRS[by])
    if first is None or second is None:
        raise AssertionError("a gap has two groups")
    said = say("may be chance")
    if one.is_certain:
        step = one.interval
        is_first = step.value < 0
        ends = Interval(-step.value, -step.high, -step.low) if is_first else step
        said = say(
            "{who} behind by {points} ({ends})",
            who=groups[0] if is_first else groups[1],
            points=words.points(ends.value),
            ends=words.between(ends),
        )
    marks = (_as_rate(first, "hollow"), _as_rate(second))
    return gaps.Dumbbell(one.label, *marks, said, one.is_certain)


def _gap_row(one: Gap, by: str, speaker: Speaker) -> tuple[str, ...]:
    words, say = speaker.words, speaker.words.say
    found = {group.key: group.interval for group in one.shares.groups[by]}
    values = [found[key] for key in PAIRS[by]]
    return (
        one.label,
        *(words.points(value.value) if value else "" for value in values),
        words.points(one.interval.value),
        words.between(one.interval),
        say("yes") if one.is_certain else say("may be chance"),
    )


@dataclass(frozen=True, slots=True)
class Compared:
    """One measure across areas; ``sentence`` says which stand out."""

    title: str
    programme: str
    drawing: Markup
    table: Table
    sentence: str
    has_outliers: bool


def compared(figures: Figures, speaker: Speaker) -> list[Compared]:
    """Each measure with enough areas as a funnel; those where an area stands out come first."""
    found = []
    for index, shares in enumerate(figures.measures):
        units = [one for one in shares.groups.get("units", ()) if one.interval and one.key]
        if len(units) >= LEAST_UNITS and shares.now.interval:
            found.append(_compared(f"funnel{index}", shares, units, figures, speaker))
    return sorted(found, key=lambda one: not one.has_outliers)


def _compared(
    key: str, shares: Shares, units: list[Proportion], figures: Figures, speaker: Speaker
) -> Compared:
    words, say = speaker.words, speaker.words.say
    about = speaker.names.measure(shares.measure)
    done = sum(one.numerator or 0 for one in units)
    centre = done / sum(one.denominator or 0 for one in units)
    points, outliers = [], []
    for one in units:
        low, high = expected(centre, one.denominator or 1, Z998)
        value = (one.numerator or 0) / (one.denominator or 1)
        name = speaker.unit(figures, one.key)
        is_out = not low <= value <= high
        if is_out:
            outliers.append(name)
        points.append(
            funnel.Point(
                one.denominator or 0,
                value * 100,
                name if is_out else "",
                "square" if is_out else "hollow",
            )
        )
    chart = funnel.Funnel(
        points,
        lambda people: _limits(centre, people),
        lambda people: _limits(centre, people, Z998),
        centre * 100,
        say("all: {share}", share=words.percent(centre)),
        say("people counted"),
    )
    title = say("{measure} · {programme}, by place", measure=about.title, programme=about.programme)
    table = _units_table(title, shares, figures, speaker)
    described = "; ".join(f"{row[0]}: {row[3]}" for row in table.rows) + "."
    caption = Caption(key, about.title, described)
    drawn = funnel.funnel(chart, caption, PHONE, words.tick_percent, words.tick)
    sentence = say("none stands out")
    if outliers:
        sentence = say("outside the funnel: {names}", names=", ".join(outliers))
    words_ = (about.title, about.programme)
    return Compared(*words_, as_markup(drawn), table, sentence, bool(outliers))


def _limits(centre: float, people: float, z: float | None = None) -> tuple[float, float]:
    low, high = expected(centre, people, z) if z else expected(centre, people)
    return low * 100, high * 100


def _units_table(title: str, shares: Shares, figures: Figures, speaker: Speaker) -> Table:
    say = speaker.words.say
    named = [(speaker.unit(figures, one.key), one) for one in shares.groups["units"]]
    named.sort(key=lambda pair: name_order(pair[0]))
    head = (say("Place"), say("Done"), say("Of"), say("Share"), say("95% interval"))
    return Table(title, head, [(name, *_numbers(one, speaker)) for name, one in named])
