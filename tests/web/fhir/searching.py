"""Puts many resources into the record at once, with their index only, for tests of search."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import zstandard

from qamqor.engine.fhir import json_text
from qamqor.services.fhir.indexing import Saved, follow
from qamqor.store import node
from qamqor.store.fhir import versions
from qamqor.store.fhir.versions import Version
from qamqor.store.node import Transaction

TOGETHER = 5_000
AT = 1_772_442_000_000_000


def load(resources: Iterable[dict[str, Any]]) -> int:
    """Store and index; returns how many."""
    done, listed = 0, iter(resources)
    while some := list(islice(listed, TOGETHER)):
        node.commit(lambda tx, some=some: _store(tx, some))  # type: ignore[misc]
        done += len(some)
    return done


def _store(tx: Transaction, some: list[dict[str, Any]]) -> None:
    first = tx.sequence(len(some))
    rows = []
    for number, resource in enumerate(some, first):
        content = json_text.encode(resource).decode()
        kind, id_ = resource["resourceType"], resource["id"]
        rows.append((number, Version(number, kind, id_, 1, "PUT", AT + number, content)))
    versions.write(tx, rows)
    follow(tx, [Saved(n, r, None) for n, r in enumerate(some, first)])


def synthea(folder: Path, *types: str) -> Iterator[dict[str, Any]]:
    """Resources of some types of a delivery."""
    for name in types:
        with (folder / f"{name}.ndjson.zst").open("rb") as packed:
            text = io.TextIOWrapper(zstandard.ZstdDecompressor().stream_reader(packed), "utf-8")
            for line in text:
                yield json_text.decode(line)
