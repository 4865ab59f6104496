"""Follows the kind of every value through a query and refuses what the engines read differently."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Final

from sqlglot import exp

from qamqor.engine.programmes.schema import Kind
from qamqor.engine.programmes.sql_text import Text

MAY_BE_TEXT_DATE: Final = ("date", "text")


@dataclass(frozen=True, slots=True)
class Type:
    """What is known of a value.

    Attributes:
        kind: one of the kinds, ``null`` for a bare null, ``unknown`` after a problem.
        nullable: whether it can be null.
        texts: the only values it can be, when all are written in the query; null = any.
    """

    kind: str
    nullable: bool = True
    texts: frozenset[str] | None = None


UNKNOWN: Final = Type("unknown")
Columns = dict[str, Type]
NUMBERS: Final = ("integer", "double")


@dataclass(slots=True)
class Scope:
    """The sources one ``select`` can name, and the select around it."""

    sources: dict[str, Columns] = field(default_factory=dict)
    outer: Scope | None = None
    aliases: Columns = field(default_factory=dict)
    joined: set[str] = field(default_factory=set)
    seen: Columns = field(default_factory=dict)


class Typing:
    """The kinds of one query's values.

    Args:
        text: the parsed query; problems are noted there.
        tables: name → column → kind of every table the query may read.
        never_null: table → columns that are never null there.
        parameters: name → kind of every parameter it may name.
        rules: shape of expression → what kind it has, see ``sql_kinds``.
    """

    def __init__(
        self,
        text: Text,
        tables: Mapping[str, Mapping[str, Kind]],
        never_null: Mapping[str, Iterable[str]],
        parameters: Mapping[str, Kind],
        rules: Mapping[str, Callable[[At, Any], Type]],
    ) -> None:
        self.text, self.parameters, self.rules = text, parameters, rules
        self.tables = {
            name: {
                column: Type(kind, column not in never_null.get(name, ()))
                for column, kind in columns.items()
            }
            for name, columns in tables.items()
        }
        self.read: set[str] = set()
        self.named: set[str] = set()

    def columns(self) -> Columns:
        """The columns the query returns, in order."""
        return self.query(self.text.tree, {}, None)

    # -- queries ---------------------------------------------------------------------------

    def query(self, node: Any, around: Mapping[str, Columns], outer: Scope | None) -> Columns:
        """The columns of a select, a set operation or a list of values."""
        named = dict(around)
        with_ = node.args.get("with_")
        for step in with_.expressions if with_ is not None else ():
            self._step(step, named, outer, recursive=bool(with_.args.get("recursive")))
        if isinstance(node, exp.Subquery):
            return self.query(node.this, named, outer)
        if isinstance(node, exp.SetOperation):
            return self._both(node, named, outer)
        if isinstance(node, exp.Values):
            return self._values(node, outer)
        if isinstance(node, exp.Select):
            return self._select(node, named, outer)
        return {}

    def _step(
        self, step: Any, named: dict[str, Columns], outer: Scope | None, *, recursive: bool
    ) -> None:
        name, body = step.alias, step.this
        if name in self.tables or name in named:
            fix = "give the step another name"
            self.text.problem(step.args["alias"], f"`{name}` is already a table", fix)
        given = [identifier.name for identifier in step.args["alias"].args.get("columns") or ()]
        if recursive and isinstance(body, exp.SetOperation):
            first = _renamed(self.query(body.this, named, outer), given)
            named[name] = {column: replace(t, texts=None) for column, t in first.items()}
        named[name] = _renamed(self.query(body, named, outer), given)

    def _both(self, node: Any, named: dict[str, Columns], outer: Scope | None) -> Columns:
        one, two = self.query(node.this, named, outer), self.query(node.expression, named, outer)
        if len(one) != len(two):
            self.text.problem(node.expression, f"has {len(two)} columns, the other side {len(one)}")
            return one
        pairs = zip(one.items(), two.values(), strict=True)
        merged = {name: self.together(node, [a, b]) for (name, a), b in pairs}
        self._order(node, Scope(aliases=merged, outer=outer))
        return merged

    def _values(self, node: Any, outer: Scope | None) -> Columns:
        scope = Scope(outer=outer)
        rows = [
            [self.type(cell, scope) for cell in getattr(row, "expressions", [row])]
            for row in node.expressions
        ]
        if len({len(row) for row in rows}) > 1:
            self.text.problem(node, "the rows of `values` differ in length")
            return {}
        return {
            f"col{position}": self.together(node, list(cells))
            for position, cells in enumerate(zip(*rows, strict=True))
        }

    def _select(self, node: Any, named: dict[str, Columns], outer: Scope | None) -> Columns:
        scope = Scope(outer=outer)
        from_ = node.args.get("from_")
        if from_ is not None:
            self._source(from_.this, scope, named)
        for join in node.args.get("joins") or ():
            self._join(join, scope, named)
        for key in ("where", "having"):
            if (clause := node.args.get(key)) is not None:
                self._condition(clause.this, scope, named)
        for expression in _listed(node, "group"):
            self.type(expression, scope, named)
        for window in node.args.get("windows") or ():
            self.type(window, scope, named)
        columns = self._projections(node, scope, named)
        scope.aliases = columns
        self._order(node, scope, named)
        return columns

    def _projections(self, node: Any, scope: Scope, named: dict[str, Columns]) -> Columns:
        columns: Columns = {}
        for position, projection in enumerate(node.expressions):
            if isinstance(projection, exp.Star):
                for source in scope.sources.values():
                    columns.update(source)
                continue
            name = projection.alias_or_name or f"col{position}"
            if name in columns:
                self.text.problem(projection, f"two columns are named `{name}`")
            scope.seen = columns
            columns[name] = self.type(projection, scope, named)
        return columns

    def _order(self, node: Any, scope: Scope, named: dict[str, Columns] | None = None) -> None:
        for term in _listed(node, "order"):
            self.ordered(term, scope, named or {}, aliases=True)

    def ordered(
        self, term: Any, scope: Scope, named: dict[str, Columns], *, aliases: bool = False
    ) -> None:
        """Check one term of an ``order by``; the query's own may use the names it gives."""
        inside = term.this if isinstance(term, exp.Ordered) else term
        alias = scope.aliases.get(inside.name) if isinstance(inside, exp.Column) else None
        found = alias if aliases and alias is not None else self.type(inside, scope, named)
        if found.nullable and found.kind != "unknown" and id(term) not in self.text.nulls_last:
            fix = "the engines put nulls at different ends: add `nulls last`"
            self.text.problem(inside, f"`order by {inside.sql()}` can meet nulls", fix)

    # -- sources ---------------------------------------------------------------------------

    def _source(self, node: Any, scope: Scope, named: Mapping[str, Columns]) -> Columns:
        name = node.alias_or_name
        if isinstance(node, exp.Table):
            found = self._table(node, named)
        else:
            found = self.query(node, named, scope.outer)
            alias = node.args.get("alias")
            given = [one.name for one in (alias.args.get("columns") or ())] if alias else []
            found = _renamed(found, given)
        if name in scope.sources:
            fix = "give one of them another name: … as …"
            self.text.problem(node, f"`{name}` is named twice in one `from`", fix)
        scope.sources[name] = found
        return found

    def _table(self, node: Any, named: Mapping[str, Columns]) -> Columns:
        if node.args.get("db") is not None:
            self.text.problem(node, f"`{node.sql()}` names a schema", "name the table alone")
            return {}
        if node.name in named:
            return named[node.name]
        if node.name in self.tables:
            self.read.add(node.name)
            return self.tables[node.name]
        fix = "name it under `tables` or `value_sets`, or define it in a `with` step"
        self.text.problem(node, f"`{node.name}` is not a declared table", fix)
        return {}

    def _join(self, join: Any, scope: Scope, named: dict[str, Columns]) -> None:
        side = str(join.args.get("side") or "").upper()
        before = list(scope.sources)
        added = self._source(join.this, scope, named)
        for identifier in join.args.get("using") or ():
            self._using(identifier, scope, before, added)
        if (condition := join.args.get("on")) is not None:
            self._condition(condition, scope, named)
        loose = before if side in {"RIGHT", "FULL"} else []
        loose = [*loose, join.this.alias_or_name] if side in {"LEFT", "FULL"} else loose
        for name in loose:
            scope.sources[name] = {
                column: replace(one, nullable=True) for column, one in scope.sources[name].items()
            }

    def _using(self, identifier: Any, scope: Scope, before: list[str], added: Columns) -> None:
        column = identifier.name
        left = next((scope.sources[n][column] for n in before if column in scope.sources[n]), None)
        right = added.get(column)
        if left is None or right is None:
            self.text.problem(identifier, f"`{column}` is not on both sides of the join")
            return
        scope.joined.add(column)
        self.compared(identifier, [left, right], equality=True)

    def column(self, node: Any, scope: Scope) -> Type:
        """The type of a column, looked up in the select and those around it."""
        name, table = node.name, node.table
        at: Scope | None = scope
        while at is not None:
            found = [
                columns[name]
                for source, columns in at.sources.items()
                if name in columns and table in {"", source}
            ]
            if len(found) > 1 and name not in at.joined:
                fix = "say whose: table.column"
                self.text.problem(node, f"`{name}` could come from several tables", fix)
            if found:
                return found[0]
            if table and table in at.sources and at.sources[table]:
                break
            at = at.outer
        return self._no_column(node, scope)

    def _no_column(self, node: Any, scope: Scope) -> Type:
        if not node.table and node.name in scope.seen | scope.aliases:
            fix = "repeat the expression, or name it in a `with` step before"
            self.text.problem(node, f"`{node.name}` is a name this same `select` gives", fix)
        elif all(scope.sources.values()) or node.table:
            known = ", ".join(scope.sources.get(node.table) or ()) if node.table else ""
            fix = f"columns: {known}" if known else "check its spelling and the `from`"
            self.text.problem(node, f"there is no column `{node.sql()}`", fix)
        return UNKNOWN

    # -- values ----------------------------------------------------------------------------

    def type(self, node: Any, scope: Scope, named: dict[str, Columns] | None = None) -> Type:
        """The type of an expression; everything inside it is checked on the way."""
        rule = self.rules.get(type(node).__name__)
        if rule is None:
            for child in node.iter_expressions():
                self.type(child, scope, named)
            return UNKNOWN
        return rule(At(self, scope, named or {}), node)

    def _condition(self, node: Any, scope: Scope, named: dict[str, Columns]) -> None:
        found = self.type(node, scope, named)
        self.should_be(node, found, ("boolean",), "a condition")

    def should_be(self, node: Any, found: Type, kinds: Sequence[str], what: str) -> None:
        """Note a value whose kind does not fit its place."""
        if found.kind not in (*kinds, "null", "unknown"):
            fix = f"should be {' or '.join(kinds)}"
            if found.kind == "date" and "integer" in kinds:
                fix = "use add_days(), add_months() or days_between()"
            self.text.problem(node, f"{what} is {_a(found.kind)}: `{_short(node)}`", fix)

    def together(self, node: Any, types: Sequence[Type]) -> Type:
        """The type of values that stand for one another, as branches of a case do."""
        known = [one for one in types if one.kind not in {"null", "unknown"}]
        kinds = {one.kind for one in known}
        texts = _union(types)
        nullable = any(one.nullable for one in types)
        if len(known) < len([one for one in types if one.kind != "null"]) or not known:
            kind = "unknown" if any(one.kind == "unknown" for one in types) else "null"
            return Type(known[0].kind if known else kind, nullable, texts)
        if len(kinds) == 1:
            self.typed_in(node, known)
            return Type(kinds.pop(), nullable, texts)
        if kinds <= set(NUMBERS):
            self.typed_in(node, known)
            return Type("double", nullable, texts)
        if kinds == set(MAY_BE_TEXT_DATE) and all(
            one.kind == "date" or is_iso_date(one) for one in known
        ):
            return Type("date", nullable)
        said = " and ".join(sorted(kinds))
        self.text.problem(node, f"mixes {said}: `{_short(node)}`", "give all one kind")
        return UNKNOWN

    def typed_in(self, node: Any, types: Sequence[Type], *, alone: bool = False) -> None:
        """Note numbers written in the query that meet numbers of the record.

        Numbers that only meet numbers written beside them are labels, such as ranks.
        """
        written = {text for one in types if one.kind in NUMBERS for text in one.texts or ()}
        typed = sorted(written - {"0", "1", "0.0", "1.0"})
        if typed and (alone or any(one.texts is None for one in types)):
            what = f"the number {', '.join(typed)} is typed into the query: `{_short(node)}`"
            self.text.problem(node, what, "make it a parameter with a source")

    def compared(self, node: Any, types: Sequence[Type], *, equality: bool) -> None:
        """Note values that cannot be compared alike in both engines."""
        known = [one for one in types if one.kind not in {"null", "unknown"}]
        kinds = {one.kind for one in known}
        if kinds <= set(NUMBERS):
            self.typed_in(node, known)
            if equality and "double" in kinds:
                fix = "recorded numbers are equal by chance: use <, <=, >=, > or between"
                self.text.problem(node, f"equality of decimals: `{_short(node)}`", fix)
            return
        if kinds == set(MAY_BE_TEXT_DATE):
            if not all(one.kind == "date" or is_iso_date(one) for one in known):
                fix = "compare dates with dates, or an ISO date: '2026-01-01'"
                self.text.problem(node, f"compares a date with text: `{_short(node)}`", fix)
            return
        if len(kinds) > 1:
            said = " with ".join(sorted(kinds))
            self.text.problem(node, f"compares {said}: `{_short(node)}`", "compare like with like")


@dataclass(frozen=True, slots=True)
class At:
    """A place in a query: where its names are looked up."""

    typing: Typing
    scope: Scope
    named: dict[str, Columns]

    def type(self, node: Any) -> Type:
        """The type of an expression at this place."""
        return self.typing.type(node, self.scope, self.named)

    def query(self, node: Any) -> Columns:
        """The columns of a query inside this place, which may name its columns."""
        return self.typing.query(node, self.named, self.scope)

    def ordered(self, term: Any) -> None:
        """Check one term of an ``order by``."""
        self.typing.ordered(term, self.scope, self.named)


def _listed(node: Any, key: str) -> list[Any]:
    clause = node.args.get(key)
    return list(clause.expressions) if clause is not None else []


def _renamed(columns: Columns, names: Sequence[str]) -> Columns:
    if not names:
        return columns
    return dict(zip(names, columns.values(), strict=False))


def _union(types: Sequence[Type]) -> frozenset[str] | None:
    known = [one.texts for one in types if one.kind != "null"]
    if any(one is None for one in known):
        return None
    return frozenset().union(*(one for one in known if one is not None))


def is_iso_date(one: Type) -> bool:
    """Whether a value is written in the query as an ISO date."""
    return one.texts is not None and all(is_iso(text) for text in one.texts)


def is_iso(text: str) -> bool:
    """Whether a text is a calendar date as the engines write it."""
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _short(node: Any) -> str:
    said: str = node.sql(dialect="duckdb")
    return said if len(said) < 60 else said[:57] + "…"


def _a(kind: str) -> str:
    return f"an {kind}" if kind[0] in "aeiou" else f"a {kind}"
