"""Who leads a team sees in a real browser that something is needed, and not what a label keeps."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from qamqor.engine.fhir import json_text
from qamqor.services.support import plans
from qamqor.services.support.plans import Wish
from qamqor.store.fhir import versions
from tests.browser import LANGUAGES, SIZES, faults
from tests.pages import signed_in
from tests.services.access.village import actor
from tests.services.access.village import patient as villager
from tests.services.test_derived import put
from tests.services.worklist.test_today import of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]
MASKED = {"kk": "Құпия қажеттілік", "ru": "Конфиденциальная потребность", "en": "Sensitive need"}
KEPT = ("psychological_support", "plan_review", "CarePlan/")


@pytest.fixture
def plan(village: None) -> None:
    """Plans under a label, agreed with Dana, who needs much else, and with Saule, who does not."""
    name = {"use": "official", "family": "Тасова", "given": ["Сауле"]}
    put(villager("saule", birthDate="2005-05-05", gender="female", name=[name]), attached("saule"))
    wish = Wish("Talks", "To sleep again", True, (), timezone.localdate(), "PSY")
    made_at = timezone.now()
    psychologist = actor("psychologist")
    for who in ("dana", "saule"):
        plans.make(who, wish, key=str(uuid.uuid4()), actor=psychologist, at=made_at)


def attached(who: str) -> dict[str, Any]:
    """That somebody belongs to the area, as ``resident`` keeps it."""
    found = versions.read("EpisodeOfCare", "attached-dana")
    assert found is not None
    return of(json_text.decode(found.content or ""), who) | {"id": f"attached-{who}"}


def tells_nothing(page: Page) -> None:
    """Nothing of the page says what is kept, not even what is not shown."""
    told = page.content()
    assert [
        word for word in KEPT if word in told.replace('value="psychological_support"', "")
    ] == []


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_list_panel_and_round_say_that_it_is_sensitive(
    plan: None, live_server: Any, browser: Browser, language: str, size: str
) -> None:
    with signed_in(
        browser, live_server.url, language=language, size=size, role="lead_nurse", post="lead"
    ) as context:
        page = context.new_page()
        page.goto(f"{live_server.url}/today")
        expect(page.locator("#line-saule")).to_contain_text(MASKED[language])
        expect(page.locator("#line-saule .q-button")).to_have_count(0)
        tells_nothing(page)
        assert faults(page) == []

        page.goto(f"{live_server.url}/today/dana")
        expect(page.locator("#panel")).to_contain_text(MASKED[language])
        tells_nothing(page)
        assert faults(page) == []

        page.goto(f"{live_server.url}/today/saule")
        expect(page.locator("#panel")).to_contain_text(MASKED[language])
        expect(page.locator("#panel form.q-outcome")).to_have_count(0)
        tells_nothing(page)
        assert faults(page) == []

        page.goto(f"{live_server.url}/round")
        expect(page.locator(".q-round__list")).to_contain_text(MASKED[language])
        tells_nothing(page)
        assert faults(page) == []


def test_the_filter_by_programme_finds_nobody_in_it(
    plan: None, live_server: Any, browser: Browser
) -> None:
    with signed_in(browser, live_server.url, role="lead_nurse", post="lead") as context:
        page = context.new_page()
        page.goto(f"{live_server.url}/today?programme=psychological_support")
        expect(page.locator("#line-dana")).to_have_count(0)
        assert set(page.locator("#tabs a b").all_inner_texts()) == {"0"}
        page.goto(f"{live_server.url}/today?programme=hypertension")
        expect(page.locator("#line-dana")).to_have_count(1)


def test_who_may_read_it_has_it_on_the_list_and_the_person_page(
    plan: None, live_server: Any, browser: Browser
) -> None:
    with signed_in(browser, live_server.url, role="psychologist", post="nurse") as context:
        page = context.new_page()
        page.goto(f"{live_server.url}/today")
        expect(page.locator("#line-saule")).to_contain_text("Look at the plan again")
        page.goto(f"{live_server.url}/person/dana")
        expect(page.locator("main")).to_contain_text("Look at the plan again")
    with signed_in(browser, live_server.url, role="lead_nurse", post="lead") as context:
        page = context.new_page()
        page.goto(f"{live_server.url}/person/dana")
        expect(page.locator("main")).not_to_contain_text("Look at the plan again")
        tells_nothing(page)
