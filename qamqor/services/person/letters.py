"""What is printed for a person: a visit, a referral, the vaccination card; each look is kept.

What carries a label of sensitivity is left out: paper is read by whoever finds it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Final

from qamqor.engine.fhir import json_text, place_names
from qamqor.engine.fhir.names import CODES
from qamqor.errors import NotThere
from qamqor.services import (
    audit,
    due,
    immunisation,
    immunisation_pages,
    immunisation_session,
    installed,
)
from qamqor.services.access.actor import Actor
from qamqor.services.access.labels import rules
from qamqor.services.access.sights import zone
from qamqor.services.immunisation_words import ImmunisationWords
from qamqor.services.person.page import Page, name_of
from qamqor.services.person.sight import Seen, see
from qamqor.store import access
from qamqor.store import person as store
from qamqor.store.fhir import versions
from qamqor.store.person import Entry

Resource = dict[str, Any]
OF_A_VISIT: Final = (
    "Observation",
    "Condition",
    "MedicationRequest",
    "ServiceRequest",
    "Goal",
    "Immunization",
    "Procedure",
    "Communication",
)
OF_A_REFERRAL: Final = ("Condition", "AllergyIntolerance", "MedicationRequest")
OF_A_CARD: Final = ("Patient", "Immunization", "Observation", "Condition", "AllergyIntolerance")
MOST: Final = 400


@dataclass(frozen=True, slots=True)
class Place:
    """Where a letter comes from: names by language where the record has them."""

    names: Mapping[str, str]
    phone: str
    address: str

    def name(self, language: str) -> str:
        """The name in a language, else the one it is registered by."""
        return self.names.get(language) or self.names.get("", "")


@dataclass(frozen=True, slots=True)
class Sheet:
    """What one printed sheet is made from.

    Attributes:
        about: the resource it is about, such as the Encounter or the ServiceRequest.
        resources: by type, the newest first.
        author: who stands behind it: role code and name.
        recipient: whom a referral is for, where the directory has them.
    """

    patient: str
    person: Resource
    place: Place
    about: Resource
    resources: Mapping[str, list[Resource]]
    author: tuple[str, str]
    recipient: Place | None = None


def visit(patient: str, encounter: str, *, actor: Actor, at: datetime) -> Sheet:
    """One visit and everything that was written with it or, without a link, on its day.

    Raises:
        NotThere: no such visit of a person of the actor's.
    """
    seen = see(patient, actor=actor, at=at)
    about = _one(seen, "Encounter", encounter)
    day = _start(about)
    moments = store.moments(patient)
    keys = [
        entry
        for entry in _plain(seen, OF_A_VISIT)
        if datetime.fromtimestamp(moments.get(entry.key, 0) / 1_000_000, tz=zone()).date() == day
    ]
    own = f"Encounter/{encounter}"
    found = {
        type_: [
            one
            for one in listed
            if (one.get("encounter") or {}).get("reference", own) == own and not _is_gone(one)
        ]
        for type_, listed in _contents(keys).items()
    }
    return _sheet(seen, about, found, _participant(about), "visit", actor, at)


def referral(patient: str, request: str, *, actor: Actor, at: datetime) -> Sheet:
    """One referral with what the specialist must know.

    Raises:
        NotThere: no such referral of a person of the actor's.
    """
    seen = see(patient, actor=actor, at=at)
    about = _one(seen, "ServiceRequest", request)
    found = _contents(_plain(seen, OF_A_REFERRAL))
    live = {type_: [one for one in some if not _is_gone(one)] for type_, some in found.items()}
    author = str((about.get("requester") or {}).get("reference") or actor.reference)
    asked: Resource = next(iter(about.get("performer") or ()), {})
    sheet = _sheet(seen, about, live, author, "referral", actor, at)
    return replace(sheet, recipient=_recipient(str(asked.get("reference") or "")))


def invitation(patient: str, *, actor: Actor, at: datetime) -> Sheet:
    """Who is invited and by whom, with bookings ahead; nothing of why.

    Raises:
        NotThere: not a person of the actor's.
    """
    seen = see(patient, actor=actor, at=at)
    found = _contents(_plain(seen, ("Appointment",)))
    return _sheet(seen, {}, found, actor.reference, "invitation", actor, at)


def vaccination_card(
    patient: str, language: str, *, actor: Actor, as_of: date, at: datetime
) -> tuple[Sheet, dict[str, Any], ImmunisationWords]:
    """The card: doses given, how each counts, and what comes next, in a language.

    Raises:
        NotThere: not a person of the actor's. NotPossible: no schedule is in force.
    """
    seen = see(patient, actor=actor, at=at)
    found = _contents(_plain(seen, OF_A_CARD))
    everything = [one for listed in found.values() for one in listed]
    opened = immunisation.schedule_in_force(installed.pack(), _schedule(), as_of)
    folders = list(dict.fromkeys(reversed(installed.folders())))
    words = ImmunisationWords(language, folders, opened.schedule, opened.folder)
    at_risk = due.observed_of(patient, as_of=as_of)
    forecast = immunisation.forecast_person(
        patient, everything, opened.schedule, as_of, seen=at_risk
    )
    asked = immunisation_session.asked_of(patient, opened, as_of)
    values = immunisation_pages.card_values(forecast, everything, opened, words, as_of, asked)
    shown = {"Immunization": found.get("Immunization", [])}
    sheet = _sheet(seen, {}, shown, actor.reference, "vaccination card", actor, at)
    return sheet, values, words


def on_paper(found: Page) -> Page:
    """A person's page as far as it may be printed, whoever sees more of it on the screen.

    Left out are records with a label of sensitivity, numbers measured by them, and needs that rest
    on one of them.
    """
    labelled = {
        f"{type_}/{id_}"
        for type_, id_ in access.labelled_of([found.patient], rules().labels.cleared)
    }
    if not labelled:
        return found
    numbers = [
        replace(one, points=tuple(p for p in one.points if p.reference not in labelled))
        for one in found.numbers
    ]
    return replace(
        found,
        resources={
            type_: [one for one in some if f"{type_}/{one.get('id')}" not in labelled]
            for type_, some in found.resources.items()
        },
        due=tuple(one for one in found.due if labelled.isdisjoint((one.evidence or "").split())),
        numbers=tuple(one for one in numbers if one.points or one.number.is_always),
    )


def _schedule() -> str:
    """The id of the schedule that the programmes of this installation name."""
    for programme in installed.pack().programmes:
        for action in programme.actions.values():
            if action.schedule is not None:
                return action.schedule
    raise NotThere("no programme here names a schedule")


def _plain(seen: Seen, types: Iterable[str]) -> list[Entry]:
    """Records of some types without a label of sensitivity."""
    wanted = frozenset(types)
    return [one for one in seen.entries if one.type in wanted and not one.labels][: MOST * 10]


def _contents(entries: Iterable[Entry]) -> dict[str, list[Resource]]:
    listed = list(entries)
    by_key = versions.read_by_keys([one.key for one in listed])
    found: dict[str, list[Resource]] = {}
    for entry in listed:
        version = by_key.get(entry.key)
        if version is not None and version.content:
            found.setdefault(entry.type, []).append(json_text.decode(version.content.encode()))
    return found


def _one(seen: Seen, type_: str, id_: str) -> Resource:
    entry = seen.by_name.get((type_, id_))
    found = _contents([entry]) if entry is not None else {}
    if type_ not in found:
        raise NotThere(f"{type_}/{id_} is not here")
    return found[type_][0]


def _start(encounter: Resource) -> date | None:
    text = str((encounter.get("period") or {}).get("start") or "")
    if len(text) <= 10:
        return date.fromisoformat(text) if len(text) == 10 else None
    return datetime.fromisoformat(text).astimezone(zone()).date()


def _is_gone(one: Resource) -> bool:
    codes = {
        str(coding.get("code"))
        for field in ("clinicalStatus", "verificationStatus")
        for coding in (one.get(field) or {}).get("coding") or ()
    }
    gone = {"entered-in-error", "refuted", "resolved", "inactive"}
    return bool(codes & gone) or one.get("status") in {"entered-in-error", "cancelled", "stopped"}


def _participant(encounter: Resource) -> str:
    for one in encounter.get("participant") or ():
        reference = str((one.get("individual") or {}).get("reference") or "")
        if reference:
            return reference
    return ""


def _sheet(
    seen: Seen,
    about: Resource,
    resources: Mapping[str, list[Resource]],
    author: str,
    kind: str,
    actor: Actor,
    at: datetime,
) -> Sheet:
    person = _person(seen)
    what = [f"Patient/{seen.patient}"]
    if about:
        what.append(f"{about['resourceType']}/{about['id']}")
    what += [f"{type_}/{one['id']}" for type_, some in resources.items() for one in some]
    audit.record(
        actor,
        "read",
        at=at,
        what=what,
        people=[seen.patient],
        relation=seen.relation,
        query=f"print {kind}",
    )
    return Sheet(seen.patient, person, place_of(person), about, resources, _author(author))


def _person(seen: Seen) -> Resource:
    found = versions.read("Patient", seen.patient)
    if found is None or found.content is None:
        raise NotThere(f"Patient/{seen.patient} is not here")
    person: Resource = json_text.decode(found.content.encode())
    return person


def place_of(person: Mapping[str, Any]) -> Place:
    """The organisation somebody is attached to, as a letter names it."""
    reference = str((person.get("managingOrganization") or {}).get("reference", ""))
    return _place(_named(reference) or {})


def _place(found: Mapping[str, Any]) -> Place:
    phones = [str(c.get("value")) for c in found.get("telecom") or () if c.get("system") == "phone"]
    first = (found.get("address") or [{}])[0]
    lines = [*(first.get("line") or []), str(first.get("city") or "")]
    address = str(first.get("text") or ", ".join(filter(None, lines)))
    return Place(place_names.names(found), phones[0] if phones else "", address)


def _named(reference: str) -> Resource | None:
    type_, _, id_ = reference.partition("/")
    found = versions.read(type_, id_) if id_ else None
    return json_text.decode(found.content.encode()) if found and found.content else None


def _recipient(reference: str) -> Place | None:
    """An organisation as a letter names it, or who holds a post."""
    found = _named(reference) or {}
    if isinstance(found.get("name"), str):
        return _place(found)
    name = _author(reference)[1]
    return Place({"": name}, "", "") if name else None


def _author(reference: str) -> tuple[str, str]:
    """Role code and name of whoever is behind a reference."""
    post = _named(reference) or {}
    human = _named(str((post.get("practitioner") or {}).get("reference", ""))) or post
    roles = [
        str(coding.get("code"))
        for kind in post.get("code") or ()
        if isinstance(kind, dict)
        for coding in kind.get("coding") or ()
        if coding.get("system") == f"{CODES}/role"
    ]
    return (roles[0] if roles else "", name_of(human))
