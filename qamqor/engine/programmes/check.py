"""Says everything that is wrong with a content pack: its files, its rules, its words, its cases."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Final

from qamqor.engine.programmes.case_engines import (
    DuckDB,
    EngineError,
    SQLite,
    doses_tables,
    engines,
    population_tables,
    state_tables,
)
from qamqor.engine.programmes.cases import Case, queries, read_cases
from qamqor.engine.programmes.load import read_pack
from qamqor.engine.programmes.marks import Entry, read
from qamqor.engine.programmes.schema import Pack, Programme
from qamqor.engine.programmes.sql_check import Checked, check_query, people_tables
from qamqor.engine.programmes.words import english, missing, unknown
from qamqor.engine.tables.definition import read_view
from qamqor.engine.words import LANGUAGES
from qamqor.errors import InvalidView, Problem

_PATIENT: Final = "patient_id"


def check(folder: Path, *overlays: Path) -> list[Problem]:
    """Every problem of a pack, each with its file and line; none means it can be used."""
    pack, problems = read_pack(folder, *overlays)
    problems += _names(pack) + _views(pack)
    both = None
    if not problems:
        both = _engines(pack, problems)
    for programme in pack.programmes:
        _check_declared(pack, programme, problems)
        if both is not None:
            _check_queries(pack, programme, both, problems)
        _check_words(pack, programme, problems)
        _check_cases(pack, programme, problems)
    return sorted(dict.fromkeys(problems), key=lambda one: (one.where, one.line or 0))


def _engines(pack: Pack, problems: list[Problem]) -> tuple[DuckDB, SQLite] | None:
    """Both engines, or null when the pack's tables do not fit what the engine does with them."""
    try:
        return engines(pack)
    except EngineError as error:
        what = f"the tables cannot be laid out: {str(error).splitlines()[0]}"
        fix = "dates need the tag ansi/type DATE; patient has patient_id, is_active, died_on"
        problems.append(Problem("tables", what, fix))
        return None


def all_cases(pack: Pack, problems: list[Problem]) -> list[Case]:
    """Every case of every programme of a pack; those that cannot be read become problems."""
    return [case for one in pack.programmes for case in read_cases(pack, one, problems)]


def _names(pack: Pack) -> list[Problem]:
    """Tables, value sets and people share one space of names."""
    seen: dict[str, str] = {}
    problems = []
    people = population_tables(pack)
    latest = [table.latest for table in pack.tables.values() if table.has_latest]
    for what, names in (
        ("table", [*pack.tables, *latest]),
        ("value set", pack.value_sets),
        ("population", people),
        ("state", state_tables(pack)),
        ("table of doses", doses_tables(pack)),
    ):
        for name in names:
            if name in seen:
                said = f"`{name}` is both a {seen[name]} and a {what}"
                problems.append(Problem(f"{pack.id}", said, "rename one"))
            seen[name] = what
    return problems


def _views(pack: Pack) -> list[Problem]:
    """Every table is a ViewDefinition that FHIR R4 can fill."""
    problems = []
    for table in pack.tables.values():
        for file, view in zip(table.files, table.views, strict=True):
            try:
                read_view(view)
            except InvalidView as error:
                problems += [replace(one, where=f"{file}: {one.where}") for one in error.problems]
    return problems


def _check_declared(pack: Pack, programme: Programme, problems: list[Problem]) -> None:
    """What programme.yaml says it reads exists."""
    where = f"{programme.where}/programme.yaml"
    latest = {table.latest for table in pack.tables.values() if table.has_latest}
    known = {*pack.tables, *latest, *population_tables(pack)}
    document = read(programme.folder / "programme.yaml", where)
    for key, names, there in (
        ("tables", programme.tables, known),
        ("value_sets", programme.value_sets, set(pack.value_sets)),
    ):
        for position, name in enumerate(names):
            if name not in there:
                document.problem((key, position), f"`{name}` is not among the pack's {key}")
            if name in names[:position]:
                document.problem((key, position), f"`{name}` is named twice", "once is enough")
    problems += document.problems


def _check_queries(
    pack: Pack, programme: Programme, both: tuple[DuckDB, SQLite], problems: list[Problem]
) -> None:
    checked = [check_query(pack, query, both) for query in queries(programme) if query.sql]
    for one in checked:
        problems += one.text.problems
    if all(one.text.tree is not None for one in checked):
        problems += _unused(programme, checked)


def _unused(programme: Programme, checked: list[Checked]) -> list[Problem]:
    """Tables, value sets and parameters that no query of the programme uses."""
    where = f"{programme.where}/programme.yaml"
    document = read(programme.folder / "programme.yaml", where)
    read_ = {name for one in checked for name in one.read}
    named = {name for one in checked for name in one.named}
    for action in programme.actions.values():
        named |= {str(action.overdue_after_days), str(action.overdue_after_months)}
    for key, names in (("tables", programme.tables), ("value_sets", programme.value_sets)):
        for position, name in enumerate(names):
            if name not in {*read_, *people_tables(programme)}:
                document.problem((key, position), f"`{name}` is named but no query reads it")
    for name in programme.parameters:
        if name not in named:
            document.problem(("parameters", name), f"`{name}` is a parameter no query uses")
    return document.problems


def _check_words(pack: Pack, programme: Programme, problems: list[Problem]) -> None:
    for language in pack.languages:
        if language not in {"en", *programme.words}:
            where = f"{programme.where}/words.{language}.yaml"
            count = sum(1 for _ in english(programme))
            problems.append(Problem(where, "the file is missing", f"translate {count} texts"))
    for language, path in missing(
        programme, [one for one in pack.languages if one in programme.words]
    ):
        where = f"{programme.where}/words.{language}.yaml"
        problems.append(Problem(where, f"has no words for {'.'.join(path)}", "translate them"))
    for language in programme.words:
        where = f"{programme.where}/words.{language}.yaml"
        document = read(programme.folder / f"words.{language}.yaml", where)
        if language not in LANGUAGES:
            document.problem((), f"`{language}` is not a language of the platform")
        for path in unknown(programme, language):
            document.problem(path, f"{'.'.join(path)} is not in programme.yaml", "delete it")
        problems += document.problems
    problems += _untold(programme)
    for name, action in programme.actions.items():
        for code, said in action.items.items():
            if not said:
                fix = "write `items: {code: words}`"
                where = f"{programme.where}/programme.yaml"
                problems.append(Problem(where, f"item `{code}` of {name} has no words", fix))


def _untold(programme: Programme) -> list[Problem]:
    """Actions of which nobody has decided what the person reads."""
    where = f"{programme.where}/programme.yaml"
    document = read(programme.folder / "programme.yaml", where)
    written = Entry(document).value.get("actions", {})
    for name in programme.actions:
        one = written[name]
        if isinstance(one, dict) and one.get("told") is None:
            fix = "`no`, `{time_for: what they come for}` or `{we_will: what we do for them}`"
            document.problem(("actions", name), f"actions.{name} has no `told`", fix)
    return document.problems


def _check_cases(pack: Pack, programme: Programme, problems: list[Problem]) -> None:
    cases = read_cases(pack, programme, problems)
    files = {query.file for query in queries(programme)}
    have = {case.query.file for case in cases}
    for file in sorted({path.name for path in programme.folder.glob("*.sql")} | files):
        where = f"{programme.where}/{file}"
        if file not in files:
            problems.append(
                Problem(where, "no state, action or measure names it", "name or delete it")
            )
        elif file not in have:
            stem = file.removesuffix(".sql")
            problems.append(Problem(where, "has no cases", f"write cases/{stem}.yaml"))
    seen: dict[tuple[str, str], int | None] = {}
    for case in cases:
        key = (case.where, case.sentence)
        if key in seen:
            said = f"the sentence of line {seen[key]} stands here again"
            problems.append(Problem(case.where, said, "say what differs", case.line))
        seen[key] = case.line
