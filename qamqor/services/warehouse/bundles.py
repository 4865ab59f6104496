"""Takes a Bundle apart into resources and deletions, its inner references made whole."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import msgspec

from qamqor.engine.fhir import json_text
from qamqor.engine.fhir.definitions import is_resource
from qamqor.engine.fhir.envelope import ID, microseconds

_URN: Final = re.compile(rb'("reference"\s*:\s*")(urn:(?:uuid|oid):[^"\\]+)"')
_ADDRESS: Final = re.compile(r"(?:\S*/)?([A-Z][A-Za-z]+)/([A-Za-z0-9\-.]{1,64})(?:/_history/\S+)?")


class Refused(Exception):
    """A piece that cannot be loaded: code, words, and the resource where it is known."""

    def __init__(self, code: str, reason: str, resource: str = "") -> None:
        super().__init__(reason)
        self.code, self.reason, self.resource = code, reason, resource


@dataclass(frozen=True, slots=True)
class Deletion:
    """A resource that is said to be deleted; ``stamp`` in microseconds, None = not said."""

    resource_type: str
    id: str
    stamp: int | None


class _Stamp(msgspec.Struct):
    lastUpdated: datetime | None = None  # noqa: N815


class _Bundle(msgspec.Struct):
    meta: _Stamp | None = None
    timestamp: datetime | None = None
    entry: list[msgspec.Raw] = []


class _Request(msgspec.Struct):
    method: str = ""
    url: str = ""


class _Response(msgspec.Struct):
    lastModified: datetime | None = None  # noqa: N815


class _Entry(msgspec.Struct):
    fullUrl: str | None = None  # noqa: N815
    resource: msgspec.Raw = msgspec.Raw(b"")
    request: _Request | None = None
    response: _Response | None = None


class _Named(msgspec.Struct):
    resourceType: str | None = None  # noqa: N815
    id: str | None = None


Piece = bytes | Deletion | Refused


def pieces_of(raw: bytes, stamp: int | None = None) -> Iterator[tuple[Piece, bytes]]:
    """Every entry of a Bundle as what it holds and its own text.

    A ``urn:uuid`` address becomes the resource's id where it has none, and every reference
    to such an address inside the Bundle becomes ``Type/id``.

    Args:
        raw: the Bundle as JSON text.
        stamp: when its deletions were made where neither entry nor Bundle says so.

    Raises:
        Refused: it is no Bundle as FHIR writes it.
    """
    try:
        bundle = msgspec.json.decode(raw, type=_Bundle)
        json_text.must_say_once(raw)
    except msgspec.ValidationError as error:
        raise Refused("wrong-type", str(error)) from None
    except json_text.NotJson as error:
        raise Refused("malformed", str(error)) from None
    said = bundle.meta.lastUpdated if bundle.meta and bundle.meta.lastUpdated else bundle.timestamp
    stamp = stamp if said is None else microseconds(said)
    entries = [_entry(bytes(text)) for text in bundle.entry]
    addresses = dict(filter(None, (_address(entry) for entry in entries)))
    for entry, text in zip(entries, bundle.entry, strict=True):
        yield _piece(entry, addresses, stamp), bytes(text)


def _entry(text: bytes) -> _Entry | Refused:
    try:
        entry = msgspec.json.decode(text, type=_Entry)
        json_text.must_say_once(text)
    except msgspec.ValidationError as error:
        return Refused("wrong-type", f"Bundle entry: {error}")
    except json_text.NotJson as error:
        return Refused("malformed", f"Bundle entry: {error}")
    return entry


def _named(entry: _Entry) -> _Named:
    try:
        return msgspec.json.decode(entry.resource or b"{}", type=_Named)
    except msgspec.ValidationError:
        return _Named()


def _own_id(entry: _Entry) -> str | None:
    """The part of a ``urn`` address that can stand as an id."""
    last = (entry.fullUrl or "").rpartition(":")[2]
    return last if (entry.fullUrl or "").startswith("urn:") and ID.fullmatch(last) else None


def _address(entry: _Entry | Refused) -> tuple[bytes, bytes] | None:
    if isinstance(entry, Refused) or not entry.fullUrl or not entry.fullUrl.startswith("urn:"):
        return None
    named = _named(entry)
    identity = named.id or _own_id(entry)
    if named.resourceType is None or identity is None:
        return None
    return entry.fullUrl.encode(), f"{named.resourceType}/{identity}".encode()


def _piece(entry: _Entry | Refused, addresses: dict[bytes, bytes], stamp: int | None) -> Piece:
    if isinstance(entry, Refused):
        return entry
    if entry.request is not None and entry.request.method.upper() == "DELETE":
        return _deletion(entry, stamp)
    resource = bytes(entry.resource)
    if resource in {b"", b"null"}:
        return Refused("no-resource", "a Bundle entry without a resource")
    if _named(entry) == _Named(_named(entry).resourceType) and (identity := _own_id(entry)):
        resource = b'{"id":"' + identity.encode() + b'",' + resource.lstrip()[1:]
    if addresses and b"urn:" in resource:
        resource = _URN.sub(
            lambda found: found[1] + addresses.get(found[2], found[2]) + b'"', resource
        )
    return resource.replace(b"\n", b" ").replace(b"\r", b" ")


def _deletion(entry: _Entry, stamp: int | None) -> Deletion | Refused:
    url = entry.request.url if entry.request else ""
    found = _ADDRESS.fullmatch(url)
    if found is None:
        return Refused("delete-unclear", f"cannot tell what {url!r} deletes; Type/id is needed")
    if not is_resource(found[1]):
        return Refused("unknown-type", f"FHIR R4 has no resource type {found[1]}")
    said = entry.response.lastModified if entry.response else None
    return Deletion(found[1], found[2], stamp if said is None else microseconds(said))
