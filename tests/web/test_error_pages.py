"""Error pages as people meet them: whole in every language, and each with a way on."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import include, path
from django.utils import timezone
from playwright.sync_api import Browser, expect

from qamqor.services.worklist import team
from qamqor.store.accounts import Account
from qamqor.web import errors
from qamqor.web.error_words import BY_CODE
from tests.browser import LANGUAGES, faults, new_context
from tests.pages import signed_in
from tests.services.test_derived import put

# Only tests have addresses that fail: a page of every code, and those around it.
SECRET = "Ахметова Айгүл 570512400123"


def of_code(request: HttpRequest, code: str, patient: str = "") -> HttpResponse:
    roles = frozenset({"lead_nurse", "head"}) if code == "access.other-role" else frozenset()
    return errors.page(request, code, reference="QM-12AB34", roles=roles, seconds=60)


def failing(request: HttpRequest) -> HttpResponse:
    raise ZeroDivisionError(SECRET)


def out_of_reach(request: HttpRequest) -> HttpResponse:
    raise OperationalError(SECRET)


urlpatterns = [
    path("of/<str:code>", of_code),
    path("of/about/<str:patient>/<str:code>", of_code),
    path("failing", failing),
    path("out-of-reach", out_of_reach),
    path("", include("qamqor.web.urls")),
]
handler400, handler404 = "qamqor.web.errors.bad_request", "qamqor.web.errors.not_found"
handler500 = "qamqor.web.errors.broken"
pytestmark = pytest.mark.urls(__name__)


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("language", "size"),
    [("kk", "narrow"), ("ru", "narrow"), ("en", "narrow"), ("kk", "phone"), ("ru", "desk")],
)
def test_every_error_page_is_whole_for_who_is_signed_in_and_who_is_not(
    village: None, live_server: Any, browser: Browser, language: str, size: str
) -> None:
    with signed_in(browser, live_server.url, language=language, size=size) as context:
        page = context.new_page()
        for code in BY_CODE:
            about = "about/dana/" if code == "not-there.of-a-person" else ""
            page.goto(f"{live_server.url}/of/{about}{code}")
            assert faults(page) == [], code
            assert page.locator(".q-buttons a").count() > 0, code
    with new_context(browser, language, size) as context:
        page = context.new_page()
        for code in ("not-there", "request.too-many", "unexpected", "unavailable"):
            page.goto(f"{live_server.url}/of/{code}")
            assert faults(page) == [], code


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_by_keyboard_alone_one_comes_from_a_closed_page_of_a_person_to_the_emergency_door(
    village: None, live_server: Any, browser: Browser
) -> None:
    with signed_in(browser, live_server.url) as context:
        page = context.new_page()
        answer = page.goto(f"{live_server.url}/person/far/history")
        assert answer is not None
        assert answer.status == 404
        expect(page.get_by_text("for 60 minutes with a reason")).to_be_visible()
        page.locator("main").focus()
        page.keyboard.press("Tab")
        expect(page.get_by_role("link", name="To this person's page")).to_be_focused()
        page.keyboard.press("Enter")
        page.wait_for_url("**/person/far")
        expect(page.get_by_label("Why must you open this record?")).to_be_visible()
    with signed_in(browser, live_server.url, role="social_worker") as context:
        page = context.new_page()
        page.goto(f"{live_server.url}/person/far")
        expect(page.get_by_text("can open the record with a reason: General")).to_be_visible()
        expect(page.locator("form[action$=open]")).to_have_count(0)
        assert faults(page) == []


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_who_is_signed_out_by_time_is_told_why_and_comes_back(
    village: None, live_server: Any, browser: Browser, settings: Any
) -> None:
    for language in LANGUAGES:
        settings.SESSION_IDLE_SECONDS = 30 * 60
        with signed_in(browser, live_server.url, language=language, size="narrow") as context:
            page = context.new_page()
            settings.SESSION_IDLE_SECONDS = -1
            page.goto(f"{live_server.url}/today")
            expect(page.get_by_role("status")).to_be_visible()
            assert faults(page) == []
            assert "next=%2Ftoday" in page.url


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_what_went_wrong_in_a_part_of_a_page_is_said_in_that_part(
    village: None, live_server: Any, browser: Browser
) -> None:
    with signed_in(browser, live_server.url) as context:
        page = context.new_page()
        page.goto(f"{live_server.url}/today")
        first = page.locator("[data-row]").first
        page.route(
            "**/today/*", lambda route: route.continue_(url=f"{live_server.url}/of/not-there")
        )
        first.click()
        expect(page.get_by_role("alert")).to_contain_text("Nothing to show here.")
        expect(page.locator("header.q-header")).to_have_count(1)
        assert faults(page) == []


@pytest.fixture
def nurse(village: None) -> Client:
    account = Account.objects.create_user(
        "nurse-e", role="practice_nurse", practitioner_role_id="nurse", organization_id="centre",
        is_demo=True,
    )  # fmt: skip
    client = Client(raise_request_exception=False, headers={"accept-language": "en"})
    client.force_login(account, backend=django_settings.AUTHENTICATION_BACKENDS[0])
    session = client.session
    session["began"] = session["seen"] = timezone.now().timestamp()
    session.save()
    return client


@pytest.mark.django_db
def test_a_bug_says_nothing_of_what_failed(nurse: Client) -> None:
    answer = nurse.get("/failing")
    text = answer.content.decode()

    assert answer.status_code == 500
    assert "QM-" in text
    assert 'href="/failing"' in text
    assert "Ахметова" not in text
    assert "ZeroDivision" not in text


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("address", "form", "status"),
    [
        pytest.param("/person/%00", None, 404, id="in the address of a page"),
        pytest.param("/today?place=%00", None, 400, id="in a question"),
        pytest.param("/find", {"text": "Ахметова\x00"}, 400, id="in a form"),
        pytest.param("/find", {"text": "Ахметова", "\x00": "1"}, 400, id="in the name of a field"),
    ],
)
def test_the_sign_nul_is_refused_before_any_database_meets_it(
    nurse: Client, address: str, form: dict[str, str] | None, status: int
) -> None:
    answer = nurse.get(address) if form is None else nurse.post(address, form)

    assert answer.status_code == status
    assert "QM-" not in answer.content.decode()


@pytest.mark.django_db
@pytest.mark.usefixtures("caplog")
def test_a_database_out_of_reach_is_said_and_when_to_try_again(nurse: Client) -> None:
    answer = nurse.get("/out-of-reach")

    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "30"
    assert "Ахметова" not in answer.content.decode()


@pytest.mark.django_db
def test_the_page_of_an_error_needs_no_database(
    nurse: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(request: HttpRequest, said: Any) -> dict[str, Any]:
        if request.user.is_authenticated:
            raise OperationalError
        return {"own_role": "", "may_break_glass": False, "openers": [], "ways": []}

    monkeypatch.setattr(errors, "_of_reader", gone)
    answer = nurse.get("/out-of-reach")

    assert answer.status_code == 503
    assert "The system does not answer just now." in answer.content.decode()


@pytest.mark.django_db
def test_a_form_beyond_the_limit_is_too_large(nurse: Client, settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
    answer = nurse.post("/person/dana/open", {"reason": "x" * 200})

    assert answer.status_code == 413
    assert "too large" in answer.content.decode()


@pytest.mark.django_db
def test_an_address_opened_in_the_wrong_way_leads_back_to_where_one_was(nurse: Client) -> None:
    headers = {"accept": "text/html", "referer": "http://testserver/today?tab=call"}
    answer = nurse.get("/person/dana/open", headers=headers)
    text = answer.content.decode()

    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")
    assert 'href="/today?tab=call"' in text
    for foreign in ("https://elsewhere.example/today", "http://testserver//elsewhere.example/"):
        answer = nurse.get("/person/dana/open", headers={**headers, "referer": foreign})
        assert "elsewhere" not in answer.content.decode()


@pytest.mark.django_db
def test_who_may_is_said_of_a_room_and_never_of_a_record(nurse: Client) -> None:
    put({"resourceType": "Patient", "id": "sholpan",
         "generalPractitioner": [{"reference": "Organization/south"}]})  # fmt: skip
    room = nurse.get("/team")
    there, nowhere = nurse.get("/person/sholpan/history"), nurse.get("/person/nobody/history")

    assert room.status_code == 403
    assert "Open to: Lead nurse, Head of site." in room.content.decode()
    assert "You are signed in as: Practice nurse." in room.content.decode()
    assert team.LEADING == ("lead_nurse", "head")
    assert there.status_code == nowhere.status_code == 404
    token = re.compile(r'(csrfmiddlewaretoken" value=")\w+')
    said = [
        token.sub("", answer.content.decode()).replace(who, "")
        for answer, who in ((there, "sholpan"), (nowhere, "nobody"))
    ]
    assert said[0] == said[1]


@pytest.mark.django_db
def test_too_many_attempts_say_when_to_try_again(client: Client) -> None:
    said = {"login": "nobody", "password": "wrong"}
    answers = [client.post("/accounts/login/", said) for _ in range(11)]

    assert answers[-1].status_code == 429
    assert answers[-1].headers["Retry-After"] == "60"


@pytest.mark.django_db
def test_a_form_sent_after_the_end_of_a_session_says_that_it_was_not_saved(
    nurse: Client, settings: Any
) -> None:
    settings.SESSION_IDLE_SECONDS = -1
    answer = nurse.post("/person/dana/open", {"reason": "x"})

    assert answer["Location"] == "/accounts/login/?ended=form"
    page = nurse.get(answer["Location"])
    assert "What you sent last was not saved." in page.content.decode()
