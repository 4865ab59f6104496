"""Gives a query the values it names, in the form each engine understands."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from functools import lru_cache
from typing import Any, Final

from qamqor.engine.programmes.schema import Value

ALWAYS: Final = ("as_of", "period_start", "period_end")
_TOKEN: Final = re.compile(
    r"'(?:[^']|'')*'"  # a text
    r'|"(?:[^"]|"")*"'  # a quoted name
    r"|--[^\n]*|/\*.*?\*/"  # a comment
    r"|\$(?P<name>[A-Za-z_]\w*)",
    re.DOTALL,
)


@lru_cache(maxsize=4096)
def names_in(sql: str) -> tuple[str, ...]:
    """The parameters a query names, each once, in order; none from texts or comments."""
    return tuple(dict.fromkeys(m["name"] for m in _TOKEN.finditer(sql) if m["name"]))


def with_prefix(sql: str, prefix: str) -> str:
    """The query with every ``$name`` written with another prefix, such as ``:name``."""
    return _TOKEN.sub(lambda m: prefix + m["name"] if m["name"] else m[0], sql)


def renamed(sql: str, name_of: Callable[[str], str]) -> str:
    """The query with every parameter under another name."""
    return _TOKEN.sub(lambda m: "$" + name_of(m["name"]) if m["name"] else m[0], sql)


def for_duckdb(sql: str, values: Mapping[str, Value]) -> dict[str, Any]:
    """The values a query names, dates as dates; DuckDB refuses any other name."""
    return {name: values[name] for name in names_in(sql) if name in values}


def for_sqlite(sql: str, values: Mapping[str, Value]) -> dict[str, Any]:
    """The values a query names, dates as ISO text."""
    return {
        name: value.isoformat() if isinstance(value, date) else value
        for name, value in for_duckdb(sql, values).items()
    }
