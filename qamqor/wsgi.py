"""The door a web server opens."""

from __future__ import annotations

import atexit
from collections.abc import Callable, Iterable
from typing import Any

from django.utils import timezone

from qamqor.settings import load_django
from qamqor.store import node


def _application() -> Callable[..., Iterable[bytes]]:
    """Pages by Django's own way and the API by its shortest; models exist once Django is loaded."""
    load_django()
    from django.core.handlers.wsgi import WSGIHandler

    from qamqor.services import warm
    from qamqor.web.fhir.shortest import with_shortest_way

    warm.begin(timezone.now)
    return with_shortest_way(WSGIHandler())


atexit.register(node.stop)
application: Any = _application()
