"""Everything the page of one person shows, in a dozen statements however large the record is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from qamqor.engine.fhir import json_text
from qamqor.engine.measurements.series import Series, series
from qamqor.engine.population.one_person import Due
from qamqor.errors import NotAllowed, NotThere
from qamqor.services import audit, derived, installed
from qamqor.services.access import closed
from qamqor.services.access.actor import Actor
from qamqor.services.access.trail import may_see_of_own
from qamqor.services.accounts import is_cover
from qamqor.services.person import content
from qamqor.services.person.sight import Closed, Seen, closed_or_raise, see, visible_people
from qamqor.store import audit as chain
from qamqor.store import derived as kept
from qamqor.store import mentions
from qamqor.store import person as store
from qamqor.store.audit import Row, Wanted
from qamqor.store.derived import State
from qamqor.store.fhir import versions
from qamqor.store.fhir.versions import Version

Resource = dict[str, Any]
Rows = dict[str, list[dict[str, Any]]]
MOST: Final = {
    "AllergyIntolerance": 30,
    "Appointment": 20,
    "CarePlan": 5,
    "CareTeam": 3,
    "Condition": 60,
    "Consent": 20,
    "Coverage": 5,
    "Flag": 10,
    "Goal": 15,
    "Group": 3,
    "MedicationRequest": 40,
    "MedicationStatement": 20,
    "QuestionnaireResponse": 5,
    "RelatedPerson": 10,
    "ServiceRequest": 20,
    "Task": 40,
}
"""How many of each type a page reads, the newest change first; the history has all of them."""
PAST: Final = 5
SPARK: Final = 12
OPENINGS: Final = 3


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody of the person's team: the post, its role, the human's name and telephone."""

    reference: str
    role: str
    name: str
    phone: str
    is_me: bool


@dataclass(frozen=True, slots=True)
class Relative:
    """Somebody of the same household.

    Attributes:
        role: the household role, as recorded. person: their Patient, None where closed to the
            reader. overdue, due: how many needs they have; nought where closed.
    """

    patient: str
    role: str
    person: Resource | None
    overdue: int = 0
    due: int = 0


@dataclass(frozen=True, slots=True)
class Opened:
    """Somebody who opened the record on a day: the last time of that day."""

    at: datetime
    agent: str
    name: str
    role: str
    action: str
    is_me: bool


@dataclass(frozen=True, slots=True)
class Page:
    """One person as their page shows them.

    Attributes:
        labels: of records in sight, such as PSY; nothing where the reader may not see them.
        resources: those in sight by type, the newest change first, at most ``MOST`` of each.
        rows: what the tables of care say, of records in sight only.
        due: what is due and not yet due; only of the reader's role where they see nothing clinical,
            and of another role only where no record it rests on is closed to them by its label.
        facts: the records a due row rests on, by reference, of those in sight.
        total: how many records are in sight.
        may: what the reader may do, as ``create Encounter``. role: of the reader.
    """

    patient: str
    person: Resource
    relation: str
    labels: frozenset[str]
    resources: Mapping[str, list[Resource]]
    rows: Rows
    due: tuple[Due, ...]
    numbers: tuple[Series, ...]
    facts: Mapping[str, Resource]
    team: tuple[Member, ...]
    household: tuple[Relative, ...]
    opened: tuple[Opened, ...]
    may_see_opened: bool
    total: int
    as_of: date
    may: frozenset[str]
    role: str


def read(patient: str, *, actor: Actor, as_of: date, at: datetime) -> Page | Closed:
    """One person's page; who is shown is kept in the audit before it is given.

    Returns:
        ``Closed`` where the record is not the reader's but they may break the glass.

    Raises:
        NotThere: not a person of theirs, or nobody; said in the same words.
        NotAllowed: their role opens no records.
    """
    try:
        seen = see(patient, actor=actor, at=at)
    except (NotThere, NotAllowed) as refusal:
        return closed_or_raise(patient, actor, refusal)
    every = store.rows(patient)
    rows = _merged(rows for key, rows in every if key in seen.keys)
    due = _due(seen, _merged(rows for _, rows in every), actor, as_of)
    read_keys = {**_wanted(seen, rows), **_evidence(seen, due)}
    contents = versions.read_by_keys(sorted(read_keys))
    resources = _by_type(seen, contents)
    person = _person(patient, resources)
    lines = _lines(seen, actor)
    people = _others(resources, patient, as_of)
    directory = _directory(person, resources, people, lines)
    open_ = visible_people(seen.sights, [one for one, _ in people])
    numbers = _numbers(rows, as_of)
    shown = [f"{v.type}/{v.id}/_history/{v.version}" for v in contents.values()]
    # Whose page it was stands first, before the family and everything shown of them.
    shown.sort(key=lambda one: not one.startswith(f"Patient/{patient}/"))
    shown += [p.reference for one in numbers for p in one.points[-SPARK:] if p.reference]
    audit.record(
        actor,
        "read",
        at=at,
        what=dict.fromkeys(shown),
        people={patient, *open_},
        relation=seen.relation,
        query="person",
    )
    return Page(
        patient=patient,
        person=person,
        relation=seen.relation,
        labels=seen.labels,
        resources=resources,
        rows=rows,
        due=due,
        numbers=numbers,
        facts=_facts(contents, due),
        team=_team(directory, resources, actor),
        household=_household(people, open_, directory),
        opened=_opened(lines, directory, actor),
        may_see_opened=may_see_of_own(seen.relation),
        total=len(seen.entries),
        as_of=as_of,
        may=frozenset(
            f"{action} {type_}"
            for action, type_ in (
                ("create", "Encounter"),
                ("create", "Observation"),
                ("create", "Immunization"),
                ("create", "ServiceRequest"),
                ("create", "Appointment"),
                ("create", "QuestionnaireResponse"),
                ("create", "Task"),
                ("update", "Patient"),
                ("read", "AllergyIntolerance"),
            )
            if seen.may(type_, action=action)
        ),
        role=actor.role,
    )


def _merged(parts: Iterable[Mapping[str, Sequence[dict[str, Any]]]]) -> Rows:
    found: Rows = {}
    for part in parts:
        for table, rows in part.items():
            found.setdefault(table, []).extend(rows)
    return found


def _due(seen: Seen, rows: Rows, actor: Actor, as_of: date) -> tuple[Due, ...]:
    """Kept rows where they hold for the day, else worked out now; nothing is written.

    What another role owes is left out where it rests on a record whose label is closed to the
    reader: the need itself would say what the label keeps.
    """
    day = derived.asker(as_of)
    state, found = store.due_with_state(seen.patient)
    if state is not None and State(*state).holds_for(as_of.isoformat(), day.asked):
        due = tuple(kept.read_due(row, as_of) for row in found)
    else:
        due = day.due(rows) or ()
    is_clinical = seen.may(closed.CLINICAL)
    return closed.without_closed(due, seen.closed, role=actor.role, is_clinical=is_clinical)


def _wanted(seen: Seen, rows: Rows) -> dict[int, None]:
    left = dict(MOST)
    wanted: dict[int, None] = {}
    for entry in seen.entries:
        if entry.type == "Patient" or left.get(entry.type, 0) > 0:
            left[entry.type] = left.get(entry.type, 0) - 1
            wanted[entry.key] = None
    visits = sorted(rows.get("encounter", ()), key=lambda row: str(row.get("started_on") or ""))
    for row in visits[-PAST:]:
        entry_ = seen.by_name.get(("Encounter", str(row.get("encounter_id"))))
        if entry_ is not None:
            wanted[entry_.key] = None
    return wanted


def _evidence(seen: Seen, due: Sequence[Due]) -> dict[int, None]:
    found: dict[int, None] = {}
    for one in due:
        if one.status == "not_due":
            continue
        for reference in (one.evidence or "").split():
            type_, _, id_ = reference.partition("/")
            entry = seen.by_name.get((type_, id_))
            if entry is not None:
                found[entry.key] = None
    return found


def _by_type(seen: Seen, contents: Mapping[int, Version]) -> dict[str, list[Resource]]:
    found: dict[str, list[Resource]] = {}
    for entry in seen.entries:
        version = contents.get(entry.key)
        if version is not None and version.content:
            found.setdefault(entry.type, []).append(_read(version))
    return found


def _read(version: Version) -> Resource:
    found: Resource = json_text.decode((version.content or "{}").encode())
    return found


def _person(patient: str, resources: Mapping[str, list[Resource]]) -> Resource:
    for one in resources.get("Patient", ()):
        if one["id"] == patient:
            return one
    raise NotThere(f"Patient/{patient} is not here")


def _facts(contents: Mapping[int, Version], due: Sequence[Due]) -> dict[str, Resource]:
    wanted = {reference for one in due for reference in (one.evidence or "").split()}
    return {f"{v.type}/{v.id}": _read(v) for v in contents.values() if f"{v.type}/{v.id}" in wanted}


def _numbers(rows: Rows, as_of: date) -> tuple[Series, ...]:
    day = as_of.isoformat()
    mine = {
        str(row.get("programme"))
        for row in rows.get("enrolment", ())
        if str(row.get("from_on") or "") <= day and str(row.get("left_on") or "9") > day
    }
    choice = installed.choice(as_of)
    programmes = choice.programmes if choice is not None else ()
    parameters = [
        {name: one.value for name, one in programme.parameters.items()}
        for programme in programmes
        if programme.id in mine
    ]
    found = (series(n, rows, parameters=parameters, as_of=as_of) for n in content.numbers())
    return tuple(one for one in found if one.points or one.number.is_always)


def _lines(seen: Seen, actor: Actor) -> list[Row]:
    """The last openings, one for each reader and day, where the reader may see them."""
    if not may_see_of_own(seen.relation):
        return []
    found: dict[tuple[str, int], Row] = {}
    for row in chain.find(Wanted(patient=seen.patient, outcome="ok"), limit=40):
        found.setdefault((row.agent, row.at // 86_400_000_000), row)
    return list(found.values())[:OPENINGS]


def _others(
    resources: Mapping[str, list[Resource]], patient: str, as_of: date
) -> list[tuple[str, str]]:
    """Id and household role of everybody who lives with the person now."""
    found: dict[str, str] = {}
    for group in resources.get("Group", ()):
        for member in group.get("member", ()):
            end = str((member.get("period") or {}).get("end") or "9")[:10]
            reference = str((member.get("entity") or {}).get("reference", ""))
            who = reference.removeprefix("Patient/")
            if reference.startswith("Patient/") and who != patient and end > as_of.isoformat():
                found.setdefault(who, _household_role(member))
    return sorted(found.items())[:20]


def _household_role(member: Mapping[str, Any]) -> str:
    for extension in member.get("extension", ()):
        if str(extension.get("url", "")).endswith("/household_role"):
            return str(extension.get("valueCode", ""))
    return ""


def _directory(
    person: Resource,
    resources: Mapping[str, list[Resource]],
    people: Sequence[tuple[str, str]],
    lines: Sequence[Row],
) -> dict[str, Resource]:
    """Teams, posts, humans and places that the page names, in three looks."""
    area = next(
        (
            str(one.get("reference"))
            for one in person.get("generalPractitioner", ())
            if str(one.get("reference", "")).startswith("Organization/")
        ),
        "",
    )
    there = [_read(v) for v in (mentions.of(area) if area else ()) if v.content]
    found = {f"{one['resourceType']}/{one['id']}": one for one in there if not is_cover(one)}
    posts = {
        str((one.get("member") or {}).get("reference", ""))
        for team in (*found.values(), *resources.get("CareTeam", ()))
        for one in team.get("participant", ())
    }
    posts |= {row.agent for row in lines} | {area}
    posts |= {f"Patient/{who}" for who, _ in people}
    found |= _named(posts)
    humans = {
        str((one.get("practitioner") or {}).get("reference", ""))
        for one in found.values()
        if one["resourceType"] == "PractitionerRole"
    }
    return found | _named(humans)


def _named(references: Iterable[str]) -> dict[str, Resource]:
    pairs = [tuple(one.split("/", 1)) for one in references if one.count("/") == 1]
    found = store.named((type_, id_) for type_, id_ in pairs)
    return {f"{t}/{i}": _read(v) for (t, i), (_, v) in found.items() if v.content}


def _team(
    directory: Mapping[str, Resource], resources: Mapping[str, list[Resource]], actor: Actor
) -> tuple[Member, ...]:
    teams = [one for one in directory.values() if one["resourceType"] == "CareTeam"]
    members: dict[str, Member] = {}
    for team in (*resources.get("CareTeam", ()), *teams):
        for one in team.get("participant", ()):
            reference = str((one.get("member") or {}).get("reference", ""))
            post = directory.get(reference)
            if post is None or post["resourceType"] != "PractitionerRole":
                continue
            role = _code(one.get("role")) or _code(post.get("code"))
            human = directory.get(str((post.get("practitioner") or {}).get("reference", "")), {})
            phone = _phone(post) or _phone(human)
            mine = reference == actor.reference
            members.setdefault(reference, Member(reference, role, name_of(human), phone, mine))
    return tuple(members.values())


def _code(concepts: Any) -> str:
    for concept in concepts or ():
        for coding in concept.get("coding", ()):
            return str(coding.get("code", ""))
    return ""


def _phone(resource: Mapping[str, Any]) -> str:
    contacts = resource.get("telecom") or ()
    return next((str(one.get("value")) for one in contacts if one.get("system") == "phone"), "")


def name_of(resource: Mapping[str, Any]) -> str:
    """Family and given name of a Patient or Practitioner; empty where none is recorded."""
    names = resource.get("name") or [{}]
    official = next((one for one in names if one.get("use") == "official"), names[0])
    given = (official.get("given") or [""])[0]
    return f"{official.get('family', '')} {given}".strip() or str(official.get("text", ""))


def _household(
    people: Sequence[tuple[str, str]], open_: set[str], directory: Mapping[str, Resource]
) -> tuple[Relative, ...]:
    pressing = store.pressing_of(sorted(open_))
    return tuple(
        Relative(
            who,
            role,
            directory.get(f"Patient/{who}") if who in open_ else None,
            *pressing.get(who, (0, 0)),
        )
        for who, role in people
    )


def _opened(
    lines: Sequence[Row], directory: Mapping[str, Resource], actor: Actor
) -> tuple[Opened, ...]:
    found = []
    for row in lines:
        said = json_text.decode(row.entry.encode())
        post = directory.get(row.agent, {})
        human = directory.get(str((post.get("practitioner") or {}).get("reference", "")), post)
        found.append(
            Opened(
                at=audit.moment(row.at),
                agent=row.agent,
                name=name_of(human),
                role=str(said.get("role", "")),
                action=row.action,
                is_me=row.agent == actor.reference,
            )
        )
    return tuple(found)
