"""Accounts of the demo, posts and areas, applications: what may be registered and what not."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.conf import settings as installed

from qamqor.errors import NotPossible, NotThere
from qamqor.services import accounts, demo_accounts, smart
from qamqor.services.access.actor import PLATFORM
from qamqor.services.accounts import NewAccount
from qamqor.services.fhir import write
from qamqor.store.accounts import ROLES, Account

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
AREA: dict[str, Any] = {
    "resourceType": "Organization",
    "id": "area",
    "type": [{"coding": [{"code": "gp_area"}]}],
    "partOf": {"reference": "Organization/clinic"},
}
POST: dict[str, Any] = {
    "resourceType": "PractitionerRole",
    "id": "post",
    "code": [{"coding": [{"code": "gp"}]}],
    "organization": {"reference": "Organization/area"},
    "practitioner": {"reference": "Practitioner/human"},
}
HUMAN: dict[str, Any] = {
    "resourceType": "Practitioner",
    "id": "human",
    "name": [{"family": "Ахметов", "given": ["Данияр"]}],
}


def team(area: str, post: str, *, role: str = "psychologist") -> dict[str, Any]:
    """The team of an area with one member."""
    code = {"system": "http://qamqor.invalid/fhir/CodeSystem/role", "code": role}
    return {
        "resourceType": "CareTeam",
        "id": f"team-{area}",
        "status": "active",
        "managingOrganization": [{"reference": f"Organization/{area}"}],
        "participant": [
            {
                "role": [{"coding": [code]}],
                "member": {"reference": f"PractitionerRole/{post}"},
            }
        ],
    }


def stored(*resources: dict[str, Any]) -> None:
    changes = [write.Change("PUT", r["resourceType"], r["id"], r) for r in resources]
    write.save(changes, actor=PLATFORM, at=NOW)


def test_a_post_in_an_area_gives_its_holder_that_area_and_its_organisation() -> None:
    stored(AREA, POST)
    made, _ = accounts.create(NewAccount("daniyar", "gp", practitioner_role="post"))
    actor = accounts.actor_for(made, NOW)

    assert actor is not None
    assert (actor.reference, actor.organization) == ("PractitionerRole/post", "clinic")
    assert actor.areas == {"area"}


def test_a_shared_post_has_the_people_of_every_team_it_is_in() -> None:
    shared = {
        "resourceType": "PractitionerRole",
        "id": "psychologist",
        "organization": {"reference": "Organization/clinic"},
    }
    ended = {**team("old", "psychologist"), "status": "inactive"}
    about_one = {**team("mine", "psychologist"), "subject": {"reference": "Patient/amina"}}
    stored(
        AREA, shared, team("area", "psychologist"), team("south", "psychologist"), ended, about_one
    )

    assert accounts.areas_of("psychologist") == {"area", "south"}


@pytest.mark.parametrize(
    ("day", "areas"),
    [
        (date(2026, 2, 28), {"area"}),
        (date(2026, 3, 1), {"area", "south"}),
        (date(2026, 3, 14), {"area", "south"}),
        (date(2026, 3, 15), {"area"}),
    ],
)
def test_who_covers_has_the_people_of_the_other_area_only_that_long(
    day: date, areas: set[str]
) -> None:
    covered = team("south", "post", role="gp")
    covered["participant"][0]["period"] = {"start": "2026-03-01", "end": "2026-03-14"}
    stored(AREA, POST, HUMAN, covered)

    assert accounts.areas_of("post", day) == areas


def test_a_closed_account_acts_no_more() -> None:
    accounts.create(NewAccount("daniyar", "gp"))

    assert accounts.actor_for(accounts.deactivate("daniyar", at=NOW), NOW) is None


def test_the_demo_has_one_account_for_each_role_and_makes_none_twice(settings: Any) -> None:
    settings.QAMQOR = replace(installed.QAMQOR, is_demo=True)
    assert demo_accounts.ensure() == len(ROLES)
    patient = {
        "resourceType": "Patient",
        "id": "amina",
        "managingOrganization": {"reference": "Organization/clinic"},
        "generalPractitioner": [{"reference": "Organization/area"}],
    }
    stored(AREA, POST, HUMAN, patient, team("area", "post", role="gp"))
    assert demo_accounts.ensure() == len(ROLES)
    assert demo_accounts.ensure() == 0
    assert accounts.one("demo-gp").get_full_name() == "Данияр Ахметов"


def test_outside_the_demo_nobody_has_a_known_password() -> None:
    with pytest.raises(NotPossible):
        demo_accounts.ensure()
    assert not Account.objects.exists()


@pytest.mark.parametrize(
    ("wanted", "says"),
    [
        (NewAccount("x", "king"), "role"),
        (NewAccount("DANIYAR", "gp"), "exists"),
    ],
)
def test_an_account_that_cannot_be_is_refused(wanted: NewAccount, says: str) -> None:
    accounts.create(NewAccount("daniyar", "gp"))

    with pytest.raises(NotPossible, match=says):
        accounts.create(wanted)


def test_closing_an_account_nobody_has_says_so() -> None:
    with pytest.raises(NotThere):
        accounts.deactivate("nobody", at=NOW)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"scopes": ("everything",)}, "no SMART scope"),
        ({"scopes": ("system/*.rs",)}, "backend"),
        ({"redirects": ("http://elsewhere.example/",)}, "https"),
        ({"redirects": ("https://here.example/#x",)}, "fragment"),
        ({"redirects": (), "scopes": ("system/*.rs",)}, "keys"),
        ({"redirects": (), "jwks": "{}"}, "system/"),
        ({"redirects": (), "scopes": ("system/*.rs",), "jwks": "[]"}, "Key Set"),
        ({"redirects": (), "scopes": ("system/*.rs",), "jwks": '{"keys": [{"d": 1}]}'}, "private"),
    ],
)
def test_an_application_that_would_be_unsafe_is_not_registered(
    change: dict[str, Any], says: str
) -> None:
    wanted = smart.NewClient("Growth chart", ("patient/*.rs",), ("https://here.example/",))

    with pytest.raises(NotPossible, match=says):
        smart.register(replace(wanted, **change))


def test_a_context_is_forgotten_when_its_time_is_over() -> None:
    smart.keep("token:x", smart.Context("amina"), until=NOW)
    assert smart.context_of("token:x").patient == "amina"
    smart.forget(at=NOW.replace(hour=10))

    assert smart.context_of("token:x") == smart.Context()


def test_ending_an_application_ends_its_tokens() -> None:
    from tests import tokens

    made, _ = accounts.create(NewAccount("daniyar", "gp"))
    tokens.token("user/*.rs", account=made)
    client_id = tokens.Application.objects.get().client_id
    smart.end(made.pk, client_id)

    assert not tokens.AccessToken.objects.exists()
