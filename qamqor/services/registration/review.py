"""Reviews a whole register, or a file before it is loaded, for people who are there twice."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from qamqor.engine.fhir.names import IDENTIFIERS
from qamqor.engine.identity.everyone import find_twins
from qamqor.engine.identity.person import Identity, identity_of
from qamqor.engine.identity.weights import LIKELY
from qamqor.services.access import people as rights
from qamqor.services.access.actor import Actor
from qamqor.services.registration.apart import between
from qamqor.store import people


@dataclass(frozen=True, slots=True)
class Pair:
    """Two records that may be one person; ``other`` is the one that came later."""

    one: str
    other: str
    score: float
    verdict: str
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Review:
    """What a review found.

    Attributes:
        people: how many records were looked at.
        compared: how many pairs shared a key and were compared.
        passed_over: how many keys too many people shared to tell anybody apart.
        pairs: the likeliest first; without those decided to be two people.
        apart: those decided to be two people.
    """

    people: int
    compared: int
    passed_over: int
    pairs: tuple[Pair, ...]
    apart: tuple[Pair, ...] = ()


def review(
    *,
    actor: Actor,
    at: datetime,
    file: Iterable[Mapping[str, Any]] | None = None,
    least: float = LIKELY,
) -> Review:
    """Find the twins on the register, or those a file of Patients would bring.

    Records out of use or merged are left out. The work grows with the people, not with the pairs.

    Args:
        actor: who asks; they must be able to find everybody.
        at: when.
        file: Patients not yet here; then only pairs with one of them are looked at.
        least: the score from which a pair is reported.
    Raises:
        NotAllowed: the actor may not change people's records, as a merge would.
    """
    rights.need_everybody(actor=actor, at=at)
    names: list[str] = []
    identities: list[Identity] = []
    for name, identity in _register():
        names.append(name)
        identities.append(identity)
    known = len(names)
    for number, patient in enumerate(file or (), start=1):
        names.append(f"Patient/{patient['id']}" if patient.get("id") else f"line {number}")
        identities.append(identity_of(patient, iin_system=f"{IDENTIFIERS}/iin"))
    found = find_twins(identities, known=0 if file is None else known, least=least)
    pairs = tuple(
        Pair(
            names[pair.one],
            names[pair.other],
            pair.likeness.score,
            pair.likeness.verdict,
            pair.likeness.codes(),
        )
        for pair in found.pairs
    )
    shown = {name for pair in pairs for name in (pair.one, pair.other)}
    ids = (name.removeprefix("Patient/") for name in shown if name.startswith("Patient/"))
    rights.keep(sorted(ids), asked="twins", actor=actor, at=at)
    decided = {(pair.one, pair.other) for pair in pairs if _is_decided(pair)}
    ask, apart = (
        tuple(pair for pair in pairs if ((pair.one, pair.other) in decided) is known_apart)
        for known_apart in (False, True)
    )
    return Review(len(names), found.compared, found.passed_over, ask, apart)


def _is_decided(pair: Pair) -> bool:
    ids = [name.removeprefix("Patient/") for name in (pair.one, pair.other) if "/" in name]
    return len(ids) == 2 and between(*ids) is not None


def _register() -> Iterator[tuple[str, Identity]]:
    last = 0
    while some := people.everyone(after=last):
        for person in some:
            if person.is_active and not person.replaced_by:
                yield f"Patient/{person.patient_id}", person.identity
        last = some[-1].key
