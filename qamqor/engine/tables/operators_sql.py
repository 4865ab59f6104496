"""Writes in SQL what a path does with values: compares, calculates, joins."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from qamqor.engine.fhir.fhirpath.arithmetic import LARGEST
from qamqor.engine.fhir.fhirpath.steps import Step
from qamqor.engine.tables import moments_sql
from qamqor.engine.tables.needs import bound, text_literal
from qamqor.engine.tables.values import Place, Value, Write, Writer


def _not(writer: Writer, step: Step, place: Place) -> Value:
    return Value(f"(not {writer.sql(step.args[0], place)})")


def _join(writer: Writer, step: Step, place: Place) -> Value:
    sql = writer.sql(step.args[0], place)
    if not step.args[0].many:
        return Value(sql)
    separator = text_literal(step.value)

    def joined(it: str) -> str:
        return f"(case when len({it}) > 0 then array_to_string({it}, {separator}) end)"

    return Value(bound(sql, joined))


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


def _function(name: str) -> Write:
    def write(writer: Writer, step: Step, place: Place) -> Value:
        return Value(f"{name}({', '.join(writer.sql(part, place) for part in step.args)})")

    return write


WRITERS: Final[dict[str, Write]] = {
    "not": _not,
    "join": _join,
    "distinct": _distinct,
    "union": _union,
    "eq": _equality,
    "ne": _equality,
    **dict.fromkeys(ORDERS, _comparison),
    **dict.fromkeys(("add", "sub", "mul", "div", "idiv", "mod"), _arithmetic),
    "neg": _neg,
    "concat": _concat,
    "ampersand": _ampersand,
    **dict.fromkeys(LOGIC, _logic),
    "among": _among,
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
