"""The address /fhir itself: a search of all types where something is asked, else a welcome."""

from __future__ import annotations

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from qamqor.web.fhir import capability, search

GENERAL = {"_format", "_pretty"}


def door(request: HttpRequest) -> HttpResponseBase:
    if set(request.GET) <= GENERAL:
        return capability.welcome(request)
    return search.search_all(request)
