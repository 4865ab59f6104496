"""How a schedule's vaccines are given, and what is asked before: the reader of giving.yaml."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from qamqor.engine.words import LANGUAGES, Words
from qamqor.errors import ContentError, Problem


@dataclass(frozen=True, slots=True)
class Way:
    """How one vaccine is usually given; ``site`` is empty for one that is swallowed."""

    route: str
    site: str
    amount_ml: str


@dataclass(frozen=True, slots=True)
class Giving:
    """What the page of a vaccination proposes and asks.

    Attributes:
        watch_minutes: how long people stay after a dose.
        products: CVX code → how it is given; the others as ``usual``.
        routes, sites, reactions: code → its words by language.
        ask: what is asked before a dose, by language.
    """

    watch_minutes: int
    usual: Way
    products: Mapping[int, Way]
    routes: Mapping[str, Words]
    sites: Mapping[str, Words]
    ask: tuple[Words, ...]
    reactions: Mapping[str, Words]

    def way(self, cvx: int) -> Way:
        """How a vaccine is given."""
        return self.products.get(cvx, self.usual)


def read_giving(text: str, where: str = "giving.yaml") -> Giving:
    """The content of a ``giving.yaml``.

    Raises:
        ContentError: a route or site without words, words missing in a language, no minutes.
    """
    found: dict[str, Any] = yaml.safe_load(text)
    giving = Giving(
        int(found.get("watch_minutes") or 0),
        _way(found["usual"]),
        {int(cvx): _way(one) for cvx, one in (found.get("products") or {}).items()},
        found["routes"],
        found["sites"],
        tuple(found["ask"]),
        found["reactions"],
    )
    problems = [Problem(where, said, "write it in the file") for said in _wrong(giving)]
    if problems:
        raise ContentError(problems)
    return giving


def _way(found: Mapping[str, Any]) -> Way:
    return Way(found["route"], found.get("site", ""), str(found.get("amount_ml", "")))


def _wrong(giving: Giving) -> list[str]:
    found = [] if giving.watch_minutes > 0 else ["watch_minutes is missing"]
    for way in (giving.usual, *giving.products.values()):
        if way.route not in giving.routes:
            found.append(f"the route {way.route} has no words")
        if way.site and way.site not in giving.sites:
            found.append(f"the site {way.site} has no words")
    coded = {**giving.routes, **giving.sites, **giving.reactions}
    said = [*coded.items(), *((f"ask {n}", words) for n, words in enumerate(giving.ask, 1))]
    found += [
        f"{name} has no words in {language}"
        for name, words in said
        for language in LANGUAGES
        if not words.get(language)
    ]
    return found
