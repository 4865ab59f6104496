"""Writes the reference pages of the documentation from the software itself."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path
from typing import Any

import typer
import validation_reference
import yaml

from qamqor.__main__ import ROOMS, command_line
from qamqor.engine.immunisation.ideal import ideal_course
from qamqor.engine.immunisation.read_yaml import read_schedule
from qamqor.services.immunisation_pages import UNTIL_YEARS, Said
from qamqor.services.immunisation_words import ImmunisationWords

ROOT = Path(__file__).parents[1]
CONTENT = ROOT / "content"
REFERENCE = ROOT / "docs" / "reference"


def main() -> None:
    """Write every page; each function returns one page of Markdown."""
    pages = {
        "commands": commands(),
        "settings": settings(),
        "tables": tables(),
        "value-sets": value_sets(),
        "access": access(),
        "fhir-rules": validation_reference.page(table),
        **{f"schedule-{folder.parent.name}": schedule(folder) for folder in newest_schedules()},
        **{f"programme-{folder.parent.name}": programme(folder) for folder in newest_programmes()},
    }
    for name, text in pages.items():
        (REFERENCE / f"{name}.md").write_text(text)


def table(heads: list[str], rows: list[list[Any]]) -> str:
    """A Markdown table; a bar inside a cell is escaped."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(
        "| " + " | ".join(str(c).replace("|", "\\|").replace("\n", " ") for c in line) + " |"
        for line in lines
    )


def newest_schedules() -> list[Path]:
    """The newest version of every vaccination schedule."""
    return [max(one.iterdir()) for one in sorted((CONTENT / "schedules").iterdir()) if one.is_dir()]


def schedule(folder: Path) -> str:
    """Every vaccine at every age of a schedule, with its status, its source and a case."""
    text = (folder / "schedule.yaml").read_text(encoding="utf-8")
    written, names = yaml.safe_load(text), yaml.safe_load((folder / "words.en.yaml").read_text())
    cases = [
        case
        for file in sorted(folder.glob("cases/*.yaml"))
        for case in yaml.safe_load(file.read_text(encoding="utf-8"))
    ]
    words = ImmunisationWords("en", [CONTENT], read_schedule(text), folder)
    said = Said(words)
    begins = written["calendar"]["valid_from"]
    rows = []
    for one in ideal_course(read_schedule(text), begins, until_years=UNTIL_YEARS):
        for group, number in one.doses:
            status, source = _of_dose(written, group, number)
            shown = next((c["case"] for c in cases if _shows(c, group, number)), "")
            whom = "" if len(one.sexes) > 1 else " (girls)"
            vaccine = f"{names['vaccine'].get(one.cvx, one.cvx)} (CVX {one.cvx}){whom}"
            about = names["group"].get(group, group)
            rows.append([said.age(one.age), vaccine, about, number, status, source, shown])
    heads = ["age", "vaccine", "protects against", "dose", "status", "source", "case"]
    sources = table(["source", "what"], [list(p) for p in written["calendar"]["sources"].items()])
    title = names["title"]
    return (
        f"# {title}\n\nVersion {written['calendar']['version']}, {written['calendar']['status']}: "
        "clinicians must confirm each line before it is used for care. Ages are those at which a "
        "dose is recommended to a child who is never late; a case is one of those run in both "
        "engines.\n\n" + table(heads, rows) + "\n\n" + sources + "\n"
    )


def _of_dose(written: dict[str, Any], group: str, number: int) -> tuple[str, str]:
    """Status and source of the dose, from the first series of the group that has it."""
    for series in written["series"]:
        if series["group"] != group or not series.get("enabled", True):
            continue
        for dose in series["doses"]:
            if dose["n"] == number or dose.get("recurring"):
                return dose["status"], dose.get("source", series["source"])
    return "", ""


def _shows(case: dict[str, Any], group: str, number: int) -> bool:
    """Whether a case is about the dose: it expects it next, or counts it."""
    expected = case["expect"].get(group, {})
    return expected.get("dose") == number or len(expected.get("counts", [])) == number


def commands() -> str:
    """Every verb with its arguments and options, from the command line itself."""
    app = typer.main.get_command(command_line(list(ROOMS)))
    parts = [
        "# Commands\n\nExit codes: 0 done, 1 a bug or failed cases, 2 wrong usage, 3 not "
        "possible, 4 content problems, 5 input went to quarantine under `--strict`."
    ]
    for room, group in sorted(app.commands.items()):  # type: ignore[attr-defined]
        verbs = getattr(group, "commands", None)
        if verbs is not None:
            parts.append(f"## {room}\n\n{group.help or ''}")
        for verb, command in ({"": group} if verbs is None else verbs).items():
            rows = [
                [
                    ", ".join(f"`{o}`" for o in p.opts)
                    if p.param_type_name == "option"
                    else f"`{p.name.upper()}`",
                    getattr(p, "help", "") or "",
                ]
                for p in command.params
                if p.name != "help"
            ]
            level = "##" if verbs is None else "###"
            parts.append(
                f"{level} qamqor {room} {verb}\n\n{command.help or ''}\n\n"
                + (table(["argument", "meaning"], rows) if rows else "")
            )
    return "\n\n".join(parts) + "\n"


def access() -> str:
    """Who may do what to whose record, worked out by the policy itself."""
    from qamqor import settings as installation

    installation.load_django()
    from qamqor.services.access import matrix
    from qamqor.services.access.groups import GROUPS

    groups = list(matrix.EXAMPLES)
    rows: dict[tuple[str, str], list[str]] = {}
    for line in matrix.lines():
        rows.setdefault((line.role, line.relation), []).append(line.letters)
    shown = [
        [role, relation, *(f"`{one}`" if one else "" for one in letters)]
        for (role, relation), letters in rows.items()
        if any(letters)
    ]
    labels = yaml.safe_load((CONTENT / "access/labels.yaml").read_text())
    return (
        "# Who may do what\n\nLetters: r read, s search, h history, c create, u update, d delete. "
        "A role and relation that is not listed may do nothing.\n\n"
        + table(["role", "relation", *groups], shown)
        + "\n\n## What is about nobody\n\n"
        + table(
            ["role", "group", "actions"],
            [[x.role, x.group, f"`{x.letters}`"] for x in matrix.of_everyone() if x.letters],
        )
        + "\n\n## Sensitive labels\n\n"
        + table(
            ["label", "meaning", "roles that read it"],
            [[code, one["title"], ", ".join(one["roles"])] for code, one in labels.items()],
        )
        + "\n\n## Groups of resource types\n\n"
        + table(["group", "types"], [[g, ", ".join(sorted(t))] for g, t in GROUPS.items()])
        + "\n"
    )


def settings() -> str:
    """The environment variables, from the docstring of the one class that holds them."""
    source = (ROOT / "qamqor/settings.py").read_text()
    found = re.findall(r"(QAMQOR_\w+), (.+)", source)
    return (
        "# Settings\n\nRead once from the environment; there is no other configuration.\n\n"
        + table(["variable", "meaning"], [[f"`{name}`", text] for name, text in found])
        + "\n"
    )


def tables() -> str:
    """Every table rules may read, from its ViewDefinition."""
    parts = [
        "# Tables\n\nMade from FHIR R4 resources by the ViewDefinitions in `content/tables`. "
        "◆ marks the date from which a row is known."
    ]
    for file in sorted((CONTENT / "tables").glob("*.json")):
        view = json.loads(file.read_text())
        rows = [
            [
                f"`{column['name']}`" + (" ◆" if tagged(column, "known_on") else ""),
                column.get("type", ""),
                f"`{column['path']}`",
                column.get("description", ""),
            ]
            for column in columns_of(view)
        ]
        parts.append(
            f"## {file.stem}\n\nFrom `{view['resource']}`. {view.get('description', '')}"
            f"\n\n{table(['column', 'FHIR type', 'path', 'meaning'], rows)}"
        )
    return "\n\n".join(parts) + "\n"


def tagged(column: dict[str, Any], value: str) -> bool:
    """Whether a column carries the tag."""
    return any(tag.get("value") == value for tag in column.get("tag", []))


def columns_of(node: Any) -> list[dict[str, Any]]:
    """The columns of a view in order, the first branch of each union standing for all."""
    found = list(node.get("column", []))
    for child in node.get("select", []):
        found += columns_of(child)
    if node.get("unionAll"):
        found += columns_of(node["unionAll"][0])
    return found


def value_sets() -> str:
    """Every code by meaning."""
    parts = ["# Value sets"]
    for file in sorted((CONTENT / "valuesets").glob("*.csv")):
        with file.open(newline="") as lines:
            rows = [[r["system"], r["code"], r.get("display", "")] for r in csv.DictReader(lines)]
        parts.append(f"## {file.stem}\n\n{table(['system', 'code', 'meaning'], rows)}")
    return "\n\n".join(parts) + "\n"


def newest_programmes() -> list[Path]:
    """The latest version folder of each programme."""
    return [max(p.iterdir()) for p in sorted((CONTENT / "programmes").glob("*")) if p.is_dir()]


def programme(folder: Path) -> str:
    """One programme as its clinicians read it: purpose, numbers, questions, cases."""
    about = yaml.safe_load((folder / "programme.yaml").read_text())
    parameters = [
        [
            f"`{name}`",
            p["value"],
            p.get("status", ""),
            about["sources"].get(p["source"], p["source"]),
        ]
        for name, p in about["parameters"].items()
    ]
    actions = [
        [f"`{name}`", a.get("title", ""), a["role"], a["channel"], a.get("closes", "")]
        for name, a in about["actions"].items()
    ]
    parts = [
        f"# {about['title']}\n\n{about['purpose']}\n\nVersion {folder.name}, {about['status']}.",
        "## Numbers\n\n" + table(["parameter", "value", "status", "source"], parameters),
        "## Actions\n\n" + table(["action", "title", "role", "channel", "closes"], actions),
        "## Questions and cases",
    ]
    for query in sorted(folder.glob("*.sql")):
        cases_file = folder / "cases" / query.name.replace(".sql", ".yaml")
        cases = yaml.safe_load(cases_file.read_text()) if cases_file.exists() else []
        sentences = "\n".join(f"- {case['case']}" for case in cases)
        parts.append(f"### {query.stem}\n\n{sentences}\n\n```sql\n{query.read_text()}```")
    return "\n\n".join(parts) + "\n"


if __name__ == "__main__":
    main()
