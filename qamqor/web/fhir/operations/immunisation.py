"""$immds-forecast: which vaccinations count, and when the next ones are due."""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache
from typing import Final

from django.conf import settings

from qamqor.errors import Issue, Unusable
from qamqor.services.immunisation import OpenSchedule, open_schedule
from qamqor.services.immunisation_fhir import TYPES, forecast, forecast_of_record, read_day
from qamqor.services.immunisation_words import ImmunisationWords
from qamqor.web.fhir.operations.registry import Answer, Call, In, operation

STANDARD: Final = "http://hl7.org/fhir/us/immds/OperationDefinition/ImmDSForecastOperation"
NATIONAL: Final = timedelta(hours=5)


@operation(
    "immds-forecast",
    title="Judge vaccinations and forecast the next",
    text=(
        "Says of each dose whether it counts, with the reasons, and for each vaccine group when the"
        " next dose is due, by the national calendar in force on the day. At system level from the"
        " resources sent; on a Patient from the record here."
        " What was left out is said in `outcome`."
    ),
    levels=("system", "instance"),
    types=("Patient",),
    inputs=(
        In("assessmentDate", "date", "The day to ask about; today on a Patient."),
        In("patient", "Patient", "Whose vaccinations; not on a Patient."),
        In("immunization", "Immunization", "The doses given and not given.", most="*"),
        In("observation", "Resource", "Observation, Condition, AllergyIntolerance.", most="*"),
        In("language", "code", "Language of the words: kk, ru or en."),
    ),
    standard=STANDARD,
)
def immds_forecast(call: Call) -> Answer:
    as_of = _day(call)
    opened, words = _opened(as_of, str(call.one("language", "en")))
    if call.id is not None:
        _only(call, "assessmentDate", "language")
        found = forecast_of_record(call.id, opened, words, as_of, actor=call.actor, at=call.at)
        return Answer(found)
    patient = call.one("patient")
    _must_be(patient, ("Patient",), "patient")
    others = [*call.inputs.get("immunization", ()), *call.inputs.get("observation", ())]
    for one in others:
        _must_be(one, TYPES, "immunization or observation")
    return Answer(forecast(patient, others, opened, words, as_of))


def _day(call: Call) -> date:
    text = call.one("assessmentDate")
    if text is None and call.id is None:
        raise Unusable([Issue("required", "assessmentDate is missing: the day to ask about")])
    if text is None:
        return (call.at + NATIONAL).date()
    return read_day(str(text))


def _must_be(resource: object, types: tuple[str, ...], name: str) -> None:
    kind = resource.get("resourceType") if isinstance(resource, dict) else None
    if kind not in types:
        said = f"{name} is {kind or 'missing'}: send {' or '.join(types)}"
        raise Unusable([Issue("required" if kind is None else "invalid", said)])


def _only(call: Call, *names: str) -> None:
    odd = sorted(set(call.inputs) - set(names))
    if odd:
        said = f"{', '.join(odd)} cannot be sent here: on a Patient the record is read"
        raise Unusable([Issue("invalid", said)])


@lru_cache(maxsize=16)
def _opened(as_of: date, language: str) -> tuple[OpenSchedule, ImmunisationWords]:
    read = settings.QAMQOR
    packs = tuple(dict.fromkeys([read.content, read.shipped_content]))
    opened = open_schedule(None, packs, as_of)
    return opened, ImmunisationWords(language, packs, opened.schedule, opened.folder)
