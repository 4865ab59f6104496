"""The words of vaccination forecasts, read from the content beside the schedules."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

from qamqor.engine.immunisation.schedule import Schedule
from qamqor.errors import NotPossible
from qamqor.services.report_words import LANGUAGES


class ImmunisationWords:
    """Standings, reasons and outcomes in one language, and the names a schedule's folder gives."""

    def __init__(
        self, language: str, contents: Iterable[Path], schedule: Schedule, folder: Path
    ) -> None:
        """Read the words.

        Args:
            contents: content folders, an installation's own before the shipped one.
            folder: where the schedule lies; its own names stand in where it has no words.

        Raises:
            NotPossible: the language is not one of the three.
        """
        if language not in LANGUAGES:
            raise NotPossible(f"no words in {language!r}: choose kk, ru or en")
        self.language, self.schedule = language, schedule
        name = f"words.{language}.yaml"
        self._words: dict[str, dict[Any, str]] = {}
        for content in [*contents][::-1]:
            self._words |= _read(content / "schedules" / name)
        self._names = _read(folder / name)

    def tell(self, part: str, code: object) -> str:
        """The words of a code; a code without words is shown as it is."""
        return str(self._words.get(part, {}).get(str(code), code))

    def tell_any(self, part: str, code: object) -> str:
        """The words of a code of any part, the names of groups and vaccines included."""
        if part == "group":
            return self.group(str(code))
        if part == "vaccine" and isinstance(code, int):
            return self.vaccine(code)
        return self.tell(part, code)

    def say(self, name: str, **values: object) -> str:
        """A label or a sentence with values."""
        return self.tell("say", name).format(**values)

    def reason(self, reason: str) -> str:
        """The words of one or several reasons."""
        return "; ".join(self.tell("reason", one) for one in reason.split("; "))

    def group(self, name: str) -> str:
        """What people call a vaccine group."""
        return str(self._names.get("group", {}).get(name, name))

    def series(self, antigen: str, name: str) -> str:
        """What people call a course against one antigen."""
        against = self._names.get("antigen", {}).get(antigen, antigen)
        return f"{against} – {self._names.get('series', {}).get(name, name)}"

    def vaccine(self, cvx: int) -> str:
        """What people call a product."""
        named = self._names.get("vaccine", {}).get(cvx)
        return str(named or self.schedule.product_names.get(cvx) or f"CVX {cvx}")

    def title(self, otherwise: str) -> str:
        """What people call the schedule."""
        return str(self._names.get("title", otherwise))


def _read(file: Path) -> dict[str, Any]:
    return yaml.safe_load(file.read_text(encoding="utf-8")) if file.is_file() else {}
