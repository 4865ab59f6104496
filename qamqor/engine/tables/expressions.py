"""Writes the checked steps of a path as one DuckDB expression."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from qamqor.engine.fhir import definitions
from qamqor.engine.fhir.fhirpath.arithmetic import LARGEST
from qamqor.engine.fhir.fhirpath.steps import Step
from qamqor.engine.tables import moments_sql
from qamqor.engine.tables.needs import Need, quoted, text_literal


@dataclass(frozen=True, slots=True)
class Value:
    """A piece of SQL and what it holds.

    Attributes:
        sql: an expression; a list where ``many``, without NULLs in it; NULL where nothing.
        need: what is read of it, so that steps into it can be noted.
        is_exact: a decimal kept as text.
        is_root: the resource itself, whose parts are columns; ``sql`` is then a condition that
            must hold for it to be there, or empty.
        written: the text of a decimal literal.
    """

    sql: str
    need: Need | None = None
    is_exact: bool = False
    is_root: bool = False
    written: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """From where a path is followed: the element, the resource, and ``%rowIndex``."""

    focus: Value
    root: Value
    row_index: str = "0"
    resource: str = ""


class Writer:
    """Turns steps into SQL; keeps the names of lambda variables apart."""

    def __init__(self) -> None:
        self.variables = 0

    def variable(self) -> str:
        self.variables += 1
        return f"x{self.variables}"

    def write(self, step: Step, place: Place) -> Value:
        """The expression for a step; decimals kept as text stay text."""
        return WRITERS[step.op](self, step, place)

    def sql(self, step: Step, place: Place) -> str:
        """The expression for a step, with decimals as numbers."""
        return self.as_number(self.write(step, place), many=step.many)

    def as_number(self, value: Value, *, many: bool) -> str:
        if not value.is_exact:
            return value.sql
        if not many:
            return f"cast({value.sql} as double)"
        x = self.variable()
        return f"list_transform({value.sql}, lambda {x}: cast({x} as double))"

    def as_list(self, step: Step, place: Place) -> str:
        """The expression as a list, whatever it is."""
        sql = self.sql(step, place)
        return f"coalesce({sql}, [])" if step.many else _listed(sql)

    def each(self, source: Value, step: Step, place: Place) -> tuple[str, Place]:
        """A lambda variable for the elements of a list, and the place it stands for."""
        x = self.variable()
        focus = Value(x, source.need, source.is_exact)
        return x, replace(place, focus=focus)


def _listed(sql: str) -> str:
    return f"(case when {sql} is null then [] else [{sql}] end)"


def _focus(writer: Writer, step: Step, place: Place) -> Value:
    return place.focus


def _resource(writer: Writer, step: Step, place: Place) -> Value:
    return place.root


def _row_index(writer: Writer, step: Step, place: Place) -> Value:
    return Value(place.row_index)


def _literal(writer: Writer, step: Step, place: Place) -> Value:
    value = step.value
    if isinstance(value, bool):
        return Value(str(value).lower())
    if isinstance(value, int):
        return Value(f"cast({value} as bigint)", written=str(value))
    if isinstance(value, Decimal):
        return Value(f"cast('{value}' as double)", written=format(value, "f"))
    return Value(text_literal(str(value)))


def _nothing(writer: Writer, step: Step, place: Place) -> Value:
    return Value("null")


def _member(writer: Writer, step: Step, place: Place) -> Value:
    source_step = step.args[0]
    source = writer.write(source_step, place)
    if source.need is None:
        return Value("null")
    need = source.need.part(step.value, step.type, many=_is_list(step))
    if source_step.many:
        return Value(_gathered(writer, source.sql, step.value, need), need, need.is_exact)
    if source.is_root:
        sql = _read(quoted(step.value), need)
        sql = f"(case when {source.sql} then {sql} end)" if source.sql else sql
    else:
        sql = _read(f"({source.sql}).{quoted(step.value)}", need)
    return Value(_without_nulls(writer, sql, need), need, need.is_exact)


def _is_list(step: Step) -> bool:
    """Whether JSON has an array here; a choice never repeats."""
    element = definitions.element(step.args[0].type, step.value.removeprefix("_"))
    return element is not None and element.is_many


def _read(sql: str, need: Need) -> str:
    """A part as it was read, given its structure back if it was kept as JSON."""
    if not need.is_raw or need.type in {"Resource", "DomainResource"}:
        return sql
    return f"from_json({sql}, {need.schema_text()})"


def _without_nulls(writer: Writer, sql: str, need: Need) -> str:
    """JSON may hold nulls in lists of simple values, beside which extensions stand."""
    if not need.many or (need.scalar is None and need.type != "Element"):
        return sql
    x = writer.variable()
    return f"list_filter({sql}, lambda {x}: {x} is not null)"


def _gathered(writer: Writer, source: str, key: str, need: Need) -> str:
    """One part of every element of a list."""
    x, y = writer.variable(), writer.variable()
    parts = f"list_transform({source}, lambda {x}: {_read(f'{x}.{quoted(key)}', need)})"
    if need.many:
        present = f"list_filter({parts}, lambda {y}: {y} is not null)"
        return _without_nulls(writer, f"flatten({present})", need)
    return f"list_filter({parts}, lambda {y}: {y} is not null)"


def _either(writer: Writer, step: Step, place: Place) -> Value:
    values = [writer.sql(part, place) for part in step.args]
    if not step.many:
        return Value(f"coalesce({', '.join(values)})")
    joined = ", ".join(f"coalesce({value}, [])" for value in values)
    return Value(f"list_concat({joined})")


def _of_resource(writer: Writer, step: Step, place: Place) -> Value:
    source = writer.write(step.args[0], place)
    if source.need is None:
        return Value("null")
    need = source.need.resource(step.value)
    x, y = writer.variable(), writer.variable()
    wanted = f"json_extract_string({x}, '$.resourceType') = '{step.value}'"
    items = f"json_extract({source.sql}, '$[*]')" if step.many else f"[{source.sql}]"
    found = f"list_filter({items}, lambda {x}: {wanted})"
    typed = f"list_transform({found}, lambda {y}: from_json({y}, {need.schema_text()}))"
    return Value(typed if step.many else f"({typed})[1]", need)


def _where(writer: Writer, step: Step, place: Place) -> Value:
    source_step, test = step.args
    source = writer.write(source_step, place)
    if source_step.many:
        x, inner = writer.each(source, source_step, place)
        sql = f"list_filter({source.sql}, lambda {x}: {writer.sql(test, inner)})"
        return replace(source, sql=sql)
    condition = writer.sql(test, replace(place, focus=source))
    if source.is_root:
        both = f"({source.sql}) and ({condition})" if source.sql else f"({condition})"
        return replace(source, sql=both)
    return replace(source, sql=f"(case when {condition} then {source.sql} end)")


def _select(writer: Writer, step: Step, place: Place) -> Value:
    source_step, inside = step.args
    source = writer.write(source_step, place)
    if not source_step.many:
        found = writer.write(inside, replace(place, focus=source))
        if source.is_root:
            return found
        return replace(found, sql=f"(case when {source.sql} is not null then {found.sql} end)")
    x, inner = writer.each(source, source_step, place)
    found = writer.write(inside, inner)
    y = writer.variable()
    parts = f"list_transform({source.sql}, lambda {x}: {found.sql})"
    parts = f"list_filter({parts}, lambda {y}: {y} is not null)"
    return replace(found, sql=f"flatten({parts})" if inside.many else parts)


def variants(writer: Writer, step: Step, place: Place, types: tuple[str, ...]) -> list[str]:
    """Whether a choice holds each of the types, as conditions."""
    found = []
    for name in types:
        key = step.value.json_key(name)
        part = Step("member", (name,), step.many, step.args, key, step.at)
        found.append(_is_there(writer.write(part, place), part.many))
    return found


def _is_there(value: Value, many: bool) -> str:
    if value.is_root:
        return f"coalesce({value.sql}, false)" if value.sql else "true"
    return f"coalesce(len({value.sql}) > 0, false)" if many else f"({value.sql} is not null)"


def _exists(writer: Writer, step: Step, place: Place) -> Value:
    source = step.args[0]
    if source.op == "choice":
        return Value(f"({' or '.join(variants(writer, source, place, source.types))})")
    return Value(_is_there(writer.write(source, place), source.many))


def _empty(writer: Writer, step: Step, place: Place) -> Value:
    return Value(f"(not {_exists(writer, step, place).sql})")


def _count(writer: Writer, step: Step, place: Place) -> Value:
    source = step.args[0]
    if source.op == "choice" or not source.many:
        return Value(f"cast({_exists(writer, step, place).sql} as bigint)")
    return Value(f"coalesce(len({writer.write(source, place).sql}), 0)")


def _is_choice(writer: Writer, step: Step, place: Place) -> Value:
    source = step.args[0]
    fitting = variants(writer, source, place, step.value) or ["false"]
    there = " or ".join(variants(writer, source, place, source.types))
    return Value(f"(case when {there} then ({' or '.join(fitting)}) end)")


def _is_fixed(writer: Writer, step: Step, place: Place) -> Value:
    there = _is_there(writer.write(step.args[0], place), False)
    return Value(f"(case when {there} then {str(step.value).lower()} end)")


def _not(writer: Writer, step: Step, place: Place) -> Value:
    return Value(f"(not {writer.sql(step.args[0], place)})")


def _at(writer: Writer, step: Step, place: Place) -> Value:
    source = writer.write(step.args[0], place)
    if not step.args[0].many:
        return source if step.value in {0, -1} else replace(source, sql="null", is_root=False)
    index = step.value + 1 if step.value >= 0 else step.value
    return replace(source, sql=f"({source.sql})[{index}]")


def _slice(writer: Writer, step: Step, place: Place) -> Value:
    source, (start, count) = writer.write(step.args[0], place), step.value
    if not step.args[0].many:
        kept = start == 0 and count != 0
        return source if kept else replace(source, sql="null", is_root=False)
    end = "" if count is None else str(start + count)
    if count == 0:
        return replace(source, sql=f"list_slice({source.sql}, 1, 0)")
    return replace(source, sql=f"({source.sql})[{start + 1}:{end}]")


def _single(writer: Writer, step: Step, place: Place) -> Value:
    source = writer.write(step.args[0], place)
    identity = Step("member", ("id",), False, (Step("resource", (), False),), "id")
    key = writer.write(identity, place).sql
    words = f"'{place.resource}/' || coalesce({key}, '') || ': several values where one is needed'"
    x = writer.variable()
    sql = (
        f"(list_transform([{source.sql}], lambda {x}: case when len({x}) > 1"
        f" then error({words}) else {x}[1] end))[1]"
    )
    return replace(source, sql=sql)


def _join(writer: Writer, step: Step, place: Place) -> Value:
    sql = writer.sql(step.args[0], place)
    if not step.args[0].many:
        return Value(sql)
    joined = f"array_to_string({sql}, {text_literal(step.value)})"
    return Value(f"(case when len({sql}) > 0 then {joined} end)")


def _distinct(writer: Writer, step: Step, place: Place) -> Value:
    value = writer.write(step.args[0], place)
    if not step.args[0].many:
        return value
    return replace(value, sql=_each_once(writer, writer.sql(step.args[0], place)), is_exact=False)


def _each_once(writer: Writer, sql: str) -> str:
    x, n, every = writer.variable(), writer.variable(), writer.variable()
    first = f"list_filter({every}, lambda {x}, {n}: list_position({every}, {x}) = {n})"
    return f"(list_transform([{sql}], lambda {every}: {first}))[1]"


def _union(writer: Writer, step: Step, place: Place) -> Value:
    left, right = (writer.as_list(part, place) for part in step.args)
    kind = {"integer": "BIGINT[]", "decimal": "DOUBLE[]"}.get(step.type)
    if kind:
        left, right = f"cast({left} as {kind})", f"cast({right} as {kind})"
    return Value(_each_once(writer, f"list_concat({left}, {right})"))


def _reference_key(writer: Writer, step: Step, place: Place) -> Value:
    source = step.args[0]
    text = Step("member", ("string",), source.many, (source,), "reference", step.at)
    value = writer.write(text, place)
    if not source.many:
        return Value(_key_in(value.sql, step.value))
    x, y = writer.variable(), writer.variable()
    keys = f"list_transform({value.sql}, lambda {x}: {_key_in(x, step.value)})"
    return Value(f"list_filter({keys}, lambda {y}: {y} is not null)")


def _key_in(text: str, type_name: str | None) -> str:
    """The id in ``Type/id``; the usual relative form without a regular expression."""
    kind = type_name or "[A-Z][A-Za-z]+"
    pattern = f"^(?:.*/)?{kind}/([^/]+)(?:/_history/[^/]+)?$"
    slow = f"nullif(regexp_extract({text}, '{pattern}', 1), '')"
    if type_name is None:
        return slow
    start = len(type_name) + 2
    quick = f"starts_with({text}, '{type_name}/') and not contains(substr({text}, {start}), '/')"
    return f"(case when {quick} then nullif(substr({text}, {start}), '') else {slow} end)"


def _equality(writer: Writer, step: Step, place: Place) -> Value:
    left, right = step.args
    sign = "=" if step.op == "eq" else "<>"
    if "nothing" in {left.category, right.category}:
        return Value("null")
    if left.category in {"date", "time"}:
        order = moments_sql.compared(
            writer.sql(left, place), writer.sql(right, place), left.category
        )
        return Value(f"({order} {sign} 0)")
    if not left.many and not right.many:
        return Value(f"({writer.sql(left, place)} {sign} {writer.sql(right, place)})")
    first, second = writer.as_list(left, place), writer.as_list(right, place)
    if left.category == "number":
        first, second = f"cast({first} as double[])", f"cast({second} as double[])"
    present = f"len({first}) > 0 and len({second}) > 0"
    return Value(f"(case when {present} then {first} {sign} {second} end)")


ORDERS: Final = {"lt": "<", "le": "<=", "gt": ">", "ge": ">="}


def _comparison(writer: Writer, step: Step, place: Place) -> Value:
    left, right = (writer.sql(part, place) for part in step.args)
    kind = step.args[0].category
    if "nothing" in {part.category for part in step.args}:
        return Value("null")
    if kind in {"date", "time"}:
        return Value(f"({moments_sql.compared(left, right, kind)} {ORDERS[step.op]} 0)")
    return Value(f"({left} {ORDERS[step.op]} {right})")


SIGNS: Final = {"add": "+", "sub": "-", "mul": "*"}


def _arithmetic(writer: Writer, step: Step, place: Place) -> Value:
    left, right = (writer.sql(part, place) for part in step.args)
    if "nothing" in {part.category for part in step.args}:
        return Value("null")
    whole = all(part.type not in {"decimal"} for part in step.args) and step.op != "div"
    if not whole:
        left, right = f"cast({left} as double)", f"cast({right} as double)"
    if step.op in SIGNS:
        result = f"({left} {SIGNS[step.op]} {right})"
    elif step.op == "mod":
        result = (
            f"fmod({left}, nullif({right}, 0))" if not whole else f"({left} % nullif({right}, 0))"
        )
    else:
        result = f"({left} / nullif({right}, 0))"
        if step.op == "idiv":
            result = f"({left} // nullif({right}, 0))" if whole else f"trunc({result})"
    return Value(_bounded(writer, result, step))


def _bounded(writer: Writer, sql: str, step: Step) -> str:
    """Results that do not fit are nothing."""
    x = writer.variable()
    fits = f"abs({x}) <= {LARGEST}" if step.type == "integer" else f"isfinite({x})"
    kept = f"cast({x} as bigint)" if step.type == "integer" else x
    return f"(list_transform([{sql}], lambda {x}: case when {fits} then {kept} end))[1]"


def _neg(writer: Writer, step: Step, place: Place) -> Value:
    return Value(f"(- {writer.sql(step.args[0], place)})")


def _concat(writer: Writer, step: Step, place: Place) -> Value:
    return Value(f"({' || '.join(writer.sql(part, place) for part in step.args)})")


def _ampersand(writer: Writer, step: Step, place: Place) -> Value:
    texts = [f"coalesce({writer.sql(part, place)}, '')" for part in step.args]
    return Value(f"({' || '.join(texts)})")


LOGIC: Final = {
    "and": "({0} and {1})",
    "or": "({0} or {1})",
    "xor": "({0} <> {1})",
    "implies": "((not {0}) or {1})",
}


def _logic(writer: Writer, step: Step, place: Place) -> Value:
    return Value(LOGIC[step.op].format(*(writer.sql(part, place) for part in step.args)))


def _among(writer: Writer, step: Step, place: Place) -> Value:
    item, listed = writer.sql(step.args[0], place), writer.as_list(step.args[1], place)
    if step.args[1].category == "nothing" or step.args[0].category == "nothing":
        return Value(f"(case when {item} is not null then false end)")
    if step.args[0].category == "number":
        item, listed = f"cast({item} as double)", f"cast({listed} as double[])"
    return Value(f"(case when {item} is not null then list_contains({listed}, {item}) end)")


def _all(writer: Writer, step: Step, place: Place) -> Value:
    source_step, test = step.args
    source = writer.write(source_step, place)
    if not source_step.many:
        condition = f"coalesce({writer.sql(test, replace(place, focus=source))}, false)"
        return Value(f"((not {_is_there(source, False)}) or {condition})")
    x, inner = writer.each(source, source_step, place)
    failed = (
        f"list_filter({source.sql}, lambda {x}: not coalesce({writer.sql(test, inner)}, false))"
    )
    return Value(f"coalesce(len({failed}) = 0, true)")


def _iif(writer: Writer, step: Step, place: Place) -> Value:
    test, *results = (writer.sql(part, place) for part in step.args)
    otherwise = results[1] if len(results) > 1 else "null"
    return Value(f"(case when {test} then {results[0]} else {otherwise} end)")


def _boundary(writer: Writer, step: Step, place: Place) -> Value:
    source, high = step.args[0], step.op == "high"
    _keep_text(writer, source, place)
    value = writer.write(source, place)
    if source.category != "number":
        kind = source.type if source.type in {"date", "time"} else "dateTime"
        return Value(moments_sql.boundary(value.sql, kind, high=high))
    text = text_literal(value.written) if value.written else f"cast({value.sql} as varchar)"
    return Value(moments_sql.decimal_boundary(text, high=high))


def _keep_text(writer: Writer, step: Step, place: Place) -> None:
    value = writer.write(step, place)
    if value.need is not None and value.need.type == "decimal":
        value.need.is_exact = True


def _function(name: str) -> Callable[[Writer, Step, Place], Value]:
    def write(writer: Writer, step: Step, place: Place) -> Value:
        return Value(f"{name}({', '.join(writer.sql(part, place) for part in step.args)})")

    return write


WRITERS: Final[dict[str, Callable[[Writer, Step, Place], Value]]] = {
    "focus": _focus,
    "resource": _resource,
    "row_index": _row_index,
    "literal": _literal,
    "nothing": _nothing,
    "member": _member,
    "either": _either,
    "of_resource": _of_resource,
    "where": _where,
    "select": _select,
    "exists": _exists,
    "empty": _empty,
    "count": _count,
    "is_choice": _is_choice,
    "is_fixed": _is_fixed,
    "not": _not,
    "at": _at,
    "slice": _slice,
    "single": _single,
    "join": _join,
    "distinct": _distinct,
    "union": _union,
    "reference_key": _reference_key,
    "eq": _equality,
    "ne": _equality,
    **dict.fromkeys(ORDERS, _comparison),
    **dict.fromkeys(("add", "sub", "mul", "div", "idiv", "mod"), _arithmetic),
    "neg": _neg,
    "concat": _concat,
    "ampersand": _ampersand,
    **dict.fromkeys(LOGIC, _logic),
    "among": _among,
    "all": _all,
    "iif": _iif,
    "low": _boundary,
    "high": _boundary,
    "startsWith": _function("starts_with"),
    "endsWith": _function("ends_with"),
    "contains": _function("contains"),
    "length": _function("length"),
    "upper": _function("upper"),
    "lower": _function("lower"),
}
