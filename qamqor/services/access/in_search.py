"""What an actor may see, as conditions that a search puts on every resource it looks at."""

from __future__ import annotations

from collections.abc import Callable, Hashable

from qamqor.engine.fhir.search.wanted import Setting
from qamqor.services.access import criteria
from qamqor.services.access.sights import Sights
from qamqor.store import access
from qamqor.store.fhir.search_sql import InSight, Writer, everything
from qamqor.store.fhir.search_values import ALWAYS, NEVER, Sql, joined

APART = 10_000
"""Where the names of tables in conditions of access begin, apart from those of the search."""


def in_sight(sights: Sights, setting: Setting) -> InSight:
    """The condition for each resource type; true for all where nothing is hidden from the actor."""
    if sights.actor.is_platform:
        return everything

    return _Conditions(sights, setting).of


class _Conditions:
    """The conditions for one asker; each is written when it is first asked for."""

    __slots__ = ("_setting", "_sights", "_written")

    def __init__(self, sights: Sights, setting: Setting) -> None:
        self._sights, self._setting = sights, setting
        self._written: dict[str, Callable[[str], Sql]] = {}

    def of(self, resource_type: str, key: str) -> Sql:
        """The condition on a key of a type."""
        if resource_type not in self._written:
            self._written[resource_type] = self._condition(resource_type)
        return self._written[resource_type](key)

    def _condition(self, resource_type: str) -> Callable[[str], Sql]:
        sights, setting = self._sights, self._setting
        view = sights.of("search", resource_type)
        if view is None:
            return lambda _key: NEVER
        asked = criteria.read(resource_type, view.criteria, setting) if view.criteria else None

        def condition(key: str) -> Sql:
            parts = [] if view.everything else [Sql(*_bound(access.clause(view, key)))]
            if asked is not None:
                writer = Writer(everything, depth=APART)
                parts.append(writer.condition(asked, key.removesuffix(".key")))
            return joined("and", parts) if parts else ALWAYS

        return condition


def hidden(sights: Sights, resource_type: str) -> Hashable | None:
    """What ``in_sight`` hides of a type, as something to tell its conditions apart by.

    Returns:
        None where scopes carry queries, which may mean something else at each moment.
    """
    view = sights.of("search", resource_type)
    if view is None:
        return "everything"
    if view.criteria:
        return None
    return "nothing" if view.everything else view


def _bound(clause: tuple[str, list[object]]) -> tuple[str, tuple[object, ...]]:
    return clause[0], tuple(clause[1])
