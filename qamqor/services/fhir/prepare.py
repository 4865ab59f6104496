"""Reads, checks and turns into rows lines of a delivery, in a process beside the committer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

import msgspec

from qamqor.engine.fhir import json_text
from qamqor.engine.fhir.definitions import resource_types
from qamqor.errors import Unusable
from qamqor.services.fhir import fresh, valid
from qamqor.services.fhir.fresh import Fresh
from qamqor.services.warehouse.quarantine import Entry, text_of
from qamqor.services.warehouse.sift import Place, Sieve
from qamqor.services.warehouse.sources import Line, Source


class Piece(NamedTuple):
    """One resource to be stored, or deleted where ``raw`` is empty, and where it stood."""

    type: str
    id: str
    raw: bytes
    place: Place


class Prepared(msgspec.Struct):
    """What became of some lines.

    Attributes:
        read: pieces found, an entry of a Bundle being one.
        fresh: those that can be stored as they are where the record has none of them.
        pieces: the others.
        apart: what cannot be stored, with its reason.
    """

    read: int
    fresh: Fresh
    pieces: list[Piece]
    apart: list[Entry]

    def fresh_as_pieces(self) -> list[Piece]:
        """The fresh ones as the others are, for a record that knows one of them."""
        return [
            Piece(type_, id_, content.encode(), _NOWHERE)
            for (type_, id_), content in zip(self.fresh.named, self.fresh.contents, strict=True)
        ]


_NOWHERE: Final = Place(0, 0, 0)


class Job(NamedTuple):
    """Lines of one source: all sources, its number among them, and when they are stored.

    Without a moment nothing is taken for fresh.
    """

    sources: Sequence[Source]
    number: int
    lines: Sequence[Line]
    at: datetime | None = None


_ENCODE: Final = msgspec.msgpack.Encoder().encode
unpack: Final = msgspec.msgpack.Decoder(Prepared).decode
"""What a process packed; quicker than Python's own way between processes."""


def packed(job: Job) -> bytes:
    """As ``prepare``, packed for another process."""
    return _ENCODE(prepare(job))


def prepare(job: Job) -> Prepared:
    """Do what needs no database for some lines of one source."""
    apart: list[Entry] = []
    sieve = Sieve(
        job.sources,
        resource_types() - {"Bundle"},
        about_people=frozenset(),
        keep_apart=apart.append,
        check=lambda _: [],
    )
    for line in job.lines:
        sieve.take(line, job.number)
    near: list[tuple[str, str, dict[str, Any]]] = []
    pieces: list[Piece] = []
    for kind, batch in sieve.batches.items():
        for id_, place, raw in zip(batch.ids, batch.places, batch.raws, strict=True):
            resource = _read(kind, raw) if raw else {}
            if isinstance(resource, str):
                apart.append(_apart(job.sources, place, raw, f"{kind}/{id_}", resource))
            elif resource and job.at is not None and fresh.is_near(kind, resource):
                near.append((kind, id_, resource))
            else:
                pieces.append(Piece(kind, id_, raw, place))
    made = Fresh() if job.at is None else fresh.gather(near, at=job.at)
    return Prepared(sieve.read, made, pieces, apart)


def _read(kind: str, raw: bytes) -> dict[str, Any] | str:
    """A resource that may be stored, or why it may not."""
    try:
        resource: dict[str, Any] = json_text.decode_once(raw)
        valid.must_be(resource, type_=kind)
    except json_text.NotJson as error:
        return str(error)
    except Unusable as refused:
        return "; ".join(f"{one.expression}: {one.text}" for one in refused.issues[:5])
    return resource


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
