"""The warehouse: immutable Parquet files by table and bucket, and the manifest in force."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec
import pyarrow.parquet as pq

from qamqor.engine.tables.partition import buckets_for
from qamqor.errors import NotPossible, NotThere

FORMAT: Final = 1
MANIFEST: Final = "manifest.json"
EVERYONE: Final = 0  # the one bucket of a table without patients


class Part(msgspec.Struct, frozen=True, array_like=True):
    """One Parquet file in force: its path inside the warehouse, its rows, whose rows they are.

    ``source`` is the resource type the rows come from; empty where the writer did not say.
    """

    path: str
    rows: int
    source: str = ""


class TableFiles(msgspec.Struct, frozen=True):
    """The files of one table by bucket; ``held`` rows wait for their Patient and are not read."""

    has_patient: bool
    files: dict[int, list[Part]] = {}
    held: dict[int, list[Part]] = {}


class Manifest(msgspec.Struct, frozen=True):
    """What is in force, all of it; whatever it does not name is not there."""

    format: int
    generation: int
    buckets: int
    tables: dict[str, TableFiles]
    index: dict[str, list[Part]] = {}
    quarantine: Part | None = None
    facts: dict[str, Any] = {}


@dataclass(frozen=True, slots=True)
class Warehouse:
    """One state of the warehouse in ``folder``; ``replace`` makes the next one.

    A reader that opened an earlier state keeps reading it: files are never changed, and
    those no longer in force stay until the write after the next.
    """

    folder: Path
    manifest: Manifest

    @classmethod
    def create(
        cls, folder: Path, *, tables: Iterable[str], people: int, shared: Iterable[str] = ()
    ) -> Warehouse:
        """Make an empty warehouse for about ``people`` persons.

        Args:
            folder: a new or empty folder.
            tables: every table's name.
            people: decides the number of buckets, which never changes afterwards.
            shared: the tables without patients, kept as one part each.

        Raises:
            NotPossible: there is a warehouse already.
        """
        if (folder / MANIFEST).exists():
            raise NotPossible(f"{folder} holds a warehouse already")
        folder.mkdir(parents=True, exist_ok=True)
        made = cls.planned(folder, tables=tables, people=people, shared=shared)
        _write_manifest(folder, made.manifest)
        return made

    @classmethod
    def planned(
        cls, folder: Path, *, tables: Iterable[str], people: int, shared: Iterable[str] = ()
    ) -> Warehouse:
        """As ``create``, but nobody else sees it before its first ``commit``."""
        without = set(shared)
        kinds = {name: TableFiles(has_patient=name not in without) for name in tables}
        kinds |= {name: TableFiles(has_patient=False) for name in without}
        return cls(folder, Manifest(FORMAT, 0, buckets_for(people), kinds))

    @classmethod
    def open(cls, folder: Path) -> Warehouse:
        """The state in force now.

        Raises:
            NotThere: the folder holds no warehouse.
            NotPossible: it was written by a newer version.
        """
        try:
            manifest = msgspec.json.decode((folder / MANIFEST).read_bytes(), type=Manifest)
        except (FileNotFoundError, NotADirectoryError):
            raise NotThere(f"no warehouse in {folder}; load records first") from None
        except msgspec.DecodeError as error:
            raise NotPossible(f"{folder / MANIFEST} is not a manifest: {error}") from None
        if manifest.format > FORMAT:
            raise NotPossible(f"{folder} was written by a newer version of qamqor")
        return cls(folder, manifest)

    @property
    def buckets(self) -> int:
        """How many buckets, a power of two fixed at creation."""
        return self.manifest.buckets

    @property
    def tables(self) -> tuple[str, ...]:
        """Names of all tables, in alphabetical order, empty ones included."""
        return tuple(sorted(self.manifest.tables))

    def has_patient(self, table: str) -> bool:
        """Whether the table is partitioned by person."""
        return self._table(table).has_patient

    def files(self, table: str, buckets: Iterable[int] | None = None) -> list[Path]:
        """The Parquet files of a table in some buckets, or in all.

        Each is sorted by patient_id, then by the table's known_on column. A table without
        patients has one part, whatever the buckets. None are listed where nothing is known.
        """
        kept = self._table(table)
        chosen = sorted(kept.files) if buckets is None or not kept.has_patient else buckets
        return [self.folder / part.path for bucket in chosen for part in kept.files.get(bucket, ())]

    def rows(self, table: str) -> int:
        """How many rows a table has."""
        return sum(part.rows for parts in self._table(table).files.values() for part in parts)

    def new_file(self, table: str, bucket: int, source: str = "") -> Path:
        """Where to write a file that the next ``replace`` will name; never one in force."""
        name = "-".join(
            piece
            for piece in (f"{bucket:03d}", source, f"{self.manifest.generation + 1:06d}")
            if piece
        )
        path = self.folder / "tables" / table / f"{name}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def part(self, path: Path, source: str = "") -> Part:
        """A written file as the manifest names it; its content is on disk afterwards."""
        sync(path)
        rows: int = pq.read_metadata(path).num_rows
        return Part(path.relative_to(self.folder).as_posix(), rows, source)

    def replace(
        self,
        parts: Mapping[tuple[str, int], Sequence[Path]],
        *,
        facts: Mapping[str, Any] | None = None,
    ) -> Warehouse:
        """Put new files in force for some (table, bucket) pairs, all or none of them.

        Args:
            parts: the files that replace all earlier ones of each pair; none empties it.
            facts: what the writer wants to be known about this state, added to the rest.

        Returns:
            The state now in force.
        """
        tables = dict(self.manifest.tables)
        for (table, bucket), paths in parts.items():
            kept = tables[table]
            now = {**kept.files, bucket: [self.part(path) for path in paths]}
            files = {number: now[number] for number in sorted(now) if now[number]}
            tables[table] = msgspec.structs.replace(kept, files=files)
        return self.commit(tables=tables, facts={**self.manifest.facts, **(facts or {})})

    def commit(self, **changes: Any) -> Warehouse:
        """Put a changed manifest in force as the next generation; files must be synced before."""
        generation = self.manifest.generation + 1
        manifest = msgspec.structs.replace(self.manifest, generation=generation, **changes)
        for folder in {(self.folder / path).parent for path in named_files(manifest)}:
            sync(folder)
        _write_manifest(self.folder, manifest)
        return Warehouse(self.folder, manifest)

    def sweep(self) -> None:
        """Remove every file that is not in force: of earlier states and of killed writers."""
        in_force = set(named_files(self.manifest))
        for path in self.folder.rglob("*.*"):
            if path.name == MANIFEST or not path.is_file() or path.name.startswith("."):
                continue
            if path.relative_to(self.folder).as_posix() not in in_force:
                path.unlink(missing_ok=True)

    def _table(self, table: str) -> TableFiles:
        try:
            return self.manifest.tables[table]
        except KeyError:
            raise NotThere(f"the warehouse has no table {table}") from None


@contextmanager
def only_writer(folder: Path) -> Iterator[None]:
    """Hold the warehouse against other writers; the system lets go when the process ends.

    Raises:
        NotPossible: another process is writing.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise NotPossible(f"another load is writing to {folder}; try again later") from None
        yield


def named_files(manifest: Manifest) -> Iterator[str]:
    """The path of every file a manifest names."""
    for table in manifest.tables.values():
        for parts in (*table.files.values(), *table.held.values()):
            yield from (part.path for part in parts)
    for parts in manifest.index.values():
        yield from (part.path for part in parts)
    if manifest.quarantine:
        yield manifest.quarantine.path


def sync(path: Path) -> None:
    """Wait until a file or a folder's list of names is on disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def replace_file(path: Path, content: bytes) -> None:
    """Give a file new content that is there whole or not at all, whenever power fails."""
    aside = path.with_name(f".{path.name}.new")
    with aside.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    aside.replace(path)
    sync(path.parent)


def _write_manifest(folder: Path, manifest: Manifest) -> None:
    replace_file(folder / MANIFEST, msgspec.json.format(msgspec.json.encode(manifest), indent=1))
