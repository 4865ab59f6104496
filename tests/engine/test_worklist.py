"""Who stands where on the list, and why there."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qamqor.engine.worklist import (
    Agreed,
    Attempt,
    Booked,
    Known,
    Need,
    Points,
    Row,
    Tab,
    counts,
    ordered,
    read_points,
    row,
)
from qamqor.errors import InvalidPack

TODAY = date(2026, 3, 2)
POINTS = Points()


def need(urgency: int = 4, *, channel: str = "clinic", weeks_late: int = 0, status: str = "overdue",
         action: str = "contact") -> Need:  # fmt: skip
    overdue_on = TODAY - timedelta(weeks=weeks_late)
    return Need("p", action, "", "practice_nurse", channel, urgency,
                overdue_on - timedelta(days=14), overdue_on, status)  # fmt: skip


def on_list(known: Known) -> Row:
    found = row(known, points=POINTS, as_of=TODAY)
    assert found is not None
    return found


def test_a_red_result_outweighs_a_routine_forgotten_for_years() -> None:
    red = on_list(Known("amina", (need(1),)))
    old = on_list(Known("bolat", (need(4, weeks_late=500),)))

    assert [one.patient_id for one in ordered([old, red])] == ["amina", "bolat"]


def test_the_reasons_for_a_place_can_be_read_and_add_up() -> None:
    tries = tuple(Attempt(TODAY, "phone", "no_answer") for _ in range(2))
    found = on_list(Known("amina", (need(2, weeks_late=3), need(4, action="test")), tries))

    assert found.points == (
        ("urgency", 300),
        ("tried_in_vain", 20),
        ("several_needs", 15),
        ("weeks_overdue", 15),
    )
    assert found.score == 350


def test_a_family_stands_where_its_most_pressing_member_stands() -> None:
    rows = [
        on_list(Known("child", (need(4),), household="home")),
        on_list(Known("neighbour", (need(2),))),
        on_list(Known("mother", (need(1),), household="home")),
    ]

    assert [one.patient_id for one in ordered(rows)] == ["mother", "child", "neighbour"]


@pytest.mark.parametrize(
    ("channel", "tab"),
    [("clinic", Tab.to_see), ("home", Tab.to_visit), ("phone", Tab.to_call)],
)
def test_the_next_step_decides_the_tab(channel: str, tab: Tab) -> None:
    assert on_list(Known("amina", (need(channel=channel),))).tab is tab


def test_after_three_calls_in_vain_somebody_goes_there() -> None:
    tries = tuple(Attempt(TODAY, "phone", "no_answer") for _ in range(3))
    found = on_list(Known("amina", (need(channel="phone"),), tries))

    assert (found.tab, found.channel, found.failed_attempts) == (Tab.to_visit, "home", 3)


def test_a_call_that_reached_somebody_starts_the_count_again() -> None:
    tries = (Attempt(TODAY, "phone", "no_answer"), Attempt(TODAY, "phone", "later"))

    assert on_list(Known("amina", (need(),), tries)).failed_attempts == 0


def test_who_agreed_to_come_is_left_in_peace_until_that_day_is_over() -> None:
    agreed = Known("amina", (need(),), agreed_until=TODAY)
    yesterday = Known("amina", (need(),), agreed_until=TODAY - timedelta(days=1))

    assert on_list(agreed).tab is Tab.agreed
    assert on_list(yesterday).tab is Tab.to_see


def booked_for(*names: str, days: int, made: int = -10, role: str = "") -> dict[str, Any]:
    """What is known of somebody booked so many days from today, for some needs."""
    on = TODAY + timedelta(days=days)
    agreed = Agreed(on, TODAY + timedelta(days=made), frozenset(names), role)
    return {"booked": Booked(on, "10:30", "10:50", "clinic", "booked"), "ahead": (agreed,)}


def test_a_need_that_a_far_booking_is_not_for_brings_the_person_back_with_the_booking() -> None:
    other = need(1, action="red", weeks_late=2)
    known = Known("amina", (need(weeks_late=2), other), **booked_for("p/contact/", days=60))

    found = on_list(known)
    assert (found.tab, found.booked) == (Tab.to_see, known.booked)
    assert on_list(replace(known, needs=known.needs[:1])).tab is Tab.agreed


@pytest.mark.parametrize(("urgency", "days"), [(1, 1), (2, 7), (3, 30), (4, 90)])
def test_how_long_a_need_may_wait_for_a_booking_that_is_not_for_it(urgency: int, days: int) -> None:
    other = (need(urgency, action="other", weeks_late=2),)
    said = booked_for("p/contact/", days=days)

    assert on_list(Known("amina", other, **said)).tab is Tab.agreed
    far = booked_for("p/contact/", days=days + 1)
    assert on_list(Known("amina", other, **far)).tab is Tab.to_see


def test_the_same_need_come_anew_since_it_was_booked_is_another() -> None:
    said = booked_for("p/contact/", days=60, made=-30)

    assert on_list(Known("amina", (need(1, weeks_late=4),), **said)).tab is Tab.agreed
    assert on_list(Known("amina", (need(1, weeks_late=0),), **said)).tab is Tab.to_see


def test_a_booking_that_names_nothing_is_for_what_its_worker_owed_when_it_was_made() -> None:
    one = (need(1, weeks_late=4),)

    own = Known("amina", one, **booked_for(days=60, role="practice_nurse"))
    assert on_list(own).tab is Tab.agreed
    for role in ("psychologist", ""):
        assert on_list(Known("amina", one, **booked_for(days=60, role=role))).tab is Tab.to_see


def test_a_promise_for_a_nearer_day_stands_before_the_booking() -> None:
    said = booked_for("p/contact/", days=60)
    known = Known("amina", (need(weeks_late=2),), coming_on=TODAY + timedelta(days=1), **said)

    assert on_list(known).agreed == (TODAY + timedelta(days=1)).isoformat()
    far = replace(known, coming_on=TODAY + timedelta(days=60))
    assert on_list(far).agreed == "2026-05-01T10:30"


def test_who_needs_nothing_is_not_on_the_list_unless_done_today_or_waiting() -> None:
    not_due = need(status="not_due")

    assert row(Known("amina", (not_due,)), points=POINTS, as_of=TODAY) is None
    assert on_list(Known("amina", (), done_on=TODAY)).tab is Tab.done
    assert on_list(Known("amina", (), waiting_since=TODAY)).tab is Tab.waiting


def test_a_need_that_cannot_be_known_is_shown_after_those_that_can() -> None:
    found = on_list(Known("amina", (need(1, status="unknown"), need(4, status="due"))))

    assert [one.status for one in found.needs] == ["due", "unknown"]


def test_every_tab_is_counted_even_when_empty() -> None:
    assert counts([on_list(Known("amina", (need(),)))])[Tab.to_see] == 1
    assert counts([])[Tab.to_call] == 0


def test_points_are_content_and_each_mistake_in_them_is_named() -> None:
    points = read_points({"need": 20, "urgency": {1: 9, 2: 8, 3: 7, 4: 0}}, "worklist.yaml")

    assert (points.need, points.urgency[1], points.week_overdue) == (20, 9, 5)
    with pytest.raises(InvalidPack) as refused:
        read_points({"nonsense": 1, "need": -1, "urgency": {1: 5}}, "worklist.yaml")
    assert len(refused.value.problems) == 3
    with pytest.raises(InvalidPack, match="must not wait longer"):
        read_points({"may_wait_days": {1: 9, 2: 7, 3: 30, 4: 90}}, "worklist.yaml")


def test_what_is_agreed_stands_by_its_time_and_a_family_only_where_it_shares_it() -> None:
    def promised(who: str, days: int, home: str | None, urgency: int = 3) -> Row:
        until = TODAY + timedelta(days=days)
        return on_list(Known(who, (need(urgency),), household=home, agreed_until=until))

    rows = [
        promised("father", 5, "home", urgency=2),
        promised("mother", 1, "home"),
        promised("aunt", 3, "other"),
        promised("son", 3, "home", urgency=4),
        promised("neighbour", 3, None),
        promised("uncle", 3, "other", urgency=4),
    ]

    assert [one.patient_id for one in ordered(rows)] == [
        *("mother", "aunt", "uncle", "neighbour", "son", "father"),
    ]


PEOPLE = st.lists(
    st.builds(
        lambda urgency, weeks, home: (urgency, weeks, home),
        st.integers(1, 4),
        st.integers(0, 60),
        st.sampled_from([None, "a", "b"]),
    ),
    max_size=12,
)


@given(people=PEOPLE)
def test_nobody_is_lost_and_homes_are_never_torn_apart(
    people: list[tuple[int, int, str | None]],
) -> None:
    rows = [
        on_list(Known(str(number), (need(urgency, weeks_late=weeks),), household=home))
        for number, (urgency, weeks, home) in enumerate(people)
    ]

    placed = ordered(rows)

    assert sorted(one.patient_id for one in placed) == sorted(one.patient_id for one in rows)
    for home in ("a", "b"):
        places = [number for number, one in enumerate(placed) if one.household == home]
        assert places == list(range(min(places, default=0), min(places, default=0) + len(places)))
