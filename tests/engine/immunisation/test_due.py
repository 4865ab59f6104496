"""What facts about a person come to: the plain teller, and stock from the compiled one."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qamqor.engine.immunisation.due import Fact, Plan, judged_doses, tell
from qamqor.engine.immunisation.everyone.due import Asked
from qamqor.engine.immunisation.everyone.stock import doses_to_come
from qamqor.engine.immunisation.read_yaml import read_schedule

FILE = sorted(Path("content/schedules/kazakhstan").glob("*/schedule.yaml"))[-1]
SCHEDULE = read_schedule(FILE.read_text(encoding="utf-8"))
AS_OF = date(2026, 11, 20)
BORN = date(2026, 1, 20)
PLAN = Plan(SCHEDULE, AS_OF, lambda day: day + timedelta(31))


def born(day: date = BORN, sex: str = "female") -> Fact:
    return Fact("born", sex, day, None, "Patient/x")


def dose(cvx: str, day: date) -> Fact:
    return Fact("dose", cvx, day, None, f"Immunization/{cvx}-{day}")


def told(*facts: Fact) -> dict[str, Any]:
    return {need.item: need for need in tell(PLAN, facts).needs}


def test_a_dose_given_twice_on_a_day_counts_once() -> None:
    facts = [born(), dose("08", BORN), dose("8", BORN)]
    assert [one.number for one in judged_doses(tell(PLAN, facts)) if one.item == "hepb"] == [1]


def test_doses_before_birth_later_than_the_day_and_of_no_known_code_say_nothing() -> None:
    odd = [dose("19", date(2025, 1, 1)), dose("19", date(2027, 1, 1)), dose("x", BORN)]
    assert told(born(), *odd) == told(born())


def test_a_dose_given_since_ends_a_refusal_and_not_an_exemption() -> None:
    until = date(2027, 6, 1)
    refused = Fact("refused", "hepb", date(2026, 2, 1), until, "Consent/c")
    exempt = Fact("exempt", "hepb", date(2026, 2, 1), until, "Observation/o")
    later = dose("8", date(2026, 3, 1))
    assert told(born(), refused)["hepb"].reason == "refused"
    assert told(born(), refused, later)["hepb"].reason == "next_dose"
    assert told(born(), exempt, later)["hepb"].due_on == until


def test_a_refusal_without_an_end_leaves_the_day_unknown_and_an_exemption_no_row() -> None:
    assert told(born(), Fact("refused", "", None, None, None))["bcg"].due_on is None
    assert told(born(), Fact("exempt", "", None, None, None)) == {}


def test_a_code_no_schedule_knows_holds_nothing_back() -> None:
    assert told(born(), Fact("exempt", "chickenpox", None, None, None)) == told(born())


def asked(*facts: tuple[str, Fact]) -> Asked:
    connection = duckdb.connect()
    connection.execute(
        "create table facts (patient_id text, fact text, code text, on_day date, until date,"
        " evidence text)"
    )
    if facts:
        connection.executemany(
            "insert into facts values (?, ?, ?, ?, ?, ?)",
            facts and [(who, *fact) for who, fact in facts],
        )
    return Asked(connection, "facts", PLAN)


DAYS = st.dates(date(2019, 12, 1), AS_OF + timedelta(40))
CODES = st.sampled_from(["bcg", "hepb", "mmr", "polio", "8", "146", "", "nonsense", None])
FACTS = st.one_of(
    st.builds(Fact, st.just("born"), st.sampled_from(["female", "male", "x"]), DAYS, st.none(),
              st.just("Patient/x")),
    st.builds(Fact, st.sampled_from(["dose", "dose", "unfit"]),
              st.sampled_from(["8", "08", "19", "146", "120", "3", "zz"]),
              st.none() | DAYS, st.none(), st.sampled_from(["Immunization/a", "Immunization/b"])),
    st.builds(Fact, st.sampled_from(["refused", "exempt"]), CODES, st.none() | DAYS,
              st.none() | DAYS, st.sampled_from(["Consent/a", "Consent/b"])),
    st.builds(Fact, st.just("only"), CODES, st.none(), st.none(), st.none()),
    st.builds(Fact, st.just("observed"), st.sampled_from(["K02", "K81"]), st.none() | DAYS,
              st.none(), st.none()),
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.lists(st.lists(FACTS, max_size=12), min_size=1, max_size=5))
def test_everyone_at_once_needs_what_each_alone_needs(people: list[list[Fact]]) -> None:
    everyone = asked(*[(f"p{n}", fact) for n, facts in enumerate(people) for fact in facts])
    together = sorted(
        (row["patient_id"], row["item"], row["due_on"], row["overdue_on"], row["reason"],
         row["evidence"])
        for row in everyone.all_needs().to_pylist()
    )  # fmt: skip
    alone = [tell(PLAN, facts) for facts in people]
    assert together == sorted(
        (f"p{n}", need.item, need.due_on, need.overdue_on, need.reason, need.evidence)
        for n, one in enumerate(alone)
        for need in one.needs
    )
    doses = everyone.judged_doses().to_pylist()
    assert sorted(map(repr, (tuple(row.values()) for row in doses))) == sorted(
        repr((f"p{n}", *one)) for n, told_one in enumerate(alone) for one in judged_doses(told_one)
    )


MONTHS = [date(2026, 11, 30), date(2026, 12, 31), date(2027, 1, 31)]


def test_stock_is_one_visit_a_month_and_what_comes_after_it() -> None:
    coming = doses_to_come(asked(("a", born(date(2026, 9, 25)))), MONTHS)
    by_month: dict[int, list[int]] = {}
    for one in coming:
        by_month.setdefault(one.month, []).append(one.cvx)
    assert {month: sorted(cvx) for month, cvx in by_month.items()} == {
        0: [19, 133, 146],
        1: [146],
        2: [133, 146],
    }
    assert {one.cvx for one in coming if one.is_late} == {146}


@pytest.mark.parametrize("kind", ["refused", "exempt"])
def test_what_is_refused_or_exempt_in_a_month_is_not_ordered_for_it(kind: str) -> None:
    hold = Fact(kind, "bcg", date(2026, 10, 1), date(2026, 12, 15), None)
    coming = doses_to_come(asked(("a", born(date(2026, 9, 25))), ("a", hold)), MONTHS)
    assert [one.month for one in coming if one.cvx == 19] == [1]


def test_who_needs_nothing_in_the_months_needs_no_stock() -> None:
    assert (
        doses_to_come(asked(("a", Fact("only", "hpv", None, None, None)), ("a", born())), MONTHS)
        == []
    )
