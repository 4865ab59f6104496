"""References up and down a tree: all that is at a clinic or at what is part of it."""

from __future__ import annotations

from typing import Final

from qamqor.engine.fhir.search.parameters import Parameter, parameters, searchable_types
from qamqor.engine.fhir.search.query import (
    AnyOf,
    Criterion,
    IdIn,
    Match,
    PointedAt,
    ReferenceTest,
    Through,
)
from qamqor.engine.fhir.search.wanted import Setting, tests

MODIFIERS: Final = frozenset({"above", "below"})
_NAMES: Final = ("partof", "part-of")
LEVELS: Final = 5
"""So many steps up or down are followed, as in a chain."""


def trees(parameter: Parameter) -> list[tuple[str, Parameter]]:
    """The types a reference may point to of which one may be part of another, and by what."""
    if parameter.type != "reference":
        return []
    found = []
    for type_ in parameter.targets or searchable_types():
        known = parameters(type_)
        holding = next((known[name] for name in _NAMES if name in known), None)
        if holding is not None and type_ in holding.targets:
            found.append((type_, holding))
    return found


def within(parameter: Parameter, modifier: str, value: str, setting: Setting) -> Criterion:
    """What ``partof:below`` and ``location:above`` ask: the one named, or one in its tree.

    Raises:
        Unusable: a value that no reference can have.
    """
    named = tests(parameter, "", value, setting)
    ways: list[Criterion] = [Match(parameter, named)]
    for type_, holding in trees(parameter):
        ids = tuple(
            one.id for one in named if isinstance(one, ReferenceTest) and one.type in (None, type_)
        )
        if ids:
            step = _below if modifier == "below" else _above
            ways.append(Through(parameter, ((type_, step(type_, holding, ids)),)))
    return ways[0] if len(ways) == 1 else AnyOf(tuple(ways))


def _below(type_: str, holding: Parameter, ids: tuple[str, ...]) -> Criterion:
    direct = Match(holding, tuple(ReferenceTest(one, type_) for one in ids))
    found: Criterion = direct
    for _ in range(LEVELS - 1):
        found = AnyOf((direct, Through(holding, ((type_, found),))))
    return found


def _above(type_: str, holding: Parameter, ids: tuple[str, ...]) -> Criterion:
    direct = PointedAt(holding, IdIn(ids))
    found: Criterion = direct
    for _ in range(LEVELS - 1):
        found = AnyOf((direct, PointedAt(holding, found)))
    return found
