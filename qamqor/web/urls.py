"""The directory in the hallway: which room answers which address."""

from __future__ import annotations

from django.urls import include, path

urlpatterns = [
    path("fhir", include("qamqor.web.fhir.urls")),
    path("accounts/", include("allauth.urls")),
    path("oauth/", include("oauth2_provider.urls", namespace="oauth2_provider")),
]
