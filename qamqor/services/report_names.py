"""What programmes, actions, reasons, measures, areas and places are called in one language."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import date

from qamqor.engine.programmes import words
from qamqor.engine.programmes.schema import Pack, Programme
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


def _regions(pack: Pack) -> dict[str, dict[str, str]]:
    """The regions of the pack's country, where it says them in ``regions.csv``."""
    found: dict[str, dict[str, str]] = {}
    for folder in pack.folders:
        file = folder / "regions.csv"
        if file.exists():
            with file.open(encoding="utf-8", newline="") as opened:
                found = {row["kato2"]: row for row in csv.DictReader(opened)}
    return found


class Names:
    """Looks up names; a word another country's pack lacks is shown in English."""

    def __init__(
        self, pack: Pack, as_of: date, language: str, organisations: Rows, places: Rows
    ) -> None:
        self._language = language
        self._programmes = {programme.id: programme for programme in pack.in_force(as_of)}
        self._organisations = {row["id"]: row for row in organisations}
        self._places = {row["place_id"]: row for row in places}
        self._regions = _regions(pack)

    def programme(self, programme: str) -> str:
        """The title of a programme."""
        found = self._programmes.get(programme)
        return words.title(found, self._language) if found else programme

    def action(self, programme: str, action: str) -> str:
        """The title of an action."""
        found = self._programmes.get(programme)
        if found is None or action not in found.actions:
            return action
        return words.action_title(found, action, self._language)

    def reason(self, programme: str, action: str, reason: str) -> str:
        """A reason in words."""
        found = self._programmes.get(programme)
        if found is None or action not in found.actions:
            return reason
        return words.reason(found, action, reason, self._language)

    def measure(self, measure: str) -> MeasureWords:
        """A measure, named as in the results: programme, a dot, measure."""
        programme, _, name = measure.rpartition(".")
        found = self._programmes.get(programme) or self._owner(name)
        if found is None or name not in found.measures:
            return MeasureWords(programme, name, "", "", True)
        return MeasureWords(
            self.programme(found.id),
            words.measure_title(found, name, self._language),
            words.numerator(found, name, self._language),
            words.denominator(found, name, self._language),
            found.measures[name].higher_is_better,
        )

    def unit(self, unit: str, key: str | None) -> str:
        """The name of an area, an organisation or a place; its code where it has none."""
        known = {"place": self._places, "region": self._regions}.get(unit, self._organisations)
        row = known.get(key or "") or {}
        own = row.get(f"name_{self._language}")
        return str(own or row.get("name_ru") or row.get("name_en") or row.get("kato") or key or "")

    def tile(self, region: str) -> tuple[str, int, int] | None:
        """The short name of a region and its column and row on the map; null when not known."""
        row = self._regions.get(region)
        if row is None:
            return None
        return row[f"short_{self._language}"], int(row["tile_column"]), int(row["tile_row"])

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

    def _owner(self, name: str) -> Programme | None:
        owners = [one for one in self._programmes.values() if name in one.measures]
        return owners[0] if len(owners) == 1 else None
