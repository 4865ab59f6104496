"""Puts a person on the register: record, attachment and household in one transaction."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from qamqor.engine.fhir.names import EXTENSIONS, IDENTIFIERS
from qamqor.engine.identity.births import closeness
from qamqor.engine.identity.compare import Verdict
from qamqor.engine.identity.letters import repaired
from qamqor.engine.identity.numbers import iin_digits, iin_problem, phone_number
from qamqor.engine.identity.person import identity_of
from qamqor.errors import Issue, TwinFound, Unusable
from qamqor.services.access import people as rights
from qamqor.services.access.actor import Actor
from qamqor.services.access.agent import who as named
from qamqor.services.empanelment import attach_within, day_of
from qamqor.services.fhir.write import Change, apply, instant
from qamqor.services.registration.apart import decided
from qamqor.services.registration.consents import Decisions, first_decisions
from qamqor.services.registration.find import WRONG_IIN, Found, card, holder_of, twins_of
from qamqor.services.registration.homes import joining
from qamqor.store import node
from qamqor.store.fhir import versions
from qamqor.store.node import Transaction

Resource = dict[str, Any]
SEXES: Final = frozenset({"male", "female", "other", "unknown"})
_LIFECYCLE: Final = "http://terminology.hl7.org/CodeSystem/iso-21089-lifecycle"


@dataclass(frozen=True, slots=True)
class Home:
    """Where somebody lives: ``line`` is street, house and flat; ``kato`` the territory's code."""

    line: str = ""
    city: str = ""
    kato: str = ""
    is_rural: bool | None = None


@dataclass(frozen=True, slots=True)
class Household:
    """The household somebody joins: an existing one, or a new one where ``group_id`` is empty."""

    group_id: str = ""
    role: str = "other"


@dataclass(frozen=True, slots=True)
class Particulars:
    """What the desk writes down.

    Attributes:
        family, given, patronymic: as in the identity document; one of the first two is needed.
        born_on: ``YYYY``, ``YYYY-MM`` or ``YYYY-MM-DD``.
        sex: FHIR's administrative gender, as recorded; never taken from a number.
        iin, phone: as typed, or empty.
        language: ``kk``, ``ru`` or another code of the language the person reads.
        other_names: another spelling or a former name: (family, given, patronymic).
    """

    family: str
    given: str
    patronymic: str = ""
    born_on: str = ""
    sex: str = "unknown"
    iin: str = ""
    phone: str = ""
    language: str = ""
    home: Home = Home()
    other_names: tuple[tuple[str, str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Registered:
    """What was made; ``twins`` are those who were found and passed by."""

    patient_id: str
    episode_id: str
    household_id: str
    twins: tuple[Found, ...]


def register(
    who: Particulars,
    *,
    area_id: str,
    actor: Actor,
    at: datetime,
    household: Household | None = None,
    despite: str = "",
    decisions: Decisions | None = None,
    key: str = "",
) -> Registered:
    """Register somebody, attach them to an area and put them into their household.

    The search for a twin runs in the same transaction, so two desks cannot register one person
    at once.

    Args:
        who: the particulars.
        area_id: Organization of the GP area they are attached to.
        actor: who registers.
        at: when.
        household: where they live; None leaves it open.
        despite: why a new record is made although a certain twin or the holder of the same number
            is here; kept with the record.
        decisions: what they agreed to and what not (``consents``).
        key: made by the form once, a UUID; the same key again changes nothing (a double click).
    Raises:
        Unusable: the particulars break a rule; says every one.
        TwinFound: somebody is certain to be this person, or holds the number, and ``despite`` is
            empty.
        NotThere: no such area or household. NotAllowed: the actor may register nobody.
    """
    service = rights.registering(actor=actor, at=at)
    refuse_wrong(who, on=day_of(at))
    try:
        return node.commit(
            lambda tx: _once(
                tx,
                _Wish(who, area_id, household, despite.strip(), decisions or {}, key),
                service,
                at,
            )
        )
    except TwinFound as found:
        shown = (twin.patient_id for twin in found.twins)
        rights.keep(shown, asked="twins", actor=actor, at=at)
        raise


def refuse_wrong(who: Particulars, *, on: date) -> None:
    """Raise ``Unusable`` with everything that is wrong with some particulars."""
    issues = []
    if not (who.family.strip() or who.given.strip()):
        issues.append(Issue("required", "write a family name or a given name", "Patient.name"))
    if who.born_on and closeness(who.born_on, who.born_on) is None or not _is_past(who.born_on, on):
        issues.append(
            Issue("value", "a birth date is a day, a month or a year that has been",
                  "Patient.birthDate")
        )  # fmt: skip
    if who.sex not in SEXES:
        issues.append(Issue("code-invalid", "sex is one of FHIR's codes", "Patient.gender"))
    if who.iin and (problem := iin_problem(who.iin)):
        issues.append(Issue("value", WRONG_IIN[problem], "Patient.identifier"))
    if who.phone.strip() and phone_number(who.phone) is None:
        issues.append(
            Issue("value", "a telephone number has ten digits behind +7 or 8", "Patient.telecom")
        )
    if issues:
        raise Unusable(issues, status=422)


def _is_past(born_on: str, on: date) -> bool:
    if len(born_on) == 10:
        try:
            date.fromisoformat(born_on)
        except ValueError:
            return False
    return born_on <= on.isoformat()


@dataclass(frozen=True, slots=True)
class _Wish:
    who: Particulars
    area_id: str
    household: Household | None
    despite: str
    decisions: Decisions
    key: str

    @property
    def patient_id(self) -> str:
        """The id that follows from the key, so that one form names one person."""
        return str(uuid.uuid5(uuid.UUID(self.key), "Patient") if self.key else uuid.uuid4())


def _once(tx: Transaction, wish: _Wish, actor: Actor, at: datetime) -> Registered:
    patient_id = wish.patient_id
    if wish.key and versions.read("Patient", patient_id) is not None:
        return Registered(patient_id, "", "", ())
    return _registered(tx, wish, patient_id, actor, at)


def _registered(
    tx: Transaction, wish: _Wish, patient_id: str, actor: Actor, at: datetime
) -> Registered:
    patient = patient_of(wish.who)
    twins = _twins(patient, wish.who)
    if twins and not wish.despite:
        raise TwinFound(twins)
    changes = [Change("POST", "Patient", patient_id, patient)]
    if twins:
        trace = _why(patient_id, twins, wish.despite, actor, at)
        changes.append(Change("POST", "Provenance", str(uuid.uuid4()), trace))
        # Decided here, so that the pair is not asked about again.
        changes += [
            decided(patient_id, twin.patient_id, wish.despite, actor=actor, at=at) for twin in twins
        ]
    household_id = ""
    if wish.household is not None:
        joined = joining(wish.household.group_id, patient_id, wish.household.role, day_of(at))
        household_id = joined.id
        changes.append(joined)
    changes += first_decisions(patient_id, wish.decisions, actor=actor, at=at)
    apply(tx, changes, actor=actor, at=at)
    attached = attach_within(tx, patient_id, wish.area_id, actor=actor, at=at)
    return Registered(patient_id, attached.episode_id, household_id, tuple(twins))


def _twins(patient: Resource, who: Particulars) -> list[Found]:
    """Those who are certain, and the holder of the same number whoever it is."""
    typed = identity_of(patient, iin_system=f"{IDENTIFIERS}/iin")
    twins = [twin for twin in twins_of(typed) if twin.verdict is Verdict.certain]
    holder = holder_of(who.iin) if who.iin else None
    if holder is not None and holder.patient_id not in {twin.patient_id for twin in twins}:
        twins.append(card(holder))
    return twins


def patient_of(who: Particulars) -> Resource:
    """The Patient resource of some particulars, without what an attachment adds."""
    phone = phone_number(who.phone)
    patient: Resource = {
        "resourceType": "Patient",
        "active": True,
        "name": [
            {"use": "official", **_name(who.family, who.given, who.patronymic)},
            *({"use": "usual", **_name(*other)} for other in who.other_names),
        ],
        "gender": who.sex,
    }
    if who.iin:
        number = {"system": f"{IDENTIFIERS}/iin", "value": iin_digits(who.iin)}
        patient["identifier"] = [{"use": "official", **number}]
    if phone:
        patient["telecom"] = [{"system": "phone", "value": phone, "use": "mobile"}]
    if who.born_on:
        patient["birthDate"] = who.born_on
    if who.home != Home():
        patient["address"] = [_address(who.home)]
    if who.language:
        language = {"coding": [{"system": "urn:ietf:bcp:47", "code": who.language}]}
        patient["communication"] = [{"language": language, "preferred": True}]
    return patient


def _name(family: str, given: str, patronymic: str) -> Resource:
    """A HumanName; letters typed on the wrong layout are put right before they are kept."""
    words = [repaired(word.strip()) for word in (given, patronymic) if word.strip()]
    name: Resource = {"family": repaired(family.strip())} if family.strip() else {}
    return {**name, "given": words} if words else name


def _address(home: Home) -> Resource:
    said = [{"url": f"{EXTENSIONS}/kato", "valueCode": home.kato}] if home.kato else []
    if home.is_rural is not None:
        settlement = "rural" if home.is_rural else "urban"
        said.append({"url": f"{EXTENSIONS}/settlement", "valueCode": settlement})
    return {
        **({"extension": said} if said else {}),
        "use": "home",
        **({"line": [home.line.strip()]} if home.line.strip() else {}),
        **({"city": home.city.strip()} if home.city.strip() else {}),
        "country": "KZ",
    }


def _why(patient_id: str, twins: list[Found], despite: str, actor: Actor, at: datetime) -> Resource:
    """The trace of a record made although a twin was found."""
    return {
        "resourceType": "Provenance",
        "target": [{"reference": f"Patient/{patient_id}"}],
        "recorded": instant(at),
        "reason": [{"text": despite}],
        "activity": {"coding": [{"system": _LIFECYCLE, "code": "originate"}]},
        "agent": [{"who": named(actor)}],
        "entity": [
            {"role": "source", "what": {"reference": f"Patient/{twin.patient_id}"}}
            for twin in twins
        ],
    }
