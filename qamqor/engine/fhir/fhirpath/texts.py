"""FHIRPath's functions on texts."""

from __future__ import annotations

import base64
import binascii
import html
import json
import re
from collections.abc import Callable
from typing import Any, Final

from qamqor.engine.fhir.fhirpath import patterns
from qamqor.engine.fhir.fhirpath.arithmetic import LONGEST_TEXT
from qamqor.engine.fhir.fhirpath.items import Items, kind, made
from qamqor.engine.fhir.fhirpath.syntax import PathError


def _text(asked: Any) -> str | None:
    item = asked.only()
    if item is None or item.value is None:
        return None
    if kind(item) not in {"text", "date", "time"} or not isinstance(item.value, str):
        raise PathError(f"{asked.node.name}() needs a text, not {item.type}", asked.node.at)
    return item.value


def _on_text(
    calculate: Callable[..., Any], type_name: str, arity: int = 0
) -> Callable[[Any], Items]:
    """A function of a text and some arguments; anything missing gives nothing."""

    def function(asked: Any) -> Items:
        arguments = [asked.value(number) for number in range(arity)]
        text = _text(asked)
        if text is None or None in arguments:
            return []
        try:
            result = calculate(text, *arguments)
        except patterns.BadPattern as error:
            raise PathError(f"{asked.node.name}(): the pattern {error}", asked.node.at) from None
        return [] if result is None else made(result, type_name)

    return function


def _substring(asked: Any) -> Items:
    start, length = asked.value(), (asked.value(1) if asked.has(1) else None)
    text = _text(asked)
    if text is None or start is None or not 0 <= start < len(text):
        return []
    return made(text[start:] if length is None else text[start : start + max(0, length)], "string")


def _join(asked: Any) -> Items:
    separator = asked.value() if asked.has() else ""
    if not asked.source:
        return []
    return made((separator or "").join(str(i.value) for i in asked.source), "string")


def _split(asked: Any) -> Items:
    text, separator = _text(asked), asked.value()
    if text is None or separator is None:
        return []
    return [item for part in text.split(separator) for item in made(part, "string")]


def _characters(asked: Any) -> Items:
    return [item for letter in _text(asked) or "" for item in made(letter, "string")]


def _replaced(text: str, old: str, new: str) -> str:
    if len(text) + text.count(old) * len(new) > LONGEST_TEXT:
        raise PathError(f"replace() makes a text of more than {LONGEST_TEXT} characters")
    return text.replace(old, new)


def _replaced_matches(text: str, pattern: str, new: str) -> str:
    if not pattern:
        return text
    if (len(text) + 1) * (len(new) + 1) > LONGEST_TEXT:
        raise PathError(f"replaceMatches() may make more than {LONGEST_TEXT} characters")
    return patterns.replaced(pattern, text, new)


def _encoded(text: str, way: str) -> str | None:
    raw = text.encode()
    ways: dict[str, Callable[[], bytes]] = {
        "hex": lambda: binascii.hexlify(raw),
        "base64": lambda: base64.b64encode(raw),
        "urlbase64": lambda: base64.urlsafe_b64encode(raw),
    }
    return ways[way]().decode() if way in ways else None


def _decoded(text: str, way: str) -> str | None:
    ways: dict[str, Callable[[], bytes]] = {
        "hex": lambda: binascii.unhexlify(text),
        "base64": lambda: base64.b64decode(text),
        "urlbase64": lambda: base64.urlsafe_b64decode(text),
    }
    return ways[way]().decode() if way in ways else None


def _escaped(text: str, way: str) -> str | None:
    if way == "html":
        return html.escape(text)
    return json.dumps(text, ensure_ascii=False)[1:-1] if way == "json" else None


def _unescaped(text: str, way: str) -> str | None:
    if way == "html":
        return html.unescape(text)
    return ESCAPE.sub(_one_unescaped, text) if way == "json" else None


ESCAPE: Final = re.compile(r"""\\(u[0-9a-fA-F]{4}|["\\/bfnrt])""")


def _one_unescaped(match: re.Match[str]) -> str:
    return str(json.loads(f'"{match.group()}"'))


FUNCTIONS: Final[dict[str, Callable[[Any], Items]]] = {
    "indexOf": _on_text(str.find, "integer", 1),
    "substring": _substring,
    "startsWith": _on_text(str.startswith, "boolean", 1),
    "endsWith": _on_text(str.endswith, "boolean", 1),
    "contains": _on_text(str.__contains__, "boolean", 1),
    "upper": _on_text(str.upper, "string"),
    "lower": _on_text(str.lower, "string"),
    "trim": _on_text(str.strip, "string"),
    "length": _on_text(len, "integer"),
    "replace": _on_text(_replaced, "string", 2),
    "matches": _on_text(lambda t, p: patterns.found(p, t), "boolean", 1),
    "matchesFull": _on_text(lambda t, p: patterns.is_whole(p, t), "boolean", 1),
    "replaceMatches": _on_text(_replaced_matches, "string", 2),
    "toChars": _characters,
    "split": _split,
    "join": _join,
    "encode": _on_text(_encoded, "string", 1),
    "decode": _on_text(_decoded, "string", 1),
    "escape": _on_text(_escaped, "string", 1),
    "unescape": _on_text(_unescaped, "string", 1),
}
