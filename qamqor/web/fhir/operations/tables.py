"""$viewdefinition-run and $sqlquery-run: resources as tables, by SQL on FHIR."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa

from qamqor.engine.fhir.envelope import patient_id
from qamqor.engine.tables.formats import CONTENT_TYPES, Format, write
from qamqor.engine.tables.view import View
from qamqor.errors import Issue, Unusable
from qamqor.services.fhir import stream, terminology, views
from qamqor.web.fhir.operations.registry import Answer, Call, In, operation

_FORMAT = (
    In("_format", "code", "json, ndjson, csv or parquet; comes before Accept."),
    In("header", "boolean", "Whether CSV begins with the names of columns; true if not said."),
    In("source", "string", "Another source of data; none is offered here."),
)


@operation(
    "viewdefinition-run",
    title="Run a ViewDefinition",
    text="The rows a ViewDefinition makes of stored resources, or of resources handed in.",
    levels=("system", "type", "instance"),
    types=("ViewDefinition",),
    inputs=(
        *_FORMAT,
        In("viewReference", "Reference", "A ViewDefinition known here."),
        In("viewResource", "Resource", "The ViewDefinition itself."),
        In("patient", "Reference", "Only rows of this person."),
        In("group", "Reference", "Only rows of the members of this group.", most="*"),
        In("_limit", "integer", "At most so many rows."),
        In("_since", "instant", "Only resources changed at or after this moment."),
        In("resource", "Resource", "Resources to use instead of stored ones.", most="*"),
    ),
    returns="Binary",
    standard="http://sql-on-fhir.org/OperationDefinition/$viewdefinition-run",
)
def run_view(call: Call) -> Answer:
    _refuse_source(call)
    view = views.read_view(_definition(call, "viewReference", "viewResource", "ViewDefinition"))
    limit = call.one("_limit")
    if limit is not None and limit < 0:
        raise Unusable([Issue("value", "_limit is zero or more")])
    handed_in = call.inputs.get("resource")
    lines = views.given(view, handed_in) if handed_in else _stored(call, view)
    return _written(views.rows(view, lines, limit=limit), call)


@operation(
    "sqlquery-run",
    title="Run a SQL query over tables of resources",
    text="The rows of a SQLQuery Library over the views it depends on; it sees nothing else.",
    levels=("system", "type", "instance"),
    types=("Library",),
    inputs=(
        *_FORMAT,
        In("queryReference", "Reference", "A query Library known here."),
        In("queryResource", "Library", "The query Library itself."),
        In("parameters", "Parameters", "Values of the names in the query."),
    ),
    returns="Binary",
    standard="http://sql-on-fhir.org/OperationDefinition/$sqlquery-run",
)
def run_query(call: Call) -> Answer:
    _refuse_source(call)
    library = _definition(call, "queryReference", "queryResource", "Library")
    text, said = views.query_text(library), _values(call.one("parameters"))
    values = views.parameters(library, said)
    tables = {
        name: pa.concat_tables([views.rows(view, _stored(call, view)) for view in several])
        for name, several in views.tables_of(library).items()
    }
    found = views.run_query(text, tables, values)
    return _as_parameters(found) if call.one("_format") == "fhir" else _written(found, call)


def _definition(call: Call, by_reference: str, by_value: str, kind: str) -> Mapping[str, Any]:
    named, itself = call.one(by_reference), call.one(by_value)
    if call.id is not None and (named or itself):
        raise Unusable([Issue("invalid", f"give neither {by_reference} nor {by_value} here")])
    if call.id is not None:
        return terminology.by_id(kind, call.id)
    if (named is None) == (itself is None):
        raise Unusable([Issue("required", f"give {by_reference} or {by_value}, and only one")])
    return itself if itself is not None else _referred(str(named.get("reference", "")), kind)


def _referred(reference: str, kind: str) -> Mapping[str, Any]:
    type_, _, id_ = reference.partition("/")
    return (
        terminology.by_id(kind, id_)
        if type_ == kind and "/" not in id_
        else terminology.canonical(kind, reference)
    )


def _refuse_source(call: Call) -> None:
    if call.one("source") is not None:
        raise Unusable([Issue("not-supported", "there is no other source of data here")])


def _stored(call: Call, view: View) -> Iterable[bytes]:
    return stream.resources(
        view.resource,
        actor=call.actor,
        at=call.at,
        since=call.moment("_since"),
        patients=_patients(call),
    )


def _patients(call: Call) -> frozenset[str] | None:
    asked = call.one("patient")
    if asked is None and "group" not in call.inputs:
        return None
    people: set[str] = set()
    if asked is not None:
        people.add(_person(asked))
    for group in call.inputs.get("group", ()):
        type_, _, id_ = str(group.get("reference", "")).partition("/")
        if type_ != "Group":
            raise Unusable([Issue("value", "group must be a reference to a Group")])
        people |= stream.members(id_)
    return frozenset(people)


def _person(reference: Mapping[str, Any]) -> str:
    found = patient_id(reference.get("reference"))
    if found is None:
        raise Unusable([Issue("value", "patient must be a reference to a Patient")])
    return found


def _values(resource: Mapping[str, Any] | None) -> dict[str, Any]:
    said: dict[str, Any] = {}
    for part in (resource or {}).get("parameter", ()):
        value = next((v for key, v in part.items() if key.startswith("value")), None)
        said[str(part.get("name"))] = value
    return said


def _written(table: pa.Table, call: Call) -> Answer:
    form = _form(call)
    stream_ = io.BytesIO()
    write(table, form, stream_, header=call.one("header", True))
    return Answer(body=stream_.getvalue(), content_type=CONTENT_TYPES[form])


def _form(call: Call) -> Format:
    said = str(call.one("_format") or "")
    accepted = {kind.split(";")[0]: form for form, kind in CONTENT_TYPES.items()}
    accepted["application/fhir+json"] = Format.json
    if not said:
        asked = [one.split(";")[0].strip() for one in call.accept.split(",")]
        return next((accepted[one] for one in asked if one in accepted), Format.json)
    found = accepted.get(said) or next((form for form in Format if form.value == said), None)
    if found is None:
        text = f"_format is one of {', '.join(Format)}"
        raise Unusable([Issue("not-supported", text)])
    return found


def _as_parameters(table: pa.Table) -> Answer:
    rows = [
        {"name": "row", "part": [_part(k, v) for k, v in row.items() if v is not None]}
        for row in table.to_pylist()
    ]
    return Answer({"resourceType": "Parameters", "parameter": rows})


def _part(name: str, value: Any) -> dict[str, Any]:
    if isinstance(value, bool):
        return {"name": name, "valueBoolean": value}
    if isinstance(value, int) and -(2**31) <= value < 2**31:
        return {"name": name, "valueInteger": value}
    if isinstance(value, int | float | Decimal):
        # R4 has no 64-bit integer: a larger one is a decimal without a point.
        return {"name": name, "valueDecimal": value}
    if isinstance(value, datetime):
        return {"name": name, "valueDateTime": value.isoformat()}
    if isinstance(value, date):
        return {"name": name, "valueDate": value.isoformat()}
    if not isinstance(value, str):
        text = f"the column {name} has a type that FHIR cannot say"
        raise Unusable([Issue("not-supported", text)], status=422)
    return {"name": name, "valueString": value}
