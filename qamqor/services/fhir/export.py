"""Writes the record as NDJSON by type: one moment's picture, while others go on saving."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from qamqor.store.fhir import versions


def export(
    out: Path,
    *,
    types: tuple[str, ...] = (),
    progress: Callable[[str, int], None] = lambda type_, count: None,
) -> dict[str, int]:
    """Write every current resource, ``Type.ndjson`` each; returns how many of each type.

    A file appears under its name once it is complete.

    Args:
        types: empty = all.
        progress: told a type and how many were written, once it is complete.
    """
    sequence = versions.last_sequence()
    out.mkdir(parents=True, exist_ok=True)
    counts: dict[str, int] = {}
    for type_ in types or versions.types():
        aside, count = out / f"{type_}.ndjson.part", 0
        with aside.open("wb") as file:
            for version in versions.type_as_of(type_, sequence):
                if version.content is not None:
                    file.write(version.content.encode() + b"\n")
                    count += 1
        if count:
            aside.replace(out / f"{type_}.ndjson")
            counts[type_] = count
        else:
            aside.unlink()
        progress(type_, count)
    return counts
