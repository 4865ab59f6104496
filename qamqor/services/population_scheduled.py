"""What a vaccination schedule made of one person's records, inside the person's explanation."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from qamqor.engine.immunisation.due import Told
from qamqor.engine.immunisation.one_visit import one_visit
from qamqor.engine.immunisation.record import PersonRecord
from qamqor.engine.population.explain import Explanation, Scheduled
from qamqor.engine.programmes.schema import Pack
from qamqor.services.immunisation import OpenSchedule, PersonForecast, schedule_in_force
from qamqor.services.immunisation_shown import forecast_json, forecast_text
from qamqor.services.immunisation_words import ImmunisationWords


def scheduled_lines(
    one: Scheduled, pack: Pack, explanation: Explanation, language: str
) -> Iterator[str]:
    """Standing and dates of each vaccine group, each dose judged, one visit, and every reason."""
    opened, words = _opened(one, pack, explanation.as_of, language)
    shown = _forecast(one.told, opened, explanation)
    yield from forecast_text(shown, words, explanation.as_of, is_why=True).splitlines()


def scheduled_json(
    one: Scheduled, pack: Pack, explanation: Explanation, language: str
) -> dict[str, Any]:
    """The same for machines."""
    opened, words = _opened(one, pack, explanation.as_of, language)
    found = forecast_json(_forecast(one.told, opened, explanation), words, is_why=True)
    return {
        "programme": one.programme.id,
        "action": one.action,
        "schedule": opened.title,
        "status": opened.status,
        "groups": found["groups"],
        "one_visit": found["one_visit"],
    }


def _opened(
    one: Scheduled, pack: Pack, as_of: date, language: str
) -> tuple[OpenSchedule, ImmunisationWords]:
    opened = schedule_in_force(pack, one.schedule, as_of)
    folders = pack.folders[::-1]
    return opened, ImmunisationWords(language, folders, opened.schedule, opened.folder)


def _forecast(told: Told, opened: OpenSchedule, explanation: Explanation) -> PersonForecast:
    """The answer as the forecast command shows one; only the groups that were asked about."""
    if told.child is None or told.answer is None:
        raise AssertionError("the schedule gave no answer")
    told.answer.groups = {n: g for n, g in told.answer.groups.items() if n in told.asked}
    record = PersonRecord(explanation.patient_id, told.child)
    visit = one_visit(opened.schedule, told.child, told.answer, explanation.as_of)
    return PersonForecast(record, told.answer, visit)
