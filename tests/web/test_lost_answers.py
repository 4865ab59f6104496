"""Pages whose answer is lost, or whose reader was signed out: said, kept, and saved once."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.utils import timezone
from playwright.sync_api import Browser, Dialog, Page, Route, expect

from qamqor.engine.referral import State
from qamqor.services.booking import steps
from qamqor.services.referral import follow, write
from qamqor.services.referral.follow import Step
from qamqor.services.referral.write import Wish
from qamqor.store.fhir import versions
from tests.browser import LANGUAGES, faults
from tests.children import make_child
from tests.pages import signed_in
from tests.services.access.village import actor
from tests.services.organisation import area as team_of
from tests.services.test_derived import AT, put
from tests.web.vaccination.test_vaccination_pages import answer_yes, fill_batches

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]
DEAD = "the server does not answer"


def lose(route: Route) -> None:
    """The server does what it is asked, and the answer never comes."""
    route.fetch(max_redirects=0)
    route.abort()


def opened(context: Any, url: str, path: str) -> Page:
    page: Page = context.new_page()
    page.goto(f"{url}{path}")
    return page


def number(type_: str) -> int:
    return sum(one.content is not None for one in versions.current_of_type(type_))


def test_a_vaccination_is_given_once(village: None, live_server: Any, browser: Browser) -> None:
    make_child()
    with signed_in(browser, live_server.url) as context:
        page = opened(context, live_server.url, "/person/rayana/vaccinate")
        fill_batches(page)
        answer_yes(page)
        before, wanted = number("Immunization"), page.locator("input[name^=lot-]").count()
        page.route("**/vaccinate", lose, times=1)
        save = page.get_by_role("button", name="Save the vaccination")
        save.click()
        expect(page.get_by_role("alert")).to_contain_text(DEAD)
        expect(page.locator("#id_health")).to_be_checked()
        assert faults(page) == []
        save.click()
        expect(page.get_by_role("status").first).to_contain_text("Saved.")
        assert number("Immunization") == before + wanted


@pytest.mark.parametrize("language", LANGUAGES)
def test_who_was_signed_out_loses_no_vaccination(
    village: None, live_server: Any, browser: Browser, language: str
) -> None:
    make_child()
    name = django_settings.SESSION_COOKIE_NAME
    with signed_in(browser, live_server.url, language=language) as context:
        page = opened(context, live_server.url, "/person/rayana/vaccinate")
        fill_batches(page)
        page.locator("#id_identity").check()
        page.locator("#id_consent").check()
        page.locator("#id_health").check()
        session = next(one for one in context.cookies() if one["name"] == name)
        context.clear_cookies(name=name)
        save = page.locator(".q-footer button.q-button--primary")
        save.click()
        expect(page.get_by_role("alert").locator("a")).to_be_visible()
        expect(page.locator("#id_health")).to_be_checked()
        assert faults(page) == []
        # Signing in gives a new session and a new token against forged forms.
        context.add_cookies([{"name": name, "value": session["value"], "url": live_server.url}])
        context.clear_cookies(name=django_settings.CSRF_COOKIE_NAME)
        save.click()
        expect(page.locator(".q-message--done").first).to_be_visible()


def test_a_call_is_kept_once(village: None, live_server: Any, browser: Browser) -> None:
    name = django_settings.SESSION_COOKIE_NAME
    with signed_in(browser, live_server.url) as context:
        page = opened(context, live_server.url, "/today/dana")
        expect(page.locator("#panel h2")).to_be_visible()
        page.route("**/outcome?*", lose, times=1)
        page.keyboard.press("2")
        expect(page.get_by_role("alert")).to_contain_text(DEAD)
        session = next(one for one in context.cookies() if one["name"] == name)
        context.clear_cookies(name=name)
        page.keyboard.press("2")
        expect(page.get_by_role("alert")).to_contain_text("you were signed out")
        context.add_cookies([{"name": name, "value": session["value"], "url": live_server.url}])
        page.keyboard.press("2")
        expect(page.locator(".q-saved")).to_contain_text("Saved: no answer")
        assert number("Communication") == 1


def test_a_person_is_registered_once(village: None, live_server: Any, browser: Browser) -> None:
    with signed_in(browser, live_server.url) as context:
        page = opened(context, live_server.url, "/register")
        page.locator("#id_family").fill("Сейтқали")
        page.locator("#id_given").fill("Дана")
        before = number("Patient")
        page.route("**/register", lose, times=1)
        button = page.get_by_role("button", name="Register", exact=True)
        button.click()
        expect(page.get_by_role("alert")).to_contain_text(DEAD)
        expect(page.locator("#id_given")).to_have_value("Дана")
        button.click()
        page.wait_for_url("**/person/*/edit")
        assert number("Patient") == before + 1


def test_why_a_need_is_wrong_is_kept_until_it_arrives(
    village: None, live_server: Any, browser: Browser
) -> None:
    with signed_in(browser, live_server.url) as context:
        page = opened(context, live_server.url, "/person/dana")
        page.locator(".q-need__more summary").first.click()
        reason = page.locator(".q-wrong input[name=reason]").first
        reason.fill("measured at the district hospital")
        page.route("**/wrong", lambda route: route.abort(), times=1)
        page.locator(".q-wrong button").first.click()
        expect(page.get_by_role("alert")).to_contain_text(DEAD)
        expect(reason).to_have_value("measured at the district hospital")
        page.locator(".q-wrong button").first.click()
        expect(page.get_by_text("it is off the list")).to_be_visible()


BOOK = "/person/dana/book"
NURSE = actor("practice_nurse", reference="PractitionerRole/nurse")


@pytest.fixture
def team(village: None) -> None:
    """The village with a doctor beside its nurse, as who leads them sees it."""
    team_of("north", roles={"practice_nurse": "nurse", "gp": "doctor"}, site="centre")


def test_words_of_a_booking_stay_without_a_connection_and_are_booked_once(
    team: None, live_server: Any, browser: Browser
) -> None:
    with signed_in(browser, live_server.url) as context:
        page = opened(context, live_server.url, BOOK)
        page.locator("#id_note").fill("Comes with her daughter, hears badly.")
        before = number("Appointment")
        context.set_offline(True)
        slot = page.locator("#slots button").first
        slot.click()
        expect(page.get_by_role("alert")).to_contain_text(DEAD)
        expect(page.locator("#id_note")).to_have_value("Comes with her daughter, hears badly.")
        assert faults(page) == []
        context.set_offline(False)
        slot.click()
        page.wait_for_url("**/booking/*")
        expect(page.locator("main")).to_contain_text("hears badly")
        assert number("Appointment") == before + 1


def test_who_is_away_stays_without_a_connection(
    team: None, live_server: Any, browser: Browser
) -> None:
    with signed_in(browser, live_server.url, role="lead_nurse", post="lead") as context:
        page = opened(context, live_server.url, "/team")
        page.locator("summary", has_text="Somebody is away").click()
        page.locator("#id_until").fill("2999-01-01")
        page.route("**/team/cover", lambda route: route.abort(), times=1)
        page.get_by_role("button", name="Let them cover").click()
        expect(page.get_by_role("alert")).to_contain_text(DEAD)
        expect(page.locator("#id_until")).to_have_value("2999-01-01")


@pytest.mark.parametrize(
    ("path", "field", "typed"),
    [
        (BOOK, "#id_note", "Comes with her daughter."),
        ("/person/dana/edit", "#id_given", "Гүл"),
        ("/person/dana/needs", "textarea[name=text]", "Lives alone."),
        ("/register", "#id_family", "Сейтқали"),
    ],
)
def test_a_page_with_words_that_are_not_saved_is_not_left_unasked(
    team: None, live_server: Any, browser: Browser, path: str, field: str, typed: str
) -> None:
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    with signed_in(browser, live_server.url) as context:
        page = opened(context, live_server.url, path)
        page.on("dialog", stay)
        page.locator(field).first.fill(typed)
        page.locator("header").get_by_role("link", name="Today").click()
        page.wait_for_function("() => true")
        expect(page.locator(field).first).to_have_value(typed)
        assert asked == ["beforeunload"]
        # Nothing typed, nothing asked.
        page.locator(field).first.evaluate("e => { e.value = e.defaultValue }")
        page.locator("header").get_by_role("link", name="Today").click()
        page.wait_for_url("**/today")
        assert asked == ["beforeunload"]


def test_what_was_refused_is_asked_about_too_and_who_means_to_go_is_not(
    team: None, live_server: Any, browser: Browser
) -> None:
    asked: list[str] = []
    with signed_in(browser, live_server.url) as context:
        page = opened(context, live_server.url, BOOK)
        page.locator("#id_note").fill("Comes with her daughter.")
        page.locator("#id_day").fill("2020-01-01")
        page.get_by_role("button", name="Book", exact=True).click()
        expect(page.get_by_role("alert")).to_contain_text("today or later")
        page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))
        page.locator("header").get_by_role("link", name="Today").click()
        expect(page.locator("#id_note")).to_have_value("Comes with her daughter.")
        assert asked == ["beforeunload"]
        page.get_by_role("link", name="Without booking").click()
        page.wait_for_url("**/person/dana")
        assert asked == ["beforeunload"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_reply_somebody_else_was_quicker_with_stays_and_may_be_saved_over(
    village: None, live_server: Any, browser: Browser, language: str
) -> None:
    put({"resourceType": "Organization", "id": "hospital", "name": "Аудандық аурухана"})
    wish = Wish("183519002", "urgent", "Organization/hospital", "Is the murmur new?")
    id_ = write.send("amina", wish, actor=NURSE, at=AT, key="9c5b94b1-35ad-49bb-b118-8e8fc24abf80")
    with signed_in(browser, live_server.url, language=language) as context:
        page = opened(context, live_server.url, f"/referrals/{id_}")
        form = page.locator("form", has=page.locator("input[name=to][value=replied]"))
        page.locator("details", has=form).locator("summary").click()
        form.locator("textarea").fill("The murmur is old.")
        seen = Step(State.seen, 1, timezone.localdate())
        follow.take(id_, seen, actor=NURSE, at=timezone.now(), key=str(uuid.uuid4()))
        form.locator("button").click()
        said = form.get_by_role("alert")
        expect(said).to_be_focused()
        expect(said.locator("[data-anew]")).to_have_attribute(
            "href", f"{live_server.url}/referrals/{id_}"
        )
        expect(form.locator("textarea")).to_have_value("The murmur is old.")
        assert faults(page) == []
        form.locator("button").click()
        expect(page.get_by_role("status")).to_be_visible()
        expect(page.locator("main")).to_contain_text("The murmur is old.")


def test_a_booking_that_was_cancelled_meanwhile_keeps_the_words_of_who_moves_it(
    team: None, live_server: Any, browser: Browser
) -> None:
    with signed_in(browser, live_server.url) as context:
        page = opened(context, live_server.url, BOOK)
        page.locator("#slots button").first.click()
        page.wait_for_url("**/booking/*")
        page.locator("#id_note").fill("Comes with her daughter.")
        id_ = page.url.rsplit("/", 1)[1]
        steps.take(id_, "cancelled", seen=1, reason="person_cannot", actor=NURSE, at=timezone.now())
        page.get_by_role("button", name="Move").click()
        expect(page.get_by_role("alert")).to_contain_text("What you typed stays on this page.")
        expect(page.locator("#id_note")).to_have_value("Comes with her daughter.")


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_could_not_be_loaded_is_said_in_its_place(
    team: None, live_server: Any, browser: Browser, language: str
) -> None:
    name = django_settings.SESSION_COOKIE_NAME
    with signed_in(browser, live_server.url, language=language) as context:
        page = opened(context, live_server.url, "/today/dana")
        heading = page.locator("#panel h2")
        expect(heading).to_be_visible()
        before = heading.inner_text()
        context.set_offline(True)
        page.locator("#row-amina").click()
        said = page.locator("#panel").get_by_role("alert")
        expect(said).to_be_visible()
        expect(heading).to_have_text(before)
        assert faults(page) == []
        context.set_offline(False)
        page.locator("#row-amina").click()
        expect(heading).not_to_have_text(before)
        expect(page.get_by_role("alert")).to_have_count(0)
        context.clear_cookies(name=name)
        page.locator("#row-dana").click()
        expect(said.locator("a")).to_have_attribute("href", "/accounts/login/")


def test_free_times_that_were_not_loaded_are_not_taken_for_new_ones(
    team: None, live_server: Any, browser: Browser
) -> None:
    with signed_in(browser, live_server.url) as context:
        page = opened(context, live_server.url, BOOK)
        context.set_offline(True)
        page.locator("#id_worker").select_option(index=1)
        expect(page.locator("#times").get_by_role("alert")).to_contain_text("from before")
        context.set_offline(False)
        page.locator("#id_worker").select_option(index=0)
        expect(page.get_by_role("alert")).to_have_count(0)


def test_a_search_without_a_connection_says_so(
    village: None, live_server: Any, browser: Browser
) -> None:
    with signed_in(browser, live_server.url) as context:
        page = opened(context, live_server.url, "/find")
        context.set_offline(True)
        page.locator("#find").fill("Ахметова")
        expect(page.get_by_role("alert")).to_contain_text("Not loaded")
        context.set_offline(False)
        page.locator("#find").fill("Ахмет")
        expect(page.locator("#found [data-found]")).to_have_count(1)
        expect(page.get_by_role("alert")).to_have_count(0)
