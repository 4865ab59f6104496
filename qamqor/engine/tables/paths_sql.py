"""Writes in SQL how a path moves through a resource: parts, filters, choices, references."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Final

from qamqor.engine.fhir import definitions
from qamqor.engine.fhir.fhirpath.steps import Step
from qamqor.engine.tables.needs import Need, bound, quoted, text_literal
from qamqor.engine.tables.values import Place, Value, Write, Writer


def _focus(writer: Writer, step: Step, place: Place) -> Value:
    return place.focus if step.types else Value("null")


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
        if found.is_root or (source.is_root and not source.sql):
            return found
        there = source.sql if source.is_root else f"{source.sql} is not null"
        return replace(found, sql=f"(case when {there} then {found.sql} end)")
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


def _never(source: Value) -> Value:
    """Nothing, of the type of something."""
    nothing = "false" if source.is_root else f"(case when false then {source.sql} end)"
    return replace(source, sql=nothing)


def _at(writer: Writer, step: Step, place: Place) -> Value:
    source = writer.write(step.args[0], place)
    if not step.args[0].many:
        return source if step.value in {0, -1} else _never(source)
    index = step.value + 1 if step.value >= 0 else step.value
    return replace(source, sql=f"({source.sql})[{index}]")


def _slice(writer: Writer, step: Step, place: Place) -> Value:
    source, (start, count) = writer.write(step.args[0], place), step.value
    if not step.args[0].many:
        kept = start == 0 and count != 0
        return source if kept else _never(source)
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


def _reference_key(writer: Writer, step: Step, place: Place) -> Value:
    source = step.args[0]
    text = Step("member", ("string",), source.many, (source,), "reference", step.at)
    value = writer.write(text, place)
    if not source.many:
        return Value(bound(value.sql, lambda it: _key_in(it, step.value)))
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


WRITERS: Final[dict[str, Write]] = {
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
    "at": _at,
    "slice": _slice,
    "single": _single,
    "all": _all,
    "reference_key": _reference_key,
}
