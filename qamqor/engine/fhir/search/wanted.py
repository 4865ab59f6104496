"""Reads the value of one search parameter: prefixes, escapes, systems, units and ranges."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Literal, cast

from qamqor.engine.fhir import names
from qamqor.engine.fhir.search import folding, nearness, read
from qamqor.engine.fhir.search.parameters import Parameter
from qamqor.engine.fhir.search.query import (
    AmountTest,
    Comparison,
    CompositeTest,
    DateTest,
    LabelTest,
    NearTest,
    ReferenceTest,
    StringTest,
    Test,
    TokenTest,
    TypedTest,
    UriTest,
)
from qamqor.engine.fhir.search.ranges import DAY, date_range, decimal, number_range
from qamqor.engine.fhir.search.units import unit

PREFIXED: Final = re.compile(r"(eq|ne|gt|lt|ge|le|sa|eb|ap)?(.*)", re.DOTALL)
# Code systems whose codes begin with the code of what they belong to.
BY_PREFIX: Final = frozenset({names.ICD10, names.ATC})
MOST_VALUES: Final = 2000
ANY_DISTANCE_KM: Final = 50.0
LENGTHS_KM: Final = {"km": 1.0, "m": 0.001, "[mi_i]": 1.609344, "mi": 1.609344}


class Unusable(Exception):
    """A value that cannot be used: FHIR issue code and what to write instead."""

    def __init__(self, text: str, code: str = "invalid") -> None:
        self.code = code
        super().__init__(text)


@dataclass(frozen=True, slots=True)
class Setting:
    """What reading a value needs to know.

    Attributes:
        at: now, in microseconds since 1970, for ``ap``.
        zone: microseconds local time is ahead of UTC.
        bases: web addresses of this server; references below them are local.
        codes_in: the (system, code) pairs of a value set, or nothing when it is not known here.
    """

    at: int
    zone: int
    bases: tuple[str, ...] = ()
    codes_in: Callable[[str], Iterable[tuple[str, str]] | None] = lambda _: None


def split(text: str, mark: str) -> list[str]:
    """The parts between unescaped marks, still escaped."""
    if "\\" not in text:
        return text.split(mark)
    parts, start, at = [], 0, 0
    while at < len(text):
        if text[at] == "\\":
            at += 2
            continue
        if text[at] == mark:
            parts.append(text[start:at])
            start = at + 1
        at += 1
    return [*parts, text[start:]]


def plain(text: str) -> str:
    r"""A value with ``\,``, ``\|``, ``\$`` and ``\\`` as the characters they stand for."""
    return re.sub(r"\\([,|$\\])", r"\1", text) if "\\" in text else text


def tests(parameter: Parameter, modifier: str, text: str, setting: Setting) -> tuple[Test, ...]:
    """What a resource's values must pass, one of them.

    Raises:
        Unusable: for a value the parameter cannot have, or too many values.
    """
    alternatives = [part for part in split(text, ",") if part]
    if not alternatives:
        raise Unusable("has no value; write one, or leave the parameter out")
    if len(alternatives) > MOST_VALUES:
        raise Unusable(f"has more than {MOST_VALUES} values; ask in parts", "too-costly")
    return tuple(
        test for part in alternatives for test in _tests(parameter, modifier, part, setting)
    )


def _tests(parameter: Parameter, modifier: str, text: str, setting: Setting) -> list[Test]:
    kind = parameter.type
    if modifier in {"in", "not-in"}:
        return list(_value_set(plain(text), setting))
    if modifier == "text":
        return [LabelTest(folding.folded(plain(text)))]
    if modifier == "of-type":
        return [_typed(text)]
    if modifier == "identifier":
        return [token(text)]
    if modifier in {"below", "above"} and kind == "token":
        return _hierarchy(text, modifier)
    if kind == "composite":
        return list(_composite(parameter, text, setting))
    if kind == "reference":
        return [reference(parameter, modifier, plain(text), setting)]
    return [one(kind, modifier, text, setting)]


def one(kind: str, modifier: str, text: str, setting: Setting) -> Test:
    """The test of a simple kind of parameter."""
    if kind == "token":
        return token(text)
    if kind == "string":
        return string(plain(text), modifier)
    if kind == "date":
        return date(plain(text), setting)
    if kind == "number":
        return number(plain(text))
    if kind == "quantity":
        return quantity(text)
    if kind == "uri":
        how: Literal["below", "above", "is"] = (
            "below" if modifier == "below" else "above" if modifier == "above" else "is"
        )
        return UriTest(folding.short(plain(text)), how)
    return near(text)


def token(text: str) -> TokenTest:
    parts = [plain(part) for part in split(text, "|")]
    if len(parts) > 2:
        raise Unusable(f"is {text!r}; write code, |code, system| or system|code")
    if len(parts) == 1:
        return TokenTest(folding.code(parts[0]))
    system, code = parts
    if not system and not code:
        raise Unusable("is |; write a code, a system, or both")
    return TokenTest(folding.code(code) if code else None, read.system_number(system))


def _hierarchy(text: str, modifier: str) -> list[Test]:
    parts = [plain(part) for part in split(text, "|")]
    if len(parts) != 2 or parts[0] not in BY_PREFIX or not parts[1]:
        listed = ", ".join(sorted(BY_PREFIX))
        raise Unusable(
            f":{modifier} needs system|code with a system whose hierarchy is known here ({listed})",
            "not-supported",
        )
    system, code = read.system_number(parts[0]), folding.code(parts[1])
    if modifier == "below":
        return [TokenTest(code, system, is_prefix=True)]
    wider = {code[:size].rstrip(".-") for size in range(1, len(code) + 1)}
    return [TokenTest(each, system) for each in sorted(wider) if each]


def _typed(text: str) -> TypedTest:
    parts = [plain(part) for part in split(text, "|")]
    if len(parts) != 3 or not all(parts):
        raise Unusable(f"is {text!r}; :of-type needs system|code|value of the identifier")
    return TypedTest(read.system_number(parts[0]), folding.code(parts[1]), folding.code(parts[2]))


def _value_set(url: str, setting: Setting) -> Iterable[TokenTest]:
    codes = setting.codes_in(url)
    if codes is None:
        raise Unusable(f"names the value set {url}, which is not known here", "not-found")
    return {TokenTest(folding.code(code), read.system_number(system)) for system, code in codes}


def string(text: str, modifier: str) -> StringTest:
    if modifier == "exact":
        return StringTest(text[: folding.LONGEST], "exact")
    folded = folding.folded(text)
    if not folded:
        raise Unusable("has no letters to look for")
    return StringTest(folded, "contains" if modifier == "contains" else "starts")


def _prefixed(text: str) -> tuple[Comparison, str]:
    match = PREFIXED.fullmatch(text)
    if match is None:
        raise AssertionError(text)
    return cast("Comparison", match[1] or "eq"), match[2]


def date(text: str, setting: Setting) -> DateTest:
    prefix, written = _prefixed(text)
    found = date_range(written.strip().replace(" ", "+"), setting.zone)
    if found is None:
        raise Unusable(
            f"is {text!r}; write a date such as 2026-11-24 or 2026-11-24T10:30:00Z, "
            "with one of eq ne gt lt ge le sa eb ap before it or nothing"
        )
    low, high = found
    if prefix == "ap":
        margin = max(abs(setting.at - low) // 10, DAY)
        return DateTest("ap", low - margin, high + margin)
    return DateTest(prefix, low, high)


def _decimal(text: str) -> Decimal:
    value = decimal(text.strip())
    if value is None:
        raise Unusable(f"is {text!r}; write a number such as 5.40 or 1e2")
    return value


def _range(prefix: Comparison, value: Decimal) -> tuple[float, float]:
    if prefix != "ap":
        return number_range(value)
    margin = abs(value) / 10
    return float(value - margin), float(value + margin)


def number(text: str) -> AmountTest:
    prefix, written = _prefixed(text)
    value = _decimal(written)
    low, high = _range(prefix, value)
    return AmountTest(prefix, low, high, float(value))


def quantity(text: str) -> AmountTest:
    parts = [plain(part) for part in split(text, "|")]
    if len(parts) not in {1, 3}:
        raise Unusable(f"is {text!r}; write number, number||unit or number|system|code")
    test = number(parts[0])
    system, code = (parts[1], parts[2]) if len(parts) == 3 else ("", "")
    if not system and not code:
        return test
    known = unit(code) if system == read.UCUM else None
    if known is None or known.factor <= 0:
        wanted = folding.short(code) if code else None
        asked = read.system_number(system) if system else None
        return AmountTest(test.prefix, test.low, test.high, test.exact, "", wanted, asked)
    low, high, exact = (known.canonical(x) for x in (test.low, test.high, test.exact))
    return AmountTest(test.prefix, low, high, exact, known.kind)


def reference(parameter: Parameter, modifier: str, text: str, setting: Setting) -> ReferenceTest:
    for base in setting.bases:
        if text.startswith(f"{base}/"):
            text = text[len(base) + 1 :]
    asked = modifier or None
    if "/" not in text and ":" not in text and "|" not in text:
        if len(text) > 64:
            raise Unusable(f"is {text[:80]!r}; an id has at most 64 characters")
        return ReferenceTest(text, asked)
    rows = read.pointed(text)
    name, kind = rows[0] if rows else (folding.short(text), "")
    if asked and kind and kind != asked:
        return ReferenceTest("", "")
    if kind and parameter.targets and kind not in parameter.targets:
        return ReferenceTest("", "")
    return ReferenceTest(name, kind)


def near(text: str) -> NearTest:
    parts = [plain(part) for part in split(text, "|")]
    if len(parts) not in {2, 3, 4}:
        raise Unusable(f"is {text!r}; write latitude|longitude|distance|units")
    latitude, longitude = float(_decimal(parts[0])), float(_decimal(parts[1]))
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
        raise Unusable("is no place: latitude is -90 to 90, longitude -180 to 180")
    scale = LENGTHS_KM.get(parts[3] if len(parts) == 4 and parts[3] else "km")
    if scale is None:
        raise Unusable(f"has the unit {parts[3]!r}; write km, m or [mi_i]")
    far = float(_decimal(parts[2])) * scale if len(parts) > 2 and parts[2] else ANY_DISTANCE_KM
    if far < 0:
        raise Unusable("has a distance below zero")
    return NearTest(*nearness.on_sphere(latitude, longitude), nearness.straight(far))


def _composite(parameter: Parameter, text: str, setting: Setting) -> Iterable[CompositeTest]:
    parts = split(text, "$")
    components = parameter.components
    if len(parts) != len(components) or not all(parts):
        order = "$".join(component.code for component in components)
        raise Unusable(f"is {text!r}; write {order}")
    if components[0].type == "reference":
        first: Test = reference(Parameter(0, "", "", "reference", ""), "", plain(parts[0]), setting)
    else:
        first = token(parts[0])
    second = one(components[1].type, "", parts[1], setting)
    third = number(plain(parts[2])) if len(parts) > 2 else None
    yield CompositeTest(first, second, third)  # type: ignore[arg-type]
