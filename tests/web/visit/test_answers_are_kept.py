"""The answers of a questionnaire are kept while they are given, and saved once."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.browser import LANGUAGES, faults
from tests.pages import signed_in
from tests.web.visit.test_nothing_is_lost import kept

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]


def opened(context: Any, url: str, path: str = "form") -> Page:
    page: Page = context.new_page()
    page.goto(f"{url}/person/amina/{path}/gad7")
    return page


def answers(page: Page, digits: str) -> None:
    page.locator("[data-question] input").first.focus()
    page.keyboard.type(digits)


def is_drafted(page: Page) -> None:
    expect(page.locator("#draft-state")).to_contain_text("Draft saved at")


def saves(page: Page) -> None:
    page.get_by_role("button", name="Save the answers").click()


@pytest.mark.parametrize("path", ["form", "needs/ask"])
def test_what_was_answered_is_there_on_coming_back_and_gone_after_saving(
    village: None, live_server: Any, browser: Browser, path: str
) -> None:
    with signed_in(browser, live_server.url, role="psychologist") as context:
        page = opened(context, live_server.url, path)
        answers(page, "123")
        is_drafted(page)
        page.goto(f"{live_server.url}/person/amina")
        page = opened(context, live_server.url, path)
        expect(page.locator("[data-question] input:checked")).to_have_count(3)
        page.locator("[data-question]").nth(3).locator("input").first.focus()
        page.keyboard.type("1111")
        saves(page)
        expect(page.get_by_text("Saved: ").first).to_be_visible()
        page = opened(context, live_server.url, path)
        expect(page.locator("[data-question] input:checked")).to_have_count(0)
        assert [len(kept(one)) for one in ("QuestionnaireResponse", "Observation")] == [1, 1]


def test_without_a_connection_the_answers_stay_and_the_page_warns(
    village: None, live_server: Any, browser: Browser
) -> None:
    with signed_in(browser, live_server.url) as context:
        page = opened(context, live_server.url)
        context.set_offline(True)
        answers(page, "1111111")
        expect(page.locator("#draft-state")).to_contain_text("there is no connection")
        saves(page)
        expect(page.locator("[data-question] input:checked")).to_have_count(7)
        asked: list[str] = []
        page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))
        with page.expect_event("dialog"):
            page.close(run_before_unload=True)
        assert asked == ["beforeunload"]
        context.set_offline(False)
        is_drafted(page)
        saves(page)
        expect(page.get_by_text("Saved: ").first).to_be_visible()
        assert len(kept("QuestionnaireResponse")) == 1


def test_an_answer_lost_on_the_way_saves_once_and_a_changed_one_amends(
    village: None, live_server: Any, browser: Browser
) -> None:
    with signed_in(browser, live_server.url) as context:
        page = opened(context, live_server.url)

        def lose(route: Route) -> None:
            route.fetch(max_redirects=0)
            route.abort()

        answers(page, "1111111")
        is_drafted(page)
        page.route("**/form/gad7", lose, times=1)
        saves(page)
        expect(page.get_by_role("alert").first).to_contain_text("the server does not answer")
        saves(page)
        expect(page.get_by_text("Saved: ").first).to_be_visible()
        assert [len(kept(one)) for one in ("QuestionnaireResponse", "Observation")] == [1, 1]

        page = opened(context, live_server.url)
        answers(page, "1111111")
        is_drafted(page)
        page.route("**/form/gad7", lose, times=1)
        saves(page)
        expect(page.get_by_role("alert").first).to_contain_text("the server does not answer")
        answers(page, "3")
        expect(page.locator("#compare")).to_be_visible()
        page.locator("#compare").click()
        expect(page.get_by_text("or were saved there")).to_be_visible()
        saves(page)
        expect(page.get_by_text("Saved: ").first).to_be_visible()
        assert [len(kept(one)) for one in ("QuestionnaireResponse", "Observation")] == [2, 2]
        assert sum('"amended"' in one for one in kept("QuestionnaireResponse")) == 1


@pytest.mark.parametrize("language", LANGUAGES)
def test_two_windows_show_both_answers(
    village: None, live_server: Any, browser: Browser, language: str
) -> None:
    with signed_in(browser, live_server.url, language=language) as context:
        page = opened(context, live_server.url)
        answers(page, "1")
        expect(page.locator("#draft-state")).to_have_attribute("data-version", "1")
        other = opened(context, live_server.url)
        answers(other, "2")
        expect(other.locator("#draft-state")).to_have_attribute("data-version", "2")
        answers(page, "3")
        page.locator("#compare").click()
        expect(page.locator(".q-table--stacked tbody tr")).to_have_count(1)
        assert faults(page) == []
        answers(page, "2333333")
        page.locator("#asked button.q-button--primary").click()
        page.wait_for_url("**/visit")
        assert len(kept("QuestionnaireResponse")) == 1


@pytest.mark.parametrize("path", ["form", "needs/ask"])
def test_what_is_not_answered_is_named_by_its_number(
    village: None, live_server: Any, browser: Browser, path: str
) -> None:
    with signed_in(browser, live_server.url, role="psychologist") as context:
        page = opened(context, live_server.url, path)
        answers(page, "12")
        saves(page)
        summary = page.locator(".nhsuk-error-summary")
        expect(summary).to_be_focused()
        expect(summary.locator("li")).to_have_count(5)
        expect(summary.locator("li").first).to_have_text(re.compile(r"3\. .+: \w+"))
