"""Shapes of resources, for what lacks a value, and every three letters of texts, for parts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db import DatabaseError, migrations, transaction

from qamqor.store.ddl import sql
from qamqor.store.fhir import search_shapes

TABLES = ("token", "string", "date", "quantity", "reference", "uri", "composite")
TOGETHER = 5_000
_SQLITE = (
    "create table search_text (id integer primary key, text text not null unique)",
    """create virtual table search_text_part using fts5(
        text, content='', tokenize='trigram case_sensitive 1')""",
    """create trigger search_text_new after insert on search_text begin
        insert into search_text_part (rowid, text) values (new.id, new.text); end""",
)
_POSTGRESQL = ('create table search_text (text text collate "C" primary key)',)
_LETTERS = (
    "create extension if not exists pg_trgm",
    "create index search_text_part on search_text using gin (text gin_trgm_ops)",
)


def texts(_: Any, editor: Any) -> None:
    """Where PostgreSQL's own pg_trgm may not be made, parts of texts are found without an index."""
    is_sqlite = editor.connection.vendor == "sqlite"
    for statement in _SQLITE if is_sqlite else _POSTGRESQL:
        editor.execute(statement)
    if not is_sqlite:
        try:
            with transaction.atomic(using=editor.connection.alias):
                for statement in _LETTERS:
                    editor.execute(statement)
        except DatabaseError:
            pass
    editor.execute("insert into search_text (text) select distinct text from search_string")


def no_texts(_: Any, editor: Any) -> None:
    if editor.connection.vendor == "sqlite":
        editor.execute("drop table search_text_part")
    editor.execute("drop table search_text")


def fill(_: Any, editor: Any) -> None:
    """Shapes of what is indexed already, read from the index itself."""
    with editor.connection.cursor() as cursor:
        last = 0
        while rows := _shapes_after(cursor, last):
            last = rows[-1][0]
            known = {}
            for _key, number, parameters in rows:
                known[number] = parameters
            cursor.executemany(
                "insert into search_shape (shape, key) values (%s, %s)",
                [(number, key) for key, number, _ in rows],
            )
            cursor.executemany(
                "insert into search_shape_of (param, shape) values (%s, %s) on conflict do nothing",
                [(one, number) for number, some in known.items() for one in some],
            )


def _shapes_after(cursor: Any, last: int) -> list[tuple[int, int, tuple[int, ...]]]:
    cursor.execute(
        """select key from fhir_resource where key > %s and is_deleted = 0
        order by key limit %s""",
        [last, TOGETHER],
    )
    keys = [row[0] for row in cursor.fetchall()]
    if not keys:
        return []
    found: dict[int, set[int]] = {key: set() for key in keys}
    for key, parameter in _values(cursor, keys[0], keys[-1]):
        if key in found and parameter < search_shapes.FIRST_NUMBER:
            found[key].add(parameter)
    return [(key, *search_shapes.shape(tuple(sorted(some)))) for key, some in found.items()]


def _values(cursor: Any, first: int, last: int) -> Iterator[tuple[int, int]]:
    for table in TABLES:
        cursor.execute(
            f"select distinct key, param from search_{table} where key >= %s and key <= %s",
            [first, last],
        )
        yield from cursor.fetchall()


class Migration(migrations.Migration):
    dependencies = [("store", "0015_worklist")]
    operations = [
        sql(
            """create table search_shape (
                shape {bigint} not null, key {bigint} not null,
                primary key (shape, key)) {clustered}""",
            undo="drop table search_shape",
        ),
        sql(
            """create table search_shape_of (
                param integer not null, shape {bigint} not null,
                primary key (param, shape)) {clustered}""",
            undo="drop table search_shape_of",
        ),
        migrations.RunPython(texts, no_texts),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
