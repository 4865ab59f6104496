"""Reads one element of a FHIR type as the rows that a kind of search parameter needs."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from qamqor.engine.fhir.definitions import resource_types
from qamqor.engine.fhir.search import folding
from qamqor.engine.fhir.search.ranges import ALWAYS, FOREVER, LEAST, MOST, date_range
from qamqor.engine.fhir.search.units import unit
from qamqor.engine.fhir.search.values import IMPLIED, NO_SYSTEM

Rows = list[tuple[Any, ...]]
Reader = Callable[[Any], Rows]
UCUM: Final = "http://unitsofmeasure.org"
CURRENCY: Final = "urn:iso:std:iso:4217"
LITERAL: Final = re.compile(
    r"(?:(?P<base>https?://.+)/)?(?P<type>[A-Z][A-Za-z]+)/(?P<id>[A-Za-z0-9\-.]{1,64})"
    r"(?:/_history/[A-Za-z0-9\-.]+)?"
)


def system_number(system: Any) -> int:
    """A code system, identifier system or the like as the index holds it."""
    return folding.number(system) if type(system) is str and system else NO_SYSTEM


def _list(value: Any) -> list[Any]:
    return value if type(value) is list else []


def _dict(value: Any) -> dict[str, Any]:
    return value if type(value) is dict else {}


def text_token(value: Any) -> Rows:
    return [(folding.code(value), NO_SYSTEM)] if type(value) is str else []


def code_token(value: Any) -> Rows:
    return [(folding.code(value), IMPLIED)] if type(value) is str else []


def boolean_token(value: Any) -> Rows:
    return [("true" if value else "false", IMPLIED)] if type(value) is bool else []


def coding(value: Any) -> Rows:
    if type(value) is not dict:
        return []
    code, system = value.get("code"), value.get("system")
    if type(code) is not str:
        return [("", system_number(system))] if system else []  # found by its system alone
    return [(folding.code(code), system_number(system))]


def concept(value: Any) -> Rows:
    if type(value) is not dict:
        return []
    rows = [row for each in _list(value.get("coding")) for row in coding(each)]
    return rows or [("", NO_SYSTEM)]  # only words: there, though no code finds it


def identifier(value: Any) -> Rows:
    if type(value) is not dict or type(value.get("value")) is not str:
        return []
    return [(folding.code(value["value"]), system_number(value.get("system")))]


contact_point = identifier


def typed_identifiers(value: Any) -> list[tuple[str, int, str]]:
    """For ``:of-type``: code and system of each type, and the value."""
    rows = identifier(value)
    return (
        [(code, system, rows[0][0]) for code, system in concept(value.get("type"))] if rows else []
    )


def labels(value: Any, fhir_type: str) -> list[str]:
    """The texts that stand beside a code, folded."""
    if type(value) is not dict:
        return []
    if fhir_type == "Identifier":
        value, fhir_type = value.get("type"), "CodeableConcept"
        if type(value) is not dict:
            return []
    if fhir_type == "Coding":
        found = [value.get("display")]
    elif fhir_type == "CodeableConcept":
        codings = _list(value.get("coding"))
        found = [each.get("display") for each in codings if type(each) is dict]
        found.append(value.get("text"))
    else:
        return []
    return [folding.folded(text) for text in found if type(text) is str and text]


def _strings(texts: list[Any]) -> Rows:
    return [(folding.folded(t), folding.written(t)) for t in texts if type(t) is str and t]


def string(value: Any) -> Rows:
    return _strings([value])


def human_name(value: Any) -> Rows:
    if type(value) is not dict:
        return []
    texts = [value.get("family"), value.get("text")]
    for part in ("given", "prefix", "suffix"):
        texts += _list(value.get(part))
    return _strings(texts)


def address(value: Any) -> Rows:
    if type(value) is not dict:
        return []
    parts = ("text", "city", "district", "state", "country", "postalCode")
    return _strings([*(value.get(part) for part in parts), *_list(value.get("line"))])


def dated(zone: int) -> Reader:
    """A reader of dates and moments, for texts without a zone in local time."""

    def read(value: Any) -> Rows:
        found = date_range(value, zone) if type(value) is str else None
        return [found] if found else []

    return read


def period(zone: int) -> Reader:
    def read(value: Any) -> Rows:
        if type(value) is not dict:
            return []
        start, end = value.get("start"), value.get("end")
        first = date_range(start, zone) if type(start) is str else None
        last = date_range(end, zone) if type(end) is str else None
        if first is None and last is None:
            return []
        return [(first[0] if first else ALWAYS, last[1] if last else FOREVER)]

    return read


def timing(zone: int) -> Reader:
    one, span = dated(zone), period(zone)

    def read(value: Any) -> Rows:
        if type(value) is not dict:
            return []
        rows = [row for event in _list(value.get("event")) for row in one(event)]
        bounds = _dict(value.get("repeat")).get("boundsPeriod")
        rows += span(bounds)
        return [(min(r[0] for r in rows), max(r[1] for r in rows))] if rows else []

    return read


def _number(value: Any) -> float | None:
    if value is None or isinstance(value, bool | str | dict | list):
        return None
    found = float(value)
    return found if LEAST < found < MOST else None


def amount(low: Any, high: Any, unit_of: dict[str, Any]) -> Rows:
    """A quantity row from the two ends of what was measured; a missing end is open."""
    least, most = _number(low), _number(high)
    if least is None and most is None:
        return []
    code, system, text = unit_of.get("code"), unit_of.get("system"), unit_of.get("unit")
    known = unit(code) if system == UCUM and type(code) is str else None
    row_low, row_high = LEAST if least is None else least, MOST if most is None else most
    first = known.canonical(row_low) if known and least is not None else LEAST
    if known is None or most is None:
        last = MOST
    else:
        last = first if row_high == row_low else known.canonical(row_high)
    return [
        (
            row_low,
            row_high,
            folding.short(code) if type(code) is str else "",
            system_number(system),
            folding.folded(text) if type(text) is str else "",
            known.kind if known else "",
            first,
            last,
        )
    ]


def quantity(value: Any) -> Rows:
    if type(value) is not dict:
        return []
    number = value.get("value")
    comparator = value.get("comparator")
    if comparator in {"<", "<="}:
        return amount(None, number, value)
    if comparator in {">", ">="}:
        return amount(number, None, value)
    return amount(number, number, value)


def money(value: Any) -> Rows:
    if type(value) is not dict:
        return []
    unit_of = {"code": value.get("currency"), "system": CURRENCY, "unit": value.get("currency")}
    return amount(value.get("value"), value.get("value"), unit_of)


def range_(value: Any) -> Rows:
    if type(value) is not dict:
        return []
    low, high = _dict(value.get("low")), _dict(value.get("high"))
    return amount(low.get("value"), high.get("value"), low or high)


def sampled(value: Any) -> Rows:
    """Sampled data counts as the range between its limits, where it names them."""
    if type(value) is not dict or type(value.get("origin")) is not dict:
        return []
    origin = value["origin"]
    middle, factor = _number(origin.get("value")), _number(value.get("factor", 1))
    if middle is None or factor is None:
        return []
    ends = (_number(value.get("lowerLimit")), _number(value.get("upperLimit")))
    low, high = (middle if end is None else middle + end * factor for end in ends)
    return amount(min(low, high), max(low, high), origin)


def number(value: Any) -> Rows:
    return amount(value, value, {})


def reference(value: Any) -> Rows:
    text = value.get("reference") if type(value) is dict else None
    return pointed(text) if type(text) is str else []


def pointed(text: str) -> Rows:
    """Type and id of a reference in this server; the whole address of any other."""
    kind, _, name = text.partition("/")
    if "/" not in name and kind in resource_types():
        return [(name, kind)] if len(name) <= 64 else []
    if not text or text[0] == "#":
        return []
    match = LITERAL.fullmatch(text)
    if match is None or match["type"] not in resource_types():
        return [(folding.short(text), "")]
    if match["base"]:
        return [(folding.short(text.split("/_history/")[0]), "")]
    return [(match["id"], match["type"])]


def type_in(address: str) -> str:
    """The resource type that an absolute address names; empty when it names none."""
    match = LITERAL.fullmatch(address)
    return match["type"] if match else ""


def canonical_reference(value: Any) -> Rows:
    """An address of a definition, with and without its version."""
    if type(value) is not str or not value:
        return []
    plain = value.split("|")[0]
    return [(folding.short(text), "") for text in {value, plain}]


def referred_identifier(value: Any) -> Rows:
    """For ``:identifier``: the identifier by which a reference names its target."""
    return identifier(value.get("identifier")) if type(value) is dict else []


def resource_inside(value: Any) -> Rows:
    """A resource that stands where a reference is asked for, as in a document Bundle."""
    if type(value) is not dict or type(value.get("id")) is not str:
        return []
    return [(folding.short(value["id"]), str(value.get("resourceType", "")))]


def uri(value: Any) -> Rows:
    return [(folding.short(value),)] if type(value) is str and value else []


def position(value: Any) -> Rows:
    """A point on the Earth as three coordinates, so that distance is plain arithmetic."""
    from qamqor.engine.fhir.search.nearness import on_sphere

    if type(value) is not dict:
        return []
    latitude, longitude = _number(value.get("latitude")), _number(value.get("longitude"))
    if latitude is None or longitude is None:
        return []
    return [on_sphere(latitude, longitude)]


TEXTS: Final = ("string", "markdown", "code", "id", "uri", "url", "canonical", "oid", "uuid")
QUANTITIES: Final = ("Quantity", "Age", "Duration", "Count", "Distance", "SimpleQuantity")


def reader(kind: str, fhir_type: str, zone: int) -> Reader | None:
    """How a parameter of one kind reads an element of one type; nothing when it cannot."""
    if kind == "date":
        return {
            **dict.fromkeys(("date", "dateTime", "instant"), dated(zone)),
            "Period": period(zone),
            "Timing": timing(zone),
        }.get(fhir_type)
    return READERS.get(kind, {}).get(fhir_type)


READERS: Final[dict[str, dict[str, Reader]]] = {
    "token": {
        **dict.fromkeys(TEXTS, text_token),
        "code": code_token,
        "boolean": boolean_token,
        "Coding": coding,
        "CodeableConcept": concept,
        "Identifier": identifier,
        "ContactPoint": contact_point,
    },
    "string": {
        **dict.fromkeys(TEXTS, string),
        "HumanName": human_name,
        "Address": address,
    },
    "quantity": {
        **dict.fromkeys(QUANTITIES, quantity),
        "Money": money,
        "Range": range_,
        "SampledData": sampled,
    },
    "number": dict.fromkeys(("integer", "decimal", "positiveInt", "unsignedInt"), number),
    "reference": {
        "Reference": reference,
        **dict.fromkeys(("canonical", "uri", "url"), canonical_reference),
        "Resource": resource_inside,
    },
    "uri": dict.fromkeys(("uri", "url", "canonical", "oid", "uuid"), uri),
    "special": {"BackboneElement": position, "Location.position": position},
}
