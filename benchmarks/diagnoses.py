"""Finding a diagnosis while one types: each text through the index, beside a look at every code."""

from __future__ import annotations

import time
from collections.abc import Callable

from qamqor import settings
from qamqor.engine.diagnoses import plain, query
from qamqor.services import diagnoses

TEXTS = ("о", "a", "di", "гипиртензия", "hipertension arterial", "E11", "fracture of the")
TIMES = 20
"""How often each text is looked for; the least of the costs is said."""


def run() -> None:
    """Print milliseconds of the processor a text, and how much the plain twin takes beside it."""
    settings.load_django()
    known = diagnoses.known()
    everyone = query.entries(known.tree, known.spoken, known.names, known.choosable)
    for text in TEXTS:
        quick = _least(lambda text=text: known.index.find(text), TIMES)
        slow = _least(lambda text=text: plain.find(everyone, text), 1)
        print(f"  {text:24} {quick * 1000:6.2f} ms (aim 20), {slow / quick:6,.0f} x plain")


def _least(work: Callable[[], object], times: int) -> float:
    costs = []
    for _ in range(times):
        before = time.process_time()
        work()
        costs.append(time.process_time() - before)
    return min(costs)
