"""Public holidays by rule and by year, and a site's own closed days."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from qamqor.engine.closures import read_closed, read_holidays
from qamqor.errors import InvalidPack

FILE = Path("content/booking/holidays.yaml")
SHIPPED = read_holidays(yaml.safe_load(FILE.read_text(encoding="utf-8")), FILE.name)
WORDS = {"en": "repairs", "ru": "ремонт", "kk": "жөндеу"}


@pytest.mark.parametrize(
    ("day", "name"),
    [
        (date(2026, 12, 16), "Independence Day"),
        (date(2031, 1, 2), "New Year"),
        (date(2027, 3, 23), "Nauryz"),
        (date(2027, 5, 16), "Kurban Ait, first day"),
        (date(2021, 10, 25), ""),
        (date(2022, 10, 25), "Republic Day"),
        (date(2027, 5, 17), ""),
        (date(2026, 12, 17), ""),
    ],
)
def test_the_shipped_holidays_by_rule_and_by_year(day: date, name: str) -> None:
    assert (SHIPPED.why(day) or {"en": ""})["en"] == name


def test_a_site_is_closed_from_its_first_day_to_its_last() -> None:
    found = read_closed(
        {"closed": [{"from": date(2026, 7, 1), "until": "2026-07-03", "words": WORDS},
                    {"from": "2026-07-10", "words": WORDS}]},
        "closed.yaml",
    )  # fmt: skip
    days = [day for day in range(1, 32) if found.why(date(2026, 7, day)) == WORDS]
    assert days == [1, 2, 3, 10]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"moving": []}, "yearly"),
        ({"yearly": [{"id": "x", "month": 2, "day": 30, "words": WORDS}], "moving": []}, "no day"),
        ({"yearly": [{"id": "x", "month": 2, "words": WORDS}], "moving": []}, "no day"),
        ({"yearly": [{"id": "x", "month": 2, "day": 1, "words": {"en": "x"}}], "moving": []}, "kk"),
        ({"yearly": [], "moving": [{"id": "x", "words": WORDS, "days": {2026: "2027-05-16"}}]},
         "no day of 2026"),
        ({"yearly": ["x"], "moving": []}, "yearly"),
        ({"yearly": [{"id": "x", "month": "2", "day": 1, "words": WORDS}], "moving": []},
         "no day 1 of month '2'"),
        ({"yearly": [{"id": "x", "month": 2, "days": 30, "words": WORDS}], "moving": []}, "no day"),
        ({"yearly": [{"id": "x", "month": 2, "day": 1, "since": "soon", "words": WORDS}],
          "moving": []}, "years"),
        ({"yearly": [], "moving": [{"id": "x", "words": WORDS, "days": ["2027-05-16"]}]},
         "day of each year"),
        (None, "yearly"),
    ],
)  # fmt: skip
def test_what_is_wrong_in_holidays_is_named(wrong: Any, said: str) -> None:
    with pytest.raises(InvalidPack, match=said):
        read_holidays(wrong, "holidays.yaml")


@pytest.mark.parametrize(
    "wrong",
    [
        {"closed": [{"from": "2026-07-03", "until": "2026-07-01", "words": WORDS}]},
        {"closed": [{"from": "soon", "words": WORDS}]},
        {"closed": [{"from": "2026-07-03"}]},
        [],
    ],
)
def test_what_is_wrong_in_closed_days_is_named(wrong: Any) -> None:
    with pytest.raises(InvalidPack):
        read_closed(wrong, "closed.yaml")
