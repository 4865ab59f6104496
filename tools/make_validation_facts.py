"""Write qamqor/engine/fhir/validation/rules.json: bindings and invariants of FHIR 4.0.1.

    python tools/make_validation_facts.py

Beside facts.json (types, how many, reference targets) this says, one value set or rule a line:

    valueSets    codes of each value set that an element must take its code from, and the elements;
                 ``codes`` where a code is enough, ``systems`` where its system counts as well
    simple       elements whose Quantity has no comparator (SimpleQuantity)
    alsoTargets  what an element may point to beside what its definition lists
    invariants   key, severity, the types or elements it holds for, FHIRPath, its meaning in words

Left out: ``ele-1``, ``ext-1``, ``dom-*``, ``ref-1`` and ``txt-*``, which are written by hand, and
value sets that have no end (units, media types).
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from r4_definitions import SOURCE, definitions, read

TARGET = Path(__file__).parents[1] / "qamqor/engine/fhir/validation/rules.json"
BY_HAND = {"ele-1", "ext-1", "dom-2", "dom-3", "dom-4", "dom-5", "dom-6", "ref-1", "txt-1", "txt-2"}
# Their code systems are open, licensed or too large to list.
ENDLESS = {"mimetypes", "ucum-units", "currencies", "LL379-9"}
# As published, these refuse what their words allow, or allow what their words refuse.
MEANT = {
    "que-12": "enableWhen.count() > 1 implies enableBehavior.exists()",
    "que-7": "operator = 'exists' implies (answer is boolean)",
    "tim-9": "offset.empty() or (when.exists() and "
    "when.where($this in ('C' | 'CM' | 'CD' | 'CV')).empty())",
}
# HL7's own R4 examples break these: a rule as a warning, a reference target as one more.
WARNINGS = {"csd-1"}
ALSO_TARGETS = {
    "DeviceMetric.parent": ["DeviceDefinition"],
    "DeviceUseStatement.reasonReference": ["Procedure"],
}


def elements() -> Iterator[dict[str, Any]]:
    """Every element of every type, types themselves included."""
    for definition in definitions():
        if definition["kind"] != "primitive-type":
            yield from definition["snapshot"]["element"]


def path_of(element: dict[str, Any]) -> str:
    return str(element["path"]).removesuffix("[x]")


def codes(concepts: list[dict[str, Any]]) -> Iterator[str]:
    for concept in concepts:
        yield concept["code"]
        yield from codes(concept.get("concept", []))


def by_system(value_set: dict[str, Any], systems: dict[str, Any]) -> dict[str, list[str]]:
    """The codes of a value set, by system."""
    found: dict[str, list[str]] = {}
    for part in value_set["compose"]["include"]:
        insist("filter" not in part, value_set["url"])
        listed = part["concept"] if "concept" in part else systems[part["system"]]["concept"]
        found.setdefault(part["system"], []).extend(codes(listed))
    insist("exclude" not in value_set["compose"], value_set["url"])
    return found


def insist(holds: bool, name: str) -> None:
    """Stop where the package says something this script does not expect."""
    if not holds:
        raise SystemExit(f"{name}: not of the shape this script reads")


def value_sets() -> dict[str, dict[str, Any]]:
    """``{name: {elements, codes or systems}}`` of the required bindings."""
    published = read("valuesets.json", "v3-codesystems.json", "v2-tables.json")
    sets = {r["url"]: r for r in published if r["resourceType"] == "ValueSet"}
    systems = {r["url"]: r for r in published if r["resourceType"] == "CodeSystem"}
    found: dict[str, dict[str, Any]] = {}
    for element in elements():
        binding = element.get("binding", {})
        if binding.get("strength") != "required":
            continue
        url = binding["valueSet"].split("|")[0]
        name = url.rsplit("/", 1)[1]
        if name in ENDLESS:
            continue
        listed = by_system(sets[url], systems)
        is_code = {kind["code"] for kind in element["type"]} == {"code"}
        said = {"codes": sorted({c for of in listed.values() for c in of})}
        entry = found.setdefault(
            name, {"elements": [], **(said if is_code else {"systems": listed})}
        )
        insist(("codes" in entry) == is_code, name)
        entry["elements"].append(path_of(element))
    return dict(sorted(found.items()))


def simple() -> list[str]:
    """Elements whose quantity may not have a comparator."""
    return sorted(
        path_of(element)
        for element in elements()
        for kind in element.get("type", [])
        if any(profile.endswith("/SimpleQuantity") for profile in kind.get("profile", []))
    )


def invariants() -> list[dict[str, Any]]:
    """Every rule once, with all it holds for."""
    places: dict[tuple[str, str, str, str], list[str]] = defaultdict(list)
    for element in elements():
        for rule in element.get("constraint", []):
            key = rule["key"]
            if key in BY_HAND or not rule.get("expression"):
                continue
            expression = " ".join(MEANT.get(key, rule["expression"]).split())
            human = " ".join(rule["human"].split())
            severity = "warning" if key in WARNINGS else rule["severity"]
            where = places[key, severity, expression, human]
            if path_of(element) not in where:
                where.append(path_of(element))
    return [
        {"key": key, "severity": severity, "on": on, "expression": expression, "human": human}
        for (key, severity, expression, human), on in sorted(places.items())
    ]


def main() -> None:
    """Fetch, boil down, write."""
    sets = [f"{json.dumps(name)}:{compact(entry)}" for name, entry in value_sets().items()]
    rules = [compact(rule) for rule in invariants()]
    lines = [f'{{"fhirVersion":"4.0.1","source":"{SOURCE}","valueSets":{{', ",\n".join(sets)]
    lines += [
        '},"simple":' + compact(simple()),
        f',"alsoTargets":{compact(ALSO_TARGETS)},"invariants":[',
        ",\n".join(rules),
        "]}",
    ]
    TARGET.write_text("\n".join(lines) + "\n")
    print(f"{len(sets)} value sets, {len(rules)} rules, {TARGET.stat().st_size // 1024} KB")


def compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


if __name__ == "__main__":
    main()
