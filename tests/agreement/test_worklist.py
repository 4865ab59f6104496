"""The list ordered by the database is the one that the plain engine orders."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qamqor.engine.population.one_person import Due
from qamqor.engine.worklist import PRESSING, Points, Row, Tab, ordered, row
from qamqor.engine.worklist_facts import WHOLE_TEAM, facts, known, need_of
from qamqor.services.worklist.today import weights
from qamqor.store import node
from qamqor.store import worklist as store
from qamqor.store.node import Transaction
from qamqor.store.worklist import Chosen

TODAY = date(2026, 3, 2)
ROLES = ("gp", "practice_nurse")
CHANNELS = ("home", "clinic", "phone", "message", "video")
near = st.integers(-250, 20).map(lambda days: TODAY + timedelta(days=days))
iso = near.map(date.isoformat)
pytestmark = pytest.mark.django_db


@st.composite
def due_rows(draw: st.DrawFn, who: str) -> list[Due]:
    found = []
    for number in range(draw(st.integers(1, 4))):
        due_on = draw(st.none() | near)
        late = due_on + timedelta(days=draw(st.integers(0, 40))) if due_on else None
        said: dict[str, Any] = dict.fromkeys(Due._fields) | {
            "as_of": TODAY,
            "patient_id": who,
            "programme": draw(st.sampled_from(["ab", "a_b", "abc"])),
            "version": "1",
            "action": f"act{number}",
            "item": "",
            "role": draw(st.sampled_from(ROLES)),
            "channel": draw(st.sampled_from(CHANNELS)),
            "urgency": draw(st.integers(1, 4)),
            "due_on": due_on,
            "overdue_on": late if draw(st.booleans()) else None,
            "status": draw(st.sampled_from([*PRESSING, "not_due"])),
            "area_id": "north",
            "place_id": draw(st.sampled_from(["town", "village"])),
        }
        found.append(Due(**said))
    return found


def beside(draw: st.DrawFn) -> dict[str, list[dict[str, Any]]]:
    outcome = st.sampled_from(["no_answer", "no_answer", "agreed", "later"])
    tried = st.fixed_dictionaries({"sent_on": iso, "outcome": outcome})
    needed = st.sampled_from(["act0", "act1", "act2"])
    named = {"programme": st.sampled_from(["ab", "a_b"]), "action": needed}
    ahead = st.integers(-80, 120).map(lambda days: (TODAY + timedelta(days=days)).isoformat())
    acted = st.fixed_dictionaries(
        {"acted_on": iso, "outcome": outcome, "until": iso | ahead}, optional=named
    )
    sent = st.fixed_dictionaries(
        {"service_request_id": st.sampled_from("xy"), "sent_on": iso},
        optional={"replied_on": iso, "closed_on": iso},
    )
    today = st.sampled_from([TODAY.isoformat(), "2026-02-01"])
    beside_today = st.integers(-80, 120).map(lambda days: TODAY + timedelta(days=days))
    booked = st.builds(
        lambda id_, role, on, hour, made, status: {
            "appointment_id": id_, "role": role, "starts_on": on.isoformat(),
            "starts_at": f"{on}T{hour:02}:00:00+05:00",
            "made_on": made, "status": status, "place": "clinic", "minutes": 20,
        },
        st.sampled_from("mn"), st.sampled_from([*ROLES, None]), beside_today,
        st.integers(9, 11), iso,
        st.sampled_from(["booked", "arrived", "noshow", "fulfilled", "cancelled"]),
    )  # fmt: skip
    return {
        "contact_attempt": draw(st.lists(tried, max_size=4)),
        "task": draw(st.lists(acted, max_size=2)),
        "booking": draw(st.lists(booked, max_size=2)),
        "booking_need": draw(
            st.lists(st.fixed_dictionaries({"appointment_id": st.sampled_from("mn"), **named}))
        ),
        "household_member": draw(
            st.lists(st.fixed_dictionaries({"group_id": st.sampled_from("hi")}), max_size=1)
        ),
        "referral": draw(st.lists(sent, max_size=2)),
        "encounter": draw(st.lists(st.fixed_dictionaries({"started_on": today}), max_size=1)),
    }


@st.composite
def people(draw: st.DrawFn) -> dict[str, tuple[list[Due], dict[str, Any]]]:
    number = draw(st.integers(1, 12))
    return {f"p{n}": (draw(due_rows(f"p{n}")), beside(draw)) for n in range(number)}


points = st.builds(
    lambda ladder, waits, *rest: Points(
        dict(enumerate(sorted(ladder, reverse=True), 1)), *rest, dict(enumerate(sorted(waits), 1))
    ),
    st.lists(st.integers(0, 1000), min_size=4, max_size=4),
    st.lists(st.integers(0, 150) | st.just(10**9), min_size=4, max_size=4),
    st.integers(0, 9),
    st.integers(0, 40),
    st.integers(0, 20),
    st.integers(0, 20),
    st.integers(0, 4),
)


def plainly(
    everyone: dict[str, tuple[list[Due], dict[str, Any]]], role: str, own: Points, chosen: Chosen
) -> list[Row]:
    found = []
    for who, (due, rows) in everyone.items():
        in_role = [one for one in due if role in (one.role, WHOLE_TEAM)]
        needs = [need_of(one) for one in in_role if one.status in PRESSING]
        if not in_role or (chosen.place and in_role[0].place_id != chosen.place):
            continue
        if chosen.programme and chosen.programme not in {need.programme for need in needs}:
            continue
        if chosen.most_urgent < 4 and all(one.urgency > chosen.most_urgent for one in needs):
            continue
        one = row(known(who, needs, role, rows, as_of=TODAY), points=own, as_of=TODAY)
        if one is not None and chosen.channel in ("", one.channel):
            found.append(one)
    return found


def keep(everyone: dict[str, tuple[list[Due], dict[str, Any]]], tx: Transaction) -> None:
    store.clear(tx)
    store.replace(
        tx,
        {who: (7, facts(who, due, rows, as_of=TODAY)) for who, (due, rows) in everyone.items()},
    )


def families(rows: Sequence[Row]) -> list[Row]:
    """People of whom another of the same home stands there too."""
    homes = [one.household or one.patient_id for one in rows]
    return [one for one in rows if homes.count(one.household or one.patient_id) > 1]


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    everyone=people(),
    role=st.sampled_from([*ROLES, WHOLE_TEAM]),
    own=points,
    programme=st.sampled_from(["", "ab", "a_b", "%"]),
    most_urgent=st.integers(1, 4),
    channel=st.sampled_from(["", "home", "phone"]),
    place=st.sampled_from(["", "town"]),
    only_families=st.booleans(),
    cut=st.tuples(st.integers(0, 6), st.integers(1, 4)),
)
def test_the_database_orders_as_the_plain_engine(
    everyone: dict[str, tuple[list[Due], dict[str, Any]]],
    role: str,
    own: Points,
    programme: str,
    most_urgent: int,
    channel: str,
    place: str,
    only_families: bool,  # noqa: FBT001
    cut: tuple[int, int],
) -> None:
    node.commit(lambda tx: keep(everyone, tx))
    chosen = Chosen(
        areas=("north",),
        role=role,
        programme=programme,
        place=place,
        channel=channel,
        most_urgent=most_urgent,
        is_household=only_families,
    )
    heavy, expected = weights(TODAY, own), plainly(everyone, role, own, chosen)

    counted = store.counts(chosen, heavy)
    for tab in Tab:
        on_tab = [one for one in expected if one.tab is tab]
        on_tab = ordered(families(on_tab) if only_families else on_tab)
        listed = store.page(chosen, heavy, tab)
        assert [one.patient_id for one in listed] == [one.patient_id for one in on_tab]
        assert [one.score for one in listed] == [one.score for one in on_tab]
        assert counted.get(tab, 0) == len(on_tab)
        start, size = cut
        some = store.page(chosen, heavy, tab, offset=start, limit=size)
        assert some == listed[start : start + size]
