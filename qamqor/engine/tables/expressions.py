"""Writes the checked steps of a path as one DuckDB expression."""

from __future__ import annotations

from qamqor.engine.tables import operators_sql, paths_sql
from qamqor.engine.tables.values import Place, Value, Writer


def writer() -> Writer:
    """A writer that knows every operation."""
    return Writer({**paths_sql.WRITERS, **operators_sql.WRITERS})


__all__ = ["Place", "Value", "Writer", "writer"]
