"""Brings the database to this version, and makes anew the indexes that are new or of old tables."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial

from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from qamqor.services import derived
from qamqor.store.fhir import versions

Say = Callable[[str, int], None]


def upgrade(*, at: datetime, say: Say = lambda room, count: None) -> dict[str, int]:
    """Apply what is missing; a migration names in ``rebuilds`` the indexes it leaves empty.

    Due care is made again too where the content pack has other tables of care than those its rows
    were made by; stopped on the way, the next start begins it again.

    Args:
        at: now; due care is worked out for its day.
        say: told an index and how many resources or people it has done.

    Returns:
        index → how many resources or people were put into it; empty when nothing had to be.
    """
    wanted = _left_empty()
    call_command("migrate", verbosity=0)
    if not versions.last_sequence():
        derived.begin()
        return {}
    if derived.are_of_other_tables():
        wanted.add("due care")
    if not wanted:
        return {}
    # Brings every room that keeps an index along, which a usual start has no need to wait for.
    from qamqor.services.fhir.reindex import ROOMS

    return {room: make(at, partial(say, room)) for room, make in ROOMS.items() if room in wanted}


def _left_empty() -> set[str]:
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return {room for migration, _ in plan for room in getattr(migration, "rebuilds", ())}
