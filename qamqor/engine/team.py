"""Compares the work of a team's posts: residents and people on the list for each, and the norm."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from qamqor.errors import InvalidPack, Problem

Posts = Mapping[str, frozenset[str]]
"""By area, the posts of a role (or of roles counted together) on its team."""


@dataclass(frozen=True, slots=True)
class Late:
    """After how many overdue days a role's item goes to which other role."""

    days: int
    to: str


@dataclass(frozen=True, slots=True)
class Norm:
    """For how many residents so many posts of some roles, counted together, are meant.

    Attributes:
        status: how well the source was confirmed.
        source: in words, by language.
    """

    roles: tuple[str, ...]
    posts: int
    residents: int
    status: str
    source: Mapping[str, str]

    @property
    def per_post(self) -> float:
        """Residents for one post."""
        return self.residents / self.posts


@dataclass(frozen=True, slots=True)
class Window:
    """Whose return to care is counted.

    Attributes:
        called_from, called_until: days ago, the older first.
        within: days after the call, the fewer first.
        media: codes of what is a call.
        seen_as: classes of encounters in which a person was seen.
    """

    called_from: int
    called_until: int
    within: tuple[int, int]
    media: tuple[str, ...]
    seen_as: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Measures:
    """What a site compares its teams with.

    Attributes:
        late: by role.
        uneven: from how many times the average of a role the people of a post are too many.
    """

    late: Mapping[str, Late]
    norms: tuple[Norm, ...]
    returned: Window
    uneven: float

    def norm_of(self, role: str) -> Norm | None:
        """The norm of a role, if there is one."""
        return next((one for one in self.norms if role in one.roles), None)


class Share(NamedTuple):
    """What falls on one post of an area, and how many posts it has."""

    posts: int
    per_post: float | None


def read_measures(raw: Mapping[str, Any], where: str) -> Measures:
    """Measures as content writes them.

    Raises:
        InvalidPack: something is missing, or is no value for its place.
    """
    try:
        window = Window(**{**raw["returned"], **_lists(raw["returned"])})
        found = Measures(
            {role: Late(**one) for role, one in raw["late"].items()},
            tuple(Norm(**{**one, "roles": tuple(one["roles"])}) for one in raw["norms"]),
            window,
            float(raw["uneven"]),
        )
        shortest, longest = window.within
        numbers = [one.days for one in found.late.values()]
        numbers += [number for one in found.norms for number in (one.posts, one.residents)]
        is_sound = (
            all({"kk", "ru", "en"} <= set(one.source) for one in found.norms)
            and min(numbers, default=1) > 0
            and found.uneven > 1
            and 0 < shortest <= longest <= window.called_until < window.called_from
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InvalidPack([Problem(where, f"cannot be read: {error}")]) from error
    if not is_sound:
        said = (
            "numbers are above zero, uneven is above one, calls older than the days after them, "
            "sources in all languages"
        )
        raise InvalidPack([Problem(where, said)])
    return found


def _lists(window: Mapping[str, Any]) -> dict[str, tuple[Any, ...]]:
    return {name: tuple(window[name]) for name in ("within", "media", "seen_as")}


def shares(amounts: Mapping[str, int], posts: Posts) -> dict[str, Share]:
    """What falls on one post of each area, when the posts of an area share it evenly.

    A post on several teams carries its part of each of them, so that the parts of all posts add up
    to everything that somebody carries.

    Args:
        amounts: of each area: its residents, or people on a list.
    """
    carried: dict[str, float] = defaultdict(float)
    for area, amount in amounts.items():
        own = posts.get(area, frozenset())
        for post in own:
            carried[post] += amount / len(own)
    return {area: _share([carried[post] for post in posts.get(area, ())]) for area in amounts}


def _share(carried: Sequence[float]) -> Share:
    return Share(len(carried), sum(carried) / len(carried) if carried else None)


def average(amounts: Mapping[str, int], posts: Posts) -> float | None:
    """What falls on one post of all areas; nothing where there is no post."""
    everyone = frozenset().union(*(posts.get(area, frozenset()) for area in amounts))
    held = sum(amount for area, amount in amounts.items() if posts.get(area))
    return held / len(everyone) if everyone else None
