"""Whoever acts is named as FHIR allows, also an account without a post, or is told to get one."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from django.conf import settings as django_settings

from qamqor.engine.fhir import json_text
from qamqor.engine.fhir.agent import ACCOUNTS
from qamqor.engine.fhir.validation import check
from qamqor.errors import NoPost
from qamqor.services import accounts
from qamqor.services.access.actor import Actor
from qamqor.services.audit import events
from qamqor.services.fhir.write import Change, Creation, create_each, save
from qamqor.services.merge.apart import unmerge
from qamqor.services.merge.together import merge
from qamqor.services.registration import apart
from qamqor.services.registration.register import register
from qamqor.services.visit import measuring, signing
from qamqor.services.worklist import outcome
from qamqor.services.worklist.outcome import Outcome
from qamqor.store import audit, mentions, node
from qamqor.store.accounts import Account
from qamqor.store.audit import Wanted
from qamqor.store.fhir import versions
from tests.services.access.village import actor
from tests.services.organisation import clinic
from tests.services.registration.desk import AT, CLERK
from tests.services.registration.desk import put as put_person
from tests.services.registration.test_register import AIGUL
from tests.services.visit.test_visit import PRESSURE, visit
from tests.services.worklist.test_today import CONTACT, TODAY, resident

pytestmark = pytest.mark.django_db


@pytest.fixture
def account(settings: Any) -> Account:
    settings.QAMQOR = replace(django_settings.QAMQOR, is_demo=True)
    return Account.objects.create_user(
        "desk",
        role="registrar",
        organization_id="centre",
        first_name="Дана",
        last_name="Тулегенова",
    )


@pytest.fixture
def clerk(account: Account) -> Actor:
    """The desk of the clinic, through an account that nobody joined to a post."""
    return replace(CLERK, account=account.pk, reference=accounts.reference_of(account))


def traces(who: str) -> list[dict[str, Any]]:
    found = mentions.of(f"Patient/{who}")
    return [json_text.decode(v.content or "") for v in found if v.type == "Provenance"]


def are_named(found: list[dict[str, Any]], account: Account) -> None:
    """Every trace is valid and says which account decided."""
    assert found
    for one in found:
        assert [str(issue) for issue in check(one) if issue.severity == "error"] == []
        (agent,) = one["agent"]
        assert agent["who"] == {
            "identifier": {"system": ACCOUNTS, "value": str(account.pk)},
            "display": "Дана Тулегенова",
        }


def test_a_registration_in_spite_of_a_twin_names_the_account(
    account: Account, clerk: Actor
) -> None:
    clinic()
    register(AIGUL, area_id="area-1", actor=clerk, at=AT)
    twin = replace(AIGUL, iin="")

    second = register(twin, area_id="area-1", actor=clerk, at=AT, despite="a namesake")

    are_named(traces(second.patient_id), account)


def test_a_merge_and_its_undoing_name_the_account(account: Account, clerk: Actor) -> None:
    put_person("first", "Ахметова", "Айгүл")
    put_person("second", "Akhmetova", "Aigul")

    merge("second", "first", actor=clerk, at=AT, reason="one passport")
    unmerge("second", actor=clerk, at=AT, reason="two passports")
    decision = apart.decide("first", "second", "two passports", actor=clerk, at=AT)

    found = traces("second")
    assert len(found) == 3
    are_named(found, account)
    assert decision.by == "Дана Тулегенова"


def test_a_post_is_named_by_reference(account: Account) -> None:
    put_person("first", "Ахметова", "Айгүл")
    put_person("second", "Akhmetova", "Aigul")

    merge("second", "first", actor=replace(CLERK, account=account.pk), at=AT, reason="one passport")

    (one,) = traces("second")
    assert one["agent"][0]["who"]["reference"] == CLERK.reference


def test_an_event_of_the_audit_names_the_account_as_fhir_allows(clerk: Actor) -> None:
    put_person("first", "Ахметова", "Айгүл")
    put_person("second", "Akhmetova", "Aigul")
    merge("second", "first", actor=clerk, at=AT, reason="one passport")

    (row,) = audit.find(Wanted(agent=clerk.reference), limit=1)
    event = events.event(row)

    assert [str(one) for one in check(event) if one.severity == "error"] == []
    assert event["agent"][0]["who"] == {
        "identifier": {"system": ACCOUNTS, "value": clerk.reference.split("/")[1]}
    }


ACTS: dict[str, Callable[[Actor], object]] = {
    "a call": lambda by: outcome.record(
        "amina", Outcome("no_answer", CONTACT), actor=by, at=AT, today=TODAY, key=str(uuid.uuid4())
    ),
    "a measurement": lambda by: measuring.keep(visit(), PRESSURE, actor=by, at=AT),
    "a visit": lambda by: signing.sign(visit(), PRESSURE, actor=by, at=AT),
}


@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS)
def test_what_care_is_made_of_needs_a_post(
    account: Account, act: Callable[[Actor], object]
) -> None:
    resident("amina")
    lead = actor("lead_nurse", account=account.pk, areas=frozenset())
    before = versions.last_sequence()

    with pytest.raises(NoPost, match="no post"):
        act(replace(lead, reference=accounts.reference_of(account)))
    assert versions.last_sequence() == before
    assert act(lead)


def test_of_several_that_are_created_together_only_the_unnameable_one_is_refused(
    clerk: Actor,
) -> None:
    def wished(id_: str, by: Actor) -> Creation:
        about = {"url": "http://qamqor.invalid/x", "valueReference": {"reference": clerk.reference}}
        resource = {"resourceType": "Patient", "id": id_, "extension": [about]}
        return Creation(Change("POST", "Patient", id_, resource), by, AT)

    asked = [wished("one", clerk), wished("other", CLERK)]
    found = node.commit(lambda tx: create_each(tx, asked))

    assert isinstance(found[0], NoPost)
    assert not isinstance(found[1], Exception)
    assert versions.read("Patient", "one") is None
    assert versions.read("Patient", "other") is not None


def test_what_is_there_may_name_an_account_from_older_days(clerk: Actor) -> None:
    old = {
        "resourceType": "Patient",
        "id": "old",
        "extension": [
            {"url": "http://qamqor.invalid/x", "valueReference": {"reference": clerk.reference}}
        ],
    }
    with pytest.raises(NoPost):
        save([Change("PUT", "Patient", "old", old)], actor=clerk, at=AT)
    save([Change("PUT", "Patient", "old", old)], actor=CLERK, at=AT)

    changed = {**old, "gender": "female"}
    assert save([Change("PUT", "Patient", "old", changed)], actor=clerk, at=AT)
