"""Of several statements for one page the quickest is asked, and a long one is stopped."""

from __future__ import annotations

import time
from typing import Any

import pytest

from qamqor.store import quick
from qamqor.store.fhir import search_plans
from tests.databases import ON_SQLITE

pytestmark = pytest.mark.django_db(transaction=True)
ENDLESS = "with recursive n(n) as (select 1 union all select n + 1 from n) select count(*) from n"


@ON_SQLITE
def test_steps_that_are_taken_within_others_are_taken_from_them() -> None:
    outer = quick.Steps(3)
    with quick.at_most(outer):
        with pytest.raises(quick.TakesLong), quick.at_most(quick.Steps(1)):
            quick.rows(ENDLESS, [])
        assert outer.left == 1
        with pytest.raises(quick.TakesLong), quick.at_most(quick.Steps(5)):
            quick.rows(ENDLESS, [])
        assert outer.left < 0
    with pytest.raises(quick.TakesLong), quick.at_most(outer):
        quick.rows(ENDLESS, [])
    assert quick.rows("select 1", []) == [(1,)]


def test_another_statement_is_tried_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[int] = []

    class One:
        def __init__(self, number: int) -> None:
            self.number = number

        def asked(self, values: Any) -> Any:
            tried.append(self.number)
            clock[0] += takes[self.number]
            return self.number != 2, None

    clock, takes = [0.0], [3.0, 1.0, 2.0]
    monkeypatch.setattr(time, "thread_time", lambda: clock[0])
    plan = search_plans._Plan([One(n) for n in range(3)], [])  # type: ignore[misc]
    for _ in range(search_plans.AGAIN):
        assert plan.page([], 1) is not None

    assert tried[:8] == [0, 0, 1, 1, 2, 1, 2, 1]
    later = tried[8:]
    assert {n for n in later if n != 1} == {0, 2}
    assert later.count(0) + later.count(2) == search_plans.AGAIN // search_plans.EARLY

    takes[0] = 0.5
    for _ in range(search_plans.EARLY * 8 - 1):
        plan.page([], 1)
    assert tried[-3:] == [0, 0, 0]


def test_a_search_whose_criteria_list_nothing_has_no_page_here() -> None:
    plan = search_plans._Plan([], [])

    assert plan.page([], 1) is None
    assert plan.pages([[], []], 1) == [None, None]
