"""Finds what answers a path below /fhir by its words, without trying one pattern after another."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cache
from importlib import import_module
from itertools import product
from typing import Any, Final, NamedTuple

from django.http import Http404
from django.urls import URLPattern

_VARIABLE: Final = re.compile(r"<(\w+):(\w+)>\Z")
_OPERATION: Final = re.compile(r"\$[A-Za-z][A-Za-z0-9-]*")
ANYTHING: Final = "*"
AN_OPERATION: Final = "$"
LONGEST: Final = 6
"""Words of a path that are looked at: more than any pattern has; a longer path fits none."""
View = Callable[..., Any]
Place = tuple[str, ...]


class Found(NamedTuple):
    """A view and the words of the path it is called with."""

    view: View
    words: dict[str, str]


class _Route(NamedTuple):
    order: int
    view: View
    names: tuple[tuple[int, str], ...]
    place: Place


def resolve(path: str) -> Found:
    """The view of a path such as ``/Patient/p1``: of all patterns that fit, that listed first.

    Raises:
        Http404: nothing answers here.
    """
    words = path.split("/", LONGEST)
    routes = _routes()
    fitting = [route for place in product(*map(_ways, words)) if (route := routes.get(place))]
    if not fitting:
        raise Http404(path)
    first = min(fitting)
    return Found(first.view, {name: _said(words[at], first.place[at]) for at, name in first.names})


def _ways(word: str) -> Sequence[str]:
    """What may stand in a pattern for a word."""
    if not word:
        return ("",)
    if word[0] == "$" and _OPERATION.fullmatch(word):
        return (word, AN_OPERATION, ANYTHING)
    return (word, ANYTHING)


def _said(word: str, place: str) -> str:
    return word[1:] if place == AN_OPERATION else word


@cache
def _routes() -> dict[Place, _Route]:
    """Every address by its words."""
    patterns: list[URLPattern] = import_module("qamqor.web.fhir.urls").urlpatterns
    routes = [_route(order, pattern) for order, pattern in enumerate(patterns)]
    return {route.place: route for route in reversed(routes)}


def _route(order: int, pattern: URLPattern) -> _Route:
    place: list[str] = []
    names: list[tuple[int, str]] = []
    for at, word in enumerate(str(pattern.pattern).split("/")):
        variable = _VARIABLE.match(word)
        if variable is not None:
            names.append((at, variable[2]))
            word = AN_OPERATION if variable[1] == "operation" else ANYTHING
        place.append(word)
    return _Route(order, pattern.callback, tuple(names), tuple(place))
