"""Who leads gives a person to a named worker of the area, and takes them back."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from django.conf import settings as django_settings

from qamqor.engine.fhir import json_text
from qamqor.engine.fhir.validation import check
from qamqor.errors import NotAllowed, NotThere, Unusable, VersionConflict
from qamqor.services.access.actor import Actor
from qamqor.services.worklist import handing
from qamqor.store import mentions
from qamqor.store.fhir import versions
from tests.services.access.village import actor
from tests.services.test_derived import AT, put
from tests.services.worklist.test_today import TODAY, names, resident

LEAD = actor("lead_nurse")
ROLE = "practice_nurse"
FIRST = actor(ROLE, reference="PractitionerRole/first")
SECOND = actor(ROLE, reference="PractitionerRole/second")
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def two_nurses(settings: Any) -> None:
    settings.QAMQOR = replace(django_settings.QAMQOR, is_demo=True)
    code = {"system": "http://qamqor.invalid/fhir/CodeSystem/role", "code": ROLE}
    put(
        {
            "resourceType": "CareTeam",
            "id": "team-north",
            "status": "active",
            "managingOrganization": [{"reference": "Organization/north"}],
            "participant": [
                {"role": [{"coding": [code]}], "member": {"reference": f"PractitionerRole/{one}"}}
                for one in ("first", "second")
            ],
        }
    )
    resident("amina")


def seen(who: str = "amina", by: Actor = LEAD) -> handing.Handing:
    return handing.handing(by, who, ROLE, as_of=TODAY, at=AT)


def give(to: str, *, version: int = 0, until: date | None = None, by: Actor = LEAD) -> None:
    handing.give("amina", ROLE, to, until=until, version=version, actor=by, as_of=TODAY, at=AT)


def test_a_given_person_is_on_one_list_only_and_comes_back() -> None:
    assert (names(by=FIRST), names(by=SECOND)) == (["amina"], ["amina"])

    give("second")
    assert (names(by=FIRST), names(by=SECOND)) == ([], ["amina"])
    assert names(by=LEAD, role=ROLE) == ["amina"]

    handing.take_back("amina", ROLE, version=seen().version, actor=LEAD, at=AT)
    assert (names(by=FIRST), names(by=SECOND)) == (["amina"], ["amina"])


def test_the_same_again_is_one_and_who_saw_an_old_state_is_told() -> None:
    give("second")
    before = versions.last_sequence()
    give("second")
    assert versions.last_sequence() == before

    with pytest.raises(VersionConflict):
        give("first")
    give("first", version=seen().version)
    assert names(by=SECOND) == []
    with pytest.raises(VersionConflict):
        handing.take_back("amina", ROLE, version=1, actor=LEAD, at=AT)


def test_what_is_kept_is_valid_fhir() -> None:
    give("second", until=TODAY)

    (kept,) = [one for one in _teams() if one.get("subject")]
    assert [one for one in check(kept) if one.severity == "error"] == []
    assert seen().until == TODAY


def _teams() -> list[dict[str, Any]]:
    found = mentions.of("Patient/amina")
    return [json_text.decode(one.content or "") for one in found if one.type == "CareTeam"]


@pytest.mark.parametrize(("to", "until"), [("stranger", None), ("first", date(2026, 3, 1))])
def test_nobody_else_and_no_day_past(to: str, until: date | None) -> None:
    with pytest.raises(Unusable):
        give(to, until=until)


def test_only_who_leads_gives_and_only_their_own_people() -> None:
    for role in ("practice_nurse", "gp"):
        assert not handing.may_lead(actor(role), AT)
        with pytest.raises(NotAllowed):
            give("second", by=actor(role))
    with pytest.raises(NotThere):
        give("second", by=actor("lead_nurse", organization="elsewhere", areas=frozenset()))
    with pytest.raises(NotThere):
        handing.take_back("amina", ROLE, version=0, actor=LEAD, at=AT)
