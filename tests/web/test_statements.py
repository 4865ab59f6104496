"""No page asks more of the database because more people live in the village."""

from __future__ import annotations

import re
import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import settings as django_settings
from django.test import Client
from django.utils import timezone

from qamqor.engine.fhir import json_text
from qamqor.services.referral import write
from qamqor.services.support import conference, plans
from qamqor.services.support.plans import Step
from qamqor.store.accounts import Account
from qamqor.store.fhir import versions
from tests.services.access.village import actor
from tests.services.organisation import area as team_of
from tests.services.test_derived import put
from tests.services.worklist.test_today import household, resident
from tests.statements import reads

PAGES = yaml.safe_load((Path(__file__).parents[2] / "tools/pictures.yaml").read_text())
MOST = 40
"""Statements that read, of the page that asks most."""
CONTACT = "hypertension/nurse_contact/"
pytestmark = pytest.mark.django_db(transaction=True)


def settle(*names: str) -> None:
    """More people of area `north`, of one name and home, each referred, helped and discussed."""
    day, now = timezone.localdate(), timezone.now()
    nurse = actor("practice_nurse", reference="PractitionerRole/nurse")
    wish = write.Wish("183519002", "urgent", "Organization/hospital", "Is the murmur new?")
    for who in names:
        resident(who, systolic=170)
        found = versions.read("Patient", who)
        assert found is not None
        said = {"use": "official", "family": "Тұрсынова", "given": ["Сара"]}
        address = [{"use": "home", "text": "ул. Абая, 3"}]
        put({**json_text.decode(found.content or ""), "name": [said], "address": address})
        write.send(who, wish, actor=nurse, at=now, key=str(uuid.uuid4()))
        plan = plans.Wish(
            title="Winter",
            goal="To stay warm",
            is_own=True,
            steps=(Step("Ask", "PractitionerRole/nurse", day + timedelta(days=7)),),
            review_on=day + timedelta(days=30),
        )
        plans.make(who, plan, key=str(uuid.uuid4()), actor=nurse, at=now)
        conference.bring(
            who, "Alone", label="", key=str(uuid.uuid4()), actor=nurse, at=now
        )  # fmt: skip
    household("amina", "bolat", *names)


def client_of(role: str) -> Client:
    client = Client()
    if not role:
        return client
    account = Account.objects.create_user(
        f"{role}-statements",
        role=role,
        practitioner_role_id="" if role == "registrar" else "nurse",
        organization_id="centre",
        is_demo=True,
    )
    client.force_login(account, backend=django_settings.AUTHENTICATION_BACKENDS[0])
    session = client.session
    session["began"] = session["seen"] = timezone.now().timestamp()
    session.save()
    return client


def counted(clients: dict[str, Client]) -> dict[str, int]:
    """Statements that read, of every page; each is asked for once before, to fill what is kept."""
    found = {}
    for one in PAGES:
        if "code" in one:
            continue
        path, client = one["path"].replace("{person}", "dana"), clients[one["role"]]
        client.get(path)
        with reads() as asked:
            answer = client.get(path)
        assert answer.status_code == one.get("status", 200), (
            f"{path} was answered {answer.status_code}"
        )
        found[one["name"]] = len(asked)
    return found


def test_every_page_asks_the_same_of_a_village_four_times_as_large(village: None) -> None:
    put({"resourceType": "Organization", "id": "hospital", "name": "Hospital"})
    settle("sara-1", "sara-2")
    clients: dict[str, Any] = {role: client_of(role) for role in {one["role"] for one in PAGES}}
    few = counted(clients)
    settle(*(f"sara-{number}" for number in range(3, 18)))
    many = counted(clients)

    grown = {name: (few[name], many[name]) for name in few if many[name] > few[name]}
    assert grown == {}
    assert {name: number for name, number in many.items() if number > MOST} == {}


def test_agreeing_and_booking_at_the_telephone_ask_little(village: None) -> None:
    team_of("north", roles={"practice_nurse": "nurse", "gp": "doctor"}, site="centre")
    client, day = client_of("practice_nurse"), timezone.localdate()
    asked: dict[str, list[int]] = {"outcome": [], "book": []}

    def post(who: str, step: str, said: dict[str, str]) -> str:
        key, more = str(uuid.uuid4()), {"actions": CONTACT, "onwards": "amina"}
        with reads() as found:
            answer = client.post(
                f"/today/{who}/{step}", {"key": key, **more, **said}, HTTP_HX_REQUEST="true"
            )
        assert answer.status_code == 200
        asked[step].append(len(found))
        return answer.content.decode()

    for who in ("dana", "bolat"):
        until = (day + timedelta(days=1)).isoformat()
        text = post(who, "outcome", {"outcome": "agreed", "medium": "phone", "until": until})
        (slot, *_others) = re.findall(r'name="slot" value="([^"]+)"', text)
        post(who, "book", {"slot": slot, "place": "clinic"})

    assert asked["outcome"][1] <= 24
    assert asked["book"][1] <= 25
