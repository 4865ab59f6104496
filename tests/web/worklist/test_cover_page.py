"""Who is away reads who has their list, and sees on each row that it is handed on."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.conf import settings as django_settings
from django.test import Client
from django.utils import timezone, translation

from qamqor.services.worklist import cover
from qamqor.store.accounts import Account
from tests.services.access.village import actor
from tests.services.organisation import area
from tests.services.test_derived import put

pytestmark = pytest.mark.django_db(transaction=True)
ROLE = "practice_nurse"


@pytest.fixture
def away(village: None) -> None:
    """The nurse of the north is away for a week; the one of the south, Aigul, has her list."""
    area("north", roles={ROLE: "nurse"}, site="centre")
    area("south", roles={ROLE: "second"}, site="centre")
    name = {"family": "Омарова", "given": ["Айгүл"]}
    put(
        {"resourceType": "Practitioner", "id": "aigul", "name": [name]},
        {
            "resourceType": "PractitionerRole",
            "id": "second",
            "active": True,
            "practitioner": {"reference": "Practitioner/aigul"},
            "organization": {"reference": "Organization/south"},
        },
    )
    day = timezone.localdate()
    lead = actor("lead_nurse", areas=frozenset())
    days = {"from_on": day, "until": day + timedelta(days=7)}
    cover.put("nurse", "second", **days, actor=lead, as_of=day, at=timezone.now())


def today(post: str) -> str:
    """The list as somebody in this post reads it in English."""
    account = Account.objects.create_user(
        post, role=ROLE, practitioner_role_id=post, organization_id="centre", is_demo=True
    )
    client = Client()
    client.force_login(account, backend=django_settings.AUTHENTICATION_BACKENDS[0])
    session = client.session
    session["began"] = session["seen"] = timezone.now().timestamp()
    session.save()
    client.cookies[django_settings.LANGUAGE_COOKIE_NAME] = "en"
    answer = client.get("/today")
    translation.deactivate()
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_page_says_who_covers_and_each_row_that_it_is_handed_on(away: None) -> None:
    page = today("nurse")

    assert "You are away: your list is with Омарова Айгүл" in page
    assert page.count("meanwhile with Омарова Айгүл") == 3
    assert ">Invite<" not in page


def test_who_covers_has_the_people_as_their_own(away: None) -> None:
    page = today("second")

    assert "You cover for" in page
    assert "meanwhile with" not in page
    assert "You are away" not in page
    assert page.count('id="line-') == 3
    assert ">Invite<" in page
