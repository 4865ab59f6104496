"""Puts what was read from an element into the rows of every parameter that wants it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from qamqor.engine.fhir.search import folding, read
from qamqor.engine.fhir.search.values import LEAST_TEXT, Values

Put = Callable[[Any, Values], None]
Wanted = list[tuple[int, str]]
"""Number of a parameter and, for references, the resource type it is limited to."""
COLUMN = {
    "string": "strings",
    "date": "dates",
    "number": "quantities",
    "quantity": "quantities",
    "uri": "uris",
}


def put(kind: str, fhir_type: str, wanted: Wanted, zone: int) -> Put:
    """A function that reads one element and adds its rows."""
    reader = read.reader(kind, fhir_type, zone)
    if reader is None:
        raise AssertionError(f"{kind} {fhir_type}")
    if kind == "reference":
        return _references(reader, fhir_type, wanted)
    numbers = tuple(number for number, _ in wanted)
    if kind == "token":
        return _tokens(reader, fhir_type, numbers)
    if kind == "special":
        return _positions(reader, numbers)
    return _plain(reader, COLUMN[kind], numbers)


def _plain(reader: read.Reader, column: str, numbers: tuple[int, ...]) -> Put:
    def add(value: Any, out: Values) -> None:
        rows = getattr(out, column)
        for row in reader(value):
            for number in numbers:
                rows.append((number, *row))

    return add


def _tokens(reader: read.Reader, fhir_type: str, numbers: tuple[int, ...]) -> Put:
    def add(value: Any, out: Values) -> None:
        tokens = out.tokens
        for code, system in reader(value):
            for number in numbers:
                tokens.append((number, code, system))

    if fhir_type not in {"Coding", "CodeableConcept", "Identifier"}:
        return add
    texts = _labels(fhir_type, numbers)
    if fhir_type != "Identifier":
        return _both(add, texts)
    return _both(_both(add, texts), _typed(numbers))


def _both(first: Put, second: Put) -> Put:
    def add(value: Any, out: Values) -> None:
        first(value, out)
        second(value, out)

    return add


def _labels(fhir_type: str, numbers: tuple[int, ...]) -> Put:
    def add(value: Any, out: Values) -> None:
        for text in read.labels(value, fhir_type):
            label = folding.number(text)
            out.texts[label] = text
            for number in numbers:
                out.labels.append((number, label))

    return add


def _typed(numbers: tuple[int, ...]) -> Put:
    def add(value: Any, out: Values) -> None:
        for code, system, text in read.typed_identifiers(value):
            for number in numbers:
                out.composites.append((number, code, system, text, *LEAST_TEXT))

    return add


def _references(reader: read.Reader, fhir_type: str, wanted: Wanted) -> Put:
    def add(value: Any, out: Values) -> None:
        for name, kind in reader(value):
            for number, only in wanted:
                if not only or only == (kind or read.type_in(name)):
                    out.references.append((number, name, kind))

    if fhir_type != "Reference":
        return add

    def add_with_identifier(value: Any, out: Values) -> None:
        add(value, out)
        for code, system in read.referred_identifier(value):
            for number, only in wanted:
                if not only or value.get("type") == only:
                    out.tokens.append((number, code, system))

    return add_with_identifier


def _positions(reader: read.Reader, numbers: tuple[int, ...]) -> Put:
    def add(value: Any, out: Values) -> None:
        for x, y, z in reader(value):
            for number in numbers:
                out.composites.append((number, "", 0, "", 0, x, y, "", "", 0.0, 0.0, z, z))

    return add
