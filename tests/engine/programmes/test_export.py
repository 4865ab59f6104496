import base64
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from qamqor.engine.programmes.binding import names_in
from qamqor.engine.programmes.case_engines import DuckDB, SQLite
from qamqor.engine.programmes.case_run import _differences, _plain
from qamqor.engine.programmes.cases import Case, read_cases
from qamqor.engine.programmes.export import fhir_resources
from qamqor.engine.programmes.load import load_pack
from qamqor.engine.programmes.schema import Pack
from qamqor.engine.programmes.standalone import ROWS, standalone
from tests.engine.programmes.small_pack import (
    CASES,
    CHECK,
    POPULATION,
    PROGRAMME,
    YAML,
    write_pack,
    write_programme,
    write_yaml,
)
from tests.engine.programmes.test_cases import with_state

CONTENT = Path(__file__).parents[3] / "content"
ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Pack:
    folder = tmp_path_factory.mktemp("small")
    write_pack(folder)
    return load_pack(folder)


def run_alone(pack: Pack, case: Case, engine: DuckDB | SQLite) -> list[dict[str, Any]]:
    """The rows of a case's query, written as one that needs only tables and parameters."""
    among = {one.id: one for one in pack.in_force(case.as_of)}
    among[case.query.programme.id] = case.query.programme
    alone = standalone(pack, case.query, among)
    engine.run("begin", {})
    for table in alone.tables:
        columns = ", ".join(f"{c} {engine.kinds[kind]}" for c, kind in table.columns.items())
        engine.run(f"create table {table.name}{ROWS} ({columns})", {})
        if rows := case.given.get(table.name):
            engine.insert(table.name + ROWS, table.columns, rows)
    values = dict(alone.parameters) | {"as_of": case.as_of}
    if case.period_start and case.period_end:
        values |= {"period_start": case.period_start, "period_end": case.period_end}
    _, found = engine.run(alone.sql, values)
    engine.run("rollback", {})
    return [_plain(row, case) for row in found]


def cases_from_records(pack: Pack) -> Iterator[Case]:
    """Cases that give records only, not people or states already worked out."""
    for programme in pack.programmes:
        for case in read_cases(pack, programme, []):
            if set(case.given) <= set(pack.tables) and case.query.kind != "schedule":
                yield case


def assert_all_agree(pack: Pack, cases: Iterable[Case]) -> int:
    both, count = (DuckDB(), SQLite()), 0
    for case in cases:
        for engine in both:
            differences = list(_differences(case, tuple(run_alone(pack, case, engine))))
            assert differences == [], f"{case.query.where}: {case.sentence}"
        count += 1
    return count


def test_a_query_that_stands_alone_answers_its_cases(pack: Pack) -> None:
    assert assert_all_agree(pack, cases_from_records(pack)) == 2


def test_the_people_of_another_programme_come_with_its_own_parameters(tmp_path: Path) -> None:
    version = write_pack(tmp_path)
    after = tmp_path / "programmes/after_care/2025-01-01"
    (after / "cases").mkdir(parents=True)
    (version / "population.sql").write_text(
        POPULATION.replace(
            "group by",
            "where condition.recorded_on <= add_months($as_of, -$check_months)\ngroup by",
        )
    )
    for file in ("check.sql", "checked.sql"):
        (after / file).write_text((version / file).read_text().replace(PROGRAMME, "after_care"))
    (after / "population.sql").write_text(
        "-- Who comes after?\nselect patient_id, add_months(enrolled_on, $check_months) as"
        f" enrolled_on, left_on, evidence from {PROGRAMME}_population\n"
    )
    months = {"value": 1, "source": "guide", "status": "assumption"}
    content = {
        **YAML,
        "id": "after_care",
        "tables": [*YAML["tables"], f"{PROGRAMME}_population"],
        "value_sets": [],
        "parameters": YAML["parameters"] | {"check_months": months},
    }
    write_programme(after, content)
    case = {
        **CASES["population"][0],
        "expect": [{"patient_id": "aru", "enrolled_on": "2025-06-01"}],
    }
    write_yaml(after / "cases/population.yaml", [case])
    pack = load_pack(tmp_path)
    cases = [one for one in cases_from_records(pack) if one.query.programme.id == "after_care"]
    assert assert_all_agree(pack, cases) == 1
    among = {one.id: one for one in pack.programmes}
    alone = standalone(pack, cases[0].query, among)
    assert alone.parameters == {"check_months": 1, "foot_care__check_months": 6}


def test_the_states_a_query_reads_come_with_it(tmp_path: Path) -> None:
    with_state(tmp_path)
    pack = load_pack(tmp_path)
    cases = [case for case in cases_from_records(pack) if case.query.name == "check"]
    assert assert_all_agree(pack, cases) == 1


@pytest.mark.long
def test_every_shipped_query_that_stands_alone_answers_its_cases() -> None:
    shipped = load_pack(CONTENT)
    assert assert_all_agree(shipped, cases_from_records(shipped)) > 0


def exported(pack: Pack, kind: str, **options: Any) -> list[dict[str, Any]]:
    found = fhir_resources(pack, **options)
    return [one for one in found if str(one["resourceType"]).endswith(kind)]


def test_every_resource_has_an_id_of_its_own(pack: Pack) -> None:
    resources = list(fhir_resources(pack))
    ids = [(one["resourceType"], one["id"]) for one in resources]
    assert len(set(ids)) == len(ids)
    assert all(ID.fullmatch(one["id"]) for one in resources)
    assert json.loads(json.dumps(resources)) == resources


def test_a_library_holds_the_query_with_its_parameters_and_tables(pack: Pack) -> None:
    library = next(one for one in exported(pack, "Library") if one["name"] == "foot_care_check")
    sql = base64.b64decode(library["content"][0]["data"]).decode()
    assert sql == library["content"][0]["extension"][0]["valueString"]
    assert names_in(sql) == ()
    assert ":check_months" in sql
    kinds = {one["name"]: one["type"] for one in library["parameter"]}
    assert kinds == {"as_of": "date", "check_months": "integer", "worry_score": "decimal"}
    labels = {one["label"]: one["resource"] for one in library["relatedArtifact"]}
    assert labels["foot_check_rows"] == "http://qamqor.invalid/fhir/ViewDefinition/foot_check"
    assert library["version"] == "2025-01-01"


def test_a_plan_says_who_does_what_in_three_languages(pack: Pack) -> None:
    plan = exported(pack, "PlanDefinition")[0]
    assert plan["title"] == "Foot care"
    translation = plan["_title"]["extension"][0]["extension"]
    assert translation[0] == {"url": "lang", "valueCode": "kk"}
    assert translation[1] == {"url": "content", "valueString": "Табан күтімі"}
    action = plan["action"][0]
    assert action["participant"][0]["role"]["coding"][0]["code"] == "practice_nurse"
    reference = action["condition"][0]["expression"]["reference"]
    assert reference == "http://qamqor.invalid/fhir/Library/foot_care.check|2025-01-01"
    assert reference in plan["library"]


def test_a_measure_counts_by_its_query(pack: Pack) -> None:
    measure = exported(pack, "Measure")[0]
    populations = measure["group"][0]["population"]
    assert [one["code"]["coding"][0]["code"] for one in populations] == [
        "initial-population",
        "denominator",
        "denominator-exclusion",
        "numerator",
    ]
    assert populations[3]["criteria"]["expression"] == "in_numerator"
    assert measure["improvementNotation"]["coding"][0]["code"] == "increase"


def test_what_is_approved_is_active(pack: Pack) -> None:
    approved = {pack.programmes[0].sha256}
    assert {one["status"] for one in exported(pack, "Library")} == {"draft"}
    assert {one["status"] for one in exported(pack, "Library", approved=approved)} == {"active"}


def test_a_value_set_lists_its_codes_with_their_meaning(pack: Pack) -> None:
    value_set = exported(pack, "ValueSet")[0]
    assert value_set["compose"]["include"] == [
        {"system": "http://loinc.org", "concept": [{"code": "1", "display": "Sore feet"}]}
    ]


def test_parameters_of_every_kind_have_a_fhir_type(pack: Pack) -> None:
    programme = pack.programmes[0]
    months = programme.parameters["check_months"]
    changed = {
        **programme.parameters,
        "check_months": replace(months, value=True),
        "worry_score": replace(months, value="much"),
    }
    other = replace(pack, programmes=(replace(programme, parameters=changed),))
    library = next(one for one in exported(other, "Library") if one["name"] == "foot_care_check")
    said = {one["name"]: (one["type"], one.get("documentation")) for one in library["parameter"]}
    assert said["check_months"] == ("boolean", "In this version true")
    assert said["worry_score"] == ("string", "In this version much")


def test_a_long_name_still_gives_an_id(tmp_path: Path) -> None:
    version = write_pack(tmp_path)
    name = "looking_at_both_feet_and_every_toe_of_each_of_them_carefully"
    (version / f"{name}.sql").write_text(CHECK)
    action = {**YAML["actions"]["check"], "sql": f"{name}.sql"}
    write_programme(version, {**YAML, "actions": {"check": action}})
    ids = [(one["resourceType"], one["id"]) for one in fhir_resources(load_pack(tmp_path))]
    assert all(ID.fullmatch(one) for _, one in ids)
    assert len(set(ids)) == len(ids)


def test_what_only_a_schedule_can_answer_says_so() -> None:
    shipped = load_pack(CONTENT)
    told = {one["name"]: one["description"] for one in exported(shipped, "Library")}
    asking = next(one for one in shipped.programmes if one.doses_table is not None)
    assert "schedule is told" in told[f"{asking.id}_history"]
    assert str(asking.doses_table) in told[f"{asking.id}_zero_dose"]
    plans = {one["name"]: one for one in exported(shipped, "PlanDefinition")}
    (action,) = plans[asking.id]["action"]
    assert action["condition"][0]["expression"]["language"] == "text/plain"
