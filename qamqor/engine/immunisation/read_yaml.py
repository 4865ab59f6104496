"""Reads a national schedule from YAML of the same meaning as CDSi supporting data."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from functools import lru_cache
from typing import Any, Final, TypeVar

import yaml

from qamqor.engine.immunisation.schedule import (
    AgeRule,
    Anchor,
    Antigen,
    Association,
    BirthImmunity,
    Condition,
    Conflict,
    Contraindication,
    Indication,
    IntervalRule,
    Offset,
    Schedule,
    Series,
    SeriesDose,
    SeriesKind,
    Skip,
    SkipSet,
    Test,
    VaccineGroup,
    VaccineRule,
    read_offset,
)
from qamqor.errors import ContentError, Problem

_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
Block = Mapping[str, Any]
T = TypeVar("T")

_ANCHORS: Final = {
    "dose": Anchor.TARGET,
    "products": Anchor.RECENT,
    "observation": Anchor.OBSERVATION,
}
_COMPARISONS: Final = {
    "doses": ("equal to", 0),
    "at_least": ("greater than", 1),
    "fewer_than": ("less than", 0),
}
_STATUSES: Final = {"confirmed", "secondary", "assumption", "uncertain"}
_SERIES_WORDS: Final = """
name enabled kind antigens group sexes source status series_group default product equivalent_groups
priority preference min_age_to_start max_age_to_start indications doses
"""
_SERIES_KEYS: Final = frozenset(_SERIES_WORDS.split())
_DOSE_WORDS: Final = """
n status source age intervals allowable give accept unwanted skip recurring season
"""
_DOSE_KEYS: Final = frozenset(_DOSE_WORDS.split())
_INTERVAL_WORDS: Final = "from abs_min min earliest latest override effective cessation"
_INTERVAL_KEYS: Final = frozenset(_INTERVAL_WORDS.split())
_CONDITION_WORDS: Final = """
age_from age_until doses at_least fewer_than before_age start_on end_on products valid wait
completed_groups
"""
_CONDITION_KEYS: Final = frozenset(_CONDITION_WORDS.split())


def read_schedule(text: str, *, where: str = "schedule.yaml") -> Schedule:
    """A schedule from one YAML text.

    Raises:
        ContentError: everything that is wrong with it, each with the series and dose it is in.
    """
    try:
        block = yaml.load(text, Loader=_LOADER)  # noqa: S506
    except yaml.YAMLError as error:
        raise ContentError([Problem(where, f"not YAML: {error}")]) from error
    if not isinstance(block, dict) or "series" not in block or "products" not in block:
        problem = Problem(where, "no schedule", "write calendar, products, groups and series")
        raise ContentError([problem])
    return _Reader(block, where).schedule()


class _Reader:
    """Reads part after part and collects what is wrong, so that all is said at once."""

    def __init__(self, block: Block, where: str) -> None:
        self.block, self.where = block, where
        self.problems: list[Problem] = []
        self.sources = set(block["calendar"].get("sources", {}))
        self.observations = set(block.get("observations", {}))
        self.products = {int(p["cvx"]): p for p in block["products"]}
        self.antigens = {a for p in block["products"] for a in p["antigens"]}

    def schedule(self) -> Schedule:
        series = [
            one
            for part in self.block["series"]
            if part.get("enabled", True)
            for one in self.series(part)
        ]
        bars, immunity = self.contraindications(), self.block.get("immunity", [])
        schedule = Schedule(
            name=self.block["calendar"]["id"],
            version=str(self.block["calendar"]["version"]),
            antigens={
                name: Antigen(
                    name,
                    tuple(one for one in series if one.antigen == name),
                    immunity_observations=frozenset(
                        i["observation"]
                        for i in immunity
                        if i["antigen"] == name and "observation" in i
                    ),
                    birth_immunity=tuple(
                        BirthImmunity(
                            i["born_before"], i.get("country"), frozenset(i.get("unless", []))
                        )
                        for i in immunity
                        if i["antigen"] == name and "born_before" in i
                    ),
                    contraindications=tuple(bar for antigen, bar in bars if antigen == name),
                )
                for name in sorted(self.antigens & {one.antigen for one in series})
            },
            groups={
                g["name"]: VaccineGroup(g["name"], tuple(g["antigens"]), g.get("full"))
                for g in self.block["groups"]
            },
            products={
                cvx: tuple(Association(antigen) for antigen in product["antigens"])
                for cvx, product in self.products.items()
            },
            conflicts=dict(self.conflicts()),
            product_names={cvx: product["name"] for cvx, product in self.products.items()},
        )
        if self.problems:
            raise ContentError(self.problems)
        return schedule

    def problem(self, place: str, what: str, fix: str = "") -> None:
        self.problems.append(Problem(f"{self.where} {place}", what, fix))

    def keys(self, place: str, block: Block, known: frozenset[str]) -> None:
        for key in sorted(set(block) - known):
            self.problem(place, f"unknown word {key!r}", f"known are {', '.join(sorted(known))}")

    def offset(self, place: str, text: Any) -> Offset | None:
        try:
            return read_offset(None if text is None else str(text))
        except ContentError as error:
            self.problem(place, error.problems[0].what)
            return None

    def known(self, place: str, kind: str, value: Any, names: Iterable[Any]) -> None:
        if value not in names:
            self.problem(place, f"unknown {kind} {value!r}")

    def series(self, block: Block) -> list[Series]:
        place = str(block.get("name", "a series without a name"))
        self.keys(place, block, _SERIES_KEYS)
        self.known(place, "source", block.get("source"), self.sources)
        for antigen in block["antigens"]:
            self.known(place, "antigen", antigen, self.antigens)
        self.known(place, "group", block["group"], [g["name"] for g in self.block["groups"]])
        doses = tuple(self.dose(place, dose) for dose in block["doses"])
        if [dose.number for dose in doses] != list(range(1, len(doses) + 1)):
            self.problem(place, "dose numbers are not 1, 2, 3 …")
        kind = SeriesKind(block.get("kind", "standard"))
        return [
            Series(
                name=place,
                antigen=antigen,
                vaccine_group=block["group"],
                kind=kind,
                doses=doses,
                genders=frozenset(block.get("sexes", [])),
                is_default=bool(block.get("default", kind is SeriesKind.STANDARD)),
                is_product=bool(block.get("product", False)),
                series_group=int(block.get("series_group", 1)),
                equivalent_groups=frozenset(block.get("equivalent_groups", [])),
                priority=str(block.get("priority", "A")),
                preference=block.get("preference", 1),
                min_age_to_start=self.offset(place, block.get("min_age_to_start")),
                max_age_to_start=self.offset(place, block.get("max_age_to_start")),
                indications=self.indications(place, block.get("indications", [])),
                source=str(block.get("source", "")),
                status=str(block.get("status", "")),
            )
            for antigen in block["antigens"]
        ]

    def indications(self, place: str, blocks: Iterable[Block]) -> tuple[Indication, ...]:
        found = []
        for block in blocks:
            self.known(place, "observation", block["observation"], self.observations)
            begin, end = block.get("from"), block.get("until")
            span = self.offset(place, begin), self.offset(place, end)
            found.append(Indication(block["observation"], *span))
        return tuple(found)

    def dose(self, series: str, block: Block) -> SeriesDose:
        place = f"{series}, dose {block.get('n')}"
        self.keys(place, block, _DOSE_KEYS)
        self.known(place, "status", block.get("status"), _STATUSES)
        season = block.get("season", {})
        return SeriesDose(
            number=int(block["n"]),
            ages=(self.age(place, block["age"]),) if "age" in block else (),
            intervals=self.each(place, block.get("intervals", []), self.interval),
            allowable_intervals=self.each(place, block.get("allowable", []), self.interval),
            preferable=self.vaccines(place, block.get("give", []), is_forecast=True),
            allowable=self.vaccines(
                place, [*block.get("give", []), *block.get("accept", [])], is_forecast=False
            ),
            inadvertent=frozenset(block.get("unwanted", [])),
            skips=self.each(place, block.get("skip", []), self.skip),
            is_recurring=bool(block.get("recurring", False)),
            season_start=season.get("start"),
            season_end=season.get("end"),
        )

    def each(
        self, place: str, blocks: Iterable[Block], read: Callable[[str, Block], T]
    ) -> tuple[T, ...]:
        return tuple(read(place, block) for block in blocks)

    def age(self, place: str, block: Block) -> AgeRule:
        self.keys(place, block, frozenset({"abs_min", "min", "earliest", "latest", "max"}))
        minimum = self.offset(place, block.get("min"))
        return AgeRule(
            self.offset(place, block.get("abs_min")) or minimum,
            minimum,
            self.offset(place, block.get("earliest")),
            self.offset(place, block.get("latest")),
            self.offset(place, block.get("max")),
        )

    def interval(self, place: str, block: Block) -> IntervalRule:
        self.keys(place, block, _INTERVAL_KEYS)
        start = block.get("from", "previous")
        anchored = start if isinstance(start, dict) else {}
        if start != "previous" and set(anchored) not in ({"dose"}, {"products"}, {"observation"}):
            self.problem(
                place,
                f"an interval cannot start from {start!r}",
                "write previous, {dose: 1}, {products: [3]} or {observation: K01}",
            )
        minimum = self.offset(place, block.get("min"))
        return IntervalRule(
            anchor=_ANCHORS.get(next(iter(anchored), ""), Anchor.PREVIOUS),
            target=anchored.get("dose"),
            vaccines=frozenset(anchored.get("products", [])),
            observation=anchored.get("observation"),
            absolute_minimum=self.offset(place, block.get("abs_min")) or minimum,
            minimum=minimum,
            earliest=self.offset(place, block.get("earliest")),
            latest=self.offset(place, block.get("latest")),
            is_priority=bool(block.get("override", False)),
            effective=block.get("effective"),
            cessation=block.get("cessation"),
        )

    def vaccines(
        self, place: str, listed: Iterable[int | Block], *, is_forecast: bool
    ) -> tuple[VaccineRule, ...]:
        rules = []
        for one in listed:
            block = {"cvx": one} if isinstance(one, int) else one
            self.known(place, "product", block["cvx"], self.products)
            begin, end = block.get("from"), block.get("until")
            span = self.offset(place, begin), self.offset(place, end)
            rules.append(VaccineRule(block["cvx"], *span, is_forecast=is_forecast))
        return tuple(rules)

    def skip(self, place: str, block: Block) -> Skip:
        self.keys(place, block, frozenset({"when", "any", "context", "source", "status"}))
        listed = block.get("when") or block.get("any", [])
        conditions = tuple(self.condition(place, c) for c in listed)
        context = block.get("context", "both")
        self.known(place, "context", context, {"both", "evaluation", "forecast"})
        return Skip(
            sets=(SkipSet(conditions, is_every="when" in block),),
            is_every=True,
            in_evaluation=context != "forecast",
            in_forecast=context != "evaluation",
        )

    def condition(self, place: str, block: Block) -> Condition:
        self.keys(place, block, _CONDITION_KEYS)
        if "completed_groups" in block:
            groups = frozenset(block["completed_groups"])
            return Condition(Test.COMPLETED_SERIES, series_groups=groups)
        if "wait" in block:
            return Condition(Test.INTERVAL, interval=self.offset(place, block["wait"]))
        counted = next((word for word in _COMPARISONS if word in block), None)
        comparison, less = _COMPARISONS.get(counted or "", ("", 0))
        return Condition(
            Test.COUNT if counted else Test.AGE,
            begin_age=self.offset(place, block.get("age_from")),
            end_age=self.offset(place, block.get("before_age") or block.get("age_until")),
            start_on=block.get("start_on"),
            end_on=block.get("end_on"),
            count=int(block[counted]) - less if counted else 0,
            comparison=comparison or "greater than",
            is_valid_only=bool(block.get("valid", True)),
            vaccines=frozenset(block.get("products", [])),
        )

    def contraindications(self) -> list[tuple[str, Contraindication]]:
        found = []
        for block in self.block.get("contraindications", []):
            code = block["observation"]
            self.known("contraindications", "observation", code, self.observations)
            begin = self.offset("contraindications", block.get("from"))
            end = self.offset("contraindications", block.get("until"))
            for antigen in block.get("antigens", sorted(self.antigens)):
                self.known("contraindications", "antigen", antigen, self.antigens)
                found.append((antigen, Contraindication(code, begin, end, block.get("cvx"))))
        return found

    def conflicts(self) -> list[tuple[tuple[int, int], Conflict]]:
        found = []
        for block in self.block.get("conflicts", []):
            begin, end = (self.offset("conflicts", block.get(k)) for k in ("begin", "end"))
            minimum = self.offset("conflicts", block.get("min_end")) or end
            if not begin or not end or not minimum:
                self.problem("conflicts", "begin and end are needed")
                continue
            pairs = [(a, b) for a in block["products"] for b in block["products"]]
            found += [(pair, Conflict(begin, minimum, end)) for pair in pairs]
        return found


@lru_cache(maxsize=32)
def schedule_of(text: str, where: str) -> Schedule:
    """``read_schedule``, remembered: the same text is read once in a process."""
    return read_schedule(text, where=where)


def valid_from(text: str) -> date:
    """The day from which a schedule is in force."""
    day: date = yaml.safe_load(text)["calendar"]["valid_from"]
    return day
