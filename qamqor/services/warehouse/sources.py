"""Opens what was delivered, packed or not, and gives it out line by line with its place."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, Final

import msgspec
import zstandard

from qamqor.engine.fhir.envelope import microseconds
from qamqor.errors import NotThere

READ_BYTES: Final = 1 << 20
PACKED_BYTES: Final = 1 << 15  # a small packed block can hold a very large unpacked one
LARGEST_DOCUMENT: Final = 1 << 30
ENDINGS: Final = (".ndjson", ".json", ".jsonl")
PACKINGS: Final = (".gz", ".zst")
BOM: Final = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Source:
    """One file of a delivery.

    Attributes:
        name: how people find it: the path inside what was named on the command line.
        deletes: it lists what was deleted, so it is read after all others.
        stamp: when the deletions it lists were made, microseconds; None = not said.
        missing: a manifest names it, but it is not there.
    """

    name: str
    path: Path
    deletes: bool = False
    stamp: int | None = None
    missing: bool = False


class Line(msgspec.Struct, frozen=True, gc=False):
    """Some text with its place.

    Attributes:
        number: from 1; 0 where the whole file is meant.
        raw: the text as delivered, without its line end but with its byte order mark.
        code, problem: why it cannot be read; empty where it can.
        was_marked: a byte order mark stood before it and is to be left out.
    """

    number: int
    raw: bytes
    code: str = ""
    problem: str = ""
    was_marked: bool = False


class Unreadable(Exception):
    """A file whose packing is broken from some place on."""


def sources_of(paths: Sequence[Path]) -> list[Source]:
    """All files of a delivery in the order they count, lists of deletions last.

    Raises:
        NotThere: one of the paths does not exist, or is a folder without records.
    """
    found: dict[Path, Source] = {}
    for path in paths:
        if not path.exists():
            raise NotThere(f"there is no {path} to load")
        inside = list(_in_folder(path)) if path.is_dir() else [Source(path.name, path)]
        if not inside:
            raise NotThere(f"{path} holds no file ending in {', '.join(ENDINGS)}, packed or not")
        for source in inside:
            found.setdefault(source.path.resolve(), source)
    return sorted(found.values(), key=lambda source: source.deletes)


def _in_folder(folder: Path) -> Iterator[Source]:
    manifests = {path: _manifest(path) for path in sorted(folder.rglob("*.json"))}
    listed: dict[str, Source] = {}
    for path, manifest in manifests.items():
        if manifest:
            listed |= {source.path.name: source for source in _listed(path.parent, manifest)}
    for path in sorted(folder.rglob("*")):
        if not _is_delivery(path) or manifests.get(path):
            continue
        name = path.relative_to(folder).as_posix()
        said = listed.pop(path.name, None)
        if said is None:
            yield Source(name, path, deletes=path.parent.name == "deleted")
        else:
            yield replace(said, name=name, path=path)
    yield from (replace(source, missing=True) for source in listed.values())


def _is_delivery(path: Path) -> bool:
    endings = path.suffixes[-2:] if path.suffix in PACKINGS else path.suffixes[-1:]
    return bool(endings) and endings[0] in ENDINGS and path.is_file()


def _manifest(path: Path) -> dict[str, Any] | None:
    """A Bulk Data manifest, if that is what the file is."""
    with path.open("rb") as file:
        start = file.read(16 * READ_BYTES)
    if b'"output"' not in start or b'"transactionTime"' not in start:
        return None
    try:
        found = json.loads(start)
    except (ValueError, RecursionError):
        return None
    is_one = isinstance(found, dict) and isinstance(found.get("output"), list)
    return found if is_one and "resourceType" not in found else None


def _listed(folder: Path, manifest: dict[str, Any]) -> Iterator[Source]:
    stamp = _moment(manifest.get("transactionTime"))
    for kind in ("output", "error", "deleted"):
        entries = manifest.get(kind)
        for entry in entries if isinstance(entries, list) else ():
            url = entry.get("url") if isinstance(entry, dict) else None
            if isinstance(url, str) and (name := url.split("?")[0].rstrip("/").split("/")[-1]):
                yield Source(name, folder / name, deletes=kind == "deleted", stamp=stamp)


def _moment(text: Any) -> int | None:
    try:
        return microseconds(datetime.fromisoformat(text))
    except (TypeError, ValueError):
        return None


def lines(source: Source) -> Iterator[Line]:
    """Every line of a file, whatever is wrong with it; a JSON document is one piece.

    Nothing is skipped: blank lines come too, and what cannot be unpacked ends with a line
    whose ``problem`` says where.
    """
    if source.missing:
        yield Line(
            0, b"", "missing-file", "the delivery's manifest names this file, but it is not there"
        )
        return
    try:
        with source.path.open("rb") as file:
            yield from _of_file(file, source)
    except OSError as error:
        yield Line(0, b"", "unreadable", f"cannot be opened: {error.strerror}")


def _of_file(file: BinaryIO, source: Source) -> Iterator[Line]:
    start = file.read(4)
    file.seek(0)
    if not start:
        yield Line(0, b"", "empty-file", "the file is empty")
        return
    blocks = _unpacked(file, start)
    head = b""
    broken: Unreadable | None = None
    try:
        while len(head) < READ_BYTES and (block := next(blocks, b"")):
            head += block
    except Unreadable as error:
        broken = error
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        yield Line(1, head[:READ_BYTES], "not-utf8", "UTF-16; FHIR JSON is UTF-8: convert the file")
        return
    if not head and broken is None:
        yield Line(0, b"", "empty-file", "the file is empty once unpacked")
        return
    yield from _split(_rest(head, blocks, broken), source, head)


def _rest(head: bytes, blocks: Iterator[bytes], broken: Unreadable | None) -> Iterator[bytes]:
    yield head
    if broken is not None:
        raise broken
    yield from blocks


def _split(blocks: Iterator[bytes], source: Source, head: bytes) -> Iterator[Line]:
    is_marked = head[:3] == BOM
    if (document := _as_document(head, source)) is not None:
        yield Line(1, document, was_marked=is_marked)
        return
    number, left, held = 0, [b""], 0
    try:
        for block in blocks:
            first, *more = block.split(b"\n")
            left.append(first)
            held += len(first)
            if not more and held < LARGEST_DOCUMENT:
                continue
            for piece in (b"".join(left), *more[:-1]):
                number += 1
                yield Line(number, piece, was_marked=number == 1 and is_marked)
            left = more[-1:]
            held = len(left[0]) if left else 0
    except Unreadable as error:
        yield Line(number + 1, b"".join(left), "unreadable", str(error))
        return
    if last := b"".join(left):
        yield Line(number + 1, last, was_marked=number == 0 and is_marked)


def _as_document(head: bytes, source: Source) -> bytes | None:
    """The whole text where the file is one JSON value over several lines, else nothing."""
    first, newline, rest = head.removeprefix(BOM).lstrip().partition(b"\n")
    if not newline or not rest.strip() or first.rstrip().endswith(b"}"):
        return None
    blocks, size = [], 0
    try:
        with source.path.open("rb") as file:
            start = file.read(4)
            file.seek(0)
            for block in _unpacked(file, start):
                blocks.append(block)
                size += len(block)
                if size > LARGEST_DOCUMENT:
                    return None
        whole = b"".join(blocks).removeprefix(BOM)
        msgspec.json.decode(whole, type=msgspec.Raw)
    except (Unreadable, msgspec.DecodeError, RecursionError):
        return None
    return whole


def _unpacked(file: BinaryIO, start: bytes) -> Iterator[bytes]:
    if start[:2] == b"\x1f\x8b":
        return _inflated(file, lambda: zlib.decompressobj(31))
    if start == b"\x28\xb5\x2f\xfd":
        return _inflated(file, lambda: zstandard.ZstdDecompressor().decompressobj())
    return iter(lambda: file.read(READ_BYTES), b"")


def _inflated(file: BinaryIO, begin: Callable[[], Any]) -> Iterator[bytes]:
    """Unpack frame after frame; what was unpacked before a break is given out first."""
    frame, is_inside = begin(), False
    while packed := file.read(PACKED_BYTES):
        while packed:
            try:
                unpacked = frame.decompress(packed)
            except (zlib.error, zstandard.ZstdError) as error:
                raise Unreadable(f"the packing is broken from here on: {error}") from None
            is_inside = not frame.eof
            if unpacked:
                yield unpacked
            packed = frame.unused_data if frame.eof else b""
            if frame.eof:
                frame = begin()
    if is_inside:
        raise Unreadable("the packed file ends in the middle; send it again")
