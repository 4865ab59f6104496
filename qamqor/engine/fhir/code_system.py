"""Reads a CodeSystem: its codes in their order, their names, and what stands above them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any, Final, NamedTuple

IS_A: Final = "is-a"


class Concept(NamedTuple):
    """One code: ``above`` are the codes it stands below, the nearest first."""

    code: str
    display: str
    above: tuple[str, ...]
    below: tuple[str, ...]
    names: tuple[tuple[str, str], ...]


def concepts(system: Mapping[str, Any]) -> dict[str, Concept]:
    """The codes of a CodeSystem, those below a code right behind it."""
    found: dict[str, Concept] = {}
    waiting: list[tuple[Mapping[str, Any], tuple[str, ...]]] = [
        (one, ()) for one in reversed(_listed(system))
    ]
    while waiting:
        said, above = waiting.pop()
        code, inner = str(said.get("code", "")), _listed(said)
        found[code] = Concept(
            code=code,
            display=str(said.get("display", "")),
            above=above,
            below=tuple(str(one.get("code", "")) for one in inner),
            names=tuple(_names(said)),
        )
        waiting += [(one, (code, *above)) for one in reversed(inner)]
    return found


def _listed(holder: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return list(holder.get("concept", ()))


def _names(said: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for one in said.get("designation", ()):
        yield str(one.get("language", "")), str(one.get("value", ""))


def is_tree_of_kinds(system: Mapping[str, Any]) -> bool:
    """Whether what stands below a code is a kind of it, and not a part or a mere group of it."""
    return bool(system.get("hierarchyMeaning", IS_A) == IS_A)


def subsumption(one: str, other: str, above: Callable[[str], Collection[str]]) -> str:
    """How two codes stand to each other, in the words of ``CodeSystem/$subsumes``."""
    if one == other:
        return "equivalent"
    if one in above(other):
        return "subsumes"
    return "subsumed-by" if other in above(one) else "not-subsumed"
