"""Journeys of a vaccination."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.children import make_child
from tests.journeys.counting import walked
from tests.pages import signed_in

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]


def test_a_vaccination_without_exceptions(
    village: None, live_server: Any, browser: Browser
) -> None:
    for who in ("rayana", "saniya"):
        make_child(who=who)
    with signed_in(browser, live_server.url) as context:
        page = context.new_page()
        page.goto(f"{live_server.url}/person/rayana/vaccinate")
        for lot in page.locator("input[name^=lot-]").all():
            lot.fill("MM-3310")
        for day in page.locator("input[name^=expires-]").all():
            day.fill("01.2031")
        page.locator("#id_identity").check()
        page.locator("#id_consent").check()
        page.locator("#id_health").check()
        page.get_by_role("button", name="Save the vaccination").click()
        expect(page.get_by_role("status")).to_contain_text("Saved.")

        page.goto(f"{live_server.url}/person/saniya/vaccinate")
        with walked("vaccination", page) as journey:
            journey.decide("who it is")
            journey.click(page.locator("#id_identity"))
            journey.click(page.locator("#id_consent"))
            journey.decide("what the parents answer")
            journey.click(page.locator("#id_health"))
            journey.click(page.get_by_role("button", name="Save the vaccination"))
            expect(page.get_by_role("status")).to_contain_text("Saved.")
