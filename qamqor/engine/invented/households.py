"""Who lives with whom: couples, their children, and old parents, none of them impossible."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from qamqor.engine.invented.draws import DAYS_A_YEAR, Bools, Days, Ints
from qamqor.engine.invented.figures import by_age, by_sex

ROLES: Final = ("head", "spouse", "child", "parent", "other")
HEAD, SPOUSE, CHILD, PARENT, OTHER = range(5)
NOBODY: Final = -1
GENERATIONS: Final = 4


@dataclass(frozen=True, slots=True)
class Households:
    """For each person: household number, role in it (``ROLES``), mother's position or -1.

    ``count`` is the number of households; each has one head.
    """

    household: Ints
    role: Ints
    mother: Ints
    partner: Ints
    count: int


@dataclass(slots=True)
class _Draft:
    sex: Ints
    born: Days
    end: Days
    age: Ints
    random: np.random.Generator
    home: Ints
    role: Ints
    mother: Ints
    partner: Ints


def make_households(
    figures: Mapping[str, Any], sex: Ints, born: Days, end: Days, random: np.random.Generator
) -> Households:
    """Put people together by age: partners first, then children to mothers, then old parents.

    Args:
        figures: the households part of population.yaml.
        sex: 0 male, 1 female, shape ``(n,)``.
        born: day numbers.
        end: the last day each is alive or known.
        random: the stream to draw from.
    """
    count = len(sex)
    age = ((end - born) / DAYS_A_YEAR).astype(np.int16)
    alone = np.arange(count, dtype=np.int32)
    nobody = np.full(count, NOBODY, np.int32)
    role = np.full(count, HEAD, np.int8)
    draft = _Draft(sex, born, end, age, random, alone, role, nobody.copy(), nobody.copy())
    _pair(draft, figures)
    _give_mothers(draft, figures)
    _take_in_parents(draft, figures["old_with_children"])
    _, household = np.unique(draft.home, return_inverse=True)
    numbered = household.astype(np.int32)
    return Households(numbered, draft.role, draft.mother, draft.partner, int(numbered.max()) + 1)


def _pair(draft: _Draft, figures: Mapping[str, Any]) -> None:
    """Match women and men who have a partner by order of birth, loosely."""
    share = by_sex(figures["in_couple"])[draft.sex, draft.age]
    with_partner = draft.random.random(len(share)) < share
    noise = draft.random.normal(0, figures["partner_age_noise_years"]["value"], len(share))
    loosely = draft.born + noise * DAYS_A_YEAR
    sides = [np.flatnonzero(with_partner & (draft.sex == sex)) for sex in (0, 1)]
    pairs = min(len(side) for side in sides)
    men, women = (np.sort(draft.random.permutation(side)[:pairs]) for side in sides)
    men, women = men[np.argsort(loosely[men])], women[np.argsort(loosely[women])]
    draft.partner[men], draft.partner[women] = women, men
    draft.home[women] = men
    draft.role[women] = SPOUSE


def _give_mothers(draft: _Draft, figures: Mapping[str, Any]) -> None:
    at_home = by_age(figures["with_parents"]["by_age"])[draft.age]
    single = draft.partner == NOBODY
    children = np.flatnonzero(single & (draft.random.random(len(at_home)) < at_home))
    limits = figures["mother_age_at_birth"]
    apart = int(figures["siblings_apart_days"]["value"])
    waiting = children
    for _ in range(4):
        draft.mother[waiting] = _some_mother(draft, waiting, limits)
        waiting = children[_too_close(draft, children, apart)]
    draft.mother[waiting] = NOBODY
    _move_in(draft, children)


def _some_mother(draft: _Draft, children: Ints, limits: Mapping[str, Any]) -> Ints:
    """A woman of about the drawn age at birth for each child, or nobody."""
    women = np.flatnonzero((draft.sex == 1) & (draft.age >= 18))
    women = women[np.argsort(draft.born[women])]
    births = draft.born[women]
    age = draft.random.normal(limits["mean"], limits["sd"], len(children))
    target = draft.born[children] - age.clip(limits["youngest"], limits["oldest"]) * DAYS_A_YEAR
    low = np.searchsorted(births, target - 200)
    width = np.maximum(np.searchsorted(births, target + 200) - low, 1)
    chosen = (low + draft.random.random(len(children)) * width).astype(np.int64)
    mother = women[chosen.clip(0, len(women) - 1)].astype(np.int32)
    years = (draft.born[children] - draft.born[mother]) / DAYS_A_YEAR
    possible = (years >= limits["youngest"]) & (years <= limits["oldest"])
    possible &= draft.born[children] < draft.end[mother]
    return np.where(possible & (draft.mother[mother] == NOBODY), mother, NOBODY).astype(np.int32)


def _too_close(draft: _Draft, children: Ints, apart: int) -> Bools:
    """Whether a child was born too soon after another child of the same mother."""
    mother, born = draft.mother[children], draft.born[children]
    order = np.lexsort((born, mother))
    same = (np.diff(mother[order]) == 0) & (mother[order][1:] != NOBODY)
    close = same & (np.diff(born[order]) < apart)
    result = np.zeros(len(children), np.bool_)
    result[order[1:][close]] = True
    return result


def _move_in(draft: _Draft, children: Ints) -> None:
    mothered = children[draft.mother[children] != NOBODY]
    for _ in range(GENERATIONS):  # a young mother may live with her own mother
        draft.home[mothered] = draft.home[draft.mother[mothered]]
    draft.role[mothered] = CHILD
    orphans = children[(draft.mother[children] == NOBODY) & (draft.age[children] < 18)]
    older = np.flatnonzero((draft.age >= 40) & (draft.role != CHILD))
    hosts = older[draft.random.integers(0, len(older), len(orphans))]
    draft.home[orphans] = draft.home[hosts]
    draft.role[orphans] = OTHER


def _take_in_parents(draft: _Draft, figures: Mapping[str, Any]) -> None:
    """Old people without a partner move in with a couple one generation younger."""
    alone = (draft.partner == NOBODY) & (draft.age >= figures["from_age"]) & (draft.role == HEAD)
    hosting = np.bincount(draft.home, minlength=len(alone))[draft.home] > 1
    movers = np.flatnonzero(alone & ~hosting & (draft.random.random(len(alone)) < figures["share"]))
    hosts = np.flatnonzero((draft.role == HEAD) & (draft.partner != NOBODY))
    hosts = hosts[np.argsort(draft.born[hosts])]
    low, high = figures["generation_years"]
    born, own = draft.born[hosts], draft.born[movers]
    first = np.searchsorted(born, own + low * DAYS_A_YEAR)
    width = np.searchsorted(born, own + high * DAYS_A_YEAR) - first
    fits = width > 0
    place = first + (draft.random.random(len(movers)) * width).astype(np.int64)
    draft.home[movers[fits]] = draft.home[hosts[place[fits]]]
    draft.role[movers[fits]] = PARENT
