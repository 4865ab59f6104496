"""Passkeys in a real browser with a virtual device, and the pages of an account, all of them."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from qamqor.services import accounts
from qamqor.services.accounts import NewAccount
from tests.browser import LANGUAGES, SIZES, faults, new_context

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PASSWORD = "four plain words here"
PAGES = (
    "/accounts/",
    "/accounts/2/",
    "/accounts/2/app/",
    "/accounts/2/passkeys/add/",
    "/accounts/password/",
    "/accounts/sessions/",
    "/accounts/help/",
    "/accounts/logout/",
    "/applications/",
    "/nowhere",
)


@pytest.fixture(autouse=True)
def nurse() -> None:
    name = "Сәрсенбаева Назгүл Серікқызы"
    accounts.create(NewAccount("nazgul", "practice_nurse", name=name, password=PASSWORD))


def with_device(context: BrowserContext, page: Page) -> None:
    """A device that keeps passkeys and always says that its owner is there."""
    devtools = context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def sign_in(page: Page, url: str) -> None:
    page.goto(f"{url}/accounts/login/")
    page.locator("[name=login]").fill("nazgul")
    page.locator("[name=password]").fill(PASSWORD)
    page.locator("main form button[type=submit]").first.click()
    page.wait_for_url("**/accounts/**")


def test_a_passkey_signs_in_alone(live_server, browser: Browser) -> None:
    with new_context(browser) as context:
        page = context.new_page()
        with_device(context, page)
        sign_in(page, live_server.url)
        page.goto(f"{live_server.url}/accounts/2/passkeys/add/")
        page.get_by_label("Name of the passkey").fill("room 7")
        page.get_by_role("button", name="Add a passkey").click()
        page.get_by_role("heading", name="Recovery codes").wait_for()
        page.goto(f"{live_server.url}/accounts/2/passkeys/")
        assert "room 7" in page.inner_text("main")
        page.goto(f"{live_server.url}/accounts/logout/")
        with page.expect_navigation():
            page.locator("main").get_by_role("button", name="Sign out").click()
        page.goto(f"{live_server.url}/accounts/login/")
        page.get_by_role("button", name="Sign in with a passkey").click()
        page.wait_for_url("**/today")


def test_a_password_and_a_passkey_sign_in_together(live_server, browser: Browser) -> None:
    with new_context(browser) as context:
        page = context.new_page()
        with_device(context, page)
        sign_in(page, live_server.url)
        page.goto(f"{live_server.url}/accounts/2/passkeys/add/")
        page.get_by_role("button", name="Add a passkey").click()
        page.get_by_role("heading", name="Recovery codes").wait_for()
        context.clear_cookies()
        sign_in(page, live_server.url)
        assert page.inner_text("h1") == "Second step"
        assert faults(page) == []
        page.get_by_role("button", name="Sign in with a passkey").click()
        page.wait_for_url("**/today")


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_pages_of_an_account_are_whole_and_reachable(
    live_server, browser: Browser, language: str, size: str
) -> None:
    with new_context(browser, language, size) as context:
        page = context.new_page()
        page.goto(f"{live_server.url}/accounts/login/")
        assert faults(page) == []
        page.locator("[name=login]").fill("nazgul")
        page.locator("[name=password]").fill("wrong")
        page.locator("main form button[type=submit]").first.click()
        page.locator(".nhsuk-error-summary").wait_for()
        assert faults(page) == []
        sign_in(page, live_server.url)
        for address in PAGES:
            page.goto(f"{live_server.url}{address}")
            assert faults(page) == [], address
