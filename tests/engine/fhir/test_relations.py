"""Whom a resource brings near to a person, and for which days."""

from __future__ import annotations

from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from qamqor.engine.fhir.relations import FIRST_DAY, LAST_DAY, Link, adult_day, links

ZONE = ZoneInfo("Asia/Almaty")
PERSON = {"reference": "Patient/p"}


def day(text: str) -> int:
    return (date.fromisoformat(text) - date(1970, 1, 1)).days


def of(kind: str, **said: Any) -> list[Link]:
    return links({"resourceType": kind, "id": "x", **said}, zone=ZONE)


def attachment(status: str = "active", code: str = "attachment") -> list[Link]:
    return of(
        "EpisodeOfCare",
        status=status,
        type=[{"coding": [{"code": code}]}],
        patient=PERSON,
        managingOrganization={"reference": "Organization/north"},
        period={"start": "2026-01-15", "end": "2026-02-01"},
    )


def test_an_attachment_holds_from_its_first_day_to_its_last() -> None:
    assert attachment() == [
        Link("p", "area:Organization/north", day("2026-01-15"), day("2026-02-02"))
    ]


def test_a_finished_attachment_and_another_episode_hold_nothing() -> None:
    assert attachment("finished") == []
    assert attachment(code="programme") == []


@pytest.mark.parametrize(
    ("start", "on"),
    [
        ("2026-03-02T00:30:00+05:00", "2026-03-02"),
        ("2026-03-01T20:30:00Z", "2026-03-02"),
        ("2026-03-02T23:30:00+05:00", "2026-03-02"),
    ],
)
def test_a_booking_holds_for_its_day_where_the_platform_is(start: str, on: str) -> None:
    present = [{"actor": PERSON}, {"actor": {"reference": "PractitionerRole/r"}}]
    found = of("Appointment", status="booked", start=start, participant=present)

    assert found == [Link("p", "booking:PractitionerRole/r", day(on), day(on) + 1)]


@pytest.mark.parametrize(
    "start", [None, "soon", "9999-12-31T23:59:00Z", "0001-01-01T00:00:00+14:00"]
)
def test_a_booking_without_a_readable_start_holds_nothing(start: str | None) -> None:
    present = [{"actor": PERSON}, {"actor": {"reference": "PractitionerRole/r"}}]

    assert of("Appointment", status="booked", start=start, participant=present) == []


def test_only_the_task_of_a_referral_is_a_way_in() -> None:
    owner = {"reference": "Organization/o"}
    said = {"status": "requested", "for": PERSON, "owner": owner}

    assert of("Task", **said) == []
    assert of("Task", **said, focus={"reference": "ServiceRequest/s"}) == [
        Link("p", "referral:Organization/o", FIRST_DAY, LAST_DAY)
    ]
    assert (
        of("Task", **{**said, "status": "completed"}, focus={"reference": "ServiceRequest/s"}) == []
    )


def test_a_relative_who_is_neither_parent_nor_guardian_sees_nothing() -> None:
    def related(code: str, **more: Any) -> list[Link]:
        relationship = [{"coding": [{"code": code}]}]
        return of("RelatedPerson", patient=PERSON, relationship=relationship, **more)

    assert related("BRO") == []
    assert related("GUARD") == [Link("p", "guardian:RelatedPerson/x", FIRST_DAY, LAST_DAY)]
    assert related("MTH", active=False) == []


def test_who_left_a_household_is_not_of_it() -> None:
    def home(**more: Any) -> list[Link]:
        code = {"coding": [{"code": "household"}]}
        return of("Group", code=code, member=[{"entity": PERSON, **more}])

    assert home() == [Link("p", "member:Group/x", FIRST_DAY, LAST_DAY)]
    assert home(inactive=True) == []
    assert home(period={"end": "2026-01-31"})[0].until_day == day("2026-02-01")


def test_a_consent_without_a_provision_says_nothing() -> None:
    assert of("Consent", status="active", patient=PERSON) == []
    assert of("Consent", status="draft", patient=PERSON, provision={"type": "permit"}) == []


@pytest.mark.parametrize(
    ("born", "until"),
    [("2010-05-20", "2028-05-20"), ("2010-05", "2028-05-28"), ("2010", "2028-12-28")],
)
def test_a_child_is_grown_up_on_its_eighteenth_birthday(born: str, until: str) -> None:
    assert adult_day(born) == day(until)


def test_a_birth_date_that_cannot_be_read_ends_no_childhood() -> None:
    assert adult_day("unknown") == LAST_DAY


def test_most_types_bring_nobody_near() -> None:
    assert of("Observation", subject=PERSON) == []
