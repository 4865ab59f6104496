"""Records doses, refusals and reactions of a person: checked first, saved once confirmed."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from qamqor.engine.fhir import json_text
from qamqor.engine.immunisation.record import PersonRecord, read_record
from qamqor.engine.immunisation.recording import (
    Dose,
    Finding,
    Level,
    Reaction,
    What,
    adverse_event,
    check_dose,
    check_reaction,
    immunization,
    not_given,
)
from qamqor.errors import Issue, NotPossible, Unusable
from qamqor.services.access.actor import Actor
from qamqor.services.fhir import interact, valid
from qamqor.services.fhir.write import Change, Stored, save
from qamqor.services.immunisation import OpenSchedule
from qamqor.services.immunisation_fhir import record_of

REASONS = ("PATOBJ", "MEDPREC", "OSTOCK")


def look_at_dose(
    patient_id: str, dose: Dose, opened: OpenSchedule, *, actor: Actor, at: datetime, today: date
) -> list[Finding]:
    """What is to be said of a dose before it is saved; nothing is changed.

    Raises:
        NotThere, NotAllowed: as for reading the person.
        NotPossible: the birth date is not known, or the person has died.
    """
    child = _read(patient_id, opened, actor=actor, at=at, today=today).child
    if child is None:
        raise NotPossible("nothing can be checked: no birth date on record, or the person has died")
    found = check_dose(opened.schedule, child, dose, today)
    if dose.amount_ml and amount_of(dose.amount_ml) is None:
        found.insert(0, Finding(What.NO_AMOUNT, Level.STOP))
    return found


def record_dose(
    patient_id: str,
    dose: Dose,
    opened: OpenSchedule,
    *,
    confirmed: Collection[What] = (),
    actor: Actor,
    at: datetime,
    today: date,
) -> tuple[Stored, list[Finding]]:
    """Save a dose, unless something stops it or waits to be confirmed.

    Args:
        confirmed: what was shown to the person who records, and is true all the same.

    Returns:
        what was stored, and what was confirmed or noted.

    Raises:
        Unusable: 422, an issue for each finding that stops it or is not confirmed.
    """
    found = look_at_dose(patient_id, dose, opened, actor=actor, at=at, today=today)
    _refuse(found, confirmed)
    resource = immunization(
        f"Patient/{patient_id}", dose, performer=actor.reference, recorded=at.isoformat()
    )
    if "doseQuantity" in resource:
        resource["doseQuantity"]["value"] = amount_of(dose.amount_ml)
    return _save(resource, actor, at), found


def record_not_given(
    patient_id: str, cvx: int, on_day: date, reason: str, *, actor: Actor, at: datetime, today: date
) -> Stored:
    """Save that a dose was refused, may not be given, or was not there.

    Raises:
        Unusable: the reason is not one of ``REASONS``, or the day is to come.
    """
    if reason not in REASONS:
        raise Unusable([Issue("value", f"the reason is one of {', '.join(REASONS)}")], status=422)
    if on_day > today:
        raise Unusable([Issue("value", f"{on_day} is after today")], status=422)
    who = f"Patient/{patient_id}"
    return _save(not_given(who, cvx, on_day, reason, recorded=at.isoformat()), actor, at)


def record_reaction(
    patient_id: str,
    reaction: Reaction,
    opened: OpenSchedule,
    *,
    actor: Actor,
    at: datetime,
    today: date,
) -> Stored:
    """Save an adverse event following doses of the person's record.

    Args:
        reaction: its ``doses`` are ids; the days are taken from the record.

    Raises:
        Unusable: a dose that is not in the record, or anything else that stops it.
    """
    child = _read(patient_id, opened, actor=actor, at=at, today=today).child
    given = {d.dose_id.partition("/")[2]: d.given_on for d in child.doses} if child else {}
    known = {dose: given[dose] for dose in reaction.doses if dose in given}
    if len(known) < len(reaction.doses):
        odd = ", ".join(sorted(set(reaction.doses) - set(known)))
        raise Unusable([Issue("not-found", f"no such dose in the record: {odd}")], status=422)
    checked = replace(reaction, doses=known)
    _refuse(check_reaction(checked, today), ())
    who, moment = f"Patient/{patient_id}", at.isoformat()
    return _save(adverse_event(who, checked, recorder=actor.reference, recorded=moment), actor, at)


def _read(
    patient_id: str, opened: OpenSchedule, *, actor: Actor, at: datetime, today: date
) -> PersonRecord:
    patient, others = record_of(patient_id, actor=actor, at=at)
    return read_record(patient_id, [patient, *others], opened.schedule, today)


def _refuse(found: Sequence[Finding], confirmed: Collection[What]) -> None:
    waiting = [
        one
        for one in found
        if one.level is Level.STOP or (one.level is Level.CONFIRM and one.what not in confirmed)
    ]
    if waiting:
        raise Unusable([_issue(one) for one in waiting], status=422)


def _issue(one: Finding) -> Issue:
    """A finding as an issue: its code first, so that a page finds the words for it."""
    more = [one.group, *one.reasons, one.day.isoformat() if one.day else ""]
    said = "; ".join(filter(None, more))
    text = f"{one.what}: {said}" if said else str(one.what)
    severity = "error" if one.level is Level.STOP else "warning"
    return Issue("business-rule", text, severity=severity)


def amount_of(text: str) -> Decimal | None:
    """Millilitres as typed; nothing where it is no positive number."""
    try:
        found = Decimal(text)
    except InvalidOperation:
        return None
    return found if found.is_finite() and found > 0 else None


def _save(resource: dict[str, Any], actor: Actor, at: datetime) -> Stored:
    type_ = str(resource["resourceType"])
    plain = json_text.decode(json_text.encode(resource))
    valid.must_be(plain, type_=type_)
    change = Change("POST", type_, interact.new_id(at), plain)
    return save([change], actor=actor, at=at)[0]
