"""The CapabilityStatement, built from what is really there."""

from __future__ import annotations

from functools import cache, lru_cache
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from qamqor import __version__
from qamqor.engine.fhir import json_text
from qamqor.engine.fhir.definitions import resource_types
from qamqor.engine.fhir.names import BASE, ICD10
from qamqor.engine.fhir.search.parameters import (
    KEPT_APART,
    Parameter,
    compartments,
    own,
    parameters,
    searchable_types,
)
from qamqor.errors import Issue, Unusable
from qamqor.services.access import trail
from qamqor.services.fhir import classification, own_parameters
from qamqor.services.smart_configuration import configuration
from qamqor.web.fhir import exchange
from qamqor.web.fhir.addresses import interactions
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
_HL7: Final = "http://hl7.org/fhir"
_TYPE: Final = {
    "name": "_type",
    "type": "special",
    "documentation": "Resource types, separated by commas.",
}
_OAUTH: Final = "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris"
_SMART: Final = {
    "system": "http://terminology.hl7.org/CodeSystem/restful-security-service",
    "code": "SMART-on-FHIR",
}


def metadata(request: HttpRequest) -> HttpResponse:
    asked, mode = exchange.wishes(request), request.GET.get("mode", "full")
    if mode == "terminology":
        return exchange.answer(terminology(exchange.address(request)), asked)
    if mode not in {"full", "normative"}:
        raise Unusable([Issue("value", "mode is full, normative or terminology")])
    return exchange.answer(_now(request), asked)


def stated(request: HttpRequest) -> dict[str, Any]:
    """The statement as it is now, for those who came by this request."""
    said: dict[str, Any] = json_text.decode(_now(request))
    return said


def _now(request: HttpRequest) -> str:
    own_parameters.for_reading(timezone.now())
    added = frozenset(one for name in resource_types() for one in own(name) if one.is_ready)
    return _written(exchange.address(request), added, bool(settings.QAMQOR.cors_origins))


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
        "instantiates": ["http://hl7.org/fhir/uv/bulkdata/CapabilityStatement/bulk-data"],
        "software": {"name": "Qamqor", "version": __version__},
        "implementation": {"description": "A Qamqor node", "url": address},
        "fhirVersion": "4.0.1",
        "format": ["application/fhir+json", "json"],
        "patchFormat": ["application/json-patch+json", "application/fhir+json"],
        "rest": [_rest()],
    }


def terminology(address: str) -> dict[str, Any]:
    """Which codes are known here, and what may be asked about them."""
    expand = registry.find("expand", level="type", type_="ValueSet")
    inputs = [{"name": one.name, "documentation": one.text} for one in expand.inputs]
    return {
        "resourceType": "TerminologyCapabilities",
        "id": "qamqor",
        "url": f"{BASE}/TerminologyCapabilities/qamqor",
        "version": __version__,
        "name": "Qamqor",
        "status": "active",
        "date": DATE,
        "kind": "instance",
        "software": {"name": "Qamqor", "version": __version__},
        "implementation": {"description": "A Qamqor node", "url": address},
        "codeSystem": [{"uri": ICD10, "version": [{"code": classification.VERSION}]}],
        "expansion": {"hierarchical": False, "paging": True, "parameter": inputs},
        "validateCode": {"translations": False},
    }


def _rest() -> dict[str, Any]:
    there = interactions()
    on_all = [code for code in ("history-system", "search-system") if code in there]
    return {
        "mode": "server",
        "security": {
            "extension": [{"url": _OAUTH, "extension": _where_to_ask()}],
            "cors": bool(settings.QAMQOR.cors_origins),
            "service": [{"coding": [_SMART]}],
        },
        "resource": [_resource(name, there) for name in sorted(resource_types())],
        "interaction": [{"code": code} for code in ("transaction", "batch", *on_all)],
        "searchParam": [_TYPE, *map(_parameter, _common())],
        "compartment": [f"{_HL7}/CompartmentDefinition/{name.lower()}" for name in compartments()],
        "operation": [
            {"name": one.name, "definition": one.canonical}
            for one in registry.registered()
            if "system" in one.levels
        ],
    }


def _where_to_ask() -> list[dict[str, Any]]:
    """The addresses that older SMART clients look for here; others read smart-configuration."""
    known = configuration()
    names = {
        "authorize": "authorization_endpoint",
        "token": "token_endpoint",
        "introspect": "introspection_endpoint",
        "revoke": "revocation_endpoint",
    }
    return [{"url": name, "valueUri": known[key]} for name, key in names.items()]


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
    operations = _operations(name)
    return {**said, **({"operation": operations} if operations else {})}


def _operations(name: str) -> list[dict[str, Any]]:
    return [
        {"name": one.name, "definition": one.canonical_on(name)}
        for one in registry.registered()
        if name in one.types
    ]


def _trace() -> dict[str, Any]:
    """AuditEvents are made from the audit chain: read and searched, never written, one version."""
    known = parameters("AuditEvent")
    operations = _operations("AuditEvent")
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
        "operation": operations,
    }


def _search(name: str) -> dict[str, Any]:
    known = parameters(name)
    includes = [f"{name}:{code}" for code, one in known.items() if one.type == "reference"]
    reverse = _pointing().get(name)
    return {
        **({"searchInclude": includes} if includes else {}),
        **({"searchRevInclude": reverse} if reverse else {}),
        "searchParam": [_parameter(one) for one in known.values()],
    }


def _parameter(one: Parameter) -> dict[str, Any]:
    url = one.url or (
        f"{_HL7}/SearchParameter/Resource-{one.code[1:]}" if one.code[0] == "_" else ""
    )
    return {"name": one.code, **({"definition": url} if url else {}), "type": one.type}


def _common() -> list[Parameter]:
    """What every type can be searched by."""
    return [one for code, one in parameters("Basic").items() if code.startswith("_")]


@cache
def _pointing() -> dict[str, list[str]]:
    """By type the references of others that are made to point to it; those to any type apart."""
    found: dict[str, list[str]] = {}
    for source in (name for name in searchable_types() if name not in KEPT_APART):
        for code, one in parameters(source).items():
            for target in one.targets if one.type == "reference" and not one.url else ():
                found.setdefault(target, []).append(f"{source}:{code}")
    return found
