"""The charts and tables of people: from whom, for what, why, how late, where, who."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from qamqor.engine.charts import bars, dots, tiles
from qamqor.engine.charts.svg import Caption
from qamqor.engine.population.intervals import Interval, share
from qamqor.services.report_count import LATENESS_DAYS
from qamqor.services.report_shown import Figures, Split
from qamqor.services.report_speaker import (
    Picture,
    Speaker,
    Table,
    as_markup,
    drawings,
    legend,
    name_order,
)

# By urgency: now, and soon.
MOST_REASONS: Final = {1: 5, 2: 2}
MOST_WAITS: Final = 7
# Longer waits are drawn in years.
DAYS_IN_YEARS: Final = 1100


def _bar(label: str, split: Split, speaker: Speaker, *, is_programme: bool) -> bars.Bar:
    say = speaker.words.say
    if split.overdue is not None and split.due is not None:
        parts = [("overdue", split.overdue), ("due", split.due)]
    else:
        parts = [("open", split.open or 0)]
    if is_programme:
        parts += [("unknown", split.unknown or 0), ("not_due", split.not_due or 0)]
    if split.open is None:
        said = say("hidden")
    elif is_programme:
        said = say("{open} of {people}", open=split.open, people=speaker.amount(split.people))
    else:
        said = speaker.words.number(split.open)
    return bars.Bar(label, said, tuple(parts))


def roles(figures: Figures, speaker: Speaker) -> Picture:
    """From whom people need something now."""
    say = speaker.words.say
    rows = [
        _bar(speaker.role(split.key), split, speaker, is_programme=False) for split in figures.roles
    ]
    title = say("People who need somebody now, by who should act")
    caption = Caption("roles", title, _listed(rows))
    table = Table(
        title,
        (say("Who should act"), say("People"), say("Overdue"), say("Due"), say("Urgent")),
        [
            (
                speaker.role(split.key),
                *map(speaker.amount, (split.open, split.overdue, split.due, split.urgent)),
            )
            for split in figures.roles
        ],
    )
    picture = drawings(lambda frame: bars.state_bars(rows, caption, frame))
    return Picture(picture, table, legend(speaker, ("overdue", "due")))


def _listed(rows: Sequence[bars.Bar] | Sequence[dots.Row]) -> str:
    return "; ".join(f"{row.label}: {row.said}" for row in rows) + "."


def programmes(figures: Figures, speaker: Speaker) -> Picture:
    """People of each programme by state."""
    say = speaker.words.say
    rows = [
        _bar(speaker.names.programme(split.key), split, speaker, is_programme=True)
        for split in figures.programmes
    ]
    title = say("People of each programme by state")
    table = Table(
        title,
        (
            say("Programme"),
            say("People"),
            say("Overdue"),
            say("Due"),
            say("Not known"),
            say("Not due yet"),
        ),
        [
            (
                speaker.names.programme(one.key),
                *map(speaker.amount, (one.people, one.overdue, one.due, one.unknown, one.not_due)),
            )
            for one in figures.programmes
        ],
    )
    caption = Caption("programmes", title, _listed(rows))
    picture = drawings(lambda frame: bars.state_bars(rows, caption, frame))
    has_unknown = any(one.unknown != 0 for one in figures.programmes)
    kinds = (
        ("overdue", "due", "unknown", "not_due") if has_unknown else ("overdue", "due", "not_due")
    )
    return Picture(picture, table, legend(speaker, kinds))


@dataclass(frozen=True, slots=True)
class Pressing:
    """A reason with everyone who should act on it.

    Attributes:
        lines: what they should do, who, for how many people.
    """

    why: str
    programme: str
    urgency: int
    lines: list[tuple[str, str, int]]

    @property
    def people(self) -> int:
        """Needs, the same person with two actions twice."""
        return sum(people for _, _, people in self.lines)


def reasons(figures: Figures, speaker: Speaker) -> list[Pressing]:
    """The most pressing reasons that may be shown; the same reason of several actions once."""
    names = speaker.names
    found: dict[tuple[int, str, str], Pressing] = {}
    for one in figures.reasons:
        if not one.people or one.urgency not in MOST_REASONS:
            continue
        why = names.reason(one.programme, one.action, one.reason)
        pressing = found.setdefault(
            (one.urgency, one.programme, why),
            Pressing(why, names.programme(one.programme), one.urgency, []),
        )
        pressing.lines.append(
            (
                names.action(one.programme, one.action),
                speaker.role(one.role),
                one.people,
            )
        )
    ordered = sorted(found.values(), key=lambda one: (one.urgency, -one.people))
    chosen: list[Pressing] = []
    for urgency, most in MOST_REASONS.items():
        chosen += [one for one in ordered if one.urgency == urgency][:most]
    return chosen


def all_reasons(figures: Figures, speaker: Speaker) -> Table:
    """Every reason why somebody is needed now."""
    say, names = speaker.words.say, speaker.names
    rows = [
        (
            names.reason(one.programme, one.action, one.reason),
            names.action(one.programme, one.action),
            names.programme(one.programme),
            speaker.role(one.role),
            speaker.amount(one.people),
        )
        for one in figures.reasons
    ]
    head = (say("Reason"), say("What they need"), say("Programme"), say("Who should act"))
    return Table(say("All reasons, the most pressing first"), (*head, say("People")), rows)


def lateness(figures: Figures, speaker: Speaker) -> Picture:
    """Overdue people by how long their oldest need has waited."""
    say = speaker.words.say
    names = [
        say("up to 1 month"),
        say("1–3 months"),
        say("3–12 months"),
        say("1–2 years"),
        say("over 2 years"),
    ][: len(LATENESS_DAYS) + 1]
    values = [
        (name, people, speaker.amount(people))
        for name, people in zip(names, figures.lateness, strict=True)
    ]
    title = say("Overdue people by how long the date has passed")
    described = "; ".join(f"{name}: {said}" for name, _, said in values) + "."
    caption = Caption("lateness", title, described)
    table = Table(
        title,
        (say("Past the date"), say("People")),
        [(name, said) for name, _, said in values],
    )
    return Picture(drawings(lambda frame: bars.columns(values, caption, frame)), table)


def waits(figures: Figures, speaker: Speaker) -> Picture | None:
    """The actions whose overdue people have waited longest."""
    words = speaker.words
    late = [one for one in figures.late if one.middle_days is not None]
    late.sort(key=lambda one: -(one.middle_days or 0))
    if not late:
        return None
    in_years = max(one.most_days or 0 for one in late[:MOST_WAITS]) > DAYS_IN_YEARS
    unit_days = 365.25 if in_years else 30.44
    rows = [
        bars.Wait(
            speaker.need(one.programme, one.action),
            words.lateness(one.middle_days or 0),
            (one.middle_days or 0) / unit_days,
            (one.most_days or 0) / unit_days,
        )
        for one in late[:MOST_WAITS]
    ]
    title = words.say("How long overdue people have waited, by what they need")
    described = "; ".join(f"{row.label}: {row.said}" for row in rows) + "."
    caption = Caption("waits", title, described)
    unit = words.say("years past the date") if in_years else words.say("months past the date")
    table = Table(
        title,
        (
            words.say("What they need"),
            words.say("Overdue people"),
            words.say("Half have waited at least"),
            words.say("One in ten at least"),
        ),
        [
            (
                speaker.need(one.programme, one.action),
                speaker.amount(one.overdue),
                words.lateness(one.middle_days or 0),
                words.lateness(one.most_days or 0),
            )
            for one in late
        ],
    )
    return Picture(
        drawings(lambda frame: bars.waits(rows, caption, frame, words.tick, unit)), table
    )


def _rate(interval: Interval, shape: str = "filled") -> dots.Rate:
    return dots.Rate(interval.value * 100, interval.low * 100, interval.high * 100, shape)


def _needing(split: Split) -> Interval | None:
    if split.open is None or not split.people:
        return None
    return share(split.open, split.people)


def _overall(figures: Figures, speaker: Speaker) -> tuple[float, str] | None:
    found = _needing(figures.everybody)
    if found is None:
        return None
    return found.value * 100, speaker.words.say(
        "all: {share}", share=speaker.words.percent(found.value)
    )


def _split_table(
    title: str,
    name: str,
    splits: Sequence[Split],
    label: Callable[[Any], str],
    speaker: Speaker,
    *,
    has_parts: bool = True,
) -> Table:
    say = speaker.words.say
    rows = []
    for one in splits:
        rate = _needing(one)
        parts = (one.overdue, one.due) if has_parts else (one.open,)
        rows.append(
            (
                label(one.key),
                *map(speaker.amount, (one.people, *parts)),
                speaker.words.percent(rate.value) if rate else say("hidden"),
                speaker.words.between(rate) if rate else say("hidden"),
            )
        )
    middle = (say("Overdue"), say("Due")) if has_parts else (say("Need somebody now"),)
    head = (name, say("People"), *middle, say("Share"), say("95% interval"))
    return Table(title, head, rows)


def _split_rows(
    splits: Sequence[Split], label: Callable[[Any], str], speaker: Speaker
) -> list[dots.Row]:
    say, rows = speaker.words.say, []
    for one in splits:
        rate = _needing(one)
        said = say("hidden")
        if rate:
            said = say("{open} of {people}", open=one.open or 0, people=one.people or 0)
        rows.append(dots.Row(label(one.key), said, (_rate(rate),) if rate else ()))
    return rows


def groups(
    key: str,
    title: str,
    name: str,
    splits: Sequence[Split],
    label: Callable[[Any], str],
    figures: Figures,
    speaker: Speaker,
) -> Picture:
    """The share of each group who need somebody now, each with its interval."""
    rows = _split_rows(splits, label, speaker)
    caption = Caption(key, title, _listed(rows))
    overall = _overall(figures, speaker)
    picture = drawings(
        lambda frame: dots.rates(rows, caption, frame, speaker.words.tick_percent, overall=overall)
    )
    return Picture(picture, _split_table(title, name, splits, label, speaker))


def units(figures: Figures, speaker: Speaker) -> Picture | None:
    """Areas, organisations or places, in the order of their names."""
    if not figures.unit:
        return None
    say = speaker.words.say
    ordered = sorted(figures.units, key=lambda one: name_order(speaker.unit(figures, one.key)))
    heads = {
        "area": say("GP area"),
        "organisation": say("Organisation"),
        "place": say("Place"),
        "region": say("Region"),
    }
    return groups(
        "units",
        say("Share of people who need somebody now, by place"),
        heads.get(figures.unit, say("Place")),
        ordered,
        lambda key: speaker.unit(figures, key),
        figures,
        speaker,
    )


def regions(figures: Figures, speaker: Speaker) -> Picture | None:
    """A country's regions as tiles; null where the numbers are not a country's."""
    if figures.unit != "region":
        return None
    words, title = (
        speaker.words,
        speaker.words.say("Share of people who need somebody now, by region"),
    )
    found = []
    for split in figures.units:
        place = speaker.names.tile(split.key) if split.key else None
        rate = _needing(split)
        if place:
            said = words.tick(round(rate.value * 100)) if rate else words.say("hidden")
            found.append(tiles.Tile(*place, rate.value * 100 if rate else None, said))
    if not found:
        return None
    described = "; ".join(f"{tile.name}: {tile.said}" for tile in found) + "."
    caption = Caption("regions", title, described)
    table = _split_table(
        title,
        words.say("Region"),
        figures.units,
        lambda key: speaker.unit(figures, key),
        speaker,
    )
    picture = drawings(lambda frame: tiles.tile_map(found, caption, frame, words.tick_percent))
    return Picture(picture, table)


def settlements(figures: Figures, speaker: Speaker) -> Picture:
    """Villages and towns."""
    say = speaker.words.say
    return groups(
        "settlements",
        say("Share of people who need somebody now, villages and towns"),
        say("Settlement"),
        figures.settlements,
        speaker.settlement,
        figures,
        speaker,
    )


def ages(figures: Figures, speaker: Speaker) -> Picture:
    """Age bands, women filled and men hollow."""
    say = speaker.words.say
    found = {one.key: one for one in figures.ages}
    rows = []
    for band in dict.fromkeys(one.key[0] for one in figures.ages if one.key[0]):
        pair = [(found.get((band, sex)), shape) for sex, shape in SHAPES.items()]
        known = [(_needing(one), shape) for one, shape in pair if one]
        rates = tuple(_rate(rate, shape) for rate, shape in known if rate)
        said = " · ".join(
            speaker.words.percent(rate.value) if rate else say("hidden") for rate, _ in known
        )
        if known:
            rows.append(dots.Row(speaker.age(band), said, rates))
    title = say("Share of women and men who need somebody now, by age")
    caption = Caption("ages", title, _listed(rows))
    table = _split_table(
        title,
        say("Age and sex"),
        figures.ages,
        lambda key: f"{speaker.age(key[0])}, {speaker.sex(key[1])}",
        speaker,
        has_parts=False,
    )
    picture = drawings(lambda frame: dots.rates(rows, caption, frame, speaker.words.tick_percent))
    dot = [(as_markup(dots.swatch(shape)), speaker.sex(sex)) for sex, shape in SHAPES.items()]
    return Picture(picture, table, dot)


SHAPES: Final = {"female": "filled", "male": "hollow"}
