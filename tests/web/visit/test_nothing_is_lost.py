"""Lost connections, second windows, expired sessions, double clicks and colleagues at a visit."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings as django_settings
from playwright.sync_api import Browser, Page, Route, expect

from qamqor.store.mentions import of
from tests.browser import faults
from tests.pages import signed_in

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]


def opened(context: Any, url: str, who: str = "amina") -> Page:
    page: Page = context.new_page()
    page.goto(f"{url}/person/{who}/visit")
    return page


def kept(type_: str, who: str = "amina") -> list[str]:
    """Contents of everything of a type that was written at a visit."""
    listed = [str(one.content) for one in of(f"Patient/{who}") if one.type == type_]
    return [one for one in listed if "PractitionerRole/nurse" in one]


def test_what_is_typed_is_kept_on_leaving_a_field_and_every_five_seconds(
    village: None, live_server: Any, browser: Browser
) -> None:
    with signed_in(browser, live_server.url) as context:
        page = opened(context, live_server.url)
        page.locator("#id_goal").fill("Walk to the market")
        page.keyboard.press("Tab")
        expect(page.locator("#draft-state")).to_contain_text("Draft saved at")
        page.locator("#id_summary").press_sequentially("Tired")
        expect(page.locator("#draft-state")).to_contain_text("Not saved yet")
        expect(page.locator("#draft-state")).to_contain_text("Draft saved at")
        page.get_by_role("button", name="Put off").click()
        page.wait_for_url("**/today")

        page = opened(context, live_server.url)
        expect(page.locator("#id_goal")).to_have_value("Walk to the market")
        expect(page.locator("#id_summary")).to_have_value("Tired")


def test_without_a_connection_the_page_keeps_the_text_and_warns(
    village: None, live_server: Any, browser: Browser
) -> None:
    with signed_in(browser, live_server.url) as context:
        page = opened(context, live_server.url)
        context.set_offline(True)
        page.locator("#id_goal").fill("Walk to the market")
        page.keyboard.press("Tab")
        expect(page.locator("#draft-state")).to_contain_text("there is no connection")
        page.get_by_role("button", name="Sign the visit").click()
        expect(page.locator("#id_goal")).to_have_value("Walk to the market")
        asked: list[str] = []
        page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))
        with page.expect_event("dialog"):
            page.close(run_before_unload=True)
        assert asked == ["beforeunload"]

        context.set_offline(False)
        expect(page.locator("#draft-state")).to_contain_text("Draft saved at")
        page.get_by_role("button", name="Sign the visit").click()
        expect(page.get_by_role("heading", name="Visit signed")).to_be_visible()
        assert len(kept("Encounter")) == 1


def test_an_answer_that_never_came_is_asked_for_again_and_saved_once(
    village: None, live_server: Any, browser: Browser
) -> None:
    with signed_in(browser, live_server.url) as context:
        page = opened(context, live_server.url)

        def lose(route: Route) -> None:
            route.fetch()
            route.abort()

        page.route("**/visit/draft", lose, times=1)
        page.locator("#id_goal").fill("Walk to the market")
        page.keyboard.press("Tab")
        expect(page.locator("#draft-state")).to_contain_text("there is no connection")
        expect(page.locator("#draft-state")).to_contain_text("Draft saved at")
        page.get_by_role("button", name="Sign the visit").click()
        expect(page.get_by_role("heading", name="Visit signed")).to_be_visible()


def test_a_second_window_shows_both_versions_to_choose(
    village: None, live_server: Any, browser: Browser
) -> None:
    with signed_in(browser, live_server.url) as context:
        page = opened(context, live_server.url)
        page.locator("#id_goal").fill("Walk to the market")
        page.keyboard.press("Tab")
        expect(page.locator("#draft-state")).to_contain_text("Draft saved at")
        other = opened(context, live_server.url)
        other.locator("#id_goal").fill("Walk to the river")
        other.keyboard.press("Tab")
        expect(other.locator("#draft-state")).to_contain_text("Draft saved at")

        page.locator("#id_goal").fill("Walk to the hill")
        page.keyboard.press("Tab")
        expect(page.locator("#draft-state")).to_contain_text("went on in another window")
        page.get_by_role("button", name="Compare both").click()
        table = page.get_by_role("table")
        expect(table).to_contain_text("Walk to the hill")
        expect(table).to_contain_text("Walk to the river")
        assert faults(page) == []
        page.get_by_role("button", name="Go on with this page").click()
        expect(page.locator("#id_goal")).to_have_value("Walk to the hill")


def test_a_visit_signed_in_another_window_is_not_signed_over(
    village: None, live_server: Any, browser: Browser
) -> None:
    with signed_in(browser, live_server.url) as context:
        page = opened(context, live_server.url)
        page.locator("#id_goal").fill("Walk to the market")
        page.keyboard.press("Tab")
        expect(page.locator("#draft-state")).to_contain_text("Draft saved at")
        other = opened(context, live_server.url)
        expect(other.locator("#id_goal")).to_have_value("Walk to the market")
        other.get_by_role("button", name="Sign the visit").click()
        expect(other.get_by_role("heading", name="Visit signed")).to_be_visible()

        page.locator("#id_goal").fill("Walk to the hill")
        page.keyboard.press("Tab")
        expect(page.locator("#compare")).to_be_visible()
        page.locator("#compare").click()
        expect(page.get_by_text("signed or ended in another window")).to_be_visible()
        page.get_by_role("button", name="Go on with this page").click()
        expect(page.locator("#id_goal")).to_have_value("Walk to the hill")
        page.get_by_role("button", name="Sign the visit").click()
        expect(page.get_by_role("heading", name="Visit signed")).to_be_visible()
        assert len(kept("Encounter")) == 2


def test_an_expired_session_keeps_the_text_until_somebody_signs_in_again(
    village: None, live_server: Any, browser: Browser
) -> None:
    name = django_settings.SESSION_COOKIE_NAME
    with signed_in(browser, live_server.url) as context:
        page = opened(context, live_server.url)
        session = next(one for one in context.cookies() if one["name"] == name)
        context.clear_cookies(name=name)
        page.locator("#id_goal").fill("Walk to the market")
        page.keyboard.press("Tab")
        expect(page.locator("#draft-state")).to_contain_text("You were signed out")
        expect(page.locator("#sign-in-again")).to_be_visible()
        with page.expect_response(lambda one: one.request.method == "POST"):
            page.get_by_role("button", name="Sign the visit").click()
        expect(page.locator("#id_goal")).to_have_value("Walk to the market")

        # Signing in gives a new session and a new token against forged forms.
        context.clear_cookies(name=django_settings.CSRF_COOKIE_NAME)
        context.add_cookies([{"name": name, "value": session["value"], "url": live_server.url}])
        expect(page.locator("#draft-state")).to_contain_text("Draft saved at")
        page.get_by_role("button", name="Sign the visit").click()
        expect(page.get_by_role("heading", name="Visit signed")).to_be_visible()


def test_a_double_click_signs_once(village: None, live_server: Any, browser: Browser) -> None:
    with signed_in(browser, live_server.url) as context:
        page = opened(context, live_server.url)
        page.keyboard.type("1327872")
        page.get_by_role("button", name="Sign the visit").dblclick()
        expect(page.get_by_role("heading", name="Visit signed")).to_be_visible()
        page.go_back()
        page.get_by_role("button", name="Sign the visit").click()
        expect(page.get_by_role("alert")).to_contain_text("Nothing is written yet")
        assert [len(kept(one)) for one in ("Encounter", "Observation", "Provenance")] == [1, 2, 1]


def test_two_nurses_with_one_person_know_of_each_other_and_lose_nothing(
    village: None, live_server: Any, browser: Browser
) -> None:
    with (
        signed_in(browser, live_server.url) as first,
        signed_in(browser, live_server.url, role="gp") as second,
    ):
        one = opened(first, live_server.url)
        one.keyboard.type("13278")
        one.keyboard.press("Tab")
        expect(one.locator("#draft-state")).to_contain_text("Draft saved at")
        two = opened(second, live_server.url)
        expect(two.get_by_text("has a visit with this person open")).to_be_visible()
        expect(two.locator("#id_systolic")).to_have_value("")
        two.keyboard.type("12876")
        for page in (one, two):
            page.get_by_role("button", name="Sign the visit").click()
            expect(page.get_by_role("heading", name="Visit signed")).to_be_visible()
        assert [len(kept(one)) for one in ("Encounter", "Observation")] == [2, 2]


def test_a_signed_visit_can_be_taken_back(
    village: None, live_server: Any, browser: Browser
) -> None:
    with signed_in(browser, live_server.url) as context:
        page = opened(context, live_server.url)
        page.keyboard.type("1327872")
        page.get_by_role("button", name="Sign the visit").click()
        page.get_by_role("button", name="Take the visit back").click()
        expect(page.get_by_text("Taken back.")).to_be_visible()
        assert all("entered-in-error" in one for one in kept("Observation"))
