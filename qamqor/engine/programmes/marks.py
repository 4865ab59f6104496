"""Reads YAML so that every value remembers its line and no key is written twice."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Final

import yaml

from qamqor.errors import Problem

Path_ = tuple[str | int, ...]
_LOADER: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(slots=True)
class Document:
    """One YAML file: its plain value, the line of each path, and what is wrong with it.

    Attributes:
        where: the file's name as people should read it.
        value: mappings, lists, texts, numbers, booleans and dates; null when unreadable.
        lines: line number, from 1, of each path of keys and positions.
        problems: syntax errors and keys written twice.
    """

    where: str
    value: Any = None
    lines: dict[Path_, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def line(self, path: Path_) -> int | None:
        """The line of a path, or of the nearest thing around it."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path)

    def problem(self, path: Path_, what: str, fix: str = "") -> None:
        """Note something wrong at a path."""
        self.problems.append(Problem(self.where, what, fix, self.line(path)))


def read(path: Path, where: str) -> Document:
    """Read one YAML file; never raises for its content, the document says what is wrong."""
    document = Document(where)
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        document.problems.append(Problem(where, "the file is missing", "write it"))
        return document
    except (UnicodeDecodeError, OSError) as error:
        document.problems.append(Problem(where, f"cannot be read: {error}", "save it as UTF-8"))
        return document
    return parse(text, document)


def parse(text: str, document: Document) -> Document:
    """Fill a document from text."""
    loader = _LOADER(text)
    try:
        node = loader.get_single_node()
        if node is not None:
            document.value = _value(loader, node, (), document)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        said = getattr(error, "problem", None) or str(error)
        line = mark.line + 1 if mark is not None else None
        document.problems.append(
            Problem(document.where, f"not YAML: {said}", "check indentation and quotes", line)
        )
    except ValueError as error:
        document.problems.append(Problem(document.where, f"not YAML: {error}"))
    finally:
        loader.dispose()
    return document


def _value(loader: Any, node: Any, path: Path_, document: Document) -> Any:
    document.lines[path] = node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        return _mapping(loader, node, path, document)
    if isinstance(node, yaml.SequenceNode):
        return [_value(loader, item, (*path, n), document) for n, item in enumerate(node.value)]
    return loader.construct_object(node)


def _mapping(loader: Any, node: Any, path: Path_, document: Document) -> dict[Any, Any]:
    found: dict[Any, Any] = {}
    for key_node, value_node in node.value:
        key = str(loader.construct_object(key_node, deep=True))
        value = _value(loader, value_node, (*path, key), document)
        document.lines[(*path, key)] = key_node.start_mark.line + 1
        if key in found:
            document.problem((*path, key), f"`{key}` is written twice", "keep one of the two")
        found[key] = value
    return found


class Entry:
    """One mapping of a document, read key by key; everything unexpected becomes a problem."""

    def __init__(self, document: Document, path: Path_ = ()) -> None:
        self.document, self.path = document, path
        value: Any = document.value
        for step in path:
            value = value[step]
        self.value: Mapping[str, Any] = value if isinstance(value, dict) else {}
        if not isinstance(value, dict) and not (path == () and document.problems):
            self.problem(None, "is not a mapping of names to values", "write `name: value` lines")

    def problem(self, key: str | None, what: str, fix: str = "") -> None:
        """Note something wrong at a key, or at the whole mapping."""
        name = ".".join(str(step) for step in (*self.path, *([key] if key else [])))
        path = (*self.path, key) if key else self.path
        self.document.problem(path, f"{name} {what}" if name else what, fix)

    def knows(self, *keys: str) -> None:
        """Refuse every key that is not one of these."""
        for key in self.value:
            if key not in keys:
                self.problem(str(key), "is not a known key", f"known: {', '.join(keys)}")

    def get(self, key: str, kinds: type | tuple[type, ...], what: str, default: Any = None) -> Any:
        """The value of a key if it is of a kind; missing gives the default, wrong is a problem."""
        value = self.value.get(key)
        if value is None:
            return default
        wrong_bool = isinstance(value, bool) and bool not in _tuple(kinds)
        if not isinstance(value, kinds) or wrong_bool:
            self.problem(key, f"should be {what}, not {_said(value)}")
            return default
        return value

    def need(self, key: str, kinds: type | tuple[type, ...], what: str, default: Any) -> Any:
        """``get`` of a key that must be there."""
        if self.value.get(key) is None:
            self.problem(None, f"has no `{key}`" if self.path else f"`{key}` is missing", what)
            return default
        return self.get(key, kinds, what, default)

    def text(self, key: str) -> str:
        """A text that must be there, without line ends around it."""
        return str(self.need(key, str, "a text", "")).strip()

    def day(self, key: str) -> date:
        """A calendar date that must be there."""
        found: date = self.need(key, date, "a date such as 2026-01-01", date.min)
        return found

    def names(self, key: str) -> tuple[str, ...]:
        """A list of names; missing is empty."""
        found = self.get(key, list, "a list of names", [])
        for name in found:
            if not isinstance(name, str):
                self.problem(key, f"should list names, not {_said(name)}")
        return tuple(name for name in found if isinstance(name, str))

    def entries(self, key: str) -> Iterator[tuple[str, Entry]]:
        """The mappings inside a mapping, by name; missing is none."""
        for name in self.get(key, dict, "a mapping", {}):
            yield str(name), Entry(self.document, (*self.path, key, name))

    def words(self, key: str) -> dict[str, str]:
        """A mapping of codes to words; missing is empty."""
        found = self.get(key, dict, "a mapping of codes to words", {})
        return {str(code): str(said).strip() for code, said in found.items() if said is not None}


def _tuple(kinds: type | tuple[type, ...]) -> tuple[type, ...]:
    return kinds if isinstance(kinds, tuple) else (kinds,)


def _said(value: Any) -> str:
    if isinstance(value, dict | list):
        return "a mapping" if isinstance(value, dict) else "a list"
    return f"`{value}`"
