"""What a visit owes carries the same state as on the list, the most urgent first."""

from __future__ import annotations

from datetime import date

from django.utils import translation

from qamqor.engine.population.one_person import Due
from qamqor.web.visit import presenters

TODAY = date(2026, 11, 29)


def due(action: str, status: str, urgency: int, on: date, late: date | None = None) -> Due:
    return Due(
        as_of=TODAY, patient_id="p", programme="nowhere", version="1", action=action, item="",
        role="practice_nurse", channel="visit", urgency=urgency, due_on=on, overdue_on=late,
        status=status, reason=None, evidence=None, organization_id=None, area_id=None,
        place_id=None, is_rural=None, sex=None, age_years=None,
    )  # fmt: skip


def test_harm_today_is_urgent_and_a_day_gone_by_is_not_a_day_to_come() -> None:
    rows = [
        due("ahead", "due", 3, date(2026, 11, 1), date(2026, 12, 6)),
        due("gone", "due", 3, date(2026, 9, 15)),
        due("red", "overdue", 1, date(2026, 2, 5), date(2026, 2, 20)),
    ]
    names = [f"nowhere/{one.action}/" for one in rows]

    with translation.override("en"):
        owed = presenters.closes(names, rows, TODAY)

    assert [(one.title, one.state, one.next) for one in owed] == [
        ("red", "urgent", "9 months ago"),
        ("ahead", "due", "until 6\N{NO-BREAK SPACE}December"),
        ("gone", "due", "2 months ago"),
    ]
