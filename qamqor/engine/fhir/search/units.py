"""UCUM units brought to one unit of their kind, so that milligrams and grams can be compared."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources
from threading import Lock
from typing import Any, Final

import msgspec

ANNOTATION: Final = re.compile(r"\{[^}]*\}")
# Units defined by a procedure (international units, colony counts): never comparable to others.
ARBITRARY: Final = re.compile(r"\[[^\]]*(?:U|_50|Lf|pH)\]|\[hp|\[kp|\[S\]")
LONGEST: Final = 60
_ASKING: Final = Lock()


@dataclass(frozen=True, slots=True)
class Unit:
    """How a unit becomes the one its kind is kept in: ``value * factor + offset``."""

    kind: str
    factor: float
    offset: float

    def canonical(self, value: float) -> float:
        """The value in the unit of its kind, to 12 digits: what is equal compares as equal."""
        return float(f"{value * self.factor + self.offset:.12g}")


@cache
def _registry() -> Any:
    """The unit library, loaded when the first unusual unit is seen: about a second."""
    from ucumvert import PintUcumRegistry

    return PintUcumRegistry()


@cache
def _known() -> dict[str, Unit | None]:
    """The units that nearly all quantities come in, worked out beforehand."""
    raw = resources.files("qamqor.engine.fhir.search").joinpath("units.json").read_bytes()
    facts: dict[str, tuple[str, float, float] | None] = msgspec.json.decode(raw)
    return {code: None if said is None else Unit(*said) for code, said in facts.items()}


@lru_cache(maxsize=8192)
def unit(code: str) -> Unit | None:
    """The unit a UCUM code names; nothing when it is unknown or compares to nothing else."""
    plain = code if ANNOTATION.sub("", code) else "1"  # {score} alone counts things
    known = _known()
    if plain in known:
        return known[plain]
    if not may_compare(plain):
        return None
    with _ASKING:
        return measured(plain)


def load_library() -> None:
    """Have the unit library at hand before an unusual unit comes."""
    with _ASKING:
        _registry()


def may_compare(code: str) -> bool:
    """Whether a code is worth asking the unit library about."""
    return len(code) <= LONGEST and not ARBITRARY.search(code)


def measured(code: str) -> Unit | None:
    """The unit as the unit library reads it."""
    from lark.exceptions import LarkError
    from pint.errors import PintError

    registry = _registry()
    try:
        found = registry.from_ucum(code)
        points = [registry.Quantity(x, found.units).to_base_units() for x in (0.0, 1.0, 2.0)]
        size = float(found.magnitude)
    except (LarkError, PintError, ArithmeticError, AttributeError, TypeError, ValueError, KeyError):
        return None
    zero, one, two = (float(point.magnitude) for point in points)
    if abs((two - one) - (one - zero)) > 1e-9 * max(abs(two), abs(one)):
        return None
    return Unit(str(points[0].units), (one - zero) * size, zero)
