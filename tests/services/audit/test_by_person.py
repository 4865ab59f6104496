"""Who opened a record is found whole, however far the index by person lags behind the chain."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qamqor.services.access.actor import PLATFORM
from qamqor.services.audit import record, shown, verify
from qamqor.services.audit.entries import entry, keep
from qamqor.store import audit, node
from qamqor.store.audit import Row, Wanted
from tests.services.access.village import AT, actor

pytestmark = pytest.mark.django_db
PEOPLE = ("p1", "p2", "p3", "қ", 'p1"', "")
AGENTS = (actor("gp"), actor("nurse"), PLATFORM)
LINES = st.lists(
    st.tuples(
        st.lists(st.sampled_from(PEOPLE), max_size=4),
        st.sampled_from(("read", "search", "update")),
        st.sampled_from(AGENTS),
        st.sampled_from(("ok", "refused")),
    ),
    min_size=1,
    max_size=5,
)
ASKED = st.builds(
    Wanted,
    patient=st.sampled_from(PEOPLE[:5]),
    agent=st.sampled_from([None, None, *(one.reference for one in AGENTS)]),
    actions=st.sampled_from([(), ("read",), ("search", "update")]),
    outcome=st.sampled_from([None, None, "ok"]),
    from_at=st.sampled_from([None, None, 1_772_442_000_000_000 + 7_200_000_000]),
    until_at=st.none(),
    number=st.none(),
    before=st.integers(1, 60) | st.none(),
)


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    before = (audit.LIMITS.entries, audit.LIMITS.people)
    yield
    audit.LIMITS.entries, audit.LIMITS.people = before


def plainly(wanted: Wanted, *, is_count: bool = False) -> list[Row]:
    """The same by reading every entry."""
    rows = [Row(*row) for some in audit.stream() for row in some]
    return [
        row
        for row in reversed(rows)
        if wanted.patient in audit.people_of(row.entry)
        and wanted.agent in {None, row.agent}
        and (not wanted.actions or row.action in wanted.actions)
        and wanted.outcome in {None, row.outcome}
        and (wanted.from_at is None or row.at >= wanted.from_at)
        and (is_count or wanted.before is None or row.number < wanted.before)
    ]


@settings(
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    st.lists(LINES, max_size=8),
    st.integers(1, 12),
    st.integers(1, 20),
    st.lists(ASKED, min_size=1, max_size=5),
    st.integers(1, 6),
)
def test_the_index_and_what_is_behind_it_are_as_every_entry(
    commits: Any, entries: int, people: int, asked: list[Wanted], limit: int
) -> None:
    audit.LIMITS.entries, audit.LIMITS.people = entries, people
    for lines in commits:
        keep(
            *(
                entry(who, action, at=AT + timedelta(hours=n), people=some, outcome=outcome)
                for n, (some, action, who, outcome) in enumerate(lines)
            )
        )
    for wanted in asked:
        assert audit.find(wanted, limit=limit) == plainly(wanted)[:limit]
        assert audit.count(wanted) == len(plainly(wanted, is_count=True))


def test_openings_go_on_from_page_to_page_over_the_end_of_the_index() -> None:
    for number in range(9):
        record(actor("gp"), "read", at=AT, people=["p1", f"p{number}"])
        if number == 4:
            node.commit(audit.index_people)

    numbers: list[int] = []
    before: int | None = None
    while True:
        some, before = shown.who_opened("p1", before=before, limit=2)
        numbers += [one.number for one in some]
        if before is None:
            break

    assert numbers == [row.number for row in plainly(Wanted(patient="p1"))]
    assert len(numbers) == 9


def test_a_line_about_very_many_people_is_indexed_at_once() -> None:
    node.commit(audit.index_people)
    people = [f"p{n:05}" for n in range(audit.LIMITS.people)]
    record(actor("gp"), "export", at=AT, people=people)

    assert audit.indexed_to() == audit.counted()[0]


@pytest.mark.parametrize("odd", ["a\0b", "a" * 5000])
def test_a_line_about_an_id_that_cannot_be_stops_nobody(odd: str) -> None:
    """One such line would otherwise end every commit from then on, in a database that is strict."""
    record(actor("gp"), "search", at=AT, people=["p1", odd])

    node.commit(audit.index_people)
    record(actor("gp"), "read", at=AT, people=["p1"])

    assert audit.count(Wanted(patient="p1")) == 2
    given_, listed = audit.counted()
    assert audit.indexed_to() == given_ - 1
    assert listed == 2
    assert [one.kind for one in verify.verify().findings if one.kind == "index"] == []
