"""What an operation is: its name, where it may be called, what goes in, and who answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from qamqor.engine.fhir.definitions import is_resource
from qamqor.engine.fhir.names import BASE
from qamqor.errors import Issue, Unusable
from qamqor.services.access.actor import Actor
from qamqor.services.fhir import valid

PRIMITIVES: Final = {
    "boolean",
    "integer",
    "decimal",
    "string",
    "code",
    "id",
    "uri",
    "url",
    "canonical",
    "date",
    "dateTime",
    "instant",
}


@dataclass(frozen=True, slots=True)
class In:
    """One input of an operation, as its OperationDefinition lists it.

    Attributes:
        type: a primitive type, a data type (``Reference``, ``Coding`` ...) or ``Resource``.
        least, most: how often it must and may be given; ``*`` = any number.
    """

    name: str
    type: str
    text: str
    least: int = 0
    most: str = "1"


@dataclass(frozen=True, slots=True)
class Call:
    """One call of an operation.

    Attributes:
        inputs: name → values given, each plain Python (text, bool, int, dict for a resource or
            data type).
        type, id: where it was called; None at system and type level.
        accept: what the caller would like the answer to be, from ``_format`` or ``Accept``.
        prefer: the ``Prefer`` header.
        url: the whole address that was called; empty where it stood in a bundle.
        address: absolute address of the FHIR endpoint, such as ``https://host/fhir``.
    """

    actor: Actor
    at: datetime
    inputs: Mapping[str, Sequence[Any]]
    type: str | None = None
    id: str | None = None
    accept: str = ""
    prefer: str = ""
    address: str = ""
    url: str = ""

    def one(self, name: str, default: Any = None) -> Any:
        """The only value of an input that may be given once."""
        values = self.inputs.get(name, ())
        return values[0] if values else default

    def moment(self, name: str) -> datetime | None:
        """An instant that may be given once.

        Raises:
            Unusable: it is no moment, or has no zone.
        """
        said = self.one(name)
        if said is None:
            return None
        try:
            found = datetime.fromisoformat(said)
        except ValueError:
            found = None
        if found is None or found.tzinfo is None:
            text = f"{name} is a moment with a zone, such as 2026-03-02T09:00:00Z"
            raise Unusable([Issue("value", text)])
        return found


@dataclass(frozen=True, slots=True)
class Answer:
    """What an operation says: a resource, or bytes of another type (a CSV, a Parquet file)."""

    resource: Mapping[str, Any] | None = None
    body: bytes | None = None
    content_type: str = "application/fhir+json"
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation that is really there.

    Attributes:
        name: code without the dollar sign.
        types: resource types it may be called on; empty = none but system level.
        levels: of ``system``, ``type``, ``instance``.
        changes: whether it changes anything; then it may not be called by GET.
        standard: canonical of the standard's OperationDefinition; empty = ours.
        standards: the same for some types, where it is another one there.
    """

    name: str
    title: str
    text: str
    levels: frozenset[str]
    types: tuple[str, ...]
    inputs: tuple[In, ...]
    returns: str
    changes: bool
    standard: str
    standards: Mapping[str, str]
    run: Callable[[Call], Answer]

    @property
    def methods(self) -> tuple[str, ...]:
        """The methods of HTTP it may be called by."""
        return ("POST",) if self.changes else ("GET", "POST")

    @property
    def has_formats(self) -> bool:
        """Whether it answers in formats of its own, and looks itself at which is asked for."""
        return any(input_.name == "_format" for input_ in self.inputs)

    @property
    def canonical(self) -> str:
        return self.standard or f"{BASE}/OperationDefinition/{self.name}"

    def canonical_on(self, type_: str) -> str:
        """Of the definition that holds for calls on a type."""
        return self.standards.get(type_, self.canonical)

    def definition(self) -> dict[str, Any]:
        """The OperationDefinition, for ``/fhir/OperationDefinition/<name>`` and the docs."""
        return {
            "resourceType": "OperationDefinition",
            "id": self.name,
            "url": self.canonical,
            "name": "".join(word.capitalize() for word in self.name.split("-")),
            "title": self.title,
            "status": "active",
            "kind": "operation",
            "description": self.text,
            "affectsState": self.changes,
            "code": self.name,
            **({"resource": list(self.types)} if self.types else {}),
            "system": "system" in self.levels,
            "type": "type" in self.levels,
            "instance": "instance" in self.levels,
            "parameter": [*map(_listed, self.inputs), self._returned()],
        }

    def _returned(self) -> dict[str, Any]:
        return {"name": "return", "use": "out", "min": 1, "max": "1", "type": self.returns}


def _listed(input_: In) -> dict[str, Any]:
    return {
        "name": input_.name,
        "use": "in",
        "min": input_.least,
        "max": input_.most,
        "documentation": input_.text,
        "type": input_.type,
    }


_OPERATIONS: Final[dict[str, Operation]] = {}


def operation(
    name: str,
    *,
    title: str,
    text: str,
    levels: Sequence[str],
    types: Sequence[str] = (),
    inputs: Sequence[In] = (),
    returns: str = "Parameters",
    changes: bool = False,
    standard: str = "",
    standards: Mapping[str, str] | None = None,
) -> Callable[[Callable[[Call], Answer]], Callable[[Call], Answer]]:
    """Register the function below as an operation."""

    def register(run: Callable[[Call], Answer]) -> Callable[[Call], Answer]:
        _OPERATIONS[name] = Operation(
            name=name,
            title=title,
            text=text,
            levels=frozenset(levels),
            types=tuple(types),
            inputs=tuple(inputs),
            returns=returns,
            changes=changes,
            standard=standard,
            standards=standards or {},
            run=run,
        )
        return run

    return register


def registered() -> tuple[Operation, ...]:
    """Every operation, by name."""
    return tuple(_OPERATIONS[name] for name in sorted(_OPERATIONS))


def own_definition(name: str) -> dict[str, Any] | None:
    """The OperationDefinition of an operation that no standard defines; None: there is none."""
    found = _OPERATIONS.get(name)
    return None if found is None or found.standard else found.definition()


def find(name: str, *, level: str, type_: str | None) -> Operation:
    """The operation that answers at an address.

    Raises:
        Unusable: there is none; 404, naming what there is.
    """
    found = _OPERATIONS.get(name)
    if found is None or level not in found.levels or (type_ and type_ not in found.types):
        there = ", ".join(
            f"${one.name}"
            for one in registered()
            if level in one.levels and (type_ is None or type_ in one.types)
        )
        where = f"{type_} at {level} level" if type_ else "system level"
        text = f"there is no ${name} for {where}; there is {there or 'none'}"
        raise Unusable([Issue("not-supported", text)], status=404)
    return found


def read_inputs(
    operation_: Operation,
    *,
    query: Mapping[str, Sequence[str]],
    body: Any,
    is_lenient: bool = False,
) -> dict[str, list[Any]]:
    """Inputs from the query string and a Parameters resource, or from the one resource it takes.

    Args:
        is_lenient: leave out what is not known instead of refusing it.
    Raises:
        Unusable: an unknown or repeated input, a wrong type, a missing one; all problems listed.
    """
    given: dict[str, list[Any]] = {}
    for name, values in query.items():
        given.setdefault(name, []).extend(values)
    if isinstance(body, dict) and body.get("resourceType") == "Parameters":
        for part in _parts(body):
            _take(given, part)
    elif isinstance(body, dict):
        given.setdefault(_place_of(operation_, body), []).append(body)
    elif body is not None:
        raise Unusable([Issue("structure", "the body is a Parameters resource")])
    if is_lenient:
        known = {input_.name for input_ in operation_.inputs}
        given = {name: values for name, values in given.items() if name in known}
    return _keep_rules(operation_, _checked(operation_, given))


def _place_of(operation_: Operation, body: Mapping[str, Any]) -> str:
    """The input that a resource sent by itself is: the first that takes one of its type."""
    kinds = {str(body.get("resourceType")), "Resource"}
    return next((one.name for one in operation_.inputs if one.type in kinds), "resource")


def _parts(body: Mapping[str, Any]) -> list[Any]:
    """The parameters of a body that keeps FHIR's rules, resources in it apart: they come later."""
    parts = body.get("parameter", [])
    if isinstance(parts, list):
        bare = [part for part in parts if not (isinstance(part, dict) and "resource" in part)]
        rest = {key: value for key, value in body.items() if key != "parameter"}
        valid.must_be({**rest, "parameter": bare} if bare else rest, type_="Parameters")
        return parts
    raise Unusable([Issue("structure", "must be a list", "Parameters.parameter")])


def _keep_rules(operation_: Operation, inputs: dict[str, list[Any]]) -> dict[str, list[Any]]:
    """The inputs, once each resource of a stated type keeps FHIR's rules."""
    for input_ in operation_.inputs:
        if is_resource(input_.type) and input_.type != "Resource":
            for resource in inputs.get(input_.name, ()):
                valid.must_be(resource, type_=input_.type, where=input_.name)
    return inputs


def _take(given: dict[str, list[Any]], part: Any) -> None:
    if not isinstance(part, dict) or not isinstance(part.get("name"), str):
        raise Unusable([Issue("structure", "each parameter needs a name", "Parameters.parameter")])
    value = part.get("resource")
    if value is None:
        value = next((v for key, v in part.items() if key.startswith("value")), None)
    if value is None and "part" in part:
        value = {"part": part["part"]}
    given.setdefault(part["name"], []).append(value)


def _checked(operation_: Operation, given: dict[str, list[Any]]) -> dict[str, list[Any]]:
    known = {input_.name: input_ for input_ in operation_.inputs}
    issues = [
        Issue("not-supported", f"${operation_.name} takes no {name}; it takes {', '.join(known)}")
        for name in given
        if name not in known and name not in {"_format", "_pretty"}
    ]
    inputs: dict[str, list[Any]] = {}
    for input_ in operation_.inputs:
        values = given.get(input_.name, [])
        if len(values) < input_.least:
            issues.append(Issue("required", f"{input_.name} is missing: {input_.text}"))
        if input_.most != "*" and len(values) > int(input_.most):
            issues.append(Issue("invalid", f"{input_.name} may be given {input_.most} time(s)"))
        read = [_value(input_, value, issues) for value in values]
        if read:
            inputs[input_.name] = read
    if issues:
        raise Unusable(issues)
    return inputs


def _value(input_: In, value: Any, issues: list[Issue]) -> Any:
    usual: Callable[[Any], Any] = _text if input_.type in PRIMITIVES else _whole
    try:
        return _READ.get(input_.type, usual)(value)
    except ValueError:
        issues.append(Issue("value", f"{input_.name} must be of type {input_.type}"))
        return None


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError
    return value


def _boolean(value: Any) -> bool:
    if value not in (True, False, "true", "false"):
        raise ValueError
    return value in (True, "true")


def _integer(value: Any) -> int:
    if isinstance(value, bool) or len(str(value)) > 11:
        raise ValueError
    return int(value) if isinstance(value, str) else _number(value)


def _number(value: Any) -> int:
    if not isinstance(value, int):
        raise ValueError
    return value


def _whole(value: Any) -> Any:
    if not isinstance(value, dict):
        raise ValueError
    return value


def _reference(value: Any) -> Any:
    return {"reference": value} if isinstance(value, str) and value else _whole(value)


_READ: Final[dict[str, Callable[[Any], Any]]] = {
    "boolean": _boolean,
    "integer": _integer,
    "Reference": _reference,
}
