"""The fewest injections of one day."""

from datetime import date
from pathlib import Path

from qamqor.engine.immunisation.one_child.answer import answer
from qamqor.engine.immunisation.one_child.state import Child, GivenDose
from qamqor.engine.immunisation.one_visit import Visit, one_visit
from qamqor.engine.immunisation.read_yaml import read_schedule

FILE = sorted(Path("content/schedules/kazakhstan").glob("*/schedule.yaml"))[-1]
SCHEDULE = read_schedule(FILE.read_text())
BORN = date(2025, 1, 15)


def visit(on_day: date, *doses: tuple[date, int], born: date = BORN) -> Visit:
    child = Child(born, "Male", tuple(GivenDose(*dose) for dose in doses))
    return one_visit(SCHEDULE, child, answer(SCHEDULE, child, on_day), on_day)


def given(found: Visit) -> dict[int, set[str]]:
    return {one.cvx: set(one.groups) for one in found.injections}


def test_one_combination_closes_what_five_single_vaccines_would() -> None:
    found = visit(date(2025, 3, 20), (BORN, 8), (date(2025, 1, 16), 19))
    five = {"HepB", "Diphtheria and tetanus", "Pertussis", "Polio", "Hib"}
    assert given(found) == {146: five, 133: {"Pneumococcal"}}
    assert found.later == ()


def test_the_same_antigen_is_never_given_twice_on_a_day() -> None:
    found = visit(date(2026, 8, 20), (BORN, 8))
    antigens = [a.antigen for one in found.injections for a in SCHEDULE.products[one.cvx]]
    assert len(antigens) == len(set(antigens))
    assert {group for one in found.injections for group in one.groups} >= {"BCG", "MMR", "HepB"}


def test_an_accepted_vaccine_with_an_antigen_not_yet_wanted_is_not_chosen() -> None:
    # HepB 2 is too close to HepB 1 here, so the six-in-one would be given for nothing.
    found = visit(date(2025, 4, 20), (date(2025, 4, 10), 8), (date(2025, 3, 20), 120))
    assert all(a.antigen != "HepB" for i in found.injections for a in SCHEDULE.products[i.cvx])
    assert 120 in given(found)


def test_nothing_is_given_on_a_day_on_which_nothing_is_recommended() -> None:
    assert visit(BORN, (BORN, 8)) == Visit((), ())
