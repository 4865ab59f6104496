"""Whom a resource brings close to a person: the relations that access is decided by."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, tzinfo
from typing import Any, Final, NamedTuple

from qamqor.engine.fhir.subjects import Resource, patient, people

FIRST_DAY: Final = 0
LAST_DAY: Final = 3_000_000
_DAY_ZERO: Final = date(1970, 1, 1).toordinal()
_PARENTS: Final = {"MTH", "FTH", "PRN", "NMTH", "NFTH", "ADOPTP", "ADOPTM", "ADOPTF", "STPPRN"}
_GUARDIANS: Final = {"GUARD", "POWATT", "HPOWATT", "SPOWATT", "RESPRSN"}
_OPEN_TASKS: Final = {"requested", "received", "accepted", "ready", "in-progress", "on-hold"}
_BOOKED: Final = {"booked", "arrived", "checked-in", "pending", "fulfilled"}
ADULT_YEARS: Final = 18


class Link(NamedTuple):
    """One relation: ``link`` is ``kind:reference``; days are counted from 1970, half-open."""

    patient: str
    link: str
    from_day: int
    until_day: int


def day_number(moment: datetime, zone: tzinfo) -> int:
    """The day of a moment in the platform's zone, counted from 1 January 1970."""
    return moment.astimezone(zone).date().toordinal() - _DAY_ZERO


def links(resource: Resource, *, zone: tzinfo) -> list[Link]:
    """Every relation a resource makes; none for most types.

    Args:
        zone: where the day of a booking begins and ends.
    """
    make = _MAKERS.get(str(resource.get("resourceType", "")))
    return list(make(resource, zone)) if make else []


def adult_day(birth_date: str) -> int:
    """The day from which a person decides alone: the eighteenth birthday, the latest it can be."""
    try:
        parts = [int(part) for part in birth_date[:10].split("-")]
        year, month, day = (*parts, 12, 28)[:3] if len(parts) == 1 else (*parts, 28)[:3]
        return date(year + ADULT_YEARS, month, min(day, 28)).toordinal() - _DAY_ZERO
    except ValueError:
        return LAST_DAY


def _of_patient(resource: Resource, _: tzinfo) -> Iterator[Link]:
    id_ = str(resource.get("id", ""))
    for reference in _at(resource, "managingOrganization"):
        yield Link(id_, f"organization:{reference}", FIRST_DAY, LAST_DAY)
    for reference in _at(resource, "generalPractitioner"):
        yield Link(id_, f"area:{reference}", FIRST_DAY, LAST_DAY)
    for link in _all(resource.get("link")):
        if link.get("type") == "seealso":
            for reference in _at(link, "other"):
                yield Link(id_, f"is:{reference}", FIRST_DAY, LAST_DAY)


def _of_episode(resource: Resource, _: tzinfo) -> Iterator[Link]:
    codes = {c.get("code") for t in _all(resource.get("type")) for c in _all(t.get("coding"))}
    if "attachment" not in codes or resource.get("status") not in {"active", "onhold", "planned"}:
        return
    days = _period(resource.get("period"))
    for id_ in people(resource):
        for name in ("managingOrganization", "careManager"):
            for reference in _at(resource, name):
                yield Link(id_, f"area:{reference}", *days)


def _of_appointment(resource: Resource, zone: tzinfo) -> Iterator[Link]:
    if resource.get("status") not in _BOOKED or not isinstance(resource.get("start"), str):
        return
    try:
        day = day_number(datetime.fromisoformat(resource["start"]), zone)
    except (ValueError, OverflowError):  # The first and last hours there are have no day here.
        return
    present = _all(resource.get("participant"))
    holders = [r for p in present for r in _at(p, "actor") if patient(r) is None]
    for id_ in people(resource):
        for reference in holders:
            yield Link(id_, f"booking:{reference}", day, day + 1)


def _of_request(resource: Resource, _: tzinfo) -> Iterator[Link]:
    if resource.get("status") == "active":
        for id_ in people(resource):
            for reference in _at(resource, "performer"):
                yield Link(id_, f"referral:{reference}", FIRST_DAY, LAST_DAY)


def _of_task(resource: Resource, _: tzinfo) -> Iterator[Link]:
    """Only the task that carries a referral: who reviews or reminds needs no way in by it."""
    focus = _at(resource, "focus")
    if resource.get("status") in _OPEN_TASKS and any(r.startswith("ServiceReq") for r in focus):
        for id_ in people(resource):
            for reference in _at(resource, "owner"):
                yield Link(id_, f"referral:{reference}", FIRST_DAY, LAST_DAY)


def _of_related(resource: Resource, _: tzinfo) -> Iterator[Link]:
    if resource.get("active") is False:
        return
    said = _all(resource.get("relationship"))
    codes = {c.get("code") for r in said for c in _all(r.get("coding"))}
    kind = "guardian" if codes & _GUARDIANS else "parent" if codes & _PARENTS else None
    if kind:
        for id_ in people(resource):
            days = _period(resource.get("period"))
            yield Link(id_, f"{kind}:RelatedPerson/{resource.get('id')}", *days)


def _of_group(resource: Resource, _: tzinfo) -> Iterator[Link]:
    codes = {c.get("code") for t in _all(resource.get("code")) for c in _all(t.get("coding"))}
    if "household" not in codes or resource.get("active") is False:
        return
    for member in _all(resource.get("member")):
        days = _period(member.get("period"))
        for reference in _at(member, "entity"):
            if member.get("inactive") is not True and (id_ := patient(reference)):
                yield Link(id_, f"member:Group/{resource.get('id')}", *days)


def _of_consent(resource: Resource, _: tzinfo) -> Iterator[Link]:
    provisions = _all(resource.get("provision"))
    if resource.get("status") != "active" or not provisions:
        return
    kind = {"permit": "consent", "deny": "denied"}.get(str(provisions[0].get("type")))
    days = _period(provisions[0].get("period"))
    codes = {c.get("code") for t in _all(resource.get("category")) for c in _all(t.get("coding"))}
    for id_ in people(resource):
        if kind == "consent" and "household" in codes:
            yield Link(id_, "shares:", *days)
        for actor in _all(provisions[0].get("actor")):
            for reference in _at(actor, "reference"):
                if kind:
                    yield Link(id_, f"{kind}:{reference}", *days)


_MAKERS: Final[dict[str, Callable[[Resource, tzinfo], Iterator[Link]]]] = {
    "Appointment": _of_appointment,
    "Consent": _of_consent,
    "EpisodeOfCare": _of_episode,
    "Group": _of_group,
    "Patient": _of_patient,
    "RelatedPerson": _of_related,
    "ServiceRequest": _of_request,
    "Task": _of_task,
}


def _period(value: Any) -> tuple[int, int]:
    period = value if isinstance(value, Mapping) else {}
    start, end = _day(period.get("start")), _day(period.get("end"))
    return FIRST_DAY if start is None else start, LAST_DAY if end is None else end + 1


def _day(value: Any) -> int | None:
    """The first day of a date as written; None where nothing can be read."""
    try:
        year, month, day = (*(int(part) for part in str(value)[:10].split("-")), 1, 1)[:3]
        return date(year, month, day).toordinal() - _DAY_ZERO
    except ValueError:
        return None


def _at(element: Mapping[str, Any], name: str) -> list[str]:
    said = [one.get("reference") for one in _all(element.get(name))]
    return [reference for reference in said if isinstance(reference, str)]


def _all(value: Any) -> list[Mapping[str, Any]]:
    listed = value if isinstance(value, list) else [value]
    return [one for one in listed if isinstance(one, Mapping)]
