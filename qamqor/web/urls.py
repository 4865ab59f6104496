"""The directory in the hallway: which room answers which address."""

from __future__ import annotations

from django.urls import include, path
from django.views.i18n import set_language

urlpatterns = [
    path("accounts/", include("qamqor.web.accounts.urls")),
    path("", include("qamqor.web.smart.urls")),
    path("", include("qamqor.web.node.urls")),
    path("language", set_language, name="set_language"),
    path("", include("qamqor.web.preview.urls")),
    path("", include("qamqor.web.worklist.urls")),
    path("", include("qamqor.web.booking.urls")),
    path("", include("qamqor.web.exports.urls")),
    path("", include("qamqor.web.registration.urls")),
    path("", include("qamqor.web.referrals.urls")),
    path("", include("qamqor.web.visit.urls")),
    path("", include("qamqor.web.vaccination.urls")),
    path("", include("qamqor.web.person.urls")),
    path("", include("qamqor.web.letters.urls")),
    path("", include("qamqor.web.support.urls")),
]
handler400 = "qamqor.web.errors.bad_request"
handler403 = "qamqor.web.errors.denied"
handler404 = "qamqor.web.errors.not_found"
handler429 = "qamqor.web.errors.too_many"
handler500 = "qamqor.web.errors.broken"
