"""The rules of the house that no linter knows."""

import ast
import itertools
import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "qamqor"
MODULES = sorted(PACKAGE.rglob("*.py"))
TOP_FLOOR = {"cli", "web"}
PROGRAMMES = sorted((ROOT / "content/programmes").glob("*/*/programme.yaml"))
CLOCKS = {"now", "today", "utcnow", "time", "monotonic"}
LONGEST_FILE_LINES = 500
DRAWERS = {"utils", "util", "helpers", "common", "core", "base", "misc", "manager", "handlers"}
SIZED = [".py", ".sql", ".html", ".jinja", ".css", ".js"]


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def floors(path: Path) -> set[str]:
    return set(path.relative_to(PACKAGE).parts)


@pytest.mark.parametrize("module", MODULES, ids=named)
def test_every_room_says_what_it_is_for_on_its_first_line(module: Path) -> None:
    opening = ast.get_docstring(ast.parse(module.read_text())) or ""
    assert opening, f"{named(module)} needs a one-line docstring"
    assert opening.splitlines()[0].endswith((".", ":")), "make the first line a sentence"


@pytest.mark.parametrize(
    "file",
    [
        path
        for top in ("qamqor", "tests", "benchmarks", "tools", "content")
        for path in sorted((ROOT / top).rglob("*"))
        if path.suffix in SIZED and "node_modules" not in path.parts
    ],
    ids=named,
)
def test_no_file_outgrows_a_sitting(file: Path) -> None:
    assert len(file.read_text().splitlines()) <= LONGEST_FILE_LINES


@pytest.mark.parametrize("module", MODULES, ids=named)
def test_no_room_is_a_drawer_for_everything(module: Path) -> None:
    assert not DRAWERS & {module.stem, *floors(module)}, f"name {module} after what it holds"


@pytest.mark.parametrize("module", [m for m in MODULES if not TOP_FLOOR & floors(m)], ids=named)
def test_only_the_top_floor_reads_the_clock(module: Path) -> None:
    read = methods_called(module) & CLOCKS
    assert not read, f"{module} calls {sorted(read)}: take the time as an argument"


@pytest.mark.parametrize("module", [m for m in MODULES if m.name not in {"settings.py"}], ids=named)
def test_only_settings_reads_the_environment(module: Path) -> None:
    assert not re.search(r"os\.environ|os\.getenv", module.read_text())


@pytest.mark.parametrize("module", [m for m in MODULES if "engine" in floors(m)], ids=named)
def test_code_names_no_programme(module: Path) -> None:
    words = set(re.findall(r"[a-z_0-9]+", module.read_text().lower()))
    programmes = {file.parent.parent.name for file in PROGRAMMES}
    assert not programmes & words, f"{module} names {sorted(programmes & words)}"


def methods_called(module: Path) -> set[str]:
    calls = [n for n in ast.walk(ast.parse(module.read_text())) if isinstance(n, ast.Call)]
    return {call.func.attr for call in calls if isinstance(call.func, ast.Attribute)}


@pytest.mark.parametrize("file", PROGRAMMES, ids=lambda f: f.parent.parent.name)
def test_every_number_in_a_programme_names_its_source(file: Path) -> None:
    programme = yaml.safe_load(file.read_text())
    for name, entry in programme["parameters"].items():
        assert entry["source"] in programme["sources"], f"{name} cites an unknown source"


@pytest.mark.parametrize("file", PROGRAMMES, ids=lambda f: f.parent.parent.name)
def test_every_query_has_named_cases(file: Path) -> None:
    for query in file.parent.glob("*.sql"):
        assert (file.parent / "cases" / f"{query.stem}.yaml").exists(), f"no cases for {query.name}"


def test_every_setting_is_documented() -> None:
    source = (PACKAGE / "settings.py").read_text()
    read = set(re.findall(r'environ\.get\("(QAMQOR_\w+)"', source))
    documented = set(re.findall(r"(QAMQOR_\w+),", source.split("data: Path")[0]))
    assert read == documented


def test_nothing_committed_names_a_registry_or_a_machine_path() -> None:
    suspicious = re.compile(r"pypi\.org|registry\.npmjs|files\.pythonhosted|/(?:home|root|work)/\w")
    for file in ROOT.rglob("*"):
        if file.is_file() and file.suffix in {".py", ".toml", ".lock", ".md", ".yaml", ".sh"}:
            parts = file.relative_to(ROOT).parts
            if not {".venv", ".tools", "var", "node_modules", "_build"} & set(parts):
                found = suspicious.search(file.read_text())
                assert not found or file == Path(__file__), f"{named(file)}: {found}"


def test_the_history_of_the_database_is_one_line() -> None:
    steps = sorted(p.stem for p in (PACKAGE / "store/migrations").glob("[0-9]*.py"))

    assert [int(step[:4]) for step in steps] == list(range(1, len(steps) + 1))
    for before, step in itertools.pairwise(steps):
        text = (PACKAGE / f"store/migrations/{step}.py").read_text()
        assert re.search(rf"""["']{before}["']""", text), f"{step} does not follow {before}"
