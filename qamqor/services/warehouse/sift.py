"""Reads the envelope of every line once and parts what can be loaded from what cannot."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Final, NamedTuple

import msgspec

from qamqor.engine.fhir.definitions import is_resource
from qamqor.engine.fhir.envelope import (
    ID,
    Head,
    decoder,
    is_about_another,
    is_entered_in_error,
    microseconds,
    patient_id,
    references,
    version_number,
)
from qamqor.engine.fhir.newest import Version, after, is_newer
from qamqor.services.warehouse.bundles import Deletion, Refused, pieces_of
from qamqor.services.warehouse.quarantine import BYTE_ORDER_MARK, Entry, text_of
from qamqor.services.warehouse.sources import BOM, Line, Source

LONGEST: Final = 16 << 20  # DuckDB's own limit for one JSON object
_HEAD: Final = msgspec.json.Decoder(Head)
_NOT_OBJECT: Final = re.compile(r"Expected `object`, got `(\w+)`$")
Check = Callable[[bytes], list[str]]


class Place(NamedTuple):
    """Where a piece stands: source by number, line, entry of a Bundle (0 = none)."""

    source: int
    line: int
    entry: int


@dataclass(slots=True)
class Batch:
    """Pieces of one resource type, column by column, one for each id."""

    ids: list[str] = field(default_factory=list)
    versions: list[Version] = field(default_factory=list)
    patients: list[Sequence[str]] = field(default_factory=list)
    places: list[Place] = field(default_factory=list)
    raws: list[bytes] = field(default_factory=list)
    at: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Kind:
    """What the sieve needs to know of a resource type, looked up once."""

    name: str
    is_used: bool
    must_name: bool
    decode: Callable[[bytes], Any]


_NO_KIND: Final = _Kind("", False, False, _HEAD.decode)


class Sieve:
    """Takes lines, hands bad ones to ``keep_apart``, and gathers the rest by type.

    Args:
        sources: the delivery's files; places name them by number.
        used: resource types that some table reads.
        about_people: those of them that have to name a patient.
        keep_apart: called with every entry for the quarantine.
        check: names the elements of a line that some table reads and that are not of the
            type FHIR gives them.
    """

    def __init__(
        self,
        sources: Sequence[Source],
        used: frozenset[str],
        *,
        about_people: frozenset[str],
        keep_apart: Callable[[Entry], None],
        check: Check,
    ) -> None:
        self.sources, self.used, self.about_people = sources, used, about_people
        self.keep_apart, self.check = keep_apart, check
        self.read = self.blank = 0
        self.not_used: Counter[str] = Counter()
        self.batches: dict[str, Batch] = {}
        self.held_bytes = 0
        self._kinds: dict[str, _Kind] = {}
        self._kind = _NO_KIND

    def take(self, line: Line, source: int) -> None:
        """Look at one line, whatever it holds."""
        place, raw = Place(source, line.number, 0), line.raw.strip()
        if line.was_marked:
            self.refuse(Refused(BYTE_ORDER_MARK, "a byte order mark; it was left out"), place, raw)
            raw = raw.removeprefix(BOM).strip()
        if line.problem:
            self.read += 1
            self.refuse(Refused(line.code, line.problem), place, raw)
        elif raw:
            self._take(raw, place)
        else:
            self.blank += 1

    def drain(self) -> dict[str, Batch]:
        """Hand over what was gathered and begin anew."""
        batches, self.batches, self.held_bytes = self.batches, {}, 0
        return batches

    def refuse(self, refused: Refused, place: Place, raw: bytes, *, table: str = "") -> None:
        """Keep a piece apart, or note something beside a piece that was taken."""
        source = self.sources[place.source].name if place.source >= 0 else ""
        self.keep_apart(
            Entry(
                source=source,
                line=place.line,
                entry=place.entry,
                code=refused.code,
                reason=refused.reason,
                resource=refused.resource,
                table=table,
                raw=text_of(raw),
            )
        )

    def delete(self, deletion: Deletion, place: Place) -> None:
        """Take a deletion as one piece."""
        self.read += 1
        if deletion.resource_type in self.used:
            version = Version(deletion.stamp, None, 0, True)
            self._gather(deletion.resource_type, deletion.id, version, (), place, b"")
        else:
            self.not_used[deletion.resource_type] += 1

    def _take(self, raw: bytes, place: Place) -> None:
        try:
            envelope = self._envelope(raw)
            kind = self._kind
            if kind.is_used:
                self._resource(kind, envelope, raw, place)
            elif kind.name == "Bundle" and not place.entry:
                self._bundle(raw, place)
                return
            else:
                self.not_used[kind.name] += 1
        except Refused as refused:
            self.refuse(refused, place, raw)
        self.read += 1

    def _envelope(self, raw: bytes) -> Any:
        """The decoded envelope; its type is ``self._kind`` afterwards."""
        kind = self._kind
        try:
            if not raw.isascii():
                raw.decode()
            envelope = kind.decode(raw)
            if envelope.resourceType == kind.name:
                return envelope
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            pass
        self._kind = _NO_KIND
        try:
            self._kind = self._kind_named(_type_of(raw))
            return self._kind.decode(raw)
        except msgspec.ValidationError as error:
            raise Refused("wrong-type", str(error)) from None

    def _kind_named(self, name: str) -> _Kind:
        if name not in self._kinds:
            is_used = name in self.used
            must_name = name in self.about_people
            decode = (decoder(name) if is_used else _HEAD).decode
            self._kinds[name] = _Kind(name, is_used, must_name, decode)
        return self._kinds[name]

    def _bundle(self, raw: bytes, place: Place) -> None:
        number = 0
        try:
            for number, (piece, text) in enumerate(
                pieces_of(raw, self.sources[place.source].stamp), 1
            ):
                inside = Place(place.source, place.line, number)
                if isinstance(piece, Deletion):
                    self.delete(piece, inside)
                elif isinstance(piece, Refused):
                    self.read += 1
                    self.refuse(piece, inside, text)
                else:
                    self._take(piece, inside)
        except Refused as refused:
            self.read += 1
            self.refuse(refused, place, raw)
            return
        if not number:
            self.read += 1
            self.not_used["Bundle"] += 1

    def _resource(self, kind: _Kind, envelope: Any, raw: bytes, place: Place) -> None:
        identity, meta = envelope.id, envelope.meta
        if identity is None or not ID.fullmatch(identity):
            raise Refused("no-id", f"{kind.name} without a usable id: {identity!r}")
        updated = version = None
        if meta is not None:
            updated, version = microseconds(meta.lastUpdated), version_number(meta.versionId)
        if is_entered_in_error(envelope):
            withdrawn = Version(updated, version, 0, True)
            self._gather(kind.name, identity, withdrawn, (), place, raw)
            return
        self._check(kind, identity, raw)
        content = int.from_bytes(sha256(raw).digest()[:8], "little") or 1
        patients = self._patients(kind, envelope, identity)
        if b"\n" in raw or b"\r" in raw:
            raw = raw.replace(b"\n", b" ").replace(b"\r", b" ")
        said = Version(updated, version, content, False)
        self._gather(kind.name, identity, said, patients, place, raw)

    def _check(self, kind: _Kind, identity: str, raw: bytes) -> None:
        if len(raw) > LONGEST:
            raise Refused("too-long", f"longer than {LONGEST >> 20} MiB", f"{kind.name}/{identity}")
        if problems := self.check(raw):
            raise Refused("wrong-type", "; ".join(problems[:5]), f"{kind.name}/{identity}")

    def _patients(self, kind: _Kind, envelope: Any, identity: str) -> Sequence[str]:
        """Whom it is about; that nobody is named is only right where the type allows it."""
        if kind.name == "Patient":
            return (identity,)
        said = list(references(envelope, kind.name))
        patients = [found for one in said if (found := patient_id(one.reference))]
        if patients or not kind.must_name or any(map(is_about_another, said)):
            return patients if len(patients) < 2 else sorted(set(patients))
        reason = "does not say which patient it is about"
        if said:
            reason = f"its patient reference {said[0].reference!r} cannot be followed"
        raise Refused("no-patient", reason, f"{kind.name}/{identity}")

    def _gather(
        self,
        kind: str,
        identity: str,
        version: Version,
        patients: Sequence[str],
        place: Place,
        raw: bytes,
    ) -> None:
        batch = self.batches.get(kind)
        if batch is None:
            batch = self.batches[kind] = Batch()
        self.held_bytes += len(raw)
        ids = batch.ids
        at = batch.at.setdefault(identity, len(ids))
        if at < len(ids):
            self._second(kind, at, version, patients, place, raw)
            return
        ids.append(identity)
        batch.versions.append(version)
        batch.patients.append(patients)
        batch.places.append(place)
        batch.raws.append(raw)

    def _second(
        self,
        kind: str,
        at: int,
        version: Version,
        patients: Sequence[str],
        place: Place,
        raw: bytes,
    ) -> None:
        """Of two pieces with one id the newer stays; the other goes to quarantine."""
        batch = self.batches[kind]
        lost_place, lost_raw = place, raw
        if is_newer(version, batch.versions[at]):
            lost_place, lost_raw = batch.places[at], batch.raws[at]
            batch.versions[at] = after(version, batch.versions[at])
            batch.patients[at], batch.places[at], batch.raws[at] = patients, place, raw
        self.refuse(duplicate(f"{kind}/{batch.ids[at]}"), lost_place, lost_raw)


def duplicate(identity: str) -> Refused:
    """Why the older of two pieces of one delivery is not loaded."""
    return Refused("duplicate", "the delivery has a newer piece with this id", identity)


def _type_of(raw: bytes) -> str:
    try:
        if not raw.isascii():
            raw.decode()
        kind = _HEAD.decode(raw).resourceType
    except UnicodeDecodeError as error:
        raise Refused("not-utf8", f"not UTF-8 from byte {error.start + 1} on") from None
    except RecursionError:
        raise Refused("too-deep", "nested too deeply") from None
    except msgspec.ValidationError as error:
        if found := _NOT_OBJECT.search(str(error)):
            raise Refused("not-object", f"a JSON {found[1]}, not a resource") from None
        raise
    except msgspec.DecodeError as error:
        raise Refused("malformed", f"not JSON: {error}") from None
    if kind is None:
        raise Refused("no-type", "an object without resourceType is no FHIR resource")
    if not is_resource(kind):
        raise Refused("unknown-type", f"FHIR R4 has no resource type {kind!r}"[:200])
    return kind
