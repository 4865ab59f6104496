"""What templates may say: addresses, words, dates, icons, and the files of the look."""

from __future__ import annotations

import hashlib
import json
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles import finders
from django.http import HttpRequest
from django.urls import reverse
from django.utils import translation
from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from qamqor.web.accounts import demo
from qamqor.web.components import dates, icons, words
from qamqor.web.components.places import finds_people, places


def environment(**options: Any) -> Environment:
    """The Jinja environment of all pages; a name a template misspells is an error."""
    made = Environment(
        autoescape=True,
        undefined=StrictUndefined,
        loader=options["loader"],
        auto_reload=options.get("auto_reload", False),
        extensions=["jinja2.ext.i18n", "jinja2.ext.do"],
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.install_gettext_callables(  # type: ignore[attr-defined]
        translation.gettext,
        translation.ngettext,
        newstyle=True,
        pgettext=translation.pgettext,
        npgettext=translation.npgettext,
    )
    made.globals.update(
        url=address,
        asset=asset,
        htmx=lambda: asset(_names()["htmx"]),
        icon=icons.icon,
        dates=dates,
        words=words,
        languages=settings.LANGUAGES,
        is_demo=settings.QAMQOR.is_demo,
        demo_roles=demo.roles,
    )
    return made


def reader(request: HttpRequest) -> dict[str, Any]:
    """Who reads the page, and in which language."""
    shown = places(request)
    return {
        "language": (translation.get_language() or settings.LANGUAGE_CODE)[:2],
        "account": getattr(request, "user", None),
        "density": request.COOKIES.get("qamqor_density", "compact" if shown else "comfortable"),
        "places": shown,
        "finds": finds_people(request),
    }


def address(name: str, *args: Any, **named: Any) -> str:
    """The address of a page by its name."""
    return reverse(name, args=args, kwargs=named)


def asset(name: str) -> str:
    """Where a file of the look is served, with the hash of what is in it."""
    return f"{settings.STATIC_URL}{name}?v={_hash(name)}"


@lru_cache(maxsize=256)
def _hash(name: str) -> str:
    found = finders.find(name)
    if found is None:
        return "missing"
    return hashlib.sha256(Path(found).read_bytes()).hexdigest()[:12]


@lru_cache(maxsize=1)
def _names() -> dict[str, str]:
    found = finders.find("qamqor/names.json")
    return json.loads(Path(found).read_text()) if found else {"htmx": "qamqor/htmx.js"}


def safe(text: str) -> Markup:
    """Markup made by our own code, such as a chart, which has escaped its words already."""
    return Markup(text)  # noqa: S704
