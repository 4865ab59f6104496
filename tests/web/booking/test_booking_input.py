"""What forms and addresses of bookings are given by mistake is refused, and said plainly."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.test import Client
from django.utils import timezone

from qamqor.services.booking import reading
from qamqor.store.accounts import Account
from tests.services.organisation import area as team_of

pytestmark = pytest.mark.django_db
PLAIN = "PractitionerRole/nurse"


@pytest.fixture
def nurse(village: None) -> Client:
    """A nurse of the village who is signed in; what fails in a page answers 500."""
    team_of("north", roles={"practice_nurse": "nurse", "gp": "doctor"}, site="centre")
    account = Account.objects.create_user(
        "nurse-b", role="practice_nurse", practitioner_role_id="nurse", organization_id="centre",
        is_demo=True,
    )  # fmt: skip
    client = Client(raise_request_exception=False, headers={"accept-language": "en"})
    client.force_login(account, backend=django_settings.AUTHENTICATION_BACKENDS[0])
    session = client.session
    session["began"] = session["seen"] = timezone.now().timestamp()
    session.save()
    return client


def said(**other: Any) -> dict[str, Any]:
    day = timezone.localdate() + timedelta(days=1)
    return {
        "key": str(uuid.uuid4()), "day": f"{day}", "time": "morning", "worker": PLAIN,
        "length": "20", "place": "clinic", **other,
    }  # fmt: skip


WRONG: list[Mapping[str, Any]] = [
    {"day": ""},
    {"day": "0001-01-01"},
    {"day": "9999-12-31"},
    {"day": "9999-12-31", "time": "10:00"},
    {"day": "2026-02-30"},
    {"day": "2026-12-01x"},
    {"time": ""},
    {"time": "25:00"},
    {"slot": "9999-12-31T23:50"},
    {"slot": "0001-01-01T00:00"},
    {"slot": "2020-01-01T10:00"},
    {"slot": "tomorrow"},
    {"key": ""},
    {"key": "one"},
    {"worker": ""},
    {"worker": "PractitionerRole/outside"},
    {"worker": "Patient/amina"},
    {"length": "0"},
    {"length": "-5"},
    {"length": "100000000000"},
    {"length": "²"},
    {"place": "moon"},
    {"place": ""},
    {"room": "x" * 61},
    {"note": "x" * 501},
    {"actions": "none/such/one"},
    {"version": "first"},
]


@pytest.mark.parametrize("wrong", WRONG, ids=str)
def test_what_cannot_be_a_booking_is_refused_and_said(
    nurse: Client, wrong: Mapping[str, Any]
) -> None:
    answer = nurse.post("/person/amina/book", said(**wrong))

    assert answer.status_code == 422
    assert reading.of_person("amina") == []


ADDRESSES = [
    "/bookings?day=9999-12-31",
    "/bookings?day=0001-01-01",
    "/bookings?day=9999-12-31&with=team",
    "/bookings?day=tomorrow&with=nobody",
    "/bookings?with=PractitionerRole/outside",
    "/person/amina/book?day=9999-12-31&length=999&worker=none",
    "/person/amina/book?day=0001-01-01&length=0",
    "/person/amina/book/times?day=9999-12-31",
    "/person/amina/book/times?day=&length=&worker=",
]


@pytest.mark.parametrize("address", ADDRESSES)
def test_an_address_that_makes_no_sense_shows_what_it_can(nurse: Client, address: str) -> None:
    assert nurse.get(address).status_code == 200


@pytest.mark.parametrize("id_", ["none", "x" * 300, "has space", "a'--", "ä"])
def test_who_or_what_is_not_there_is_not_found(nurse: Client, id_: str) -> None:
    assert nurse.get(f"/person/{id_}/book").status_code == 404
    assert nurse.post(f"/person/{id_}/book", said()).status_code == 404
    assert nurse.get(f"/booking/{id_}").status_code == 404
    assert nurse.post(f"/booking/{id_}", said(version="1")).status_code == 404
    step = {"version": "1", "to": "arrived"}
    assert nurse.post(f"/booking/{id_}/step", step).status_code == 404
    slot = f"{timezone.localdate() + timedelta(days=1)}T10:00"
    pressed = {"key": str(uuid.uuid4()), "slot": slot}
    assert nurse.post(f"/today/{id_}/book", pressed).status_code == 404


STEPS = [
    ({"to": "arrived"}, 422),
    ({"to": "gone", "version": "1"}, 422),
    ({"to": "cancelled", "version": "1"}, 422),
    ({"to": "cancelled", "version": "1", "reason": "moon"}, 422),
    ({"to": "cancelled", "version": "1", "reason": "x" * 61}, 422),
    ({"to": "cancelled", "version": "1", "reason": "person_cannot", "text": "x" * 201}, 422),
    ({"to": "cancelled", "version": "1" * 30, "reason": "person_cannot"}, 409),
    ({"to": "cancelled", "version": "-1", "reason": "person_cannot"}, 409),
    ({"to": "proposed", "version": "1"}, 422),
    ({"to": "noshow", "version": "1"}, 409),
    ({"to": "arrived", "version": "1"}, 409),
    ({"to": "fulfilled", "version": "1"}, 409),
    ({"to": "cancelled", "version": "1", "reason": "person_cannot", "back": "x"}, 302),
    ({"to": "cancelled", "version": "1", "reason": "person_cannot", "back": "//x.org"}, 302),
    ({"to": "cancelled", "version": "1", "reason": "person_cannot", "back": "x" * 201}, 422),
]


@pytest.mark.parametrize(("step", "status"), STEPS, ids=str)
def test_a_step_that_cannot_follow_says_so(
    nurse: Client, step: Mapping[str, str], status: int
) -> None:
    nurse.post("/person/amina/book", said())
    (booking,) = reading.of_person("amina")

    answer = nurse.post(f"/booking/{booking.id}/step", step)

    assert answer.status_code == status
    if status == 302:
        assert answer.headers["Location"] == f"/booking/{booking.id}"
    else:
        assert [(one.status, one.version) for one in reading.of_person("amina")] == [("booked", 1)]


@pytest.mark.parametrize("version", ["", "0", "7", "9" * 30])
def test_a_booking_that_changed_meanwhile_does_not_move(nurse: Client, version: str) -> None:
    nurse.post("/person/amina/book", said())
    (booking,) = reading.of_person("amina")

    answer = nurse.post(f"/booking/{booking.id}", said(version=version, time="afternoon"))

    assert answer.status_code == 409
    assert reading.of_person("amina") == [booking]


SLOTS: list[Mapping[str, str]] = [
    {}, {"key": ""}, {"slot": "tomorrow"}, {"slot": "9999-12-31T23:50"},
    {"slot": "0001-01-01T00:00"}, {"slot": "2020-01-01T10:00"}, {"place": "moon"},
    {"place": "x" * 41}, {"skip": "yes"},
]  # fmt: skip


@pytest.mark.parametrize("wrong", SLOTS, ids=str)
def test_a_time_that_was_not_offered_on_the_list_is_refused(
    nurse: Client, wrong: Mapping[str, str]
) -> None:
    slot = f"{timezone.localdate() + timedelta(days=1)}T10:00" if "place" in wrong else ""
    asked = {"key": str(uuid.uuid4()), "slot": slot, **wrong}
    answer = nurse.post("/today/amina/book", asked, headers={"HX-Request": "true"})

    assert answer.status_code == 422
    assert reading.of_person("amina") == []


def test_a_wrong_year_is_said_and_a_day_years_ahead_is_no_booking(nurse: Client) -> None:
    day = timezone.localdate() + timedelta(days=731)

    answer = nurse.post("/person/amina/book", said(day=f"{day}"))

    assert "Check the year" in answer.content.decode()
    assert nurse.post("/person/amina/book", said(day=f"{day - timedelta(1)}")).status_code == 302


PROMISES = ["9999-12-31", "0001-01-01", "2020-01-01", "", "x"]


@pytest.mark.parametrize("until", PROMISES)
def test_a_promise_for_no_day_is_refused(nurse: Client, until: str) -> None:
    call = {"key": str(uuid.uuid4()), "outcome": "agreed", "medium": "phone", "until": until}
    answer = nurse.post("/today/amina/outcome", {**call, "actions": "hypertension/nurse_contact/"})

    assert answer.status_code == 422


def test_the_same_form_sent_for_another_person_books_nobody_twice(nurse: Client) -> None:
    form = said(time="10:00")
    first = nurse.post("/person/amina/book", form)
    again = nurse.post("/person/bolat/book", form)

    assert (first.status_code, len(reading.of_person("amina"))) == (302, 1)
    assert (again.status_code, reading.of_person("bolat")) == (409, [])
