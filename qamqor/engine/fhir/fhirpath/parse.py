"""Reads the text of a FHIRPath expression (the grammar of FHIRPath 2.0)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Final

from qamqor.engine.fhir.fhirpath.syntax import (
    Binary,
    Call,
    Constant,
    Index,
    Literal,
    Member,
    Node,
    Nothing,
    PathError,
    Sign,
    This,
    TypeTest,
    Variable,
)

TOKEN: Final = re.compile(
    r"""(?P<space>\s+|//[^\n\r]*|/\*.*?\*/)
      | (?P<moment>@\d{4}(-\d\d(-\d\d)?)?
          (T(\d\d(:\d\d(:\d\d(\.\d+)?)?)?(Z|[+-]\d\d:\d\d)?)?)?
          | @T\d\d(:\d\d(:\d\d(\.\d+)?)?)?)
      | (?P<number>\d+(\.\d+)?)
      | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
      | (?P<quoted>`(?:[^`\\]|\\.)*`)
      | (?P<text>'(?:[^'\\]|\\.)*')
      | (?P<constant>%(?:[A-Za-z_][A-Za-z0-9_-]*|`[^`]*`|'[^']*'))
      | (?P<variable>\$[a-z]+)
      | (?P<sign>!=|!~|<=|>=|[.()\[\]{},+\-*/&|<>=~])""",
    re.VERBOSE | re.DOTALL,
)
ESCAPE: Final = re.compile(r"\\(u[0-9a-fA-F]{4}|.)", re.DOTALL)
ESCAPED: Final = {
    "n": "\n", "r": "\r", "t": "\t", "f": "\f", "\\": "\\", "/": "/", "'": "'", '"': '"', "`": "`",
}  # fmt: skip
# From the loosest to the tightest.
LEVELS: Final = (
    ("implies",),
    ("or", "xor"),
    ("and",),
    ("in", "contains"),
    ("=", "~", "!=", "!~"),
    ("<=", "<", ">", ">="),
    ("|",),
    ("is", "as"),
    ("+", "-", "&"),
    ("*", "/", "div", "mod"),
)
KEYWORDS: Final = {"div", "mod", "and", "or", "xor", "implies", "true", "false", "in", "is", "as"}
CALENDAR: Final = {
    f"{unit}{plural}"
    for unit in ("year", "month", "week", "day", "hour", "minute", "second", "millisecond")
    for plural in ("", "s")
}


@dataclass(frozen=True, slots=True)
class Token:
    kind: str
    text: str
    at: int


def tokens(path: str) -> list[Token]:
    """The words of a path, spaces and comments left out, an ``end`` behind the last."""
    found, at = [], 0
    while at < len(path):
        match = TOKEN.match(path, at)
        if match is None:
            raise PathError(f"cannot read {path[at : at + 12]!r}", at)
        kind = match.lastgroup or ""
        if kind != "space":
            found.append(Token(kind, match.group(), at))
        at = match.end()
    return [*found, Token("end", "", at)]


def unescape(text: str, at: int) -> str:
    """The characters between quotes, with ``\\n``, ``\\u0041`` and the like resolved."""

    def one(match: re.Match[str]) -> str:
        code = match[1]
        if code[0] == "u" and len(code) == 5:
            return chr(int(code[1:], 16))
        if code not in ESCAPED:
            raise PathError(f"unknown escape \\{code}", at)
        return ESCAPED[code]

    return ESCAPE.sub(one, text[1:-1])


class Parser:
    """Recursive descent with one token of looking ahead."""

    def __init__(self, path: str) -> None:
        self.tokens = tokens(path)
        self.next = 0

    @property
    def token(self) -> Token:
        return self.tokens[self.next]

    def take(self) -> Token:
        token = self.token
        self.next += 1
        return token

    def took(self, *texts: str) -> bool:
        if self.token.kind in {"sign", "name"} and self.token.text in texts:
            self.next += 1
            return True
        return False

    def need(self, text: str) -> None:
        if not self.took(text):
            found = self.token.text or "the end"
            raise PathError(f"expected {text!r}, found {found!r}", self.token.at)

    def whole(self) -> Node:
        node = self.level(0)
        if self.token.kind != "end":
            raise PathError(f"cannot use {self.token.text!r} here", self.token.at)
        return node

    def level(self, depth: int) -> Node:
        if depth == len(LEVELS):
            return self.signed()
        left = self.level(depth + 1)
        while self.token.kind in {"sign", "name"} and self.token.text in LEVELS[depth]:
            operator = self.take()
            if operator.text in {"is", "as"}:
                left = TypeTest(operator.text, left, self.type_name(), operator.at)
            else:
                left = Binary(operator.text, left, self.level(depth + 1), operator.at)
        return left

    def type_name(self) -> str:
        parts = [self.identifier()]
        while self.took("."):
            parts.append(self.identifier())
        return ".".join(parts)

    def identifier(self) -> str:
        token = self.take()
        if token.kind == "quoted":
            return unescape(token.text, token.at)
        if token.kind == "name":
            return token.text
        raise PathError(f"expected a name, found {token.text or 'the end'!r}", token.at)

    def signed(self) -> Node:
        at = self.token.at
        if self.took("-"):
            return Sign("-", self.signed(), at)
        if self.took("+"):
            return Sign("+", self.signed(), at)
        return self.followed(self.term())

    def followed(self, node: Node) -> Node:
        while True:
            at = self.token.at
            if self.took("."):
                node = self.invocation(node)
            elif self.took("["):
                node = Index(node, self.level(0), at)
                self.need("]")
            else:
                return node

    def invocation(self, source: Node | None) -> Node:
        token = self.token
        if source is not None and token.kind == "variable":
            raise PathError(f"{token.text} cannot follow a dot", token.at)
        name = self.identifier()
        if token.kind == "name" and self.took("("):
            return Call(source, name, self.arguments(), token.at)
        return Member(source, name, token.at)

    def arguments(self) -> tuple[Node, ...]:
        if self.took(")"):
            return ()
        found = [self.level(0)]
        while self.took(","):
            found.append(self.level(0))
        self.need(")")
        return tuple(found)

    def term(self) -> Node:
        token = self.token
        read = TERMS.get(token.kind)
        if read is not None:
            self.next += 1
            return read(self, token)
        if self.took("("):
            inside = self.level(0)
            self.need(")")
            return inside
        if self.took("{"):
            self.need("}")
            return Nothing(token.at)
        if token.kind in {"name", "quoted"}:
            return self.named(token)
        raise PathError(f"expected a value or a name, found {token.text or 'the end'!r}", token.at)

    def named(self, token: Token) -> Node:
        if token.kind == "name" and token.text in {"true", "false"}:
            self.next += 1
            return Literal(token.text == "true", "boolean", token.at)
        if token.kind == "name" and token.text in KEYWORDS - {"is", "as", "in"}:
            raise PathError(f"{token.text!r} needs something before it", token.at)
        return self.invocation(None)

    def number(self, token: Token) -> Node:
        unit = self.token
        if unit.kind == "text":
            self.next += 1
            return Literal(Decimal(token.text), "Quantity", token.at, unescape(unit.text, unit.at))
        if unit.kind == "name" and unit.text in CALENDAR:
            self.next += 1
            return Literal(Decimal(token.text), "Quantity", token.at, unit.text)
        if "." in token.text:
            return Literal(Decimal(token.text), "decimal", token.at)
        return Literal(int(token.text), "integer", token.at)

    def moment(self, token: Token) -> Node:
        text = token.text[1:]
        kind = "time" if text[0] == "T" else "dateTime" if "T" in text else "date"
        return Literal(text.removeprefix("T").removesuffix("T"), kind, token.at)

    def string(self, token: Token) -> Node:
        return Literal(unescape(token.text, token.at), "string", token.at)

    def constant(self, token: Token) -> Node:
        return Constant(token.text[1:].strip("`'"), token.at)

    def variable(self, token: Token) -> Node:
        if token.text == "$this":
            return This(token.at)
        if token.text in {"$index", "$total"}:
            return Variable(token.text, token.at)
        raise PathError(f"there is no {token.text}", token.at)


TERMS: Final[dict[str, Callable[[Parser, Token], Node]]] = {
    "number": Parser.number,
    "moment": Parser.moment,
    "text": Parser.string,
    "constant": Parser.constant,
    "variable": Parser.variable,
}


@lru_cache(maxsize=4096)
def parse(path: str) -> Node:
    """The expression a path spells.

    Raises:
        PathError: the text is not FHIRPath; ``at`` is the character where reading stopped.
    """
    return Parser(path).whole()
