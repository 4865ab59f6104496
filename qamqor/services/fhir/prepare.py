"""Reads, checks and flattens lines of a delivery, in a process of its own beside the committer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from qamqor.engine.fhir import json_text
from qamqor.engine.fhir.definitions import resource_types
from qamqor.engine.fhir.search.extract import values
from qamqor.engine.fhir.search.values import Values
from qamqor.errors import Unusable
from qamqor.services import derived
from qamqor.services.fhir import valid
from qamqor.services.warehouse.quarantine import Entry, text_of
from qamqor.services.warehouse.sift import Place, Sieve
from qamqor.services.warehouse.sources import Line, Source


class Piece(NamedTuple):
    """One resource ready to be stored, or deleted where ``raw`` is empty."""

    type: str
    id: str
    raw: bytes
    place: Place
    flat: derived.Flat
    values: Values | None


@dataclass(slots=True)
class Prepared:
    """What became of some lines.

    Attributes:
        read: pieces found, an entry of a Bundle being one.
        apart: what cannot be stored, with its reason.
    """

    read: int = 0
    pieces: list[Piece] = field(default_factory=list)
    apart: list[Entry] = field(default_factory=list)


def prepare(job: tuple[Sequence[Source], int, Sequence[Line]]) -> Prepared:
    """Do what needs no database for some lines of one source.

    Args:
        job: all sources, the number of this one, its lines.
    """
    sources, number, lines = job
    done = Prepared()
    sieve = Sieve(
        sources,
        resource_types() - {"Bundle"},
        about_people=frozenset(),
        keep_apart=done.apart.append,
        check=lambda _: [],
    )
    for line in lines:
        sieve.take(line, number)
    for kind, batch in sieve.batches.items():
        for id_, place, raw in zip(batch.ids, batch.places, batch.raws, strict=True):
            piece = _piece(kind, id_, place, raw)
            if isinstance(piece, Piece):
                done.pieces.append(piece)
            else:
                done.apart.append(_apart(sources, place, raw, f"{kind}/{id_}", piece))
    done.read = sieve.read
    return done


def _piece(kind: str, id_: str, place: Place, raw: bytes) -> Piece | str:
    """A resource ready to be stored, or why it is not."""
    if not raw:
        return Piece(kind, id_, raw, place, derived.NOTHING, None)
    try:
        resource: dict[str, Any] = json_text.decode(raw)
        valid.must_be(resource, type_=kind)
    except json_text.NotJson as error:
        return str(error)
    except Unusable as refused:
        return "; ".join(f"{one.expression}: {one.text}" for one in refused.issues[:5])
    return Piece(kind, id_, raw, place, derived.flatten(kind, resource), values(resource))


def _apart(sources: Sequence[Source], place: Place, raw: bytes, named: str, reason: str) -> Entry:
    return Entry(
        source=sources[place.source].name,
        line=place.line,
        entry=place.entry,
        code="invalid",
        reason=reason,
        resource=named,
        raw=text_of(raw),
    )
