"""Prepares in a process what its first requests would otherwise wait for."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Final

from qamqor.engine.fhir import validation
from qamqor.engine.fhir.search import units
from qamqor.engine.fhir.search.extract import values
from qamqor.services import derived, diagnoses, settled
from qamqor.store import node

logger = logging.getLogger(__name__)
ALWAYS: Final = ("Practitioner", "PractitionerRole", "QuestionnaireResponse", "CareTeam", "Bundle")
"""Types that come often and give the tables of care nothing."""


_held: Final = threading.Event()


@contextmanager
def in_children(clock: Callable[[], datetime]) -> Iterator[None]:
    """What is loaded inside prepares nothing here, but in every process forked off afterwards.

    A thread that works while the process forks leaves its locks closed in the child for ever.
    """
    _held.set()
    yield
    _held.clear()
    os.register_at_fork(after_in_child=lambda: begin(clock))


def begin(clock: Callable[[], datetime]) -> threading.Thread | None:
    """Start preparing beside whatever the process does.

    Returns:
        the thread that does it; nothing where children of this process are to do it.
    """
    if _held.is_set():
        return None
    thread = threading.Thread(target=_prepare, args=(clock,), name="warm", daemon=True)
    thread.start()
    return thread


def _prepare(clock: Callable[[], datetime]) -> None:
    try:
        prepare(clock())
        settled.settle()
    except Exception:
        logger.exception("preparing failed; what is missing is prepared when it is needed")


def prepare(at: datetime) -> None:
    """Prepare the questions of the day, in the thread that saves, and what saving reads with.

    The words of diagnoses come last: nobody waits for a search in the first second.
    """
    known = derived.tables()
    day = derived.day_of(at)
    node.aside(lambda: derived.asker(day))
    for type_ in sorted({*known.feeds, *ALWAYS}):
        empty = {"resourceType": type_}
        values(empty)
        validation.is_valid(empty)
    units.load_library()
    diagnoses.known()
