"""Reads the SQL of a rule and refuses every word and shape that one of the two engines lacks."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlglot import exp
from sqlglot.dialects import DuckDB
from sqlglot.errors import SqlglotError
from sqlglot.tokenizer_core import TokenType

from qamqor.engine.programmes.sql_words import (
    FUNCTIONS,
    KEYWORDS_BEFORE_PARENTHESIS,
    NODES,
    REFUSED_FUNCTIONS,
    REFUSED_NODES,
    REFUSED_TOKENS,
)
from qamqor.errors import Problem

# What it cannot read is said as a problem with its line; its own warning would only repeat that.
logging.getLogger("sqlglot").setLevel(logging.ERROR)


class _NullsSmall(DuckDB):  # type: ignore[misc]
    NULL_ORDERING = "nulls_are_small"


class _NullsLarge(DuckDB):  # type: ignore[misc]
    NULL_ORDERING = "nulls_are_large"


@dataclass(slots=True)
class Text:
    """One query as written, its tree, and what is wrong with it.

    Attributes:
        tree: null when it cannot be parsed.
        nulls_last: ids of the ``order by`` terms that say ``nulls last``.
    """

    where: str
    sql: str
    tree: Any = None
    nulls_last: set[int] = field(default_factory=set)
    problems: list[Problem] = field(default_factory=list)

    def line(self, node: Any) -> int | None:
        """The line a node begins on, or that of the nearest thing around it."""
        while node is not None:
            starts = [n.meta["start"] for n in node.walk() if n.meta.get("start") is not None]
            if starts:
                return self.sql.count("\n", 0, min(starts)) + 1
            node = node.parent
        return None

    def problem(self, node: Any, what: str, fix: str = "") -> None:
        """Note something wrong at a node or, with a number, on a line; each once."""
        line = node if isinstance(node, int) or node is None else self.line(node)
        found = Problem(self.where, what, fix, line)
        if found not in self.problems:
            self.problems.append(found)


def parse(sql: str, where: str) -> Text:
    """Parse a query and note everything outside the allow-lists of words, functions and shapes."""
    text = Text(where, sql)
    _check_layout(text)
    try:
        tokens = DuckDB().tokenize(sql)
        _check_tokens(text, tokens)
        trees = [one for one in _NullsSmall().parser().parse(tokens, sql) if one is not None]
        other = [one for one in _NullsLarge().parser().parse(tokens, sql) if one is not None]
    except SqlglotError as error:
        text.problem(*_said(error, sql))
        return text
    if len(trees) != 1 or not isinstance(trees[0], exp.Query):
        text.problem(None, "should be one `select`", "one file holds one query")
        return text
    text.tree = trees[0]
    _mark_nulls_last(text, other[0])
    for node in text.tree.walk():
        _check_node(text, node)
    return text


def _said(error: SqlglotError, sql: str) -> tuple[int | None, str]:
    """The line of a parser's complaint, found by the text around it, and what it says."""
    first = (getattr(error, "errors", None) or [{}])[0]
    said = first.get("description") or str(error).splitlines()[0]
    before, near = first.get("start_context") or "", first.get("highlight") or ""
    at = sql.find(before + near) if near else -1
    line = sql.count("\n", 0, at + len(before)) + 1 if at >= 0 else None
    return line, f"cannot be read: {said}" + (f" near `{near}`" if near else "")


def _check_layout(text: Text) -> None:
    lines = text.sql.splitlines()
    first = next((line for line in lines if line.strip()), "")
    if not first.lstrip().startswith("--"):
        text.problem(1, "has no header", "begin with `-- ` and the question the query answers")
    if len(lines) > 120:
        text.problem(121, f"is {len(lines)} lines long", "120 is the limit: one step per `with`")


def _check_tokens(text: Text, tokens: Sequence[Any]) -> None:
    for position, token in enumerate(tokens):
        line = text.sql.count("\n", 0, token.start) + 1
        after = tokens[position + 1] if position + 1 < len(tokens) else None
        word = token.text.lower()
        if text.sql[token.start] in '"`':
            fix = "texts stand in single quotes; names are plain snake_case"
            text.problem(line, f"{text.sql[token.start : token.end + 1]} is in quotes", fix)
        elif token.token_type is TokenType.STRING:
            _check_string(text, tokens, position, line)
        elif word in REFUSED_TOKENS:
            text.problem(line, f"`{token.text}` is refused", REFUSED_TOKENS[word])
        elif after is not None and after.token_type is TokenType.L_PAREN:
            _check_call(text, tokens, position, line)
        elif word == "$" and (after is None or not after.text.isidentifier()):
            text.problem(line, "a parameter has no name", "write `$name`")


def _check_string(text: Text, tokens: Sequence[Any], position: int, line: int) -> None:
    before = tokens[position - 1].text.lower() if position else ""
    if before in {"date", "timestamp", "time", "interval"}:
        text.problem(line, f"`{before} '…'` is refused", "write the ISO date alone: '2026-01-01'")


def _check_call(text: Text, tokens: Sequence[Any], position: int, line: int) -> None:
    """A word before a parenthesis is a function we know, a keyword, or a name given columns."""
    name = tokens[position].text.lower()
    if not name.replace("_", "a").isalnum() or name in KEYWORDS_BEFORE_PARENTHESIS:
        return
    if name in REFUSED_FUNCTIONS:
        text.problem(line, f"`{name}()` is refused", REFUSED_FUNCTIONS[name])
    elif name not in FUNCTIONS and not _names_columns(tokens, position):
        fix = "use the functions that DuckDB and SQLite share"
        text.problem(line, f"`{name}()` is not a function of rules", fix)


def _names_columns(tokens: Sequence[Any], position: int) -> bool:
    """Whether this is ``t(a, b)`` of ``with t(a, b) as`` or of ``as t(a, b)``."""
    before = tokens[position - 1].text.lower() if position else ""
    depth = 0
    for later in range(position + 1, len(tokens)):
        depth += {"(": 1, ")": -1}.get(tokens[later].text, 0)
        if depth == 0:
            following = tokens[later + 1].text.lower() if later + 1 < len(tokens) else ""
            return following == "as" and before in {"with", "recursive", ","} or before == "as"
    return False


def _mark_nulls_last(text: Text, other: Any) -> None:
    """Terms read as nulls-last whatever the default order is say so themselves."""
    pairs = zip(text.tree.find_all(exp.Ordered), other.find_all(exp.Ordered), strict=True)
    for one, two in pairs:
        if not one.args.get("nulls_first") and not two.args.get("nulls_first"):
            text.nulls_last.add(id(one))


def _check_node(text: Text, node: Any) -> None:
    name = type(node).__name__
    if name not in NODES and text.line(node) not in {found.line for found in text.problems}:
        fix = REFUSED_NODES.get(name, "use the SQL that both engines run")
        text.problem(node, f"{_short(node)} is refused", fix)
    for check in _CHECKS.get(name, ()):
        for what, fix in check(node):
            text.problem(node, what, fix)


def _short(node: Any) -> str:
    said = node.sql(dialect="duckdb")
    return f"`{said if len(said) < 40 else said[:37] + '…'}`"


Found = Iterator[tuple[str, str]]


def _min_max(node: Any) -> Found:
    if node.args.get("expressions") or node.args.get("count") is not None:
        function = type(node).__name__.lower()
        better = {"min": "least", "max": "greatest"}[function]
        yield f"`{function}()` of several values is refused", f"use {better}()"


def _distinct(node: Any) -> Found:
    if node.args.get("on") is not None:
        yield "`distinct on` is refused", "number the rows with row_number() and keep the first"


def _cast(node: Any) -> Found:
    if node.to.sql(dialect="duckdb").upper() != "TEXT":
        fix = "only cast(x as text); dates come from date_of(), numbers stay as they are"
        yield f"{_short(node)} is refused", fix


def _is(node: Any) -> Found:
    if not isinstance(node.expression, exp.Null | exp.Boolean):
        yield f"{_short(node)} is refused", "write `is distinct from` or `is not distinct from`"


def _join(node: Any) -> Found:
    if node.args.get("method") or str(node.args.get("kind") or "").upper() not in _JOINS:
        words = [node.args.get("method"), node.args.get("kind")]
        said = " ".join(str(word).lower() for word in words if word)
        yield f"`{said} join` is refused", "inner, left, right, full or cross join; or `exists`"


_JOINS: Final = ("", "INNER", "OUTER", "CROSS")


def _star(node: Any) -> Found:
    listed = getattr(node.parent.args.get("from_"), "this", None)
    if not isinstance(node.parent, exp.Count) and not isinstance(listed, exp.Values):
        yield "`*` is refused", "list the columns"


def _window_frame(node: Any) -> Found:
    bounds = {str(node.args.get(key)).upper() for key in ("start", "end")}
    if str(node.args.get("kind")).lower() != "rows" and not bounds <= _OPEN_BOUNDS:
        yield "a frame over ranges is refused", "write `rows between …`"


_OPEN_BOUNDS: Final = {"UNBOUNDED", "CURRENT ROW", "NONE"}


def _aggregate_order(node: Any) -> Found:
    if node.find(exp.Order) is not None:
        yield "`order by` inside an aggregate is refused", "the engine sorts evidence itself"


def _any_true(node: Any) -> Found:
    if str(node.this).lower() == "any_true" and isinstance(node.parent, exp.Filter | exp.Window):
        fix = "write max(…), or put the condition inside: any_true(a and b)"
        yield "`any_true()` takes no `filter` and no `over`", fix


def _limit(node: Any) -> Found:
    if node.find_ancestor(exp.Subquery, exp.Exists, exp.In) is None:
        yield "`limit` outside a subquery is refused", "a query answers for everyone"
    if node.parent is not None and node.parent.args.get("order") is None:
        yield "`limit` without `order by` is refused", "which row comes would be chance"


def _position(node: Any) -> Found:
    terms = [
        getattr(term, "this", term) if isinstance(term, exp.Ordered) else term
        for term in node.expressions
    ]
    if any(isinstance(term, exp.Literal) for term in terms):
        yield "a column named by its position is refused", "name the column"


def _group(node: Any) -> Found:
    yield from _position(node)
    if any(node.args.get(key) for key in ("grouping_sets", "cube", "rollup", "all", "totals")):
        yield "`group by` takes only columns here", "list them"


_CHECKS: Final[dict[str, tuple[Callable[[Any], Found], ...]]] = {
    "Min": (_min_max, _aggregate_order),
    "Max": (_min_max, _aggregate_order),
    "Sum": (_aggregate_order,),
    "Count": (_aggregate_order,),
    "Avg": (_aggregate_order,),
    "GroupConcat": (_aggregate_order,),
    "Distinct": (_distinct,),
    "Cast": (_cast,),
    "Is": (_is,),
    "Join": (_join,),
    "Star": (_star,),
    "WindowSpec": (_window_frame,),
    "Anonymous": (_any_true,),
    "Limit": (_limit,),
    "Order": (_position,),
    "Group": (_group,),
}
