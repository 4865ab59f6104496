"""Which interaction answers which address below /fhir."""

from __future__ import annotations

from django.urls import path, register_converter

from qamqor.web.fhir import interactions
from qamqor.web.fhir.operations import export
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
    path("/$export-job/<str:id_>", export.status),
    path("/$export-file/<str:id_>/<str:name>", export.file),
    path("/<operation:name>", operations.call),
    path("/<str:type_>/<operation:name>", operations.call),
    path("/<str:type_>/<str:id_>/<operation:name>", operations.call),
    path("/<str:type_>", interactions.type_level),
    path("/<str:type_>/<str:id_>", interactions.instance_level),
]
