"""Writes a table once for both databases; Django's models would add indexes nobody asks for."""

from __future__ import annotations

from typing import Any

from django.db import migrations

WORDS = {
    "sqlite": {"bigint": "integer", "text": "text", "clustered": "without rowid", "json": "text"},
    # The C collation: byte order, as SQLite has it, so that paging agrees and prefixes use indexes.
    "postgresql": {"bigint": "bigint", "text": 'text collate "C"', "clustered": "", "json": "text"},
}


def sql(*statements: str, undo: str) -> migrations.RunPython:
    """A step of the history in plain SQL.

    ``{bigint}``, ``{text}``, ``{json}`` are column types; ``{clustered}`` ends a table whose rows
    lie in the order of its primary key, where the database can do that.
    """

    def run(_: Any, editor: Any) -> None:
        for statement in statements:
            editor.execute(statement.format(**WORDS[editor.connection.vendor]))

    def back(_: Any, editor: Any) -> None:
        editor.execute(undo)

    return migrations.RunPython(run, back)
