"""The directory in the hallway: which room answers which address."""

from __future__ import annotations

from django.urls import include, path
from django.views.i18n import set_language

urlpatterns = [
    path("accounts/", include("allauth.urls")),
    path("oauth/", include("oauth2_provider.urls", namespace="oauth2_provider")),
    path("", include("qamqor.web.node.urls")),
    path("language", set_language, name="set_language"),
    path("", include("qamqor.web.preview.urls")),
]
handler400 = "qamqor.web.errors.bad_request"
handler403 = "qamqor.web.errors.denied"
handler404 = "qamqor.web.errors.not_found"
handler500 = "qamqor.web.errors.broken"
