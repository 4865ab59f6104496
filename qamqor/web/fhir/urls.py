"""Which interaction answers which address below /fhir."""

from __future__ import annotations

from django.urls import path

from qamqor.web.fhir import interactions

urlpatterns = [
    path("/<str:type_>", interactions.type_level),
    path("/<str:type_>/<str:id_>", interactions.instance_level),
]
