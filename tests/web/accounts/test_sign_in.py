"""Signing in: a password and a second step, limits, and leaving."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from allauth.mfa.totp.internal.auth import (
    format_hotp_value,
    hotp_value,
    yield_hotp_counters_from_time,
)
from django.conf import settings
from django.core.cache import cache
from django.test import Client
from django.utils import timezone
from oauth2_provider.models import AccessToken

from qamqor.errors import NotPossible
from qamqor.services import accounts
from qamqor.services.access.actor import PLATFORM
from qamqor.services.accounts import NewAccount
from qamqor.services.fhir import write
from qamqor.store.accounts import Account
from tests import tokens

pytestmark = pytest.mark.django_db
PASSWORD = "four plain words here"


@pytest.fixture(autouse=True)
def _no_attempts_yet() -> None:
    cache.clear()


@pytest.fixture
def nurse() -> Account:
    made, _ = accounts.create(NewAccount("nazgul", "practice_nurse", password=PASSWORD))
    return made


def sign_in(client: Client, name: str = "nazgul", password: str = PASSWORD, **headers: str):
    said = {"login": name, "password": password}
    return client.post("/accounts/login/", said, headers=headers or {"accept-language": "en"})


def code_of(secret: str) -> str:
    """What an authenticator app shows now."""
    return format_hotp_value(hotp_value(secret, next(yield_hotp_counters_from_time())))


def with_app(client: Client) -> str:
    """Set up an authenticator app as a person does; returns its secret."""
    page = client.get("/accounts/2/app/").content.decode()
    secret = page.split('<code id="secret">')[1].split("<")[0]
    answer = client.post("/accounts/2/app/", {"code": code_of(secret)})
    assert answer["Location"] == "/accounts/2/codes/"
    return secret


def test_staff_see_nothing_before_a_second_step_is_set_up(client: Client, nurse: Account) -> None:
    sign_in(client)

    assert client.get("/components")["Location"] == "/accounts/2/"
    with_app(client)
    assert client.get("/components").status_code == 200


def test_the_second_step_is_asked_for_at_each_sign_in(client: Client, nurse: Account) -> None:
    sign_in(client)
    secret = with_app(client)
    client.post("/accounts/logout/")
    cache.clear()

    assert sign_in(client)["Location"] == "/accounts/2/check/"
    assert client.get("/components").status_code == 200  # open to everyone
    assert client.get("/accounts/")["Location"].startswith("/accounts/login/")
    wrong = client.post("/accounts/2/check/", {"code": "000000"})
    assert "not right or was used already" in wrong.content.decode()
    assert client.post("/accounts/2/check/", {"code": code_of(secret)})["Location"] == "/"
    assert client.get("/accounts/").status_code == 200


def test_a_recovery_code_works_once(client: Client, nurse: Account) -> None:
    sign_in(client)
    with_app(client)
    page = client.get("/accounts/2/codes/").content.decode()
    code = page.split('q-codes"><li>')[1].split("<")[0]
    for works in (True, False):
        client.post("/accounts/logout/")
        sign_in(client)
        answer = client.post("/accounts/2/check/", {"code": code})
        assert (answer.status_code == 302) is works


def test_the_secret_of_an_app_is_not_stored_as_it_is(client: Client, nurse: Account) -> None:
    sign_in(client)
    secret = with_app(client)

    assert secret not in str(list(nurse.authenticator_set.values_list("data", flat=True)))


def test_the_last_second_step_cannot_be_removed(client: Client, nurse: Account) -> None:
    sign_in(client)
    with_app(client)

    page = client.get("/accounts/2/app/remove/").content.decode()
    assert "Add another one first" in page
    client.post("/accounts/2/app/remove/")
    assert nurse.authenticator_set.filter(type="totp").exists()


def test_a_wrong_password_and_an_unknown_name_are_told_the_same(
    client: Client, nurse: Account
) -> None:
    pages = [
        sign_in(client, name, "wrong").content.decode().replace(name, "")
        for name in ("nazgul", "nobody")
    ]

    said = "The name or the password is not right"
    assert [said in page for page in pages] == [True, True]


def test_after_ten_wrong_passwords_in_a_minute_an_account_must_wait(
    client: Client, nurse: Account
) -> None:
    answers = [sign_in(client, password="wrong") for _ in range(11)]

    assert [a.status_code for a in answers] == [200] * 10 + [429]
    assert answers[-1]["Retry-After"] == "60"
    assert "Too many attempts" in answers[-1].content.decode()
    assert sign_in(client).status_code == 429


def test_one_address_may_try_a_hundred_times_a_minute(client: Client) -> None:
    for number in range(100):
        assert sign_in(client, f"nobody-{number // 5}", "wrong").status_code == 200
    assert sign_in(client, "nobody-x", "wrong").status_code == 429


def test_nobody_signs_up(client: Client) -> None:
    client.post("/accounts/signup/", {"username": "me", "password1": PASSWORD})

    assert not Account.objects.filter(username="me").exists()


@pytest.mark.parametrize("password", ["short", "password123", "nazgul-123"])
def test_short_common_and_telling_passwords_are_refused(password: str) -> None:
    with pytest.raises(NotPossible):
        accounts.create(NewAccount("nazgul", "practice_nurse", password=password))


def test_an_open_desk_is_locked_after_half_an_hour(client: Client, nurse: Account) -> None:
    sign_in(client)
    with_app(client)
    session = client.session
    session["seen"] = session["seen"] - 31 * 60
    session.save()

    assert client.get("/accounts/")["Location"] == "/accounts/login/?ended=page&next=%2Faccounts%2F"
    assert client.get("/accounts/").status_code == 302


def test_no_session_outlives_a_shift(client: Client, nurse: Account) -> None:
    sign_in(client)
    with_app(client)
    session = client.session
    session["began"] = session["began"] - 13 * 3600
    session.save()

    assert client.get("/accounts/").status_code == 302


def test_who_leaves_is_out_at_once_with_every_session_and_token(
    client: Client, nurse: Account
) -> None:
    sign_in(client)
    with_app(client)
    tokens.token("user/*.rs", account=nurse)
    accounts.deactivate("nazgul", at=datetime.now(UTC))

    assert client.get("/accounts/").status_code == 302
    assert not AccessToken.objects.filter(user=nurse).exists()
    assert sign_in(client).status_code != 302 or "check" not in sign_in(client)["Location"]


@pytest.mark.parametrize("ending", ["period", "active", "delete"])
def test_a_post_that_ends_takes_its_accounts_along(client: Client, ending: str) -> None:
    post = {"resourceType": "PractitionerRole", "id": "post"}
    now = timezone.now()
    write.save([write.Change("PUT", "PractitionerRole", "post", post)], actor=PLATFORM, at=now)
    made, _ = accounts.create(
        NewAccount("gulnar", "gp", practitioner_role="post", password=PASSWORD)
    )
    sign_in(client, "gulnar")
    tokens.token("user/*.rs", account=made)
    over = (now - timedelta(days=1)).date().isoformat()
    change = {
        "period": write.Change(
            "PUT", "PractitionerRole", "post", {**post, "period": {"end": over}}
        ),
        "active": write.Change("PUT", "PractitionerRole", "post", {**post, "active": False}),
        "delete": write.Change("DELETE", "PractitionerRole", "post"),
    }[ending]
    write.save([change], actor=PLATFORM, at=now)

    assert not Account.objects.get(pk=made.pk).is_active
    assert not AccessToken.objects.filter(user=made).exists()
    assert client.get("/accounts/").status_code == 302


def test_a_lost_phone_means_a_new_password_and_no_old_second_step(
    client: Client, nurse: Account
) -> None:
    sign_in(client)
    with_app(client)
    password = accounts.new_password("nazgul", at=datetime.now(UTC))

    assert client.get("/accounts/").status_code == 302
    assert not nurse.authenticator_set.exists()
    assert sign_in(client, password=password)["Location"] == "/"


def test_other_places_can_be_signed_out_from_here(client: Client, nurse: Account) -> None:
    sign_in(client)
    secret = with_app(client)
    cache.clear()
    elsewhere = Client()
    sign_in(elsewhere)
    elsewhere.post("/accounts/2/check/", {"code": code_of(secret)})
    assert elsewhere.get("/accounts/").status_code == 200

    client.post("/accounts/sessions/")
    assert elsewhere.get("/accounts/").status_code == 302
    assert client.get("/accounts/").status_code == 200


def test_signing_in_and_failing_to_are_kept_in_the_audit(client: Client, nurse: Account) -> None:
    from django.db import connection

    sign_in(client, password="wrong")
    sign_in(client)
    client.post("/accounts/logout/")
    with connection.cursor() as cursor:
        cursor.execute("select action, outcome from audit_entry order by number")
        kept = cursor.fetchall()

    assert kept == [("sign_in", "refused"), ("sign_in", "ok"), ("sign_out", "ok")]


def test_the_roles_of_the_demo_exist_in_the_demo_only(client: Client) -> None:
    accounts.create(NewAccount("demo-gp", "gp", password=PASSWORD, is_demo=True))

    assert client.post("/accounts/demo/", {"username": "demo-gp"}).status_code == 404
    assert "demo-gp" not in client.get("/accounts/login/").content.decode()


def test_cookies_cannot_be_read_by_scripts_nor_sent_from_elsewhere(
    client: Client, nurse: Account
) -> None:
    sign_in(client)
    cookie = client.cookies["qamqor_session"]

    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert not cookie["expires"]


@pytest.mark.parametrize(
    ("language", "lines"),
    [
        ("ru", ["Рабочая почта или имя пользователя: Заполните это поле.", "Пароль: Заполните"]),
        ("en", ["Work email or user name: This field is required.", "Password: This field"]),
    ],
)
def test_an_empty_form_says_which_fields_are_empty(
    client: Client, language: str, lines: list[str]
) -> None:
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = language
    page = client.post("/accounts/login/", {"login": "", "password": ""}).content.decode()
    for line in lines:
        assert line in page
