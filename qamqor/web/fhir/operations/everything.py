"""Patient/$everything: one person's whole record, page by page."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from qamqor.engine.fhir import json_text
from qamqor.engine.fhir.definitions import is_resource
from qamqor.engine.fhir.search.extract import NATIONAL
from qamqor.engine.fhir.search.ranges import date_range
from qamqor.errors import Issue, Unusable
from qamqor.services.fhir import everything
from qamqor.services.fhir.everything import ALWAYS, Entry, Period
from qamqor.web.fhir.operations.registry import Answer, Call, In, operation


@operation(
    "everything",
    title="One person's whole record",
    text="Everything that speaks of a person and may be seen, and what that refers to.",
    levels=("instance",),
    types=("Patient",),
    inputs=(
        In("start", "date", "Only care on or after this day, or without a date."),
        In("end", "date", "Only care on or before this day, or without a date."),
        In("_since", "instant", "Only what changed at or after this moment."),
        In("_type", "string", "Resource types, separated by commas; may repeat.", most="*"),
        In("_count", "integer", "How many resources on a page; without it, all."),
        In("_after", "string", "Where a page begins: taken from the link to the next page."),
    ),
    returns="Bundle",
    standard="http://hl7.org/fhir/OperationDefinition/Patient-everything",
)
def run(call: Call) -> Answer:
    types, count = _types(call), call.one("_count")
    if count is not None and count < 1:
        raise Unusable([Issue("value", "_count is one or more")])
    part = everything.of_person(
        str(call.id),
        actor=call.actor,
        at=call.at,
        types=types,
        since=call.moment("_since"),
        care=_care(call),
        count=count,
        after=_after(call),
    )
    bundle: dict[str, Any] = {
        "resourceType": "Bundle",
        "type": "searchset",
        "total": part.total,
        "link": _links(call, part.after),
        "entry": [_entry(call, entry) for entry in part.entries],
    }
    return Answer({key: value for key, value in bundle.items() if value not in ([], None)})


def _types(call: Call) -> tuple[str, ...]:
    said = [name.strip() for one in call.inputs.get("_type", ()) for name in one.split(",")]
    unknown = [name for name in said if not is_resource(name)]
    if unknown:
        raise Unusable([Issue("value", f"{name!r} is no resource type") for name in unknown])
    return tuple(dict.fromkeys(said))


def _care(call: Call) -> Period:
    """The time between the first moment of ``start`` and the last of ``end``."""
    found = {name: _day(call, name) for name in ("start", "end") if call.one(name) is not None}
    start = found["start"][0] if "start" in found else ALWAYS.start
    end = found["end"][1] if "end" in found else ALWAYS.end
    if start >= end:
        raise Unusable([Issue("value", "end is before start")])
    return Period(start, end)


def _day(call: Call, name: str) -> tuple[int, int]:
    found = date_range(call.one(name), NATIONAL)
    if found is None:
        raise Unusable([Issue("value", f"{name} is a day, such as 2026-03-02")])
    return found


def _after(call: Call) -> int | None:
    said = call.one("_after")
    if said is None:
        return None
    if not (said.isascii() and said.isdigit() and len(said) < 18):
        raise Unusable([Issue("value", "_after is taken from the link to the next page")])
    return int(said)


def _links(call: Call, after: int | None) -> list[dict[str, str]]:
    said = {name: ",".join(str(v) for v in values) for name, values in call.inputs.items()}
    links = [{"relation": "self", "url": _url(call, said)}]
    if after is not None:
        links.append({"relation": "next", "url": _url(call, {**said, "_after": str(after)})})
    return links


def _url(call: Call, said: dict[str, str]) -> str:
    address = f"{call.address}/Patient/{call.id}/$everything"
    return f"{address}?{urlencode(said)}" if said else address


def _entry(call: Call, entry: Entry) -> dict[str, Any]:
    return {
        "fullUrl": f"{call.address}/{entry.type}/{entry.id}",
        "resource": json_text.decode(entry.content),
        "search": {"mode": entry.mode},
    }
