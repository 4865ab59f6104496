"""What a visit offers, from content: reasons, options to decide between, steps of a treatment."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from qamqor.engine.words import Words, read_words
from qamqor.errors import InvalidPack, Problem


@dataclass(frozen=True, slots=True)
class Reason:
    """Why somebody comes; ``programmes`` it belongs to, empty = everybody's."""

    id: str
    words: Words
    programmes: frozenset[str]


@dataclass(frozen=True, slots=True)
class Option:
    """One way to go on, with what it brings and what it costs in one line."""

    id: str
    words: Words
    effect: Words
    programmes: frozenset[str]


@dataclass(frozen=True, slots=True)
class Medicine:
    """A medicine of a step: ATC code and milligrams, once a day."""

    atc: str
    mg: int
    words: Words


@dataclass(frozen=True, slots=True)
class Protocol:
    """Steps of a treatment, the mildest first; ``by``: roles that may take the next one."""

    id: str
    title: Words
    programmes: frozenset[str]
    by: frozenset[str]
    steps: tuple[tuple[Medicine, ...], ...]
    source: str


@dataclass(frozen=True, slots=True)
class Offer:
    """Everything a visit offers."""

    version: str
    reasons: tuple[Reason, ...]
    options: tuple[Option, ...]
    protocols: tuple[Protocol, ...]


def read_offer(raw: Any, where: str) -> Offer:
    """What a visit offers.

    Raises:
        InvalidPack: everything wrong with it, each by place.
    """
    problems: list[Problem] = []
    offer = Offer(
        version=str(raw.get("version", "")),
        reasons=tuple(
            Reason(str(one["id"]), read_words(one, f"{where}: {one['id']}", problems), _for(one))
            for one in raw.get("reasons", ())
        ),
        options=tuple(
            Option(
                str(one["id"]),
                read_words(one, f"{where}: {one['id']}", problems),
                read_words(one.get("effect", {}), f"{where}: {one['id']}.effect", problems),
                _for(one),
            )
            for one in raw.get("options", ())
        ),
        protocols=tuple(_protocol(one, where, problems) for one in raw.get("protocols", ())),
    )
    if problems:
        raise InvalidPack(problems)
    return offer


def _protocol(one: Mapping[str, Any], where: str, problems: list[Problem]) -> Protocol:
    place = f"{where}: {one['id']}"
    if not one.get("source"):
        problems.append(Problem(place, "names no source"))
    steps = tuple(
        tuple(
            Medicine(str(m["atc"]), int(m["mg"]), read_words(m, f"{place}.{m['atc']}", problems))
            for m in step
        )
        for step in one.get("steps", ())
    )
    return Protocol(
        id=str(one["id"]),
        title=read_words(one.get("title", {}), f"{place}.title", problems),
        programmes=_for(one),
        by=frozenset(one.get("by", ())),
        steps=steps,
        source=str(one.get("source", "")),
    )


def _for(one: Mapping[str, Any]) -> frozenset[str]:
    return frozenset(one.get("for", ()))


def offered(listed: Iterable[Any], programmes: Collection[str]) -> list[Any]:
    """What is for people of some programmes: theirs first, then everybody's."""
    own = [one for one in listed if one.programmes and one.programmes & set(programmes)]
    return own + [one for one in listed if not one.programmes]


def next_step(protocol: Protocol, taken: Mapping[str, int]) -> tuple[int, tuple[Medicine, ...]]:
    """Number of the step to take next and what is new in it; 0 where the last is reached.

    Args:
        taken: ATC code → milligrams of what the person takes now.
    """
    reached = 0
    for number, step in enumerate(protocol.steps, 1):
        if all(taken.get(one.atc, 0) >= one.mg for one in step):
            reached = number
    if reached == len(protocol.steps):
        return 0, ()
    step = protocol.steps[reached]
    return reached + 1, tuple(one for one in step if taken.get(one.atc, 0) < one.mg)
