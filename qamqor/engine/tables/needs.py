"""Which parts of a resource a set of paths touches, and how DuckDB reads just those."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any, Final

from qamqor.engine.fhir import definitions
from qamqor.engine.fhir.fhirpath.steps import WHOLE

SHORT: Final = re.compile(r"""[\w."~()]+|'[^']*'""")


class Need:
    """One element that has to be read, and what of it.

    Attributes:
        type: its FHIR type.
        many: whether it is a JSON array.
        parts: the parts of it that are read, by JSON key.
        is_raw: kept as JSON, because how deep it goes, or what it holds, the record decides.
        is_exact: a decimal kept as text, because how exactly it was written matters.
        resources: for a contained resource, what is read of each resource type.
        walks: for a tree that is walked down, what is read of each element on the way.
        touched: the parts asked for since somebody last emptied this set.
    """

    def __init__(self, type_name: str, *, many: bool = False) -> None:
        self.type = type_name
        self.many = many
        self.parts: dict[str, Need] = {}
        self.is_raw = False
        self.is_exact = False
        self.resources: dict[str, Need] = {}
        self.walks: list[Need] = []
        self.touched: set[str] = set()

    def part(self, key: str, type_name: str, *, many: bool) -> Need:
        """The need for one part, noted if new."""
        self.touched.add(key)
        return self.parts.setdefault(key, Need(type_name, many=many))

    def resource(self, type_name: str) -> Need:
        """The need within a contained resource of one type, noted if new."""
        self.is_raw = True
        return self.resources.setdefault(type_name, Need(type_name))

    def walked(self, node: Need) -> None:
        """Keep it as JSON: its elements are read as ``node`` once the walk reaches them."""
        self.is_raw = True
        if node not in self.walks:
            self.walks.append(node)

    @property
    def has_raw(self) -> bool:
        """Whether any part is kept as JSON."""
        return self.is_raw or any(part.has_raw for part in self.parts.values())

    @property
    def scalar(self) -> str | None:
        """The SQL type of a simple value; nothing for an element with parts."""
        if not definitions.is_primitive(self.type):
            return None
        if self.type in WHOLE:
            return "BIGINT"
        if self.type == "decimal":
            return "VARCHAR" if self.is_exact else "DOUBLE"
        return "BOOLEAN" if self.type == "boolean" else "VARCHAR"

    def sql_type(self) -> str:
        """The type for ``columns=`` of read_json."""
        if self.is_raw:
            return "JSON"
        inside = self.scalar or f"STRUCT({self._fields()})"
        return f"{inside}[]" if self.many else inside

    def _fields(self) -> str:
        # An element only asked whether it is there still needs one field to be a STRUCT.
        parts = self.parts or {"id": Need("string")}
        return ", ".join(f"{quoted(key)} {part.sql_type()}" for key, part in parts.items())

    def schema(self) -> Any:
        """The structure for ``from_json``, as JSON describes it."""
        if self.is_raw:
            return "JSON"
        inside: Any = self.scalar
        if inside is None:
            parts = self.parts or {"id": Need("string")}
            inside = {key: part.schema() for key, part in parts.items()}
        return [inside] if self.many else inside

    def schema_text(self, *, of_one: bool = False) -> str:
        """``schema()`` as an SQL literal, of the JSON itself or of one element of its list."""
        raw, many = self.is_raw, self.many
        self.is_raw, self.many = False, many and not of_one
        text = text_literal(json.dumps(self.schema()))
        self.is_raw, self.many = raw, many
        return text

    def has_exact(self) -> bool:
        """Whether decimals must reach DuckDB as text."""
        below = [*self.parts.values(), *self.resources.values()]
        return self.is_exact or any(need.has_exact() for need in below)


def bound(sql: str, body: Callable[[str], str]) -> str:
    """``body`` of an expression that is written, and worked out, only once."""
    if SHORT.fullmatch(sql):
        return body(sql)
    # Binding goes through a list, the one place where SQL lets an expression name a value.
    return f"(list_transform([{sql}], lambda it: {body('it')}))[1]"


def quoted(name: str) -> str:
    """A name that SQL takes as it is."""
    return '"' + name.replace('"', '""') + '"'


def text_literal(text: str) -> str:
    """A text that SQL takes as it is."""
    return "'" + text.replace("'", "''") + "'"
