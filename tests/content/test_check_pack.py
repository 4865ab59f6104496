"""What a pack leaves out or contradicts is named, everything at once, with file and line."""

import json
import re
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from qamqor.engine.programmes.check import check
from tests.engine.programmes.small_pack import write_pack


def problems_after(tmp_path: Path, change: Callable[[Path], None]) -> list[str]:
    version = write_pack(tmp_path)
    change(version)
    return [str(problem) for problem in check(tmp_path)]


def test_a_complete_pack_has_no_problem(tmp_path: Path) -> None:
    assert problems_after(tmp_path, lambda version: None) == []


def edit(file: str, **changes: Any) -> Callable[[Path], None]:
    """Change keys of a YAML file; ``a__b`` is b inside a; null deletes."""

    def change(version: Path) -> None:
        content = yaml.safe_load((version / file).read_text())
        for path, value in changes.items():
            inside: Any = content
            *steps, last = path.split("__")
            for step in steps:
                inside = inside[step]
            if value is None:
                del inside[last]
            else:
                inside[last] = value
        (version / file).write_text(yaml.safe_dump(content, allow_unicode=True, sort_keys=False))

    return change


def remove(file: str) -> Callable[[Path], None]:
    return lambda version: (version / file).unlink()


def break_view(version: Path) -> None:
    file = version.parents[2] / "tables/foot_check.json"
    file.write_text(file.read_text().replace("value.ofType(integer)", "toes"))


def mistype_deaths(version: Path) -> None:
    file = version.parents[2] / "tables/patient.json"
    view = json.loads(file.read_text())
    next(c for c in view["select"][0]["column"] if c["name"] == "died_on")["tag"] = []
    file.write_text(json.dumps(view))


def repeat_a_sentence(version: Path) -> None:
    cases = version / "cases/population.yaml"
    cases.write_text(cases.read_text() * 2)


INCOMPLETE = {
    "a table the engine cannot lay out": (mistype_deaths, "the tables cannot be laid out"),
    "a sentence twice": (repeat_a_sentence, "the sentence of line 1 stands here again"),
    "the day of the folder": (
        edit("programme.yaml", valid_from=date(2024, 1, 1)),
        "write the folder's day: 2025-01-01",
    ),
    "a table FHIR cannot fill": (break_view, r"foot_check.json: select\[0\]"),
    "title in Kazakh": (edit("words.kk.yaml", title=None), "has no words for title"),
    "reason in Russian": (
        edit("words.ru.yaml", actions__check__reasons__never=None),
        r"words.ru.yaml: has no words for actions.check.reasons.never",
    ),
    "what closes it": (edit("words.ru.yaml", actions__check__closes=""), "actions.check.closes"),
    "what the person is told": (
        edit("programme.yaml", actions__check__told=None),
        "actions.check has no `told`",
    ),
    "what the person is told, in Kazakh": (
        edit("words.kk.yaml", actions__check__told=None),
        "has no words for actions.check.told",
    ),
    "numerator": (
        edit("words.kk.yaml", measures__checked__numerator=None),
        "measures.checked.numerator",
    ),
    "a whole language": (remove("words.kk.yaml"), "words.kk.yaml: the file is missing"),
    "words of nothing": (
        edit("words.kk.yaml", actions__look={"title": "x"}),
        "actions.look is not",
    ),
    "a strange language": (
        lambda version: (version / "words.xx.yaml").write_text("title: x"),
        "`xx` is not a language of the platform",
    ),
    "cases": (remove("cases/check.yaml"), "check.sql: has no cases"),
    "a query nobody names": (
        lambda version: (version / "other.sql").write_text("-- x"),
        "other.sql: no state, action or measure names it",
    ),
    "cases of nothing": (
        lambda version: (version / "cases/other.yaml").write_text("[]"),
        "no query of the programme has this name",
    ),
    "a table that is not there": (
        edit("programme.yaml", tables=["patient", "condition", "latest_foot_check", "hair"]),
        "`hair` is not among the pack's tables",
    ),
    "a value set that is not there": (
        edit("programme.yaml", value_sets=["sore_feet", "hair"]),
        "`hair` is not among the pack's value_sets",
    ),
    "a table named twice": (
        edit("programme.yaml", value_sets=["sore_feet", "sore_feet"]),
        "`sore_feet` is named twice",
    ),
    "a table nobody reads": (
        edit("programme.yaml", tables=["patient", "condition", "foot_check", "latest_foot_check"]),
        "`patient` is named but no query reads it",
    ),
    "a parameter nobody uses": (
        edit(
            "programme.yaml",
            parameters__spare_days={"value": 1, "source": "guide", "status": "confirmed"},
        ),
        "`spare_days` is a parameter no query uses",
    ),
    "words of an item": (
        edit("programme.yaml", actions__check__items=["left"]),
        "item `left` of check has no words",
    ),
    "a value set named as a table": (
        lambda version: (version.parents[2] / "valuesets/patient.csv").write_text(
            "system,code,display\na,b,c\n"
        ),
        "`patient` is both a table and a value set",
    ),
}


@pytest.mark.parametrize(
    ("change", "said"), [pytest.param(*example, id=name) for name, example in INCOMPLETE.items()]
)
def test_what_is_incomplete_is_named(
    tmp_path: Path, change: Callable[[Path], None], said: str
) -> None:
    problems = problems_after(tmp_path, change)
    assert any(re.search(said, problem) for problem in problems), problems


def test_every_problem_is_told_at_once_with_its_line(tmp_path: Path) -> None:
    def break_much(version: Path) -> None:
        edit("words.ru.yaml", title=None)(version)
        text = (version / "check.sql").read_text()
        text = text.replace("> $worry_score", "> 7.5").replace("$check_months", "6")
        (version / "check.sql").write_text(text)

    problems = problems_after(tmp_path, break_much)
    assert [problem for problem in problems if "check.sql:11: the number 6" in problem]
    assert [problem for problem in problems if "check.sql:15: the number 7.5" in problem]
    assert [problem for problem in problems if "`check_months` is a parameter no query" in problem]
    assert [problem for problem in problems if "words.ru.yaml" in problem]
