"""A questionnaire in a real browser: a digit an answer, urgent answers at once, the same score."""

from __future__ import annotations

import random
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from qamqor.services import forms
from tests.browser import LANGUAGES, SIZES, faults
from tests.pages import signed_in

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]


def opened(context: Any, url: str, form: str) -> Page:
    page: Page = context.new_page()
    page.goto(f"{url}/person/amina/form/{form}")
    return page


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_questionnaire_is_whole(
    village: None, live_server: Any, browser: Browser, language: str, size: str
) -> None:
    with signed_in(browser, live_server.url, language=language, size=size) as context:
        for form in ("phq9", "audit", "social_needs", "findrisc", "gad7"):
            assert faults(opened(context, live_server.url, form)) == [], form
        page = opened(context, live_server.url, "phq9")
        page.locator("#phq9-self_harm-several_days").check()
        page.locator("form[method=post] button.q-button--primary").click()
        expect(page.locator(".nhsuk-error-summary")).to_be_visible()
        assert faults(page) == []


def test_the_head_says_who_is_asked(village: None, live_server: Any, browser: Browser) -> None:
    """Answers of one namesake must not be kept for another."""
    with signed_in(browser, live_server.url, language="ru") as context:
        head = opened(context, live_server.url, "phq9").locator(".q-bar")
        expect(head).to_contain_text("лет")
        expect(head).to_contain_text("ИИН")


def test_a_digit_is_the_points_of_an_answer_as_on_the_paper_form(
    village: None, live_server: Any, browser: Browser
) -> None:
    with signed_in(browser, live_server.url) as context:
        page = opened(context, live_server.url, "phq9")
        page.locator("#phq9-interest-not_at_all").focus()
        page.keyboard.type("333333333")
        expect(page.locator("[data-score]")).to_contain_text("27: ")
        page = opened(context, live_server.url, "social_needs")
        first = page.locator("[data-question]").first
        expect(first.locator("kbd").first).to_have_text("1")


def test_nine_digits_answer_nine_questions(
    village: None, live_server: Any, browser: Browser
) -> None:
    with signed_in(browser, live_server.url) as context:
        page = opened(context, live_server.url, "phq9")
        page.locator("#phq9-interest-not_at_all").focus()
        page.keyboard.type("011120000")
        expect(page.locator("[data-score]")).to_have_text("5: Mild")
        page.get_by_role("button", name="Save the answers").click()
        expect(page.get_by_text("Saved: Patient health questionnaire")).to_be_visible()
        expect(page.locator("#step-ask + ul")).to_contain_text("was 5: mild")


def test_an_urgent_answer_is_said_at_once(
    village: None, live_server: Any, browser: Browser
) -> None:
    with signed_in(browser, live_server.url) as context:
        page = opened(context, live_server.url, "phq9")
        alert = page.locator("#phq9-self_harm [role=alert]")
        expect(alert).to_be_hidden()
        page.locator("#phq9-self_harm-several_days").check()
        expect(alert).to_contain_text("before the person leaves")
        page.locator("#phq9-self_harm-not_at_all").check()
        expect(alert).to_be_hidden()


@pytest.mark.parametrize("form", ["audit", "phq9", "social_needs", "findrisc"])
def test_the_script_shows_and_counts_what_the_engine_does(
    village: None, live_server: Any, browser: Browser, form: str
) -> None:
    drawn = random.Random(form)
    known = forms.form(form)
    with signed_in(browser, live_server.url) as context:
        page = opened(context, live_server.url, form)
        typed: dict[str, str] = {}
        for _ in range(60):
            one = drawn.choice(known.questions)
            values = ["true", "false"] if one.kind == "boolean" else [o.code for o in one.options]
            typed[one.id] = drawn.choice(values)
            page.evaluate(
                "id => document.getElementById(id).click()", f"{form}-{one.id}-{typed[one.id]}"
            )
            # Hidden questions are clicked too: what nobody is asked must count nothing.
            found = forms.asked(known, typed)
            shown = page.evaluate(
                "[...document.querySelectorAll('[data-question]')]"
                ".filter(q => !q.hidden).map(q => q.dataset.question)"
            )
            assert shown == list(found.shown)
            if known.score_code:
                said = page.locator("[data-score]").inner_text()
                total = found.score.total
                assert said.split(":")[0] == (
                    "not all answered yet" if total is None else str(total)
                )


def test_without_scripts_what_is_missing_is_said(
    village: None, live_server: Any, browser: Browser
) -> None:
    with signed_in(browser, live_server.url) as with_session:
        cookies = with_session.cookies()
    context = browser.new_context(java_script_enabled=False, locale="en")
    context.add_cookies(cookies)
    page = opened(context, live_server.url, "gad7")
    page.get_by_role("button", name="Save the answers").click()
    expect(page.get_by_role("alert").first).to_contain_text("Not answered yet.")
    context.close()
