"""Every case of every national schedule, in the plain engine and in the compiled one."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from qamqor.engine.immunisation.everyone.arrays import compile_schedule, date_of_day, people_of
from qamqor.engine.immunisation.everyone.run import answer_everyone
from qamqor.engine.immunisation.one_child.answer import GroupAnswer, answer
from qamqor.engine.immunisation.one_child.state import Child, GivenDose, Observed, Standing
from qamqor.engine.immunisation.read_yaml import read_schedule

SCHEDULES = sorted(Path("content/schedules").glob("*/*/schedule.yaml"))
Case = dict[str, Any]


def every_case() -> Iterator[Any]:
    for schedule in SCHEDULES:
        for file in sorted((schedule.parent / "cases").glob("*.yaml")):
            for case in yaml.safe_load(file.read_text()):
                yield pytest.param(schedule, case, id=case["case"])


def child(case: Case) -> Child:
    doses = tuple(GivenDose(given_on, cvx) for given_on, cvx in case.get("doses", []))
    seen = tuple(Observed(code) for code in case.get("observations", []))
    return Child(case["born"], case["sex"], doses, seen)


def shown(group: GroupAnswer) -> dict[str, Any]:
    return {
        "standing": str(group.standing),
        "dose": group.dose_number,
        "earliest": group.earliest,
        "recommended": group.recommended,
        "past_due": group.past_due,
        "give": list(group.vaccines),
        "counts": [str(dose.judged) for dose in group.doses],
        "faults": sorted({str(fault) for dose in group.doses for fault in dose.faults}),
    }


@pytest.mark.parametrize(("schedule", "case"), list(every_case()))
def test_case(schedule: Path, case: Case) -> None:
    found = answer(read_schedule(schedule.read_text()), child(case), case["as_of"])
    for group, wanted in case["expect"].items():
        answered = shown(found.groups[group])
        assert {key: answered[key] for key in wanted} == wanted, group


@pytest.mark.parametrize(("schedule", "case"), list(every_case()))
def test_case_in_the_compiled_engine(schedule: Path, case: Case) -> None:
    tables, codes = compile_schedule(read_schedule(schedule.read_text()))
    found = answer_everyone(tables, people_of([child(case)], codes), case["as_of"])
    for group, wanted in case["expect"].items():
        g = codes.groups.index(group)
        dates: dict[str, date | None] = {
            "earliest": date_of_day(found.earliest[0, g]),
            "recommended": date_of_day(found.recommended[0, g]),
            "past_due": date_of_day(found.past_due[0, g]),
        }
        assert list(Standing)[found.standing[0, g]] == wanted["standing"]
        assert {key: dates[key] for key in wanted if key in dates} == {
            key: wanted[key] for key in wanted if key in dates
        }
        assert wanted.get("dose", found.number[0, g]) == found.number[0, g]


@pytest.mark.parametrize("schedule", SCHEDULES, ids=lambda file: file.parent.parent.name)
def test_every_vaccine_group_of_a_schedule_has_a_case(schedule: Path) -> None:
    groups = {g["name"] for g in yaml.safe_load(schedule.read_text())["groups"]}
    cases = [
        case
        for file in schedule.parent.glob("cases/*.yaml")
        for case in yaml.safe_load(file.read_text())
    ]
    assert groups == {group for case in cases for group in case["expect"]}
