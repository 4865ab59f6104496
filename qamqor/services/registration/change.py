"""Corrects what the register says of a person, and never over somebody else's change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from qamqor.engine.fhir import json_text
from qamqor.engine.fhir.names import EXTENSIONS, IDENTIFIERS
from qamqor.engine.identity.numbers import iin_digits, phone_number
from qamqor.errors import TwinFound, VersionConflict
from qamqor.services.access.actor import Actor
from qamqor.services.empanelment import day_of, is_attachment
from qamqor.services.fhir import read
from qamqor.services.fhir.write import Change, save
from qamqor.services.registration.apart import between
from qamqor.services.registration.find import card, holder_of
from qamqor.services.registration.places import names_of
from qamqor.services.registration.register import Home, Particulars, patient_of, refuse_wrong
from qamqor.store import mentions

Resource = dict[str, Any]
_IIN: Final = f"{IDENTIFIERS}/iin"
_KATO: Final = f"{EXTENSIONS}/kato"


@dataclass(frozen=True, slots=True)
class Stored:
    """What the register says of a person now.

    Attributes:
        version: to be given back with a correction.
        area_id: of the GP area they are attached to, or empty.
    """

    patient_id: str
    version: int
    particulars: Particulars
    area_id: str


@dataclass(frozen=True, slots=True)
class Stay:
    """One attachment: to which area, its names by language, from when until when.

    ``until`` is empty while it lasts.
    """

    area_id: str
    area: Mapping[str, str]
    since: str
    until: str


def stored(patient_id: str, *, actor: Actor, at: datetime) -> Stored:
    """The particulars of a person; that they were looked at is kept.

    Raises:
        NotThere, NotAllowed: not the actor's to see.
    """
    found = read.one("Patient", patient_id, actor=actor, at=at)
    return _stored(found.version, json_text.decode(found.content or "{}"))


def correct(patient_id: str, who: Particulars, *, seen: int, actor: Actor, at: datetime) -> Stored:
    """Write the particulars of a person as they should be; everything else of the record stays.

    A number, name or telephone that is replaced stays as an old one, so that it goes on finding
    the person.

    Args:
        seen: the version whoever corrects has seen.
    Raises:
        VersionConflict: somebody changed it meanwhile.
        Unusable: the particulars break a rule. TwinFound: the IIN is somebody else's,
            and nobody has decided that they are two people.
        NotThere, NotAllowed: not the actor's to change.
    """
    refuse_wrong(who, on=day_of(at))
    before = read.one("Patient", patient_id, actor=actor, at=at)
    if before.version != seen:
        raise VersionConflict("Patient", patient_id, seen=seen)
    holder = holder_of(who.iin) if who.iin else None
    is_other = holder is not None and holder.patient_id != patient_id
    # Where somebody has looked and decided that they are two people, nobody is stopped again.
    if holder is not None and is_other and between(patient_id, holder.patient_id) is None:
        raise TwinFound([card(holder)])
    patient = json_text.decode(before.content or "{}")
    changed = _corrected(patient, patient_of(who), who)
    if changed != patient:
        change = Change("PUT", "Patient", patient_id, changed, if_version=seen)
        (done,) = save([change], actor=actor, at=at)
        return _stored(done.version.version, done.resource or {})
    return _stored(before.version, patient)


def stays_of(patient_id: str) -> list[Stay]:
    """Every attachment of a person, the newest first.

    Whoever calls has shown the person's record already.
    """
    episodes = [
        json_text.decode(version.content)
        for version in mentions.of(f"Patient/{patient_id}")
        if version.type == "EpisodeOfCare" and version.content
    ]
    own = [
        one for one in episodes if is_attachment(one) and one.get("status") != "entered-in-error"
    ]
    areas = [_id(one.get("managingOrganization")) for one in own]
    names = names_of(areas)
    found = [
        Stay(area, names.get(area, {}), str(one.get("period", {}).get("start", ""))[:10],
             str(one.get("period", {}).get("end", ""))[:10])
        for area, one in zip(areas, own, strict=True)
    ]  # fmt: skip
    return sorted(found, key=lambda one: (not one.until, one.since), reverse=True)


def _stored(version: int, patient: Resource) -> Stored:
    practitioners = [
        str(one.get("reference", "")) for one in patient.get("generalPractitioner", [])
    ]
    areas = [one for one in practitioners if one.startswith("Organization/")]
    return Stored(
        patient_id=str(patient["id"]),
        version=version,
        particulars=_particulars(patient),
        area_id=areas[0].removeprefix("Organization/") if areas else "",
    )


def _particulars(patient: Resource) -> Particulars:
    name = _first(patient, "name", use="official")
    given = [str(one) for one in name.get("given", [])]
    phone = _first(patient, "telecom", system="phone")
    return Particulars(
        family=str(name.get("family", "")),
        given=given[0] if given else "",
        patronymic=" ".join(given[1:]),
        born_on=str(patient.get("birthDate", "")),
        sex=str(patient.get("gender", "unknown")),
        iin=str(_first(patient, "identifier", system=_IIN, strict=True).get("value", "")),
        phone=str(phone.get("value", "")) if phone.get("system") == "phone" else "",
        language=_language(patient),
        home=_home(_first(patient, "address", use="home")),
    )


def _first(patient: Resource, element: str, *, strict: bool = False, **said: str) -> Resource:
    """The first of an element that says so and is in use; else the first one, unless strict."""
    every = [one for one in patient.get(element, []) if one.get("use") != "old"]
    fits = [one for one in every if all(one.get(k) == v for k, v in said.items())]
    return next(iter(fits or ([] if strict else every)), {})


def _language(patient: Resource) -> str:
    spoken = patient.get("communication", [])
    chosen: Resource = next((one for one in spoken if one.get("preferred")), next(iter(spoken), {}))
    codings = chosen.get("language", {}).get("coding", [])
    return str(codings[0].get("code", "")) if codings else ""


def _home(address: Resource) -> Home:
    lines = [str(one) for one in address.get("line", [])]
    kato = [e.get("valueCode") for e in address.get("extension", []) if e.get("url") == _KATO]
    line = ", ".join(lines) or str(address.get("text", ""))
    return Home(line, str(address.get("city", "")), str(kato[0]) if kato else "")


def _corrected(patient: Resource, wanted: Resource, who: Particulars) -> Resource:
    changed = {**patient, "gender": wanted["gender"]}
    changed.pop("birthDate", None)
    if "birthDate" in wanted:
        changed["birthDate"] = wanted["birthDate"]
    _replace(changed, "name", _first(patient, "name", use="official"), wanted)
    old = _first(patient, "identifier", strict=True, system=_IIN)
    if iin_digits(str(old.get("value", ""))) != iin_digits(who.iin):
        _replace(changed, "identifier", old, wanted)
    phone = _first(patient, "telecom", strict=True, system="phone")
    if phone_number(str(phone.get("value", ""))) != phone_number(who.phone):
        _replace(changed, "telecom", phone, wanted)
    address = _first(patient, "address", use="home")
    if _home(address) != Home(who.home.line, who.home.city, _home(address).kato):
        _replace(changed, "address", address, wanted)
    if who.language != _language(patient):
        changed["communication"] = wanted.get("communication", [])
    return {name: value for name, value in changed.items() if value != []}


def _replace(changed: Resource, element: str, old: Resource, wanted: Resource) -> None:
    """Put what is wanted in the place of the old one, which is kept as old."""
    new = [one for one in wanted.get(element, []) if one.get("use") != "usual"]
    if new and _same(new[0], old):
        return
    rest = [one for one in changed.get(element, []) if one is not old and one != old]
    kept = [{**old, "use": "old"}] if old else []
    changed[element] = [*new, *rest, *kept]


def _same(one: Resource, other: Resource) -> bool:
    """Whether two say the same, however they are used."""
    bare = [{k: v for k, v in each.items() if k not in ("use", "text")} for each in (one, other)]
    return bare[0] == bare[1]


def _id(reference: Any) -> str:
    return str((reference or {}).get("reference", "")).removeprefix("Organization/")
