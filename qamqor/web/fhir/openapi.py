"""The OpenAPI description, for developers whose tools know no FHIR; built from what is there."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

from django.http import HttpRequest, HttpResponse

from qamqor import __version__
from qamqor.engine.fhir import json_text
from qamqor.engine.fhir.definitions import resource_types
from qamqor.web.fhir import exchange
from qamqor.web.fhir.addresses import Address, addresses
from qamqor.web.fhir.operations import registry
from qamqor.web.fhir.operations.registry import In

JSON: Final = "application/fhir+json"
WORDS: Final = {
    "read": "Read a resource as it stands",
    "vread": "Read one version of a resource",
    "create": "Create a resource",
    "update": "Write a new version of a resource, or the first one under this id",
    "conditional-update": "Update the one resource that matches the query",
    "patch": "Change part of a resource",
    "conditional-patch": "Change part of the one resource that matches the query",
    "delete": "Delete a resource; its versions stay",
    "conditional-delete": "Delete the one resource that matches the query",
    "history-instance": "What happened to a resource, newest first",
    "history-type": "What happened to the resources of a type, newest first",
    "history-system": "What happened in the whole record, newest first",
    "transaction": "Do what a batch or transaction Bundle asks",
    "search-type": "Search a type",
    "search-system": "Search all types",
    "search-compartment": "Search what belongs to one person, encounter, member of staff or device",
}
FORM: Final = "application/x-www-form-urlencoded"
CREATING: Final = frozenset({"create", "update", "conditional-update"})
DELETING: Final = frozenset({"delete", "conditional-delete"})
NDJSON: Final = "application/fhir+ndjson"
_TEXT: Final = {"type": "string", "minLength": 1}
SCHEMAS: Final[dict[str, dict[str, Any]]] = {
    **dict.fromkeys(("string", "code", "uri", "url", "canonical", "Reference"), _TEXT),
    "id": {"type": "string", "pattern": r"^[A-Za-z0-9\-.]{1,64}$"},
    "boolean": {"type": "boolean"},
    "integer": {"type": "integer", "minimum": -(2**31), "maximum": 2**31 - 1},
    "decimal": {"type": "number"},
    "date": {"type": "string", "format": "date"},
    "dateTime": {"type": "string", "format": "date-time"},
    "instant": {"type": "string", "format": "date-time"},
}
"""How an input of an operation is written in an address, by its type; others only in a body."""
OPEN: Final = frozenset({"metadata", "welcome", "openapi"})


def openapi(request: HttpRequest) -> HttpResponse:
    body = _written(exchange.address(request))
    return HttpResponse(body, content_type="application/json")


@lru_cache(maxsize=8)
def _written(address: str) -> bytes:
    return json_text.encode(document(address))


def document(address: str) -> dict[str, Any]:
    """The whole description, OpenAPI 3.0."""
    paths: dict[str, dict[str, Any]] = {}
    for one in addresses():
        if one.path == "":
            continue
        path = one.path.replace("type_}", "type}").replace("id_}", "id}")
        paths.setdefault(path, {})[one.method.lower()] = _operation(one, path)
    return {
        "openapi": "3.0.3",
        "info": {
            "title": "Qamqor FHIR R4 API",
            "version": __version__,
            "description": "FHIR 4.0.1 over HTTP, JSON. See /fhir/metadata for search parameters.",
        },
        "servers": [{"url": address}],
        "security": [{"bearer": []}],
        "paths": paths,
        "components": _components(),
    }


def _operation(one: Address, path: str) -> dict[str, Any]:
    words = WORDS.get(one.interaction) or one.view.replace("_", " ")
    said: dict[str, Any] = {
        "operationId": f"{one.method.lower()}_{one.view}_{path}".replace("/", "_"),
        "summary": words,
        "parameters": _parameters(one, path),
        "responses": _responses(one),
    }
    if one.view in OPEN:
        said["security"] = []
    if one.method in {"POST", "PUT", "PATCH"}:
        said["requestBody"] = {"required": True, "content": _bodies(one)}
    return said


def _parameters(one: Address, path: str) -> list[dict[str, Any]]:
    names = [part[1:-1] for part in path.split("/") if part.startswith("{")]
    found = [_named(name) for name in names]
    if one.method == "GET":
        found.append({"$ref": "#/components/parameters/pretty"})
    if one.interaction.startswith("history"):
        found += [{"$ref": f"#/components/parameters/{name}"} for name in ("count", "since")]
    if one.method in {"PUT", "PATCH"}:
        found.append({"$ref": "#/components/parameters/ifMatch"})
    if one.method == "GET" and one.view.startswith("$"):
        found += [_input(input_) for input_ in _inputs(one.view[1:]) if input_.type in SCHEMAS]
    return found


def _inputs(name: str) -> tuple[In, ...]:
    return next(one.inputs for one in registry.registered() if one.name == name)


def _input(input_: In) -> dict[str, Any]:
    """An input of an operation as a parameter of its address."""
    schema: dict[str, Any] = SCHEMAS[input_.type]
    if input_.most == "*":
        schema = {"type": "array", "items": schema}
    said = _in("query", input_.name, schema)
    return {**said, "required": input_.least > 0, "description": input_.text}


def _named(name: str) -> dict[str, Any]:
    if name in {"type", "id", "version"}:
        return {"$ref": f"#/components/parameters/{name}"}
    return _in("path", name, {"type": "string"})


def _bodies(one: Address) -> dict[str, Any]:
    if one.interaction.startswith("search"):
        return {FORM: {"schema": {"type": "object", "additionalProperties": {"type": "string"}}}}
    if one.path == "/$import":
        return {NDJSON: {"schema": {"type": "string"}}}
    if one.method == "PATCH":
        steps = {"type": "array", "items": {"type": "object"}}
        return {
            "application/json-patch+json": {"schema": steps},
            JSON: {"schema": {"$ref": "#/components/schemas/Resource"}},
        }
    return {JSON: {"schema": {"$ref": "#/components/schemas/Resource"}}}


def _responses(one: Address) -> dict[str, Any]:
    resource = {JSON: {"schema": {"$ref": "#/components/schemas/Resource"}}}
    found: dict[str, Any] = {
        "default": {
            "description": "What went wrong and what to do, as an OperationOutcome",
            "content": {JSON: {"schema": {"$ref": "#/components/schemas/OperationOutcome"}}},
        }
    }
    if one.view.startswith("$") or one.interaction == "":
        found["200"] = {"description": "The answer"}
        found["202"] = {"description": "Begun; Content-Location says where to ask"}
        return found
    if one.interaction != "create":
        found["200"] = {"description": "Done", "content": resource}
    if one.interaction in CREATING:
        found["200"] = {"description": "Stored", "content": resource}
        found["201"] = {"description": "Created", "content": resource}
    if one.interaction in DELETING:
        found["204"] = {"description": "Deleted, or not here before"}
    return found


def _components() -> dict[str, Any]:
    types = sorted(resource_types())
    id_ = {"type": "string", "pattern": r"^[A-Za-z0-9\-.]{1,64}$"}
    return {
        "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
        "parameters": {
            "type": _in("path", "type", {"type": "string", "enum": types}),
            "id": _in("path", "id", id_),
            "version": _in("path", "version", {"type": "string", "pattern": "^[1-9][0-9]{0,8}$"}),
            "pretty": _in("query", "_pretty", {"type": "boolean"}),
            "count": _in("query", "_count", {"type": "integer", "minimum": 0, "maximum": 1000}),
            "since": _in("query", "_since", {"type": "string", "format": "date-time"}),
            "ifMatch": _in("header", "If-Match", {"type": "string", "example": 'W/"1"'}),
        },
        "schemas": {
            "Resource": {
                "type": "object",
                "required": ["resourceType"],
                "properties": {"resourceType": {"type": "string", "enum": types}},
            },
            "OperationOutcome": {
                "type": "object",
                "required": ["resourceType", "issue"],
                "properties": {
                    "resourceType": {"type": "string", "enum": ["OperationOutcome"]},
                    "issue": {"type": "array", "minItems": 1, "items": {"type": "object"}},
                },
            },
        },
    }


def _in(place: str, name: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": place, "required": place == "path", "schema": schema}
