"""The kind that each shape of expression has, and what it demands of its parts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from sqlglot import exp

from qamqor.engine.programmes.sql_types import NUMBERS, UNKNOWN, At, Type

Rule = Callable[[At, Any], Type]


def _column(at: At, node: Any) -> Type:
    return at.typing.column(node, at.scope)


def _inside(at: At, node: Any) -> Type:
    return at.type(node.this)


def _literal(_: At, node: Any) -> Type:
    kind = "text" if node.is_string else "double" if "." in node.this else "integer"
    return Type(kind, nullable=False, texts=frozenset({node.this}))


def _parameter(at: At, node: Any) -> Type:
    name = node.name
    kind = at.typing.parameters.get(name)
    if kind is None:
        fix = "write it under `parameters`, with a source"
        at.typing.text.problem(node, f"`${name}` is not a parameter", fix)
        return UNKNOWN
    at.typing.named.add(name)
    return Type(kind, nullable=False)


def _logic(at: At, node: Any) -> Type:
    parts = [node.this, *([node.expression] if node.args.get("expression") is not None else [])]
    found = [at.type(part) for part in parts]
    for part, one in zip(parts, found, strict=True):
        at.typing.should_be(part, one, ("boolean",), "a condition")
    return Type("boolean", any(one.nullable for one in found))


def _compare(*, equality: bool, never_null: bool = False) -> Rule:
    def rule(at: At, node: Any) -> Type:
        both = [at.type(node.this), at.type(node.expression)]
        at.typing.compared(node, both, equality=equality)
        return Type("boolean", any(one.nullable for one in both) and not never_null)

    return rule


def _between(at: At, node: Any) -> Type:
    three = [at.type(node.this), at.type(node.args["low"]), at.type(node.args["high"])]
    for bound in three[1:]:
        at.typing.compared(node, [three[0], bound], equality=False)
    return Type("boolean", any(one.nullable for one in three))


def _is(at: At, node: Any) -> Type:
    found = at.type(node.this)
    if isinstance(node.expression, exp.Boolean):
        at.typing.should_be(node.this, found, ("boolean",), "a condition")
    return Type("boolean", nullable=False)


def _in(at: At, node: Any) -> Type:
    tuple_ = isinstance(node.this, exp.Tuple)
    left = [at.type(one) for one in (node.this.expressions if tuple_ else [node.this])]
    query = node.args.get("query")
    if query is not None:
        columns = list(at.query(query).values())
        if len(columns) != len(left):
            at.typing.text.problem(node, f"`in` compares {len(left)} with {len(columns)} columns")
            return Type("boolean")
        for one, other in zip(left, columns, strict=True):
            at.typing.compared(node, [one, other], equality=True)
    for value in node.expressions:
        at.typing.compared(node, [left[0], at.type(value)], equality=True)
    return Type("boolean")


def _exists(at: At, node: Any) -> Type:
    at.query(node.this)
    return Type("boolean", nullable=False)


def _subquery(at: At, node: Any) -> Type:
    columns = at.query(node)
    inside = node.unnest()
    if len(columns) != 1:
        at.typing.text.problem(
            node, f"a value is asked for, the query gives {len(columns)} columns"
        )
        return UNKNOWN
    if not _gives_one_row(inside):
        fix = "aggregate without `group by`, or `order by … limit 1`"
        at.typing.text.problem(node, "a subquery used as a value may give two rows", fix)
    found = next(iter(columns.values()))
    return Type(found.kind, True, found.texts)


def _gives_one_row(query: Any) -> bool:
    if not isinstance(query, exp.Select):
        return False
    limit = query.args.get("limit")
    if limit is not None:
        return bool(limit.expression.name == "1")
    if query.args.get("group") is not None or query.args.get("distinct") is not None:
        return False
    return any(_aggregates(projection) for projection in query.expressions)


def _aggregates(projection: Any) -> bool:
    """Whether an expression aggregates its own select's rows, not only those of one inside."""
    for node in projection.walk(prune=lambda one: isinstance(one, exp.Query | exp.Window)):
        if isinstance(node, exp.AggFunc | exp.Filter):
            return True
        if isinstance(node, exp.Anonymous) and node.name.lower() == "any_true":
            return True
    return False


def _arithmetic(at: At, node: Any) -> Type:
    both = [at.type(node.this), at.type(node.expression)]
    for part, one in zip((node.this, node.expression), both, strict=True):
        at.typing.should_be(part, one, NUMBERS, "a part of arithmetic")
    if not _converts(node):
        at.typing.typed_in(node, both, alone=True)
    kind = "double" if "double" in {one.kind for one in both} else "integer"
    return Type(kind, any(one.nullable for one in both))


def _converts(node: Any) -> bool:
    """Years into months inside add_months(), weeks into days inside add_days(): no medicine."""
    if not isinstance(node, exp.Mul):
        return False
    parts = (part.this if isinstance(part, exp.Neg) else part for part in node.unnest_operands())
    numbers = {part.name for part in parts if isinstance(part, exp.Literal)}
    around = node.parent
    while isinstance(around, exp.Paren | exp.Neg):
        around = around.parent
    if isinstance(around, exp.AddMonths):
        return numbers == {"12"}
    return isinstance(around, exp.Anonymous) and around.name == "add_days" and numbers == {"7"}


def _remainder(at: At, node: Any) -> Type:
    both = [at.type(node.this), at.type(node.expression)]
    for part, one in zip((node.this, node.expression), both, strict=True):
        at.typing.should_be(part, one, ("integer",), "a part of `%`")
    at.typing.typed_in(node, both, alone=True)
    return Type("integer")


def _divide(at: At, node: Any) -> Type:
    found = _arithmetic(at, node)
    left = at.type(node.this)
    divisor = node.expression.unnest()
    is_safe = isinstance(divisor, exp.Nullif) and divisor.expression.name == "0"
    if left.kind not in {"double", "unknown"} or not is_safe:
        fix = "write a * 1.0 / nullif(b, 0)"
        at.typing.text.problem(node, f"`/` in `{node.sql()}` is refused as written", fix)
    return Type("double", found.nullable or is_safe)


def _negative(at: At, node: Any) -> Type:
    found = at.type(node.this)
    at.typing.should_be(node.this, found, NUMBERS, "a part of arithmetic")
    return found


def _join_texts(at: At, node: Any) -> Type:
    both = [at.type(node.this), at.type(node.expression)]
    for part, one in zip((node.this, node.expression), both, strict=True):
        at.typing.should_be(part, one, ("text",), "a part of `||`")
    return Type("text", any(one.nullable for one in both))


def _cast(at: At, node: Any) -> Type:
    found = at.type(node.this)
    fix = "dates stay dates, decimals and booleans are written differently by the engines"
    if found.kind in {"date", "double", "boolean"}:
        at.typing.text.problem(node, f"cast of a {found.kind} to text is refused", fix)
    return Type("text", found.nullable)


def _case(at: At, node: Any) -> Type:
    subject = at.type(node.this) if node.this is not None else None
    branches = []
    for when in node.args["ifs"]:
        asked = at.type(when.this)
        if subject is None:
            at.typing.should_be(when.this, asked, ("boolean",), "a condition")
        else:
            at.typing.compared(when, [subject, asked], equality=True)
        branches.append(at.type(when.args["true"]))
    default = node.args.get("default")
    branches.append(at.type(default) if default is not None else Type("null"))
    return at.typing.together(node, branches)


def _coalesce(at: At, node: Any) -> Type:
    parts = [at.type(part) for part in (node.this, *node.expressions)]
    found = at.typing.together(node, parts)
    return Type(found.kind, all(one.nullable for one in parts), found.texts)


def _nullif(at: At, node: Any) -> Type:
    first, second = at.type(node.this), at.type(node.expression)
    is_zero = node.expression.name == "0"
    at.typing.compared(node, [first, second], equality=not is_zero)
    return Type(first.kind, True, first.texts)


def _aggregate(kind: str | None, takes: tuple[str, ...] = (), *, never_null: bool = False) -> Rule:
    """An aggregate; without a kind it has its argument's, without ``takes`` it takes any."""

    def rule(at: At, node: Any) -> Type:
        inside = node.this
        if isinstance(inside, exp.Distinct):
            inside = inside.expressions[0]
        if isinstance(inside, exp.Star) or inside is None:
            return Type("integer", nullable=False)
        found = at.type(inside)
        for more in node.expressions:
            at.type(more)
        if takes:
            at.typing.should_be(inside, found, takes, "what is aggregated")
        own = found.kind if kind is None else kind
        own = "integer" if own == "boolean" and takes else own
        texts = found.texts if isinstance(node, exp.Min | exp.Max) else None
        return Type(own, not never_null, texts)

    return rule


def _group_concat(at: At, node: Any) -> Type:
    inside = node.this.expressions[0] if isinstance(node.this, exp.Distinct) else node.this
    at.typing.should_be(inside, at.type(inside), ("text",), "what group_concat() joins")
    return Type("text")


def _filter(at: At, node: Any) -> Type:
    condition = node.expression.this
    at.typing.should_be(condition, at.type(condition), ("boolean",), "a condition")
    found = at.type(node.this)
    return Type(found.kind, found.nullable, found.texts)


def _window(at: At, node: Any) -> Type:
    for part in node.args.get("partition_by") or ():
        at.type(part)
    order = node.args.get("order")
    for term in order.expressions if order is not None else ():
        at.ordered(term)
    return at.type(node.this) if not isinstance(node.this, exp.Identifier) else UNKNOWN


def _ranked(kind: str) -> Rule:
    def rule(_: At, node: Any) -> Type:
        return Type(kind, nullable=False)

    return rule


def _neighbour(at: At, node: Any) -> Type:
    found = at.type(node.this)
    default = node.args.get("default")
    if default is not None:
        found = at.typing.together(node, [found, at.type(default)])
    return Type(found.kind, True, found.texts)


def _function(kind: str, *takes: tuple[str, ...]) -> Rule:
    """A function: the kind it gives and the kinds of each argument; the last repeats."""

    def rule(at: At, node: Any) -> Type:
        parts = [part for part in node.iter_expressions() if not isinstance(part, exp.Var)]
        found = [at.type(part) for part in parts]
        for position, (part, one) in enumerate(zip(parts, found, strict=True)):
            if not _is_structure(part):
                at.typing.typed_in(node, [one], alone=True)
            wanted = takes[min(position, len(takes) - 1)]
            at.typing.should_be(part, one, wanted, f"argument {position + 1}")
        return Type(kind, any(one.nullable for one in found))

    return rule


def _is_structure(node: Any) -> bool:
    """Numbers that say where, not how much: positions, places, a date's month and day."""
    parent = node.parent
    if isinstance(parent, exp.Log):
        return True
    if isinstance(parent, exp.Round | exp.Substring):
        return parent.this is not node
    is_date_of = isinstance(parent, exp.Anonymous) and parent.name.lower() == "date_of"
    return is_date_of and parent.expressions[0] is not node


def _extreme(at: At, node: Any) -> Type:
    parts = [at.type(part) for part in (node.this, *node.expressions)]
    found = at.typing.together(node, parts)
    return Type(found.kind, all(one.nullable for one in parts))


_TEXT, _DATE, _NUMBER, _WHOLE = ("text",), ("date",), NUMBERS, ("integer",)
_OURS: Final[dict[str, tuple[int, Rule]]] = {
    "add_months": (2, _function("date", _DATE, _WHOLE)),
    "add_days": (2, _function("date", _DATE, _WHOLE)),
    "days_between": (2, _function("integer", _DATE, _DATE)),
    "age_years": (2, _function("integer", _DATE, _DATE)),
    "year_of": (1, _function("integer", _DATE)),
    "date_of": (3, _function("date", _WHOLE, _WHOLE)),
    "any_true": (1, _function("boolean", ("boolean",))),
}


def _ours(at: At, node: Any) -> Type:
    name = "add_months" if isinstance(node, exp.AddMonths) else node.name.lower()
    if name not in _OURS:
        return UNKNOWN
    wanted, rule = _OURS[name]
    given = len(list(node.iter_expressions()))
    if given != wanted:
        at.typing.text.problem(node, f"`{name}()` takes {wanted} arguments, not {given}")
        return UNKNOWN
    found = rule(at, node)
    return Type(found.kind, True) if name == "any_true" else found


KINDS: Final[dict[str, Rule]] = {
    "Column": _column,
    "Paren": _inside,
    "Alias": _inside,
    "Literal": _literal,
    "Boolean": lambda _, node: Type("boolean", nullable=False),
    "Null": lambda _, node: Type("null"),
    "Placeholder": _parameter,
    "And": _logic,
    "Or": _logic,
    "Not": _logic,
    **dict.fromkeys(("EQ", "NEQ"), _compare(equality=True)),
    **dict.fromkeys(("GT", "GTE", "LT", "LTE"), _compare(equality=False)),
    **dict.fromkeys(("NullSafeEQ", "NullSafeNEQ"), _compare(equality=True, never_null=True)),
    "Between": _between,
    "Is": _is,
    "In": _in,
    "Exists": _exists,
    "Subquery": _subquery,
    "Add": _arithmetic,
    "Sub": _arithmetic,
    "Mul": _arithmetic,
    "Mod": _remainder,
    "Div": _divide,
    "Neg": _negative,
    "DPipe": _join_texts,
    "Cast": _cast,
    "Case": _case,
    "Coalesce": _coalesce,
    "Nullif": _nullif,
    "Count": _aggregate("integer", never_null=True),
    "Sum": _aggregate(None, (*NUMBERS, "boolean")),
    "Avg": _aggregate("double", NUMBERS),
    "Min": _aggregate(None),
    "Max": _aggregate(None),
    "GroupConcat": _group_concat,
    "Filter": _filter,
    "Window": _window,
    **dict.fromkeys(("RowNumber", "Rank", "DenseRank", "Ntile"), _ranked("integer")),
    **dict.fromkeys(("PercentRank", "CumeDist"), _ranked("double")),
    **dict.fromkeys(("Lag", "Lead", "FirstValue", "LastValue", "NthValue"), _neighbour),
    "Glob": _function("boolean", _TEXT),
    "Substring": _function("text", _TEXT, _WHOLE),
    "Length": _function("integer", _TEXT),
    "Replace": _function("text", _TEXT),
    "Trim": _function("text", _TEXT),
    "StrPosition": _function("integer", _TEXT),
    "Abs": _negative,
    "Round": _function("double", _NUMBER, _WHOLE),
    **dict.fromkeys(
        ("Floor", "Ceil", "Pow", "Sqrt", "Ln", "Log", "Exp"), _function("double", _NUMBER)
    ),
    "Least": _extreme,
    "Greatest": _extreme,
    "AddMonths": _ours,
    "Anonymous": _ours,
}
