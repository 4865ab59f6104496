"""Business dates: the calendar day of a FHIR date or moment, as people here would say it."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Final

from qamqor.engine.fhir.fhirpath import moments

NATIONAL: Final = timedelta(hours=5)


@lru_cache(maxsize=16_384)
def business_date(text: str, zone: timedelta) -> date | None:
    """The calendar day as written; only a moment in UTC (``Z``) is first moved to the zone.

    A partial date becomes its first day. Text that is no FHIR date, or a day no calendar has,
    gives nothing.
    """
    value = moments.moment(text)
    if value is None:
        return None
    try:
        day = date.fromisoformat(value.date + "-01-01"[len(value.date) - 4 :])
        if value.zone != "Z":
            return day
        clock = datetime.fromisoformat(f"{value.date}T{value.clock[:8]}")
        return (clock + zone).date()
    except (ValueError, OverflowError):
        return None


def precision(text: str) -> str | None:
    """How exact a date was written: ``year``, ``month`` or ``day``; nothing for other text."""
    value = moments.moment(text)
    return None if value is None else {4: "year", 7: "month", 10: "day"}[len(value.date)]
