"""Reads files of resources line by line: NDJSON plain or compressed, Bundles, single resources."""

from __future__ import annotations

import gzip
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import msgspec
import zstandard

BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Line:
    """One resource as text, and where it stands."""

    file: Path
    number: int
    text: bytes


def opened(file: Path) -> IO[bytes]:
    """The bytes of a file, unpacked if its name ends in .gz or .zst."""
    if file.suffix == ".gz":
        return io.BufferedReader(gzip.open(file, "rb"))
    if file.suffix == ".zst":
        reader = zstandard.ZstdDecompressor().stream_reader(file.open("rb"), closefd=True)
        return io.BufferedReader(reader)
    return file.open("rb")


def is_ndjson(file: Path) -> bool:
    """Whether the name says that every line is one resource."""
    name = file.name.removesuffix(".gz").removesuffix(".zst")
    return name.endswith((".ndjson", ".jsonl"))


def lines(file: Path) -> Iterator[Line]:
    """Every resource of a file; blank lines are passed over, a byte order mark is taken off.

    A file that is not NDJSON is one JSON document: a Bundle gives its entries, numbered from 1,
    anything else is given whole.
    """
    with opened(file) as stream:
        if is_ndjson(file):
            for number, text in enumerate(stream, 1):
                text = text.removeprefix(BOM).strip() if number == 1 else text.strip()
                if text:
                    yield Line(file, number, text)
            return
        whole = stream.read().removeprefix(BOM).strip()
    yield from _of_document(file, whole)


def _of_document(file: Path, whole: bytes) -> Iterator[Line]:
    try:
        document: Any = msgspec.json.decode(whole, type=Bundle)
    except msgspec.MsgspecError:
        yield Line(file, 1, whole)
        return
    if document.resourceType != "Bundle":
        yield Line(file, 1, whole)
        return
    for number, entry in enumerate(document.entry or [], 1):
        if bytes(entry.resource) not in {b"", b"null"}:
            # Kept as written; a line break inside would cut an NDJSON line in two.
            yield Line(file, number, bytes(entry.resource))


class Entry(msgspec.Struct):
    """An entry of a Bundle, its resource kept as text."""

    resource: msgspec.Raw = msgspec.Raw()


class Bundle(msgspec.Struct):
    """As much of a Bundle as is needed to take it apart."""

    resourceType: str  # noqa: N815 - FHIR's name
    entry: list[Entry] | None = None
