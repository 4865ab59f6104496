"""Bookings in words: their order, whoever wrote them and on whatever day the page is opened."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.utils import timezone

from qamqor.web.components import bookings


def appointment(id_: str, start: str = "", wished: str = "") -> dict[str, Any]:
    said: dict[str, Any] = {"resourceType": "Appointment", "id": id_, "status": "booked"}
    if start:
        said["start"] = said["end"] = start
    if wished:
        said["requestedPeriod"] = [{"start": wished}]
    return said


@pytest.mark.parametrize("now", ["2026-03-02", "2028-02-29"], ids=["a day", "a leap day"])
def test_the_soonest_time_stands_first_and_wishes_last(
    monkeypatch: pytest.MonkeyPatch, now: str
) -> None:
    moment = datetime.fromisoformat(now).replace(tzinfo=UTC)
    monkeypatch.setattr(timezone, "now", lambda: moment)
    found = bookings.of(
        [
            appointment("wish", wished="2028-03-03"),
            appointment("late", "2028-03-04T09:00:00+05:00"),
            appointment("soon", "2028-03-04T08:00:00+06:00"),
            appointment("sooner wish", wished="2028-03-01"),
        ]
    )

    assert [one.id for one in found] == ["soon", "late", "sooner wish", "wish"]


@pytest.mark.parametrize(
    "start", ["9999-12-31T23:59:59Z", "0001-01-01T00:00:00+14:00", "2028-03-04T23:59:60Z"]
)
def test_a_moment_that_no_clock_here_shows_is_no_time(start: str) -> None:
    (found,) = bookings.of([appointment("far", start)])

    assert (found.start, found.day, bookings.when(found)) == (None, None, "")
