"""Every component, in three languages, on a desk, a phone and the narrowest screen."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from tests.browser import LANGUAGES, SIZES, faults, new_context

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_component_is_whole_and_reachable(
    live_server, browser: Browser, language: str, size: str
) -> None:
    with new_context(browser, language, size) as context:
        page = context.new_page()
        loud: list[str] = []
        page.on("console", lambda said: loud.append(said.text))
        page.goto(f"{live_server.url}/components")

        assert page.locator("html").get_attribute("lang") == language
        assert faults(page) == []
        assert loud == []


def test_what_is_wrong_is_said_first_and_has_the_focus(live_server, browser: Browser) -> None:
    with new_context(browser) as context:
        page = context.new_page()
        page.goto(f"{live_server.url}/components")

        expect(page.locator(":focus")).to_contain_text("There is a problem")
        page.get_by_role("link", name="Pulse is above the limit").click()
        expect(page.locator(":focus")).to_have_attribute("name", "wrong")


def test_a_password_can_be_shown_without_any_inline_script(live_server, browser: Browser) -> None:
    with new_context(browser) as context:
        page = context.new_page()
        page.goto(f"{live_server.url}/components")
        page.get_by_label("Password", exact=True).fill("seen")
        page.get_by_role("button", name="Show the password").click()

        expect(page.get_by_label("Password", exact=True)).to_have_attribute("type", "text")


def test_the_language_changes_with_one_press_and_stays(live_server, browser: Browser) -> None:
    with new_context(browser, "en") as context:
        page = context.new_page()
        page.goto(f"{live_server.url}/components")
        page.get_by_role("button", name="Қазақша").click()

        heading = page.get_by_role("heading", level=1)
        expect(heading).to_have_text("Бөлшектер және олардың күйлері")
        page.reload()
        assert page.locator("html").get_attribute("lang") == "kk"
