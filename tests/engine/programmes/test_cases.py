from datetime import date
from pathlib import Path
from typing import Any

import pytest

from qamqor.engine.programmes import words
from qamqor.engine.programmes.case_run import CaseRunner, Outcome, run_cases, said
from qamqor.engine.programmes.cases import read_cases
from qamqor.engine.programmes.check import check
from qamqor.engine.programmes.load import load_pack
from qamqor.engine.programmes.schema import Pack
from qamqor.errors import Problem
from tests.engine.programmes.small_pack import (
    CASES,
    CHECK,
    CHECKED,
    LOINC,
    YAML,
    write_pack,
    write_programme,
    write_yaml,
)

SORE = {"condition_id": "c1", "system": LOINC, "code": "1", "recorded_on": "2025-05-01"}
ARU = {"patient_id": "aru", "enrolled_on": "2025-05-01"}


def read_one(folder: Path, query: str, case: dict[str, Any]) -> tuple[Pack, list[Any], list[str]]:
    version = write_pack(folder)
    write_yaml(version / f"cases/{query}.yaml", [{"case": "One sentence", **case}])
    pack = load_pack(folder)
    problems: list[Problem] = []
    cases = [
        c for c in read_cases(pack, pack.programmes[0], problems) if c.query.file == f"{query}.sql"
    ]
    return pack, cases, [str(problem) for problem in problems]


def run_one(folder: Path, query: str, case: dict[str, Any]) -> Outcome:
    pack, cases, problems = read_one(folder, query, case)
    assert problems == []
    return CaseRunner(pack).run(cases[0])


def test_every_case_of_the_small_pack_holds(tmp_path: Path) -> None:
    write_pack(tmp_path)
    pack = load_pack(tmp_path)
    problems: list[Problem] = []
    outcomes = list(run_cases(pack, read_cases(pack, pack.programmes[0], problems)))
    assert problems == []
    assert len(outcomes) == sum(len(cases) for cases in CASES.values())
    assert [outcome.failures for outcome in outcomes] == [()] * len(outcomes)
    assert all(set(outcome.found) == {"DuckDB", "SQLite"} for outcome in outcomes)


def test_a_case_leaves_nothing_for_the_next(tmp_path: Path) -> None:
    write_pack(tmp_path)
    pack = load_pack(tmp_path)
    runner = CaseRunner(pack)
    cases = read_cases(pack, pack.programmes[0], [])
    assert [runner.run(case).ok for case in [*cases, *reversed(cases)]] == [True] * 2 * len(cases)


def test_a_wrong_expectation_shows_what_was_expected_and_what_was_found(tmp_path: Path) -> None:
    outcome = run_one(
        tmp_path,
        "check",
        {
            "as_of": "2026-01-01",
            "given": {"foot_care_population": [ARU]},
            "expect": [{"patient_id": "aru", "due_on": "2025-05-02"}],
        },
    )
    assert not outcome.ok
    assert outcome.failures[0] == "DuckDB: expected patient_id aru, due_on 2025-05-02"
    assert outcome.failures[1].startswith("DuckDB: found patient_id aru, item , due_on 2025-05-01")
    assert any(failure.startswith("SQLite: found") for failure in outcome.failures)


def test_a_row_too_many_fails(tmp_path: Path) -> None:
    case = {"as_of": "2026-01-01", "given": {"foot_care_population": [ARU]}, "expect": []}
    assert not run_one(tmp_path, "check", case).ok


def test_a_population_is_worked_out_when_it_is_not_given(tmp_path: Path) -> None:
    case = {
        "as_of": "2026-01-01",
        "given": {"condition": [{"patient_id": "aru", **SORE}]},
        "expect": [{"patient_id": "aru", "reason": "never", "due_on": "2025-05-01"}],
    }
    assert run_one(tmp_path, "check", case).ok


@pytest.mark.parametrize(
    "row",
    [
        pytest.param({"is_active": True, "died_on": "2025-12-31"}, id="dead"),
        pytest.param({"is_active": False}, id="inactive"),
    ],
)
@pytest.mark.parametrize("given", ["condition", "foot_care_population"])
def test_the_dead_and_the_inactive_belong_to_nothing(
    tmp_path: Path, row: dict[str, Any], given: str
) -> None:
    people = {"condition": [{"patient_id": "aru", **SORE}], "foot_care_population": [ARU]}
    case = {
        "as_of": "2026-01-01",
        "given": {given: people[given], "patient": [{"patient_id": "aru", **row}]},
        "expect": [],
    }
    assert run_one(tmp_path, "check", case).ok


def test_who_dies_later_still_belongs(tmp_path: Path) -> None:
    patient = {"patient_id": "aru", "died_on": "2026-01-02"}
    case = {
        "as_of": "2026-01-01",
        "given": {"foot_care_population": [ARU], "patient": [patient]},
        "expect": [{"patient_id": "aru"}],
    }
    assert run_one(tmp_path, "check", case).ok


@pytest.mark.parametrize(
    ("row", "belongs"),
    [
        pytest.param({"left_on": "2026-01-01"}, False, id="left today"),
        pytest.param({"left_on": "2026-01-02"}, True, id="leaves tomorrow"),
        pytest.param({"enrolled_on": "2026-01-02"}, False, id="joins tomorrow"),
        pytest.param({"enrolled_on": "2026-01-01"}, True, id="joined today"),
        pytest.param({"enrolled_on": None}, True, id="joined nobody knows when"),
    ],
)
def test_due_care_is_for_those_who_belong_on_the_day(
    tmp_path: Path, row: dict[str, Any], belongs: bool
) -> None:
    case = {
        "as_of": "2026-01-01",
        "given": {"foot_care_population": [{**ARU, **row}]},
        "expect": [{"patient_id": "aru"}] if belongs else [],
    }
    assert run_one(tmp_path, "check", case).ok


def test_a_measure_sees_those_who_left(tmp_path: Path) -> None:
    case = {
        "period_start": "2025-01-01",
        "period_end": "2026-01-01",
        "given": {"foot_care_population": [{**ARU, "left_on": "2025-06-01"}]},
        "expect": [{"patient_id": "aru", "in_numerator": False, "excluded_because": "newly_found"}],
    }
    assert run_one(tmp_path, "checked", case).ok


def test_a_measure_sees_nothing_after_its_period(tmp_path: Path) -> None:
    late = {"patient_id": "aru", "observation_id": "o", "effective_on": "2026-01-01"}
    pack, cases, _ = read_one(
        tmp_path,
        "checked",
        {
            "period_start": "2025-01-01",
            "period_end": "2026-01-01",
            "given": {"foot_care_population": [ARU], "foot_check": [late]},
            "expect": [{"patient_id": "aru", "in_numerator": False}],
        },
    )
    assert cases[0].as_of == date(2025, 12, 31)
    assert CaseRunner(pack).run(cases[0]).ok


def test_evidence_is_compared_in_any_order(tmp_path: Path) -> None:
    conditions = [{"patient_id": "aru", **SORE, "condition_id": one} for one in ("c2", "c1")]
    case = {
        "as_of": "2026-01-01",
        "given": {"condition": conditions},
        "expect": [{"patient_id": "aru", "evidence": "Condition/c2 Condition/c1"}],
    }
    outcome = run_one(tmp_path, "population", case)
    assert outcome.ok
    assert outcome.found["SQLite"][0]["evidence"] == "Condition/c1 Condition/c2"


BROKEN = {
    "undeclared reason": (("'never'", "'maybe'"), "reason `maybe` is not declared"),
    "undeclared item": (("'' as item", "'left' as item"), "item `left` is not declared"),
    "two rows": (
        ("person\nleft join", "person\ncross join sore_feet\nleft join"),
        None,
    ),
    "wrong columns": (("'' as item,", ""), "returned patient_id, due_on, reason, evidence"),
    "no such column": (("last_check.score", "last_check.toe"), "says:"),
}


@pytest.mark.parametrize(
    ("swap", "failure"), [pytest.param(*example, id=name) for name, example in BROKEN.items()]
)
def test_a_query_that_breaks_its_contract_fails_its_cases(
    tmp_path: Path, swap: tuple[str, str], failure: str | None
) -> None:
    version = write_pack(tmp_path)
    (version / "check.sql").write_text(CHECK.replace(*swap))
    if failure is None:
        codes = tmp_path / "valuesets/sore_feet.csv"
        codes.write_text(f"{codes.read_text()}{LOINC},2,More\n")
        failure = "more than one row for a person and item"
    pack = load_pack(tmp_path)
    case = read_cases(pack, pack.programmes[0], [])[0]
    failures = CaseRunner(pack).run(case).failures
    for engine in ("DuckDB", "SQLite"):
        assert any(engine in one and failure in one for one in failures), failures


DUE = {"as_of": "2026-01-01", "given": {}, "expect": []}


@pytest.mark.parametrize(
    ("query", "case", "said_"),
    [
        pytest.param("check", {"expect": []}, "has no `as_of`", id="no day"),
        pytest.param("check", {"as_of": "2026-01-01"}, "has no `expect`", id="nothing expected"),
        pytest.param("check", {**DUE, "expects": []}, "is not a known key", id="typing error"),
        pytest.param("check", {**DUE, "case": None}, "has no `case`", id="no sentence"),
        pytest.param(
            "check",
            {**DUE, "period_start": "2025-01-01"},
            "is only for the cases of a measure",
            id="period of a due query",
        ),
        pytest.param("checked", DUE, "has no `period_start`", id="measure without a period"),
        pytest.param(
            "checked",
            {**DUE, "period_start": "2025-01-01", "period_end": "2025-01-01"},
            "the first day after the period",
            id="empty period",
        ),
        pytest.param(
            "check", {**DUE, "given": {"hand": []}}, "is not a table of the pack", id="table"
        ),
        pytest.param(
            "check", {**DUE, "given": {"patient": {}}}, "should be a list of rows", id="no rows"
        ),
        pytest.param(
            "check",
            {**DUE, "given": {"patient": [{"patient_id": "a", "shoe": 1}]}},
            "is not a column",
            id="column",
        ),
        pytest.param(
            "check",
            {**DUE, "given": {"patient": [{"sex": "male"}]}},
            "has no `patient_id`",
            id="nobody's row",
        ),
        pytest.param(
            "check",
            {**DUE, "given": {"patient": [{"patient_id": 7}]}},
            "put it in quotes",
            id="number as text",
        ),
        pytest.param(
            "check",
            {**DUE, "given": {"patient": [{"patient_id": "a", "born_on": "May"}]}},
            "not date",
            id="text as date",
        ),
        pytest.param(
            "check",
            {**DUE, "given": {"patient": [{"patient_id": "a", "is_active": 1}]}},
            "not boolean",
            id="number as boolean",
        ),
        pytest.param(
            "check",
            {**DUE, "given": {"foot_check": [{"patient_id": "a", "toes": True}]}},
            "not integer",
            id="boolean as number",
        ),
        pytest.param(
            "check",
            {**DUE, "expect": [{"patient_id": "a", "zone": "x"}]},
            "is not a column",
            id="expected column",
        ),
    ],
)
def test_a_wrong_case_is_refused_with_its_line(
    tmp_path: Path, query: str, case: dict[str, Any], said_: str
) -> None:
    _, cases, problems = read_one(tmp_path, query, case)
    assert cases == []
    assert any(said_ in one and f"cases/{query}.yaml:" in one for one in problems), problems


def test_cases_are_a_list(tmp_path: Path) -> None:
    version = write_pack(tmp_path)
    (version / "cases/check.yaml").write_text("case: x\n")
    pack = load_pack(tmp_path)
    problems: list[Problem] = []
    read_cases(pack, pack.programmes[0], problems)
    assert "should be a list of cases" in str(problems[0])


STATE = """-- How are the feet?
select
    person.patient_id,
    case when latest_foot_check.is_numb then 'numb' else 'well' end as state,
    latest_foot_check.effective_on as since_on,
    'Observation/' || latest_foot_check.observation_id as evidence
from foot_care_population as person
left join latest_foot_check on latest_foot_check.patient_id = person.patient_id
"""


def with_state(folder: Path) -> Path:
    """The small pack with a state that its action reads."""
    version = write_pack(folder)
    state = {
        "kind": "state",
        "sql": "feeling.sql",
        "title": "Feeling",
        "values": {"numb": "Numb", "well": "Well"},
    }
    write_programme(version, {**YAML, "states": {"feeling": state}})
    (version / "feeling.sql").write_text(STATE)
    text = CHECK.replace("last_check.score > $worry_score", "feeling.state = 'numb'")
    text += "left join foot_care_feeling as feeling on feeling.patient_id = person.patient_id\n"
    (version / "check.sql").write_text(text)
    case: dict[str, Any] = {
        "case": "Numb feet worry",
        "as_of": "2026-01-01",
        "given": {
            "condition": [{"patient_id": "aru", **SORE}],
            "foot_check": [
                {
                    "patient_id": "aru",
                    "observation_id": "o1",
                    "effective_on": "2025-08-31",
                    "is_numb": True,
                }
            ],
        },
    }
    worried, numb = {"reason": "worrying"}, {"state": "numb", "since_on": "2025-08-31"}
    for name, row in (("check", worried), ("feeling", numb)):
        write_yaml(
            version / f"cases/{name}.yaml", [{**case, "expect": [{"patient_id": "aru", **row}]}]
        )
    return version


def test_a_state_is_worked_out_for_the_actions_that_read_it(tmp_path: Path) -> None:
    with_state(tmp_path)
    pack = load_pack(tmp_path)
    problems: list[Problem] = []
    cases = read_cases(pack, pack.programmes[0], problems)
    assert problems == []
    assert [outcome.failures for outcome in run_cases(pack, cases)] == [()] * len(cases)


def test_a_measure_that_cannot_say_yes_or_no_fails_its_case(tmp_path: Path) -> None:
    version = write_pack(tmp_path)
    (version / "checked.sql").write_text(CHECKED.replace("exists (", "null and exists ("))
    pack = load_pack(tmp_path)
    case = next(c for c in read_cases(pack, pack.programmes[0], []) if c.query.kind == "measure")
    failures = CaseRunner(pack).run(case).failures
    assert any("DuckDB: in_numerator is unknown" in one for one in failures), failures


def test_a_state_can_be_given(tmp_path: Path) -> None:
    version = with_state(tmp_path)
    state = [{"patient_id": "aru", "state": "well"}]
    given = {"foot_care_population": [ARU], "foot_care_feeling": state}
    expect = [{"patient_id": "aru", "reason": "never"}]
    case = {"case": "One", "as_of": "2026-01-01", "given": given, "expect": expect}
    write_yaml(version / "cases/check.yaml", [case])
    pack = load_pack(tmp_path)
    runner = CaseRunner(pack)
    assert all(runner.run(one).ok for one in read_cases(pack, pack.programmes[0], []))


def test_an_undeclared_state_fails_its_case(tmp_path: Path) -> None:
    version = with_state(tmp_path)
    (version / "feeling.sql").write_text(STATE.replace("'numb'", "'cold'"))
    pack = load_pack(tmp_path)
    cases = read_cases(pack, pack.programmes[0], [])
    found = [CaseRunner(pack).run(one).failures for one in cases if one.query.kind == "state"]
    assert "DuckDB: state `cold` is not declared" in found[0]


def test_a_state_needs_words_in_every_language(tmp_path: Path) -> None:
    with_state(tmp_path)
    problems = " ".join(str(problem) for problem in check(tmp_path))
    assert "words.kk.yaml: has no words for states.feeling.values.numb" in problems
    programme = load_pack(tmp_path).programmes[0]
    assert words.state_title(programme, "feeling", "kk") == "Feeling"
    assert words.state_value(programme, "feeling", "numb", "kk") == "Numb"


def test_unknown_values_are_said_as_a_dash() -> None:
    assert said({"patient_id": "aru", "due_on": None}) == "patient_id aru, due_on –"
