"""What is said of a dose before it is saved: what is impossible, and what somebody must confirm.

A dose that was given is a fact even if it does not count, so only what cannot be true stops it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, Final

from qamqor.engine.fhir.names import CODES, CVX
from qamqor.engine.immunisation.one_child.answer import Answer, DoseAnswer, answer
from qamqor.engine.immunisation.one_child.state import Child, GivenDose, Judged, Standing
from qamqor.engine.immunisation.schedule import Schedule

UCUM: Final = "http://unitsofmeasure.org"
ACT_REASON: Final = "http://terminology.hl7.org/CodeSystem/v3-ActReason"
ACT_SITE: Final = "http://terminology.hl7.org/CodeSystem/v3-ActSite"
ROUTE: Final = "http://terminology.hl7.org/CodeSystem/v3-RouteOfAdministration"
SERIOUSNESS: Final = "http://terminology.hl7.org/CodeSystem/adverse-event-seriousness"
SEVERITY: Final = "http://terminology.hl7.org/CodeSystem/adverse-event-severity"
SERIOUS: Final = ("non-serious", "serious")
SEVERE: Final = ("mild", "moderate", "severe")
REFUSED: Final = "PATOBJ"
SWALLOWED: Final = "PO"
"""The route of what is given by mouth, which has no site."""


class Level(StrEnum):
    """What a finding asks for: it cannot be saved, somebody confirms it, or it is only said."""

    STOP = "stop"
    CONFIRM = "confirm"
    NOTE = "note"


class What(StrEnum):
    """What was found; pages turn these codes into words."""

    NO_DATE = "no date"
    BEFORE_BIRTH = "before birth"
    IN_FUTURE = "after the day"
    UNKNOWN_VACCINE = "vaccine code unknown"
    DUPLICATE = "duplicate"
    NO_CONSENT = "no consent"
    REFUSED = "refused"
    NO_LOT = "no lot"
    NO_EXPIRY = "no expiry"
    EXPIRED = "expired"
    NO_SITE = "no site"
    NO_ROUTE = "no route"
    NO_AMOUNT = "no amount"
    DOES_NOT_COUNT = "does not count"
    NOT_NEEDED = "not needed"
    MUST_NOT = "must not be given"
    NOT_FOR_THIS_AGE = "nothing at this age"
    BEFORE_DOSE = "before the dose"
    UNKNOWN_CODE = "code unknown"
    NO_EVENT = "no event"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found.

    Attributes:
        group: the vaccine group it is about; empty = the whole dose.
        reasons: codes of why a dose does not count.
        day: the date it is about: for a dose too early the first day on which it would count.
    """

    what: What
    level: Level
    group: str = ""
    reasons: tuple[str, ...] = ()
    day: date | None = None


@dataclass(frozen=True, slots=True)
class Dose:
    """A dose as it is to be recorded.

    Attributes:
        is_from_paper: copied from a paper card, so lot, site and consent need not be known.
        consent: whether there is consent; null = not asked.
        amount: in ml, as text with a point.
    """

    cvx: int
    given_on: date | None
    lot: str = ""
    expires_on: date | None = None
    site: str = ""
    route: str = ""
    amount_ml: str = ""
    consent: bool | None = None
    is_from_paper: bool = False


def check_dose(schedule: Schedule, child: Child, dose: Dose, as_of: date) -> list[Finding]:
    """Everything to say of a dose before it is saved, what stops it first.

    Args:
        child: what is known without the dose.
        as_of: today; nothing is given later.
    """
    found = [*_impossible(schedule, child, dose, as_of), *_missing(dose)]
    if not any(one.level is Level.STOP for one in found):
        found += _judged(schedule, child, dose, as_of)
    return sorted(found, key=lambda one: list(Level).index(one.level))


def _impossible(schedule: Schedule, child: Child, dose: Dose, as_of: date) -> Iterator[Finding]:
    if dose.cvx not in schedule.products:
        yield Finding(What.UNKNOWN_VACCINE, Level.STOP)
    if dose.given_on is None:
        yield Finding(What.NO_DATE, Level.STOP)
        return
    if dose.given_on < child.born_on:
        yield Finding(What.BEFORE_BIRTH, Level.STOP, day=child.born_on)
    if dose.given_on > as_of:
        yield Finding(What.IN_FUTURE, Level.STOP, day=as_of)
    if any((d.given_on, d.cvx) == (dose.given_on, dose.cvx) for d in child.doses):
        yield Finding(What.DUPLICATE, Level.STOP, day=dose.given_on)
    if dose.expires_on is not None and dose.expires_on < dose.given_on:
        yield Finding(What.EXPIRED, Level.CONFIRM, day=dose.expires_on)


def _missing(dose: Dose) -> Iterator[Finding]:
    if dose.is_from_paper:
        return
    if dose.consent is False:
        yield Finding(What.REFUSED, Level.STOP)
    if dose.consent is None:
        yield Finding(What.NO_CONSENT, Level.STOP)
    for what, value in (
        (What.NO_LOT, dose.lot),
        (What.NO_EXPIRY, dose.expires_on),
        (What.NO_SITE, dose.site or dose.route == SWALLOWED),
        (What.NO_ROUTE, dose.route),
        (What.NO_AMOUNT, dose.amount_ml),
    ):
        if not value:
            yield Finding(what, Level.STOP)


def _judged(schedule: Schedule, child: Child, dose: Dose, as_of: date) -> Iterator[Finding]:
    """What the schedule makes of the dose in each vaccine group it is for."""
    if dose.given_on is None:
        raise AssertionError("the date was checked")
    is_unfit = dose.expires_on is not None and dose.expires_on < dose.given_on
    given = GivenDose(dose.given_on, dose.cvx, is_unfit=is_unfit, dose_id="new")
    doses = tuple(d for d in child.doses if d.given_on <= dose.given_on)
    earlier = Child(child.born_on, child.sex, doses, child.observations, child.country)
    before = answer(schedule, earlier, dose.given_on)
    with_it = Child(
        child.born_on, child.sex, (*child.doses, given), child.observations, child.country
    )
    after = answer(schedule, with_it, as_of)
    mine = [
        (name, one)
        for name, group in after.groups.items()
        for one in group.doses
        if one.dose.dose_id == "new"
    ]
    if not mine:
        yield Finding(What.NOT_FOR_THIS_AGE, Level.CONFIRM)
    for name, one in mine:
        yield from _in_group(before, name, one)


def _in_group(before: Answer, name: str, one: DoseAnswer) -> Iterator[Finding]:
    group = before.groups[name]
    reasons = tuple(sorted(map(str, one.faults)))
    if group.standing is Standing.CONTRAINDICATED:
        yield Finding(What.MUST_NOT, Level.CONFIRM, name)
    elif one.judged is Judged.EXTRANEOUS:
        yield Finding(What.NOT_NEEDED, Level.CONFIRM, name, reasons)
    elif one.judged is not Judged.VALID:
        yield Finding(What.DOES_NOT_COUNT, Level.CONFIRM, name, reasons, group.earliest)


def immunization(patient: str, dose: Dose, *, performer: str, recorded: str) -> dict[str, Any]:
    """A checked dose as a FHIR R4 Immunization.

    Args:
        patient, performer: references.
        recorded: the moment of recording, ISO 8601 with a zone.
    """
    if dose.given_on is None:
        raise AssertionError("the date was checked")
    found: dict[str, Any] = {
        "resourceType": "Immunization",
        "status": "completed",
        "vaccineCode": _coded(CVX, f"{dose.cvx:02d}"),
        "patient": {"reference": patient},
        "occurrenceDateTime": dose.given_on.isoformat(),
        "recorded": recorded,
        "primarySource": not dose.is_from_paper,
        "performer": [{"actor": {"reference": performer}}],
    }
    if dose.lot:
        found["lotNumber"] = dose.lot
    if dose.expires_on:
        found["expirationDate"] = dose.expires_on.isoformat()
    if dose.site:
        found["site"] = _coded(ACT_SITE, dose.site)
    if dose.route:
        found["route"] = _coded(ROUTE, dose.route)
    if dose.amount_ml:
        found["doseQuantity"] = {"value": dose.amount_ml, "system": UCUM, "code": "mL"}
    return found


def not_given(
    patient: str, cvx: int, on_day: date, reason: str, *, recorded: str
) -> dict[str, Any]:
    """A refusal or a medical reason not to give a dose, as an Immunization that was not done.

    Args:
        reason: ``PATOBJ`` (the person's wish), ``MEDPREC`` (medical), ``OSTOCK`` (none there).
    """
    return {
        "resourceType": "Immunization",
        "status": "not-done",
        "statusReason": _coded(ACT_REASON, reason),
        "vaccineCode": _coded(CVX, f"{cvx:02d}"),
        "patient": {"reference": patient},
        "occurrenceDateTime": on_day.isoformat(),
        "recorded": recorded,
    }


@dataclass(frozen=True, slots=True)
class Reaction:
    """An adverse event following immunisation, as it is to be recorded.

    Attributes:
        code: what happened, a code of ``CodeSystem/adverse-event`` of the content, or text.
        doses: ids of the Immunizations suspected, with the day each was given.
    """

    happened_on: date | None
    code: str
    text: str
    seriousness: str
    severity: str
    doses: Mapping[str, date]


def check_reaction(reaction: Reaction, as_of: date) -> list[Finding]:
    """Everything that stops an adverse event from being saved."""
    found = []
    if reaction.happened_on is None:
        found.append(Finding(What.NO_DATE, Level.STOP))
    elif reaction.happened_on > as_of:
        found.append(Finding(What.IN_FUTURE, Level.STOP, day=as_of))
    if not (reaction.code or reaction.text):
        found.append(Finding(What.NO_EVENT, Level.STOP))
    if not reaction.doses:
        found.append(Finding(What.UNKNOWN_VACCINE, Level.STOP))
    first = min(reaction.doses.values(), default=None)
    if reaction.happened_on and first and reaction.happened_on < first:
        found.append(Finding(What.BEFORE_DOSE, Level.STOP, day=first))
    if reaction.seriousness not in SERIOUS or reaction.severity not in SEVERE:
        found.append(Finding(What.UNKNOWN_CODE, Level.STOP))
    return found


def adverse_event(
    patient: str, reaction: Reaction, *, recorder: str, recorded: str
) -> dict[str, Any]:
    """A checked reaction as a FHIR R4 AdverseEvent that points to the doses suspected."""
    if reaction.happened_on is None:
        raise AssertionError("the date was checked")
    event: dict[str, Any] = _coded(f"{CODES}/adverse-event", reaction.code) if reaction.code else {}
    if reaction.text:
        event["text"] = reaction.text
    return {
        "resourceType": "AdverseEvent",
        "actuality": "actual",
        "event": event,
        "subject": {"reference": patient},
        "date": reaction.happened_on.isoformat(),
        "recordedDate": recorded,
        "recorder": {"reference": recorder},
        "seriousness": _coded(SERIOUSNESS, reaction.seriousness),
        "severity": _coded(SEVERITY, reaction.severity),
        "suspectEntity": [
            {"instance": {"reference": f"Immunization/{dose}"}} for dose in sorted(reaction.doses)
        ],
    }


def _coded(system: str, code: str) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code}]}
