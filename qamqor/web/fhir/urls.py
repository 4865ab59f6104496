"""Which interaction answers which address below /fhir."""

from __future__ import annotations

from django.urls import path, register_converter

from qamqor.web.fhir import (
    audit_events,
    bundles,
    capability,
    front,
    history,
    interactions,
    openapi,
    search,
)
from qamqor.web.fhir.door import by_method
from qamqor.web.fhir.operations import export, importing
from qamqor.web.fhir.operations import views as operations


class OperationName:
    """The name of an operation behind its dollar sign."""

    regex = r"\$[A-Za-z][A-Za-z0-9-]*"

    def to_python(self, value: str) -> str:
        return value[1:]

    def to_url(self, value: str) -> str:
        return f"${value}"


register_converter(OperationName, "operation")
urlpatterns = [
    path("/.well-known/smart-configuration", by_method(GET=front.smart_configuration)),
    path("/$export-job/<str:id_>", by_method(GET=export.status, DELETE=export.cancel)),
    path("/$export-file/<str:id_>/<str:name>", by_method(GET=export.file)),
    path("/$import", by_method(POST=importing.take_import)),
    path("/$import-job/<str:id_>", by_method(GET=importing.status, DELETE=importing.cancel)),
    path("/$import-file/<str:id_>/<str:name>", by_method(GET=importing.file)),
    path("/<operation:name>", operations.call),
    path("/<str:type_>/<operation:name>", operations.call),
    path("/<str:type_>/<str:id_>/<operation:name>", operations.call),
    path("", by_method(GET=front.door, POST=bundles.take)),
    path("/", by_method(GET=front.door, POST=bundles.take)),
    path("/metadata", by_method(GET=capability.metadata)),
    path("/openapi.json", by_method(GET=openapi.openapi)),
    path("/_search", by_method(POST=search.search_all)),
    path("/_history", by_method(GET=history.of_all)),
    path("/<str:type_>/_history", by_method(GET=history.of_type)),
    path("/<str:type_>/<str:id_>/_history", by_method(GET=history.of_one)),
    path("/AuditEvent", by_method(GET=audit_events.search, POST=audit_events.refuse)),
    path("/AuditEvent/_search", by_method(GET=audit_events.search, POST=audit_events.search)),
    path(
        "/AuditEvent/<str:id_>",
        by_method(
            GET=audit_events.read,
            PUT=audit_events.refuse,
            PATCH=audit_events.refuse,
            DELETE=audit_events.refuse,
        ),
    ),
    path("/<str:type_>/_search", by_method(POST=search.search_type)),
    path("/<str:type_>/<str:id_>/<str:inside>/_search", by_method(POST=search.search_compartment)),
    path(
        "/<str:type_>/<str:id_>",
        by_method(
            GET=interactions.read_one,
            PUT=interactions.update,
            PATCH=interactions.patch,
            DELETE=interactions.delete,
        ),
    ),
    path(
        "/<str:type_>",
        by_method(
            GET=search.search_type,
            POST=interactions.create,
            PUT=interactions.update_where,
            PATCH=interactions.patch_where,
            DELETE=interactions.delete_where,
        ),
    ),
    path("/<str:type_>/<str:id_>/_history/<str:version>", by_method(GET=interactions.read_version)),
    path("/<str:type_>/<str:id_>/<str:inside>", by_method(GET=search.search_compartment)),
]
