"""Loads one delivery: all of it is in force afterwards, or nothing of it."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from qamqor.engine.programmes.schema import Table
from qamqor.errors import NotPossible, NotThere
from qamqor.services.warehouse.bundles import Deletion
from qamqor.services.warehouse.close import NO_FACTS, Closing, publish
from qamqor.services.warehouse.delivery import NO_LIMITS, Delivery, Limits, Progress, unwatched
from qamqor.services.warehouse.plan import Plan, plan_of
from qamqor.services.warehouse.sources import Source, sources_of
from qamqor.services.warehouse.summary import Summary
from qamqor.store.warehouse import MANIFEST, Warehouse, only_writer


def load(
    paths: Sequence[Path],
    into: Path,
    *,
    tables: Iterable[Table],
    at: datetime,
    pack: str = "",
    is_strict: bool = False,
    limits: Limits = NO_LIMITS,
    progress: Progress = unwatched,
    facts: Mapping[str, Any] = NO_FACTS,
) -> Summary:
    """Load files and folders as one delivery.

    Args:
        paths: FHIR R4 NDJSON, Bundles, or folders of them, packed or not.
        into: the data folder; ``warehouse`` and ``quarantine.ndjson`` lie in it.
        tables: the tables of the content pack.
        at: now.
        pack: the pack's name and version, to be shown with the warehouse.
        is_strict: change nothing if anything would go to quarantine.
        limits: how much of the machine to use.
        progress: called with bytes done and bytes in all.
        facts: kept in the manifest with the delivery, in force or not like it.

    Returns:
        What became of every piece; its numbers add up.

    Raises:
        NotThere: a path does not exist.
        NotPossible: another load is running, or the warehouse was made with other tables.
        InvalidView: the pack has a table that cannot be made.
    """
    plan = plan_of(tables)
    return _run(sources_of(paths), (), into, plan, at, pack, is_strict, limits, progress, facts)


def delete(
    names: Sequence[Deletion], into: Path, *, tables: Iterable[Table], at: datetime, pack: str = ""
) -> Summary:
    """Take resources out, as of now; older copies that are delivered later stay out.

    Raises:
        NotThere: there is no warehouse.
        NotPossible: as ``load``.
    """
    Warehouse.open(into / "warehouse")
    return _run((), names, into, plan_of(tables), at, pack, False, NO_LIMITS, unwatched)


def _run(
    sources: Sequence[Source],
    deletions: Sequence[Deletion],
    into: Path,
    plan: Plan,
    at: datetime,
    pack: str,
    is_strict: bool,
    limits: Limits,
    progress: Progress,
    facts: Mapping[str, Any] = NO_FACTS,
) -> Summary:
    folder = into / "warehouse"
    with only_writer(folder):
        warehouse = _opened(folder, plan)
        staging = folder / ".staging"
        shutil.rmtree(staging, ignore_errors=True)
        warehouse.sweep()
        if (folder / MANIFEST).exists():
            publish(warehouse, into)
        staging.mkdir()
        try:
            with (
                _connected(staging, limits) as db,
                Delivery(db, warehouse, plan, sources, staging, limits) as delivery,
            ):
                delivery.read(deletions, progress)
                summary = Closing(delivery, into, at=at, pack=pack, facts=facts).finish(is_strict)
            if deletions:
                # What somebody asked to have deleted does not stay in files of earlier states.
                Warehouse.open(folder).sweep()
            return summary
        finally:
            shutil.rmtree(staging, ignore_errors=True)


def _opened(folder: Path, plan: Plan) -> Warehouse:
    """The state before; for a first load one that nobody sees yet."""
    try:
        warehouse = Warehouse.open(folder)
    except NotThere:
        return Warehouse.planned(folder, tables=plan.tables, people=0, shared=plan.shared)
    made_with = warehouse.manifest.facts.get("tables_sha256")
    if made_with is None and any(warehouse.files(table) for table in warehouse.tables):
        raise NotPossible(
            f"{folder} was written without an index of its records, so nothing can be added; "
            "load into another folder with --into"
        )
    if made_with not in {None, plan.sha256}:
        raise NotPossible(
            f"{folder} was made with other tables than the content pack has now; "
            "load everything again into an empty folder with --into"
        )
    return warehouse


def _connected(staging: Path, limits: Limits) -> duckdb.DuckDBPyConnection:
    config: dict[str, Any] = {"temp_directory": str(staging / "spill")}
    if limits.threads:
        config["threads"] = limits.threads
    if limits.memory_gb:
        config["memory_limit"] = f"{limits.memory_gb:.1f}GB"
    return duckdb.connect(config=config)
