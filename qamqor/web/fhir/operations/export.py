"""$export: everything a system may read, as NDJSON, asked for once and fetched when ready."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import parse_qsl

from django.http import FileResponse, HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.utils.http import http_date

from qamqor.engine.fhir.envelope import patient_id
from qamqor.errors import Issue, Unusable
from qamqor.services.fhir import bulk, bulk_filters, stream
from qamqor.web.fhir import exchange, gate
from qamqor.web.fhir.operations.registry import Answer, Call, In, operation
from qamqor.web.fhir.search import must_name_nobody

NDJSON: Final = "application/fhir+ndjson"
_STANDARD: Final = "http://hl7.org/fhir/uv/bulkdata/OperationDefinition"
_FORMS: Final = {NDJSON, "application/ndjson", "ndjson"}


@operation(
    "export",
    title="Export resources in bulk",
    text="Writes all resources the system may read as NDJSON, as they stood at one moment.",
    levels=("system", "type", "instance"),
    types=("Patient", "Group"),
    inputs=(
        In("_outputFormat", "string", "application/fhir+ndjson, which is what there is."),
        In("_since", "instant", "Only what changed at or after this moment."),
        In("_type", "string", "Resource types, separated by commas; may repeat.", most="*"),
        In(
            "_typeFilter",
            "string",
            "Only resources of a type that answer a search, such as Observation?status=final; "
            "several of one type are alternatives. Without chains and without what shapes a page.",
            most="*",
        ),
        In(
            "_elements",
            "string",
            "Only these elements and those a resource cannot be without: Patient.name of one type, "
            "id of all; separated by commas; may repeat.",
            most="*",
        ),
        In("patient", "Reference", "Only what is about this person; by POST.", most="*"),
    ),
    returns="Binary",
    standard=f"{_STANDARD}/export",
    standards={"Patient": f"{_STANDARD}/patient-export", "Group": f"{_STANDARD}/group-export"},
)
def export(call: Call) -> Answer:
    _check(call)
    job = bulk.ask(
        actor=call.actor,
        clock=timezone.now,
        types=_types(call),
        since=call.moment("_since"),
        patients=_patients(call),
        only_people=call.type == "Patient",
        filters=_filters(call),
        elements=call.inputs.get("_elements", ()),
        request=call.url,
    )
    return Answer(
        body=b"", status=202, headers={"Content-Location": f"{call.address}/$export-job/{job.id}"}
    )


def _check(call: Call) -> None:
    if "respond-async" not in call.prefer:
        raise Unusable([Issue("invalid", "an export needs the header Prefer: respond-async")])
    if call.one("_outputFormat", NDJSON).replace(" ", "+") not in _FORMS:
        raise Unusable([Issue("not-supported", f"_outputFormat is {NDJSON}")])
    if call.type == "Group" and call.id is None:
        raise Unusable([Issue("not-supported", "export one group: Group/<id>/$export")])
    if call.type == "Patient" and call.id is not None:
        raise Unusable([Issue("not-supported", "one person's record is Patient/<id>/$everything")])


def _types(call: Call) -> tuple[str, ...]:
    said = (name.strip() for one in call.inputs.get("_type", ()) for name in one.split(","))
    return tuple(dict.fromkeys(name for name in said if name))


def _filters(call: Call) -> dict[str, list[str]]:
    """Searches by type. Nobody is named by their number in one: it may stand in an address."""
    found = bulk_filters.by_type(call.inputs.get("_typeFilter", ()), at=call.at)
    for queries in found.values():
        for query in queries:
            must_name_nobody(parse_qsl(query))
    return found


def _patients(call: Call) -> frozenset[str] | None:
    """Who the export is about, None = everybody: the group's members, and of them those named."""
    in_group = call.type == "Group" and call.id is not None
    members = stream.members(str(call.id)) if in_group else None
    said = call.inputs.get("patient")
    if not said:
        return members
    found = [patient_id(one.get("reference")) for one in said]
    named = frozenset(one for one in found if one is not None)
    if None in found:
        raise Unusable([Issue("value", "patient must be a reference to a Patient")])
    others = named - members if members is not None else stream.nobody_here(named)
    if others:
        where = f"a member of Group/{call.id}" if in_group else "here"
        told = [f"Patient/{one} is not {where}" for one in sorted(others)]
        raise Unusable([Issue("not-found", text) for text in told])
    return named


def cancel(request: HttpRequest, id_: str) -> HttpResponse:
    bulk.cancel(id_, actor=gate.actor_of(request))
    return HttpResponse(status=202)


def status(request: HttpRequest, id_: str) -> HttpResponse:
    actor, now = gate.actor_of(request), timezone.now()
    bulk.remove_old(now)
    job = bulk.find(id_, actor=actor)
    if job.state == "failed":
        text = "this export could not be written; its reason is in the server's log; ask again"
        raise Unusable([Issue("exception", text)], status=500)
    if job.state == "refused":
        text = "a second person has refused this export; talk to them"
        raise Unusable([Issue("forbidden", text)], status=403)
    if job.state == "unconfirmed":
        return _not_confirmed()
    if job.state != "done":
        bulk.go_on(id_, clock=timezone.now)
        return _not_yet(job.so_far, len(job.asked["types"]))
    address = exchange.address(request)
    files = f"{address}/$export-file/{id_}"
    response = JsonResponse(bulk.manifest(job, request=f"{address}/$export", address=files))
    response.headers["Expires"] = http_date(bulk.kept_until(job).timestamp())
    return response


def _not_yet(so_far: Mapping[str, Any], types: int) -> HttpResponse:
    response = HttpResponse(status=202)
    done = f"{len(so_far['done'])} of {types} types"
    response.headers["X-Progress"] = f"{done}, {so_far['written']} resources written"
    response.headers["Retry-After"] = "2"
    return response


def _not_confirmed() -> HttpResponse:
    said = "waits for a second person: a head or an administrator confirms it at /exports"
    return HttpResponse(status=202, headers={"X-Progress": said, "Retry-After": "60"})


def file(request: HttpRequest, id_: str, name: str) -> FileResponse:
    bulk.remove_old(timezone.now())
    opened = bulk.open_file(id_, name, actor=gate.actor_of(request))
    return FileResponse(opened, content_type=NDJSON)
