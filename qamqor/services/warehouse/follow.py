"""Brings the warehouse to where the record is: what changed since the last time, in one delivery.

The record numbers every change without a gap, so that "everything after 4,711" is the whole
difference. What was changed several times comes once, as it is now. The number goes into the
warehouse's manifest with the rows: whatever is killed, the next time begins where the rows are.
Nothing ever goes back from the warehouse to the record.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import msgspec

from qamqor.engine.fhir import json_text
from qamqor.engine.programmes.schema import Table
from qamqor.errors import NotPossible, NotThere
from qamqor.services.warehouse.delivery import NO_LIMITS, Limits, Progress, unwatched
from qamqor.services.warehouse.load import load
from qamqor.services.warehouse.plan import plan_of
from qamqor.services.warehouse.summary import Summary
from qamqor.store.fhir import versions
from qamqor.store.fhir.versions import Version
from qamqor.store.warehouse import Warehouse

FACT: Final = "followed"
MOST: Final = 100_000
"""Changes in one delivery; after a long time away there are several."""
READ_AT_ONCE: Final = 2_000
DELETIONS_TOGETHER: Final = 1_000
EPOCH: Final = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


class Followed(msgspec.Struct):
    """What following came to.

    Attributes:
        sequence: the change of the record at which the warehouse is now.
        changes: how many changes lie between then and now.
        resources: how many resources came, as they are now; ``deleted`` = how many went.
        quarantined: how many of them could not be used.
    """

    sequence: int
    changes: int = 0
    resources: int = 0
    deleted: int = 0
    quarantined: int = 0


def follow(
    into: Path,
    *,
    tables: Iterable[Table],
    at: datetime,
    pack: str = "",
    limits: Limits = NO_LIMITS,
    progress: Progress = unwatched,
    most: int = MOST,
) -> Followed:
    """Load what the record has and the warehouse has not, step by step until there is no more.

    Args:
        into, tables, at, pack, limits, progress: as for ``load``.
        most: changes in one step.

    Raises:
        NotPossible: the record is another one than was followed, or was put back to an earlier
            state; or another load is running, or the warehouse was made with other tables.
    """
    listed = list(tables)
    used = plan_of(listed).used
    start = _start(into)
    found = Followed(sequence=start)
    last = versions.last_sequence()
    while found.sequence < last or not _is_there(into):
        # What is not here yet is read type by type, as it is now; then change by change.
        end = last if found.sequence == 0 else min(last, found.sequence + most)
        if found.sequence == 0:
            changed: Iterator[Version] = _all(used, last)
        else:
            changed = _between(used, found.sequence, end)
        summary = _deliver(
            into, changed, end, found, listed, at=at, pack=pack, limits=limits, progress=progress
        )
        found.quarantined += sum(summary.quarantined.values())
        found.sequence = end
    found.changes = found.sequence - start
    return found


def _is_there(into: Path) -> bool:
    try:
        Warehouse.open(into / "warehouse")
    except NotThere:
        return False
    return True


def _start(into: Path) -> int:
    """The change at which the warehouse is; 0 where it never followed."""
    if not _is_there(into):
        return 0
    said = Warehouse.open(into / "warehouse").manifest.facts.get(FACT)
    if said is None:
        return 0
    if said["mark"] != _mark(int(said["sequence"])):
        raise NotPossible(
            "the warehouse has followed another record, or this one before it was put back; "
            "follow into another folder with --into"
        )
    return int(said["sequence"])


def _mark(sequence: int) -> str:
    """What tells one record's change of a number from another's; empty where there is none."""
    if sequence == 0:
        return ""
    found = versions.changes_after(sequence - 1, limit=1)
    if not found or found[0].sequence != sequence:
        return "none"
    one = found[0]
    return f"{one.type}/{one.id}/_history/{one.version}@{one.at}"


def _all(used: frozenset[str], last: int) -> Iterator[Version]:
    for type_ in sorted(used):
        yield from versions.type_as_of(type_, last)


def _between(used: frozenset[str], start: int, end: int) -> Iterator[Version]:
    """Of each resource changed in between its last version there."""
    newest: dict[tuple[str, str], int] = {}
    for version in _changes(start, end):
        if version.type in used:
            newest[version.type, version.id] = version.sequence
    for version in _changes(start, end):
        if newest.get((version.type, version.id)) == version.sequence:
            yield version


def _changes(start: int, end: int) -> Iterator[Version]:
    while start < end:
        some = versions.changes_after(start, limit=min(READ_AT_ONCE, end - start))
        if not some:
            return
        yield from some
        start = some[-1].sequence


def _deliver(
    into: Path,
    changed: Iterator[Version],
    end: int,
    found: Followed,
    tables: list[Table],
    *,
    at: datetime,
    pack: str,
    limits: Limits,
    progress: Progress,
) -> Summary:
    """Write what changed as a delivery, and load it together with the number of the change."""
    folder = into / ".following"
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "deleted").mkdir(parents=True)
    try:
        _write(folder, changed, found)
        return load(
            [folder],
            into,
            tables=tables,
            at=at,
            pack=pack,
            limits=limits,
            progress=progress,
            facts={FACT: {"sequence": end, "mark": _mark(end)}},
        )
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _write(folder: Path, changed: Iterator[Version], found: Followed) -> None:
    gone: list[dict[str, Any]] = []
    with (
        (folder / "record.ndjson").open("wb") as out,
        (folder / "deleted" / "record.ndjson").open("wb") as deleted,
    ):
        out.write(b"\n")  # a file that holds nothing at all would be a fault of the delivery
        deleted.write(b"\n")
        for version in changed:
            if version.content is not None:
                out.write(version.content.encode() + b"\n")
                found.resources += 1
                continue
            gone.append(_deletion(version))
            found.deleted += 1
            if len(gone) >= DELETIONS_TOGETHER:
                deleted.write(_bundle(gone))
                gone = []
        if gone:
            deleted.write(_bundle(gone))


def _deletion(version: Version) -> dict[str, Any]:
    when = (EPOCH + timedelta(microseconds=version.at)).isoformat()
    request = {"method": "DELETE", "url": f"{version.type}/{version.id}"}
    return {"request": request, "response": {"status": "204", "lastModified": when}}


def _bundle(entries: list[dict[str, Any]]) -> bytes:
    said = {"resourceType": "Bundle", "type": "history", "entry": entries}
    return json_text.encode(said) + b"\n"
