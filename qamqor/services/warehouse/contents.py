"""Says what is in the warehouse."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from qamqor.store.warehouse import Warehouse


class Contents(msgspec.Struct, frozen=True):
    """What is in force now.

    Attributes:
        generation: how many times it has changed.
        loaded_at: when it last changed, as ISO text; empty where the writer did not say.
        pack: the content pack whose tables these are.
        people: persons whose Patient is here.
        rows, held: rows by table; held ones wait for their Patient.
        resources: by type, resources the index knows of, deleted ones included.
        quarantine: by reason, entries of the quarantine file.
        bytes: size of the tables.
    """

    folder: str
    generation: int
    loaded_at: str
    pack: str
    buckets: int
    people: int
    rows: dict[str, int]
    held: dict[str, int]
    resources: dict[str, int]
    quarantine: dict[str, int]
    bytes: int


def show(into: Path) -> Contents:
    """What the warehouse of a data folder holds.

    Raises:
        NotThere: there is none.
    """
    warehouse = Warehouse.open(into / "warehouse")
    manifest, facts = warehouse.manifest, warehouse.manifest.facts
    held = {
        name: sum(part.rows for parts in table.held.values() for part in parts)
        for name, table in manifest.tables.items()
    }
    return Contents(
        folder=str(into),
        generation=manifest.generation,
        loaded_at=_text(facts.get("loaded_at")),
        pack=_text(facts.get("pack")),
        buckets=manifest.buckets,
        people=int(facts.get("people", warehouse.rows("patient"))),
        rows={name: warehouse.rows(name) for name in warehouse.tables},
        held={name: rows for name, rows in sorted(held.items()) if rows},
        resources={
            kind: sum(part.rows for part in parts) for kind, parts in sorted(manifest.index.items())
        },
        quarantine=dict(facts.get("quarantine", {})),
        bytes=sum(
            path.stat().st_size for name in warehouse.tables for path in warehouse.files(name)
        ),
    )


def _text(value: Any) -> str:
    return "" if value is None else str(value)
