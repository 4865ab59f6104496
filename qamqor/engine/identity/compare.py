"""Compares two people field by field: a score, a verdict and the reasons for both."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from qamqor.engine.identity.births import closeness
from qamqor.engine.identity.names import FullName, Part, family_part, given_part
from qamqor.engine.identity.person import Identity
from qamqor.engine.identity.spelling import agreement, edits
from qamqor.engine.identity.weights import CERTAIN, HOME_MOST, LIKELY, POINTS, POSSIBLE


class Verdict(StrEnum):
    """What a comparison means for the person at the desk."""

    certain = "certain"
    likely = "likely"
    possible = "possible"
    unlikely = "unlikely"


@dataclass(frozen=True, slots=True)
class Reason:
    """One field's part in a score; the code is ``field.agreement``, such as ``birth.swapped``."""

    code: str
    points: float


@dataclass(frozen=True, slots=True)
class Likeness:
    """How alike two records are.

    Attributes:
        score: the points of all reasons together.
        verdict: what to do about it.
        reasons: in the order name, birth, sex, numbers, home; fields missing on either side
            give none.
    """

    score: float
    verdict: Verdict
    reasons: tuple[Reason, ...]

    def codes(self) -> tuple[str, ...]:
        """The codes of the reasons."""
        return tuple(reason.code for reason in self.reasons)


_AGREES: Final = ("same", "spelling", "close", "sound")


def compare(one: Identity, other: Identity) -> Likeness:
    """How likely two records are the same person.

    Of several names on either side the pair that agrees best counts.
    """
    names = [_names(mine, theirs) for mine in one.names for theirs in other.names]
    name = max(names, key=lambda reasons: sum(r.points for r in reasons), default=[])
    reasons = (*name, *_facts(one, other), *_home(one, other))
    score = sum(reason.points for reason in reasons)
    return Likeness(score, _verdict(score, {reason.code for reason in reasons}), reasons)


def _names(mine: FullName, theirs: FullName) -> list[Reason]:
    family, given, patronymic = mine.parts()
    their_family, their_given, their_patronymic = theirs.parts()
    found = [
        *_reason("family", _family(family, their_family, patronymic, their_patronymic)),
        *_reason("given", agreement(given, their_given)),
    ]
    if {reason.code for reason in found} == {"family.differs", "given.differs"}:
        found = _reason("name", _swapped(mine, theirs)) or found
    return found + _reason("patronymic", agreement(patronymic, their_patronymic))


def _family(one: Part, other: Part, patronymic: Part, their_patronymic: Part) -> str | None:
    agrees = agreement(one, other)
    if agrees != "differs":
        return agrees
    fathers = {patronymic.root, their_patronymic.root} - {""}
    return "fathers_name" if {one.root, other.root} & fathers else "differs"


def _swapped(mine: FullName, theirs: FullName) -> str | None:
    """Whether the names stand in each other's field."""
    family = agreement(family_part(mine.family), family_part(theirs.given))
    given = agreement(given_part(mine.given), given_part(theirs.family))
    if family not in _AGREES or given not in _AGREES:
        return None
    return "swapped" if {family, given} <= {"same", "spelling"} else "swapped_close"


def _reason(field: str, agrees: str | None) -> list[Reason]:
    if agrees is None:
        return []
    code = f"{field}.{agrees}"
    return [Reason(code, POINTS[code])]


def _facts(one: Identity, other: Identity) -> Iterator[Reason]:
    yield from _reason("birth", closeness(one.born_on, other.born_on))
    if one.sex and other.sex and one.sex != other.sex:
        yield from _reason("sex", "differs")
    if one.iins and other.iins:
        yield from _reason("iin", _number(one.iins, other.iins))


def _number(mine: tuple[str, ...], theirs: tuple[str, ...]) -> str:
    if {*mine} & {*theirs}:
        return "same"
    off = min(edits(a, b, limit=2) or 3 for a in mine for b in theirs)
    return "one_digit" if off == 1 else "differs"


def _home(one: Identity, other: Identity) -> Iterator[Reason]:
    """What a household shares, each for what it adds, up to the most it may."""
    left = HOME_MOST
    pairs = (
        ("phone", one.phones, other.phones),
        ("household", one.households, other.households),
        ("address", one.addresses, other.addresses),
    )
    for field, mine, theirs in pairs:
        if set(mine) & set(theirs):
            points = min(left, POINTS[f"{field}.same"])
            left -= points
            yield Reason(f"{field}.same", points)


def _verdict(score: float, codes: set[str]) -> Verdict:
    """Points decide, within two bounds.

    The same number and a name or birth date that agrees is certain. Another given name, as
    between twins, or another number is never more than possible, whatever else agrees.
    """
    if "iin.same" in codes:
        return Verdict.certain if _named_alike(codes) else Verdict.likely
    if {"given.differs", "iin.differs"} & codes:
        return Verdict.possible if score >= POSSIBLE else Verdict.unlikely
    for least, verdict in ((CERTAIN, Verdict.certain), (LIKELY, Verdict.likely)):
        if score >= least:
            return verdict
    return Verdict.possible if score >= POSSIBLE else Verdict.unlikely


def _named_alike(codes: set[str]) -> bool:
    alike = {f"{field}.{how}" for field in ("family", "given") for how in _AGREES}
    alike |= {"name.swapped", "name.swapped_close"}
    return bool(codes & (alike | {"birth.same", "birth.swapped", "birth.one_digit"}))
