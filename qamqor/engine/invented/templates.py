"""Turns a resource's shape into a text with gaps, and fills it once for each row."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec

_GAPS: Final = re.compile(r',?"«\+(?P<piece>\w+)»":0|"#(?P<number>\w+)#"|«(?P<text>\w+)»')


@dataclass(frozen=True, slots=True)
class Template:
    """One line of NDJSON with ``%s`` for each of ``names``, in order."""

    line: str
    names: tuple[str, ...]

    def fill(self, values: Mapping[str, Sequence[Any]]) -> Iterable[str]:
        """One line for each row; ``values`` has a list for each name."""
        line = self.line
        return (line % row for row in zip(*(values[name] for name in self.names), strict=True))


def template_of(shape: Mapping[str, Any]) -> Template:
    """Find the gaps of a shape (see ``shapes``)."""
    text = msgspec.json.encode(shape).decode()
    names: list[str] = []

    def gap(found: re.Match[str]) -> str:
        names.append(next(name for name in found.groups() if name))
        return "%s"

    pieces: list[str] = []
    start = 0
    for found in _GAPS.finditer(text):
        pieces += [text[start : found.start()].replace("%", "%%"), gap(found)]
        start = found.end()
    pieces.append(text[start:].replace("%", "%%"))
    return Template("".join(pieces), tuple(names))


def piece(
    name: str, values: Iterable[str | None], *, before: str = "", after: str = ""
) -> list[str]:
    """A member for each row that has a value, and nothing for the others."""
    start, end = f',"{name}":{before}"', f'"{after}'
    return [f"{start}{value}{end}" if value is not None else "" for value in values]
