"""What programmes, actions, reasons, measures, areas and places are called in one language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from qamqor.engine.programmes.schema import Action, Measure, Pack, Programme
from qamqor.services.report_count import Rows


@dataclass(frozen=True, slots=True)
class MeasureWords:
    """A measure in words.

    Attributes:
        title: what it is called.
        numerator, denominator: whom it counts, of whom.
        programme: the programme's title.
    """

    programme: str
    title: str
    numerator: str
    denominator: str
    is_higher_better: bool


class Names:
    """Looks up names; a word another country's pack lacks is shown in English."""

    def __init__(
        self, pack: Pack, as_of: date, language: str, organisations: Rows, places: Rows
    ) -> None:
        self._language = language
        self._programmes = {programme.id: programme for programme in pack.in_force(as_of)}
        self._organisations = {row["id"]: row for row in organisations}
        self._places = {row["place_id"]: row for row in places}

    def programme(self, programme: str) -> str:
        """The title of a programme."""
        found = self._programmes.get(programme)
        return self._word(found, ("title",), found.title) if found else programme

    def action(self, programme: str, action: str) -> str:
        """The title of an action."""
        found, one = self._action(programme, action)
        return self._word(found, ("actions", action, "title"), one.title) if one else action

    def reason(self, programme: str, action: str, reason: str) -> str:
        """A reason in words."""
        found, one = self._action(programme, action)
        english = one.reasons.get(reason, reason) if one else reason
        return self._word(found, ("actions", action, "reasons", reason), english)

    def measure(self, measure: str) -> MeasureWords:
        """A measure, named as in the results: programme, a dot, measure."""
        found, one = self._measure(measure)
        if found is None or one is None:
            return MeasureWords("", measure, "", "", True)
        at = ("measures", one.name)
        return MeasureWords(
            self.programme(found.id),
            self._word(found, (*at, "title"), one.title),
            self._word(found, (*at, "numerator"), one.numerator),
            self._word(found, (*at, "denominator"), one.denominator),
            one.higher_is_better,
        )

    def unit(self, unit: str, key: str | None) -> str:
        """The name of an area, an organisation or a place; its code where it has none."""
        row = (self._places if unit == "place" else self._organisations).get(key or "") or {}
        own = row.get(f"name_{self._language}")
        return str(own or row.get("name_ru") or row.get("name_en") or row.get("kato") or key or "")

    def top(self, areas: set[str]) -> str:
        """The name of the organisation all areas belong to; empty when there are several."""
        above = {self._organisations.get(area, {}).get("parent_id") for area in areas}
        while len(above) > 1:
            higher = {self._organisations.get(one, {}).get("parent_id") for one in above}
            if higher == above or None in higher:
                return ""
            above = higher
        found = next(iter(above), None)
        return self.unit("organisation", found) if found in self._organisations else ""

    def _action(self, programme: str, action: str) -> tuple[Programme | None, Action | None]:
        found = self._programmes.get(programme)
        return found, found.actions.get(action) if found else None

    def _measure(self, measure: str) -> tuple[Programme | None, Measure | None]:
        programme, _, name = measure.rpartition(".")
        if programme:
            found = self._programmes.get(programme)
            return found, found.measures.get(name) if found else None
        owners = [one for one in self._programmes.values() if name in one.measures]
        return (owners[0], owners[0].measures[name]) if len(owners) == 1 else (None, None)

    def _word(self, programme: Programme | None, path: tuple[str, ...], english: str) -> str:
        found: Any = programme.words.get(self._language, {}) if programme else {}
        for step in path:
            found = found.get(step) if isinstance(found, Mapping) else None
        return str(found) if found else english
