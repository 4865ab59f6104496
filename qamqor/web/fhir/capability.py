"""The CapabilityStatement, built from what is really there."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from qamqor import __version__
from qamqor.engine.fhir import json_text
from qamqor.engine.fhir.definitions import resource_types
from qamqor.engine.fhir.names import BASE
from qamqor.engine.fhir.search.parameters import Parameter, own, parameters
from qamqor.services.access import trail
from qamqor.services.fhir import own_parameters
from qamqor.web.fhir import exchange, outcomes
from qamqor.web.fhir.addresses import interactions
from qamqor.web.fhir.exchange import Wishes
from qamqor.web.fhir.operations import registry

ON_TYPES: Final = (
    "read",
    "vread",
    "update",
    "patch",
    "delete",
    "history-instance",
    "history-type",
    "create",
    "search-type",
)
DATE: Final = "2026-11-24"
_SMART: Final = {
    "system": "http://terminology.hl7.org/CodeSystem/restful-security-service",
    "code": "SMART-on-FHIR",
}


def metadata(request: HttpRequest) -> HttpResponse:
    asked = exchange.wishes(request)
    if request.GET.get("mode", "full") not in {"full", "normative"}:
        text = "mode is full or normative; for terminology see the operations of ValueSet"
        return exchange.answer(outcomes.said_well(text, code="not-supported"), Wishes(), status=400)
    own_parameters.for_reading(timezone.now())
    added = frozenset(one for name in resource_types() for one in own(name) if one.is_ready)
    is_open = bool(settings.QAMQOR.cors_origins)
    return exchange.answer(_written(exchange.address(request), added, is_open), asked)


def welcome(request: HttpRequest) -> HttpResponse:
    address = exchange.address(request)
    text = (
        f"This is Qamqor {__version__}, a FHIR R4 server (JSON). "
        f"What it can do: {address}/metadata. "
        f"For developers: {address}/openapi.json. Read with GET {address}/<type>/<id>; send a "
        f"batch or transaction Bundle by POST to {address}."
    )
    return exchange.outcome(text, exchange.wishes(request))


@lru_cache(maxsize=8)
def _written(address: str, _: frozenset[Parameter], is_open: bool) -> str:
    """The statement as text, made anew when what it depends on is other than before."""
    return json_text.encode(statement(address)).decode()


def statement(address: str) -> dict[str, Any]:
    """What this server can do, for those who reach it at an address."""
    return {
        "resourceType": "CapabilityStatement",
        "id": "qamqor",
        "url": f"{BASE}/CapabilityStatement/qamqor",
        "version": __version__,
        "name": "Qamqor",
        "title": "Qamqor: people-centred primary health care",
        "status": "active",
        "date": DATE,
        "kind": "instance",
        "software": {"name": "Qamqor", "version": __version__},
        "implementation": {"description": "A Qamqor node", "url": address},
        "fhirVersion": "4.0.1",
        "format": ["application/fhir+json", "json"],
        "patchFormat": ["application/json-patch+json", "application/fhir+json"],
        "rest": [_rest()],
    }


def _rest() -> dict[str, Any]:
    there = interactions()
    on_all = [code for code in ("history-system", "search-system") if code in there]
    return {
        "mode": "server",
        "security": {"cors": bool(settings.QAMQOR.cors_origins), "service": [{"coding": [_SMART]}]},
        "resource": [_resource(name, there) for name in sorted(resource_types())],
        "interaction": [{"code": code} for code in ("transaction", "batch", *on_all)],
        "operation": [
            {"name": one.name, "definition": one.canonical}
            for one in registry.registered()
            if "system" in one.levels
        ],
    }


def _resource(name: str, there: frozenset[str]) -> dict[str, Any]:
    if name == "AuditEvent":
        return _trace()
    said: dict[str, Any] = {
        "type": name,
        "profile": f"http://hl7.org/fhir/StructureDefinition/{name}",
        "interaction": [{"code": code} for code in ON_TYPES if code in there],
        "versioning": "versioned-update",
        "readHistory": True,
        "updateCreate": True,
        "conditionalCreate": "conditional-update" in there,
        "conditionalRead": "full-support",
        "conditionalUpdate": "conditional-update" in there,
        "conditionalDelete": "single" if "conditional-delete" in there else "not-supported",
        "referencePolicy": ["literal", "logical"],
    }
    if "search-type" in there:
        said |= _search(name)
    operations = [
        {"name": one.name, "definition": one.canonical}
        for one in registry.registered()
        if name in one.types
    ]
    return {**said, **({"operation": operations} if operations else {})}


def _trace() -> dict[str, Any]:
    """AuditEvents are made from the audit chain: read and searched, never written, one version."""
    known = parameters("AuditEvent")
    return {
        "type": "AuditEvent",
        "profile": "http://hl7.org/fhir/StructureDefinition/AuditEvent",
        "interaction": [{"code": "read"}, {"code": "search-type"}],
        "versioning": "no-version",
        "readHistory": False,
        "updateCreate": False,
        "conditionalCreate": False,
        "conditionalUpdate": False,
        "conditionalDelete": "not-supported",
        "searchParam": [{"name": code, "type": known[code].type} for code in trail.SEARCHED_BY],
    }


def _search(name: str) -> dict[str, Any]:
    known = parameters(name)
    includes = [f"{name}:{code}" for code, one in known.items() if one.type == "reference"]
    return {
        **({"searchInclude": includes} if includes else {}),
        "searchParam": [
            {
                "name": code,
                **({"definition": one.url} if one.url else {}),
                "type": one.type,
            }
            for code, one in known.items()
        ],
    }
