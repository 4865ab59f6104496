"""The compiled engine and the plain one give the same answer for any history."""

import os
import random
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from qamqor.engine.immunisation.everyone.arrays import compile_schedule, date_of_day, people_of
from qamqor.engine.immunisation.everyone.run import Results, answer_everyone
from qamqor.engine.immunisation.one_child.answer import GroupAnswer, answer
from qamqor.engine.immunisation.one_child.state import (
    Child,
    Fault,
    GivenDose,
    Judged,
    Observed,
    Standing,
)
from qamqor.engine.immunisation.read_yaml import read_schedule
from qamqor.engine.immunisation.schedule import Offset, Schedule
from tests.engine.immunisation import cdsi

CONFORMANCE = os.environ.get("QAMQOR_CONFORMANCE")
STANDINGS, JUDGEMENTS, FAULTS = list(Standing), list(Judged), list(Fault)
AS_OF = date(2025, 11, 10)

SMALL = Path(__file__).parents[1] / "engine/immunisation/small_schedule.yaml"
KAZAKHSTAN = sorted(Path("content/schedules/kazakhstan").glob("*/schedule.yaml"))[-1]
needs_cases = pytest.mark.skipif(
    not CONFORMANCE, reason="QAMQOR_CONFORMANCE names no folder of cases"
)


@pytest.fixture(scope="module")
def schedule() -> Schedule:
    return cdsi.schedule(Path(CONFORMANCE or "") / "cdsi")


def offsets(schedule: Schedule) -> list[Offset]:
    """Every age and interval of a schedule: the places where an answer may change."""
    found = {Offset(0, 0)}
    for antigen in schedule.antigens.values():
        for series in antigen.series:
            for dose in series.doses:
                for rule in (*dose.ages, *dose.intervals, *dose.allowable_intervals):
                    found |= {rule.absolute_minimum, rule.minimum, rule.latest} - {None}
                found |= {rule.maximum for rule in dose.ages if rule.maximum}
    return sorted(found)


def children(schedule: Schedule, count: int, seed: int) -> Iterator[Child]:
    """Invented histories: doses near the boundaries of the schedule, births at ends of months."""
    draw = random.Random(seed)
    ages, products = offsets(schedule), sorted(schedule.products)
    codes = sorted(
        {i.observation for a in schedule.antigens.values() for s in a.series for i in s.indications}
        | {c.observation for a in schedule.antigens.values() for c in a.contraindications}
        | {code for a in schedule.antigens.values() for code in a.immunity_observations}
        | {"P1", "X1"}
    )
    for _ in range(count):
        born = AS_OF - timedelta(days=int(draw.random() ** 2 * 90 * 365))
        if draw.random() < 0.2:
            born = draw.choice([date(2024, 2, 29), date(2023, 1, 31), date(2012, 8, 31)])
        favourites = draw.sample(products, min(len(products), 6))
        doses, last = [], born
        for _ in range(draw.choice([0, 1, 2, 3, 5, 9])):
            start = born if draw.random() < 0.6 else last
            last = draw.choice(ages).after(start) + timedelta(days=draw.randint(-5, 5))
            maker = draw.choice([None, "MSD", "SKB"])
            doses.append(GivenDose(max(last, born), draw.choice(favourites), maker))
        seen = [
            Observed(c, draw.choice([born, None, last]))
            for c in draw.sample(codes, min(len(codes), draw.choice([0, 0, 1, 3])))
        ]
        sex = draw.choice(["Female", "Male", "Unknown"])
        yield Child(born, sex, tuple(doses), tuple(seen), draw.choice(["U.S.", None]))


def assert_they_agree(schedule: Schedule, some: list[Child]) -> None:
    tables, codes = compile_schedule(schedule)
    results = answer_everyone(tables, people_of(some, codes), AS_OF, threads=2)
    first_dose = 0
    for i, child in enumerate(some):
        plain = answer(schedule, child, AS_OF)
        in_order = sorted(child.doses, key=lambda dose: dose.given_on)
        for g, name in enumerate(codes.groups):
            group = plain.groups[name]
            assert of_person(results, i, g) == expected(group), (name, child)
            for judged in group.doses:
                d = first_dose + next(k for k, x in enumerate(in_order) if x is judged.dose)
                faults = {f for bit, f in enumerate(FAULTS) if results.faults[d, g] >> bit & 1}
                found = JUDGEMENTS[results.judged[d, g] - 1]
                assert (found, faults) == (judged.judged, judged.faults), (name, child)
        first_dose += len(child.doses)


def expected(group: GroupAnswer) -> tuple[object, ...]:
    dates = (group.earliest, group.recommended, group.past_due, group.latest)
    return (group.standing, *dates, group.dose_number or 0)


def of_person(results: Results, i: int, g: int) -> tuple[object, ...]:
    dates = (results.earliest, results.recommended, results.past_due, results.latest)
    standing = STANDINGS[results.standing[i, g]]
    return (standing, *(date_of_day(d[i, g]) for d in dates), int(results.number[i, g]))


@pytest.mark.parametrize("file", [SMALL, KAZAKHSTAN], ids=["every kind of rule", "Kazakhstan"])
def test_histories_under_our_own_schedules_are_answered_alike(file: Path) -> None:
    ours = read_schedule(file.read_text())
    assert_they_agree(ours, list(children(ours, 1500, seed=1)))


@pytest.mark.parametrize("file", [SMALL, KAZAKHSTAN], ids=["every kind of rule", "Kazakhstan"])
def test_people_alike_in_birth_and_sex_share_only_what_is_the_same(file: Path) -> None:
    ours = read_schedule(file.read_text())
    some = list(children(ours, 600, seed=7))
    born = [date(2024, 2, 29), date(2014, 8, 31)]
    alike = [
        Child(
            born[i % 2],
            child.sex,
            tuple(dose for dose in child.doses if dose.given_on >= born[i % 2]),
            child.observations if i % 5 == 0 else (),
            child.country,
        )
        for i, child in enumerate(some)
    ]
    assert_they_agree(ours, alike)


@pytest.mark.conformance
@needs_cases
def test_the_published_cases_are_answered_alike(schedule: Schedule) -> None:
    rows = list(cdsi.rows(Path(CONFORMANCE or "") / "cdsi"))
    assert_they_agree(schedule, [cdsi.child(row) for row in rows])


@pytest.mark.conformance
@needs_cases
def test_histories_under_the_full_schedule_are_answered_alike(schedule: Schedule) -> None:
    assert_they_agree(schedule, list(children(schedule, 2000, seed=1)))


@pytest.mark.long
@pytest.mark.conformance
@needs_cases
@pytest.mark.parametrize("seed", range(2, 52))
def test_a_hundred_thousand_histories_are_answered_alike(schedule: Schedule, seed: int) -> None:
    assert_they_agree(schedule, list(children(schedule, 2000, seed=seed)))
