"""The address /fhir itself: a search of all types where something is asked, else a welcome."""

from __future__ import annotations

from django.http import HttpRequest, JsonResponse
from django.http.response import HttpResponseBase

from qamqor.services.smart_configuration import configuration
from qamqor.web.fhir import capability, search

GENERAL = {"_format", "_pretty"}


def door(request: HttpRequest) -> HttpResponseBase:
    if set(request.GET) <= GENERAL:
        return capability.welcome(request)
    return search.search_all(request)


def smart_configuration(request: HttpRequest) -> HttpResponseBase:
    answer = JsonResponse(configuration())
    answer.headers["Access-Control-Allow-Origin"] = "*"
    return answer
