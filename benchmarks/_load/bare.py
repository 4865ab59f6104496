"""The least Django can do: one view that answers a constant, on the same server."""

from __future__ import annotations

import os

import django
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse
from django.urls import path

SIZE = int(os.environ.get("BARE_BYTES", "400"))
BODY = b"x" * SIZE


def view(request: HttpRequest, type_: str, id_: str) -> HttpResponse:
    return HttpResponse(BODY, content_type="application/fhir+json")


urlpatterns = [path("fhir/<str:type_>/<str:id_>", view)]
settings.configure(
    ROOT_URLCONF=__name__,
    ALLOWED_HOSTS=["*"],
    SECRET_KEY="x" * 50,
    MIDDLEWARE=["django.middleware.common.CommonMiddleware"],
)
django.setup()
application = get_wsgi_application()
