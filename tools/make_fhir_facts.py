"""Write qamqor/engine/fhir/facts.json: what FHIR 4.0.1 says of every type and element.

    python tools/make_fhir_facts.py

What R4 says comes from r4_definitions.py. An element is one short text, ``TYPE[|TYPE…] MIN..MAX``:

    "name": "HumanName 0..*"                            one type
    "deceased": "boolean|dateTime 0..1 choice"          in JSON: deceasedBoolean, deceasedDateTime
    "subject": "Reference(Group|Patient) 0..1"          what it may point to, where FHIR limits it
    "item": "Questionnaire.item 0..*"                   a part of the type, or one it repeats
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from r4_definitions import SOURCE, definitions

TARGET = Path(__file__).parents[1] / "qamqor/engine/fhir/facts.json"
FHIR_TYPE = "http://hl7.org/fhir/StructureDefinition/structuredefinition-fhir-type"
PARTS = {"BackboneElement", "Element"}


def type_names(element: dict[str, Any], path: str) -> list[str]:
    if "contentReference" in element:
        return [element["contentReference"].lstrip("#")]
    names = []
    for kind in element["type"]:
        code = kind["code"]
        if code.startswith("http://hl7.org/fhirpath/"):
            extension = next(e for e in kind["extension"] if e["url"] == FHIR_TYPE)
            code = extension["valueUrl"]
        targets = sorted(t.rsplit("/", 1)[1] for t in kind.get("targetProfile", []))
        limited = code == "Reference" and targets and targets != ["Resource"]
        names.append(path if code in PARTS else f"{code}({'|'.join(targets)})" if limited else code)
    return names


def fact(element: dict[str, Any], path: str) -> str:
    choice = " choice" if element["path"].endswith("[x]") else ""
    return f"{'|'.join(type_names(element, path))} {element['min']}..{element['max']}{choice}"


def facts_of(definition: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The type and its parts: ``{type name: {kind, base, elements}}``."""
    kind = {"primitive-type": "primitive", "complex-type": "type", "resource": "resource"}
    name = definition["type"]
    found: dict[str, dict[str, Any]] = {
        name: {
            "kind": kind[definition["kind"]],
            "base": definition.get("baseDefinition", "").rsplit("/", 1)[-1],
            "elements": {},
        }
    }
    if definition["kind"] == "primitive-type":
        return found
    for element in definition["snapshot"]["element"][1:]:
        path = element["path"].removesuffix("[x]")
        owner, own = path.rsplit(".", 1)
        found[owner]["elements"][own] = fact(element, path)
        codes = {t["code"] for t in element.get("type", [])}
        if codes & PARTS:
            found[path] = {"kind": "part", "base": codes.pop(), "elements": {}}
    return found


def without_inherited(facts: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Leave to the base type what it already says."""

    def all_of(name: str) -> dict[str, str]:
        if name not in facts:
            return {}
        return {**all_of(facts[name]["base"]), **facts[name]["elements"]}

    slim = {}
    for name, entry in facts.items():
        inherited = all_of(entry["base"])
        own = {n: t for n, t in entry["elements"].items() if inherited.get(n) != t}
        slim[name] = {**entry, "elements": own}
    return slim


def main() -> None:
    """Fetch, boil down, write: one type a line, so that a new version can be compared."""
    facts: dict[str, dict[str, Any]] = {}
    for definition in definitions():
        facts |= facts_of(definition)
    for entry in facts.values():
        if entry["kind"] == "resource":  # R4's files call it a string; its type is id
            entry["elements"]["id"] = "id 0..1"
    lines = [
        f"{json.dumps(name)}:{json.dumps(entry, separators=(',', ':'))}"
        for name, entry in sorted(without_inherited(facts).items())
    ]
    head = f'"fhirVersion":"4.0.1","source":"{SOURCE}"'
    TARGET.write_text(f'{{{head},"types":{{\n' + ",\n".join(lines) + "\n}}\n")
    print(f"{len(lines)} types, {TARGET.stat().st_size // 1024} KB in {TARGET.name}")


if __name__ == "__main__":
    main()
