"""Role by relation by action: the table a reviewer reads, what it says, and what really happens."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from qamqor.services.access import matrix
from qamqor.services.access.actor import Actor
from qamqor.services.access.policy import RELATIONS, RIGHTS
from qamqor.services.access.sights import Sights, stored_facts
from qamqor.store import access
from tests.services.access.village import AT, patient, put

TABLE = Path(__file__).with_name("matrix.txt")


def written() -> str:
    """The matrix as text: role, relation, and the letters of each group."""
    found: dict[tuple[str, str], list[str]] = {}
    for line in matrix.lines():
        found.setdefault((line.role, line.relation), []).append(line.letters or "-")
    head = f"{'role':15} {'relation':12} " + " ".join(f"{g:14}" for g in matrix.EXAMPLES)
    rows = [
        f"{role:15} {relation:12} " + " ".join(f"{one:14}" for one in letters)
        for (role, relation), letters in found.items()
    ]
    return "\n".join(row.rstrip() for row in [head, *rows]) + "\n"


def test_the_policy_is_the_table_that_was_reviewed() -> None:
    assert written() == TABLE.read_text()


def test_the_table_names_every_role_and_relation() -> None:
    lines = matrix.lines()

    assert {line.role for line in lines} == set(RIGHTS) - {"system"}
    assert {line.relation for line in lines} == set(RELATIONS)


def household(person: str) -> list[dict[str, object]]:
    mine, theirs = {"reference": "Patient/other"}, {"reference": f"Patient/{person}"}
    return [
        {
            "resourceType": "Group",
            "id": "home",
            "code": {"coding": [{"code": "household"}]},
            "member": [{"entity": mine}, {"entity": theirs}],
        },
        {
            "resourceType": "Consent",
            "id": "shares",
            "status": "active",
            "patient": theirs,
            "category": [{"coding": [{"code": "household"}]}],
            "provision": {"type": "permit"},
        },
    ]


def relate(relation: str, person: str) -> list[dict[str, object]]:
    """Resources that make the relation, as care makes them."""
    me, theirs = {"reference": "PractitionerRole/me"}, {"reference": f"Patient/{person}"}
    area, clinic = {"reference": "Organization/area"}, {"reference": "Organization/clinic"}
    child = {
        "resourceType": "RelatedPerson",
        "id": "me",
        "patient": theirs,
        "relationship": [{"coding": [{"code": "GUARD"}]}],
    }
    link = [{"other": {"reference": "RelatedPerson/me"}, "type": "seealso"}]
    given = {"type": "permit", "actor": [{"reference": me}]}
    made: dict[str, list[dict[str, object]]] = {
        "guardian": [child, patient("other", None, link=link)],
        "household": household(person),
        "consent": [
            {
                "resourceType": "Consent",
                "id": "given",
                "status": "active",
                "patient": theirs,
                "provision": given,
            }
        ],
        "panel": [patient(person, None, generalPractitioner=[area])],
        "organisation": [patient(person, None, managingOrganization=clinic)],
        "booking": [
            {
                "resourceType": "Appointment",
                "id": "visit",
                "status": "booked",
                "start": "2026-03-02T12:00:00+05:00",
                "participant": [{"actor": me}, {"actor": theirs}],
            }
        ],
        "referral": [
            {
                "resourceType": "ServiceRequest",
                "id": "sent",
                "status": "active",
                "subject": theirs,
                "performer": [clinic],
            }
        ],
    }
    return made.get(relation, [])


def about(person: str) -> list[dict[str, object]]:
    theirs = {"reference": f"Patient/{person}"}
    place = {"Coverage": "beneficiary"}
    return [
        {"resourceType": type_, "id": "one", place.get(type_, "subject"): theirs}
        for type_ in matrix.EXAMPLES.values()
    ]


def really(who: Actor, type_: str) -> str:
    """Letters of the actions that the record opens, decided and searched alike."""
    key = access.key_of(type_, "one")
    assert key is not None
    sights, letters = Sights(who, AT), ""
    facts = stored_facts([key])[key]
    for action in matrix.ACTIONS:
        view = sights.of(action, type_)
        plain = sights.relation(action, type_, facts) is not None
        assert plain == (view is not None and access.visible(view, [key]) == {key})
        letters += action[0] if plain else ""
    return letters


@pytest.mark.django_db
@pytest.mark.parametrize("relation", RELATIONS)
def test_the_record_opens_as_the_table_says(relation: str) -> None:
    put(patient(matrix.PERSON, None), *about(matrix.PERSON))
    put(*relate(relation, matrix.PERSON))

    for line in matrix.lines():
        if line.relation == relation and not (line.role == "resident" and relation == "consent"):
            who = matrix.actor_of(line.role, relation)
            assert really(who, matrix.EXAMPLES[line.group]) == line.letters, line


@pytest.mark.django_db
def test_a_residents_consent_to_another_resident_opens_for_reading() -> None:
    given = relate("consent", matrix.PERSON)[0]
    actor = [{"reference": {"reference": "Patient/other"}}]
    shared = {**given, "provision": {"type": "permit", "actor": actor}}
    put(patient(matrix.PERSON, None), *about(matrix.PERSON), shared)
    reader = replace(matrix.actor_of("resident", "consent"), patient="other")

    assert really(reader, "Observation") == "rsh"
    assert really(reader, "Communication") == "rsh"
