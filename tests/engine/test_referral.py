"""The way of a referral, and by when its reply is due."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
import yaml
from django.conf import settings

from qamqor.engine.referral import NEXT, OVER, WAITING, State, read_referrals, state_of
from qamqor.errors import InvalidPack

FILE = settings.QAMQOR.shipped_content / "referrals/referrals.yaml"


def way(code: str, status: str = "in-progress", **outputs: str) -> dict[str, Any]:
    return {
        "status": status,
        "businessStatus": {"coding": [{"code": code}]},
        "output": [
            {"type": {"coding": [{"code": step}]}, "valueDateTime": day}
            for step, day in outputs.items()
        ],
    }


@pytest.mark.parametrize(
    ("request_status", "task", "state"),
    [
        ("active", None, State.sent),
        ("completed", None, State.closed),
        ("revoked", way("booked"), State.cancelled),
        ("draft", way("sent"), None),
        ("entered-in-error", None, None),
        ("active", way("seen"), State.seen),
        ("active", way("advice", "completed"), State.advice),
        ("active", way("advice", "completed", closed="2026-03-01"), State.closed),
        ("active", way("replied", "cancelled"), State.cancelled),
        ("active", way("nonsense"), State.sent),
        ("active", way("seen", "draft"), State.sent),
    ],
)
def test_where_it_stands_follows_from_request_and_task(
    request_status: str, task: dict[str, Any] | None, state: State | None
) -> None:
    assert state_of({"status": request_status}, task) is state


def test_every_way_ends_and_nothing_follows_an_end() -> None:
    for state in State:
        ends, seen = {state}, set()
        while ends - seen:
            seen |= ends
            ends = {after for one in seen for after in NEXT[one]} | seen
        assert ends & set(OVER)
    assert not any(NEXT[state] for state in OVER)
    assert all(State.advice in NEXT[state] for state in WAITING)


def test_a_reply_is_due_by_priority_and_a_later_booking_moves_it() -> None:
    found = read_referrals(yaml.safe_load(FILE.read_text()), FILE.name)
    sent = date(2026, 3, 2)
    assert found.reply_by(sent, "urgent") == date(2026, 3, 9)
    assert found.reply_by(sent, "nonsense") == date(2026, 4, 1)
    assert found.reply_by(sent, "urgent", date(2026, 3, 20)) == date(2026, 3, 27)
    assert found.named("183519002", "ru") == "Кардиолог"
    assert found.named("0", "ru") == "0"


@pytest.mark.parametrize(
    "wrong",
    [
        {"reply_days": {}},
        {"reply_days": {"routine": {"value": 0}}},
        {"reply_days": {"routine": {"value": 30}, "soon": {"value": 1}}},
        {"reply_days": {"routine": {"value": 30}}, "services": [{"id": "x"}]},
    ],
)
def test_content_that_cannot_be_used_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidPack):
        read_referrals(wrong, "referrals.yaml")
