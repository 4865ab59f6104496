"""Keeps apart what could not be loaded, each piece with its place, its reason and its text."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Final

import msgspec

from qamqor.store.warehouse import Part, sync

WAITING: Final = "patient-not-here"
PART_WAITS: Final = "patients-not-here"
BYTE_ORDER_MARK: Final = "byte-order-mark"
ORPHANED: Final = "patient-deleted"
NO_ROW: Final = "no-row"
# What these say is beside a resource that was loaded; all other entries are pieces not loaded.
NOTES: Final = frozenset({NO_ROW, BYTE_ORDER_MARK, PART_WAITS, ORPHANED})


class Entry(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line of the quarantine file.

    Attributes:
        source, line, entry: the file as delivered, the line from 1 (0 = the file as a whole),
            and the entry from 1 where the line is a Bundle.
        code: stable for ever; ``reason`` is the same in words.
        resource: ``Type/id`` where it is known.
        table: the table that could not use it, where it is about one.
        waits_for: the references that have to arrive before it can be loaded.
        raw: the text as delivered; empty where there was none or it was loaded earlier.
    """

    source: str
    line: int
    code: str
    reason: str
    entry: int = 0
    resource: str = ""
    table: str = ""
    waits_for: tuple[str, ...] = ()
    raw: str = ""

    @property
    def mark(self) -> bytes:
        """What makes it the same entry when the same delivery comes again."""
        if self.code in {WAITING, PART_WAITS, ORPHANED, NO_ROW}:
            said: tuple[str, ...] = (self.code, self.resource, self.table)
        else:
            said = (self.code, self.source, str(self.line), f"{self.entry}\0{self.raw}")
        return hashlib.blake2b("\0".join(said).encode(), digest_size=16).digest()


def text_of(raw: bytes) -> str:
    """Text that can stand in JSON; bytes that are no UTF-8 become ``\\\\xNN``."""
    return raw.decode("utf-8", "backslashreplace")


def read(path: Path | None) -> Iterator[Entry]:
    """The entries of a quarantine file, one at a time."""
    if path is None:
        return
    decode = msgspec.json.Decoder(Entry).decode
    with path.open("rb") as file:
        for line in file:
            yield decode(line)


class Kept:
    """The quarantine after a load: what stays of the old entries, then the new ones."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.counts: Counter[str] = Counter()
        self.new: Counter[str] = Counter()
        self.ended = 0
        self._marks: set[bytes] = set()
        self._encode = msgspec.json.Encoder().encode
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("wb")

    def carry(self, entries: Iterable[Entry], is_over: Callable[[Entry], bool]) -> None:
        """Take over the entries of the state before, less those that are over."""
        for entry in entries:
            if is_over(entry):
                self.ended += 1
            else:
                self._write(entry)

    def add(self, entry: Entry) -> None:
        """Keep an entry of this load, once."""
        if self._write(entry):
            self.new[entry.code] += 1

    @property
    def is_changed(self) -> bool:
        """Whether anything differs from the state before."""
        return bool(self.ended or self.new)

    def close(self, folder: Path) -> Part | None:
        """Finish the file; nothing where the quarantine is empty."""
        self._file.flush()
        self._file.close()
        if not self.counts:
            self.path.unlink()
            return None
        sync(self.path)
        return Part(self.path.relative_to(folder).as_posix(), self.counts.total())

    def _write(self, entry: Entry) -> bool:
        mark = entry.mark
        if mark in self._marks:
            return False
        self._marks.add(mark)
        self.counts[entry.code] += 1
        self._file.write(self._encode(entry) + b"\n")
        return True
