import json
import re
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from qamqor.engine.programmes.load import load_pack, read_pack
from qamqor.errors import InvalidPack
from tests.engine.programmes.small_pack import (
    CHECK,
    PROGRAMME,
    TABLES,
    YAML,
    write_pack,
    write_programme,
    write_yaml,
)


def told(folder: Path, *overlays: Path) -> list[str]:
    return [str(problem) for problem in read_pack(folder, *overlays)[1]]


def programme_with(folder: Path, change: Callable[[dict[str, Any]], None]) -> list[str]:
    """The problems of the small pack after a change of its programme.yaml."""
    version = write_pack(folder)
    content = json.loads(json.dumps(YAML))
    change(content)
    write_programme(version, content)
    return told(folder)


def test_a_pack_is_read_whole(tmp_path: Path) -> None:
    write_pack(tmp_path)
    pack = load_pack(tmp_path)
    programme = pack.programmes[0]
    assert (programme.id, programme.version, programme.belongs) == (
        PROGRAMME,
        "2025-01-01",
        "eligible",
    )
    assert programme.actions["check"].sql == CHECK
    assert programme.actions["check"].urgency == {"never": 2, "worrying": 1, "routine": 4}
    assert programme.values() == {"check_months": 6, "check_overdue_days": 14, "worry_score": 7.5}
    assert pack.value_sets == {"sore_feet": (("http://loinc.org", "1"),)}
    assert pack.displays == {("http://loinc.org", "1"): "Sore feet"}
    assert pack.languages == ("kk", "ru", "en")


def test_a_table_knows_its_kinds_key_and_dating_column(tmp_path: Path) -> None:
    write_pack(tmp_path)
    table = load_pack(tmp_path).tables["foot_check"]
    assert table.columns == {
        "patient_id": "text",
        "observation_id": "text",
        "effective_on": "date",
        "score": "double",
        "toes": "integer",
        "is_numb": "boolean",
    }
    assert (table.key, table.known_on, table.has_latest) == ("observation_id", "effective_on", True)
    assert table.view["resource"] == "Observation"
    assert table.latest == "latest_foot_check"


def test_columns_of_nested_selects_and_unions_count_once(tmp_path: Path) -> None:
    write_pack(tmp_path)
    column = {"name": "patient_id", "path": "id", "type": "string"}
    branch = {"forEach": "x", "column": [{"name": "size", "path": "y", "type": "decimal"}]}
    view = {
        "name": "nested",
        "resource": "Observation",
        "select": [{"column": [column], "select": [{"unionAll": [branch, branch]}]}],
    }
    (tmp_path / "tables/nested.json").write_text(json.dumps(view))
    assert load_pack(tmp_path).tables["nested"].columns == {"patient_id": "text", "size": "double"}


def test_a_table_may_come_from_two_resource_types(tmp_path: Path) -> None:
    write_pack(tmp_path)
    for part in ("observation", "procedure"):
        view = {**TABLES[2], "name": "toe_check", "resource": part.capitalize()}
        (tmp_path / f"tables/toe_check.{part}.json").write_text(json.dumps(view))
    table = load_pack(tmp_path).tables["toe_check"]
    assert [view["resource"] for view in table.views] == ["Observation", "Procedure"]


def test_two_views_of_one_table_must_have_the_same_columns(tmp_path: Path) -> None:
    write_pack(tmp_path)
    for part, source in (("a", TABLES[1]), ("b", TABLES[2])):
        view = {**source, "name": "toe_check"}
        (tmp_path / f"tables/toe_check.{part}.json").write_text(json.dumps(view))
    assert "differ from the other file of toe_check" in " ".join(told(tmp_path))


def test_the_version_in_force_is_the_newest_that_has_begun(tmp_path: Path) -> None:
    version = write_pack(tmp_path)
    later = version.with_name("2026-03-01")
    version.rename(later)
    write_programme(later, YAML)
    write_pack(tmp_path / "again")
    (tmp_path / f"again/programmes/{PROGRAMME}/2025-01-01").rename(version)
    pack = load_pack(tmp_path)
    assert [one.version for one in pack.programmes] == ["2025-01-01", "2026-03-01"]
    assert pack.in_force(date(2024, 12, 31)) == ()
    assert [one.version for one in pack.in_force(date(2026, 2, 28))] == ["2025-01-01"]
    assert [one.version for one in pack.in_force(date(2026, 3, 1))] == ["2026-03-01"]
    newest = pack.programme(PROGRAMME)
    assert newest is not None
    assert newest.version == "2026-03-01"
    assert pack.programme(PROGRAMME, "1999-01-01") is None


def another(folder: Path, name: str, reads: list[str]) -> None:
    """A second programme, which reads the people of others."""
    version = folder / "programmes" / name / "2025-01-01"
    original = folder / "programmes" / PROGRAMME / "2025-01-01"
    version.mkdir(parents=True)
    for file in ("population.sql", "check.sql", "checked.sql"):
        (version / file).write_text((original / file).read_text())
    tables = [*YAML["tables"], *(f"{other}_population" for other in reads)]
    write_programme(version, {**YAML, "id": name, "tables": tables})


def test_programmes_whose_people_others_read_come_first(tmp_path: Path) -> None:
    write_pack(tmp_path)
    another(tmp_path, "after_care", ["beyond_care"])
    another(tmp_path, "beyond_care", [PROGRAMME])
    in_force = load_pack(tmp_path).in_force(date(2026, 1, 1))
    assert [one.id for one in in_force] == [PROGRAMME, "beyond_care", "after_care"]


def test_populations_that_read_each_other_in_a_circle_are_refused(tmp_path: Path) -> None:
    write_pack(tmp_path)
    another(tmp_path, "after_care", ["beyond_care"])
    another(tmp_path, "beyond_care", ["after_care"])
    problems = told(tmp_path)
    assert len(problems) == 1
    assert "in a circle: after_care, beyond_care" in problems[0]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        pytest.param(lambda y: y.update(id="hand_care"), "name it as its folder", id="id"),
        pytest.param(lambda y: y.update(status="approved"), "one of: draft", id="status"),
        pytest.param(lambda y: y.update(belongs="all"), "eligible, enrolled", id="belongs"),
        pytest.param(
            lambda y: y.update(belongs="enrolled"),
            "an enrolled programme has eligible.sql",
            id="enrolled without eligible",
        ),
        pytest.param(
            lambda y: y.update(eligible="population.sql"),
            "is only for `belongs: enrolled`",
            id="eligible of an eligible programme",
        ),
        pytest.param(lambda y: y.update(purpse="x"), "is not a known key", id="a typing error"),
        pytest.param(lambda y: y.pop("title"), "`title` is missing", id="no title"),
        pytest.param(lambda y: y.update(title=["x"]), "should be a text", id="title a list"),
        pytest.param(lambda y: y.update(tables="patient"), "a list of names", id="no list"),
        pytest.param(lambda y: y.update(tables=[1]), "should list names", id="no names"),
        pytest.param(
            lambda y: y.update(population="who.sql"), "which is not in", id="no such query"
        ),
        pytest.param(
            lambda y: y.update(population="../x.sql"), "an .sql file of this folder", id="elsewhere"
        ),
        pytest.param(
            lambda y: y["parameters"]["check_months"].update(source="rumour"),
            "`rumour` is not among the sources",
            id="unknown source",
        ),
        pytest.param(
            lambda y: y["parameters"]["check_months"].update(status="sure"),
            "confirmed, assumption",
            id="unknown status",
        ),
        pytest.param(
            lambda y: y["parameters"]["check_months"].update(value=[1, 2]),
            "lists cannot be bound|should be a number",
            id="a list as a parameter",
        ),
        pytest.param(
            lambda y: y["parameters"]["check_months"].update(value=10**30),
            "at most 18 digits",
            id="a number no engine holds",
        ),
        pytest.param(
            lambda y: y["parameters"]["worry_score"].update(value=float("inf")),
            "write a number",
            id="a number without end",
        ),
        pytest.param(
            lambda y: y["parameters"].update(as_of=y["parameters"]["check_months"]),
            "is a name the engine binds",
            id="a reserved name",
        ),
        pytest.param(
            lambda y: y["parameters"].update(CheckDays=y["parameters"]["check_months"]),
            "is not snake_case",
            id="a name in another style",
        ),
        pytest.param(
            lambda y: y["actions"]["check"].update(role="surgeon"), "practice_nurse", id="role"
        ),
        pytest.param(
            lambda y: y["actions"]["check"].update(channel="fax"), "phone, video", id="channel"
        ),
        pytest.param(
            lambda y: y["actions"]["check"]["urgency"].pop("never"),
            "says nothing about the reason `never`",
            id="urgency of a reason",
        ),
        pytest.param(
            lambda y: y["actions"]["check"]["urgency"].update(never=9),
            r"1 \(now\) to 4 \(routine\)",
            id="urgency out of range",
        ),
        pytest.param(
            lambda y: y["actions"]["check"]["urgency"].update(other=1),
            "names `other`, which is not a reason",
            id="urgency of no reason",
        ),
        pytest.param(
            lambda y: y["actions"]["check"].pop("reasons"), "has no `reasons`", id="no reasons"
        ),
        pytest.param(
            lambda y: y["actions"]["check"].update(overdue_after_days="soon_days"),
            "names `soon_days`, which is not a parameter",
            id="allowance without a parameter",
        ),
        pytest.param(
            lambda y: y["actions"]["check"].update(overdue_after_days="worry_score"),
            "is not a whole number",
            id="allowance of a decimal",
        ),
        pytest.param(
            lambda y: y["actions"]["check"].update(overdue_after_months="check_months"),
            "one of the two",
            id="two allowances",
        ),
        pytest.param(
            lambda y: y["measures"]["checked"].update(period_months=0), "at least 1", id="period"
        ),
        pytest.param(
            lambda y: y["measures"]["checked"].update(better="sideways"),
            "higher, lower",
            id="better",
        ),
        pytest.param(
            lambda y: y["measures"]["checked"].update(kind="due"), "one of: measure", id="kind"
        ),
        pytest.param(lambda y: y.update(actions={"check": "x"}), "is not a mapping", id="shape"),
        pytest.param(
            lambda y: y.update(states={"mood": {"kind": "state", "sql": "check.sql"}}),
            "has no `values`",
            id="a state without values",
        ),
    ],
)
def test_a_wrong_programme_is_refused(
    tmp_path: Path, change: Callable[[dict[str, Any]], None], said: str
) -> None:
    problems = programme_with(tmp_path, change)
    assert any(re.search(said, problem) for problem in problems), problems


def test_every_problem_comes_with_file_and_line_at_once(tmp_path: Path) -> None:
    version = write_pack(tmp_path)
    file = version / "programme.yaml"
    text = file.read_text().replace("channel: clinic", "channel: fax")
    text = text.replace("role: practice_nurse", "role: surgeon\n    role: gp")
    file.write_text(text)
    lines = text.splitlines()
    with pytest.raises(InvalidPack) as raised:
        load_pack(tmp_path)
    told_at = {(problem.line, problem.what.split(" ")[0]) for problem in raised.value.problems}
    fax, role = lines.index("    channel: fax") + 1, lines.index("    role: gp") + 1
    assert told_at == {(fax, "actions.check.channel"), (role, "`role`")}


def test_broken_yaml_says_where(tmp_path: Path) -> None:
    version = write_pack(tmp_path)
    (version / "programme.yaml").write_text("id: foot_care\ntitle: [unfinished\n")
    problems = told(tmp_path)
    assert any("programme.yaml:3: not YAML" in problem for problem in problems), problems


def test_an_impossible_date_says_where(tmp_path: Path) -> None:
    version = write_pack(tmp_path)
    (version / "programme.yaml").write_text("valid_from: 2025-02-30\n")
    assert any("not YAML: day is out of range" in problem for problem in told(tmp_path))


def test_a_file_in_another_encoding_is_named(tmp_path: Path) -> None:
    version = write_pack(tmp_path)
    (version / "programme.yaml").write_bytes("title: Дом".encode("cp1251"))
    assert any("save it as UTF-8" in problem for problem in told(tmp_path))


def test_a_pack_without_pack_yaml_is_refused(tmp_path: Path) -> None:
    write_pack(tmp_path)
    (tmp_path / "pack.yaml").unlink()
    assert any("pack.yaml: the file is missing" in problem for problem in told(tmp_path))


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    assert "there is no such folder" in told(tmp_path / "nowhere")[0]


def test_a_programme_needs_a_version_and_a_snake_case_name(tmp_path: Path) -> None:
    write_pack(tmp_path)
    (tmp_path / "programmes/Hand-Care").mkdir()
    problems = " ".join(told(tmp_path))
    assert "is not snake_case" in problems
    assert "has no version" in problems


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        pytest.param(["a,b"], "needs the columns system, code, display", id="columns"),
        pytest.param(
            ["system,code,display", "x,1,a", "x,1,b"], ":3: .*first on line 2", id="twice"
        ),
        pytest.param(["system,code,display", "x,,a"], ":2: a code needs", id="no code"),
        pytest.param(["system,code,display", "x,1,"], ":2: .*has no display", id="no meaning"),
        pytest.param(["system,code,display", "x,1,a,b"], ":2: .*more cells", id="commas"),
    ],
)
def test_a_wrong_value_set_is_refused_with_its_line(
    tmp_path: Path, lines: list[str], said: str
) -> None:
    write_pack(tmp_path)
    (tmp_path / "valuesets/hands.csv").write_text("\n".join(lines))
    problems = told(tmp_path)
    assert any(re.search(f"hands.csv{said}", p) or re.search(said, p) for p in problems), problems


@pytest.mark.parametrize(
    ("view", "said"),
    [
        pytest.param("{", "not JSON", id="syntax"),
        pytest.param({**TABLES[0], "name": "people"}, "its `name` is `people`", id="name"),
        pytest.param([], "its `name` is `None`", id="shape"),
    ],
)
def test_a_wrong_table_is_refused(tmp_path: Path, view: Any, said: str) -> None:
    write_pack(tmp_path)
    text = view if isinstance(view, str) else json.dumps(view)
    (tmp_path / "tables/hand_check.json").write_text(text)
    assert any(said in problem for problem in told(tmp_path))


def test_a_table_may_not_take_a_name_of_the_engine(tmp_path: Path) -> None:
    write_pack(tmp_path)
    view = json.dumps({**TABLES[0], "name": "hand_population"})
    (tmp_path / "tables/hand_population.json").write_text(view)
    assert any("is a name the engine uses" in problem for problem in told(tmp_path))


def test_the_dating_column_is_one_date(tmp_path: Path) -> None:
    write_pack(tmp_path)
    text = json.dumps(TABLES[2]).replace(
        '"name": "qamqor/role", "value": "key"', '"name": "qamqor/role", "value": "known_on"'
    )
    (tmp_path / "tables/foot_check.json").write_text(text)
    assert any("has the role known_on on observation_id" in problem for problem in told(tmp_path))


def test_another_pack_replaces_a_programme_whole(tmp_path: Path) -> None:
    write_pack(tmp_path / "country")
    another(tmp_path / "country", "after_care", [])
    version = write_pack(tmp_path / "region")
    newer = version.with_name("2026-01-01")
    version.rename(newer)
    write_programme(newer, {**YAML, "title": "Foot care of the region"})
    pack = load_pack(tmp_path / "country", tmp_path / "region")
    assert [(one.id, one.version) for one in pack.programmes] == [
        ("after_care", "2025-01-01"),
        (PROGRAMME, "2026-01-01"),
    ]
    assert pack.programmes[1].title == "Foot care of the region"
    assert len(pack.folders) == 2


def overlay(folder: Path, parameters: Any) -> Path:
    """A pack that only overrides parameters."""
    region = folder / "region"
    region.mkdir()
    top = {"id": "region", "version": "2", "title": "Region", "languages": ["kk"], "licence": "x"}
    write_yaml(region / "pack.yaml", top)
    write_yaml(region / "parameters.yaml", parameters)
    return region


def test_another_pack_overrides_single_parameters_with_their_source(tmp_path: Path) -> None:
    write_pack(tmp_path / "country")
    given = {PROGRAMME: {"check_months": {"value": 3, "source": "Order 12 of the region"}}}
    pack = load_pack(tmp_path / "country", overlay(tmp_path, given))
    parameter = pack.programmes[0].parameters["check_months"]
    assert (parameter.value, parameter.source, parameter.is_override) == (
        3,
        "Order 12 of the region",
        True,
    )
    assert pack.id == "region"


def test_an_override_changes_what_was_approved(tmp_path: Path) -> None:
    write_pack(tmp_path / "country")
    before = load_pack(tmp_path / "country").programmes[0].sha256
    given = {PROGRAMME: {"check_months": {"value": 3, "source": "Order 12"}}}
    after = load_pack(tmp_path / "country", overlay(tmp_path, given)).programmes[0].sha256
    assert before != after


@pytest.mark.parametrize(
    ("given", "said"),
    [
        pytest.param({"hand_care": {}}, "hand_care is not a programme", id="programme"),
        pytest.param(
            {PROGRAMME: {"toes": {"value": 1, "source": "x"}}},
            "is not a parameter of any version",
            id="parameter",
        ),
        pytest.param({PROGRAMME: {"check_months": {"value": 1}}}, "has no `source`", id="source"),
        pytest.param(
            {PROGRAMME: {"check_months": {"value": "six", "source": "x"}}},
            "the same kind as `6`",
            id="kind",
        ),
    ],
)
def test_a_wrong_override_is_refused(tmp_path: Path, given: Any, said: str) -> None:
    write_pack(tmp_path / "country")
    problems = told(tmp_path / "country", overlay(tmp_path, given))
    assert [problem for problem in problems if said in problem and "parameters.yaml" in problem]


def change_sql(pack: Path, version: Path) -> None:
    (version / "check.sql").write_text(CHECK + "-- more\n")


def change_codes(pack: Path, version: Path) -> None:
    (pack / "valuesets/sore_feet.csv").write_text("system,code,display\nx,2,Other feet\n")


def change_table(pack: Path, version: Path) -> None:
    text = (pack / "tables/foot_check.json").read_text()
    (pack / "tables/foot_check.json").write_text(text.replace("value.ofType(integer)", "value"))


@pytest.mark.parametrize("change", [change_sql, change_codes, change_table])
def test_the_hash_changes_with_everything_that_decides_a_result(
    tmp_path: Path, change: Callable[[Path, Path], None]
) -> None:
    version = write_pack(tmp_path)
    before = load_pack(tmp_path).programmes[0].sha256
    assert load_pack(tmp_path).programmes[0].sha256 == before
    change(tmp_path, version)
    assert load_pack(tmp_path).programmes[0].sha256 != before


def test_a_translation_is_read_beside_the_programme(tmp_path: Path) -> None:
    version = write_pack(tmp_path)
    (version / "words.ru.yaml").write_text(yaml.safe_dump({"title": "Уход"}, allow_unicode=True))
    assert load_pack(tmp_path).programmes[0].words["ru"] == {"title": "Уход"}
