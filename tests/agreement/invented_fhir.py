"""Draws resources of any type from the definitions, and breaks them in small ways."""

import copy
from decimal import Decimal
from random import Random
from typing import Any

from qamqor.engine.fhir import definitions
from qamqor.engine.fhir.validation import rulebook

SAMPLES: dict[str, list[Any]] = {
    "base64Binary": ["AAAA", "QUJD REVG"],
    "boolean": [True, False],
    "canonical": ["http://a.kz/x|1", "#p"],
    "code": ["active", "final", "home", "string", "two words", "group", "display"],
    "date": ["2026", "2026-02", "2026-02-01", "2025-12-31"],
    "dateTime": ["2026", "2026-02-01", "2026-02-01T10:00:00Z", "2026-02-01T10:00:00+05:00"],
    "decimal": [Decimal("1.00"), 0, -1, Decimal("1e400"), Decimal("0.5")],
    "id": ["a", "p"],
    "instant": ["2026-02-01T10:00:00Z", "2026-02-01T10:00:00.123+05:00"],
    "integer": [0, 1, -5],
    "markdown": ["*a*", "б"],
    "oid": ["urn:oid:1.2.3"],
    "positiveInt": [1, 7],
    "string": ["a", "Ә", "*", "1", "/_history/", "Patient.name"],
    "time": ["10:00:00"],
    "unsignedInt": [0, 3],
    "uri": ["http://unitsofmeasure.org", "#p", "http://a.kz/Patient/a/_history/1"],
    "url": ["http://a.kz"],
    "uuid": ["urn:uuid:c757873d-ec9a-4326-a141-556f43239520"],
    "xhtml": ['<div xmlns="http://www.w3.org/1999/xhtml">a</div>', "<div><b>a</b></div>"],
}
REFERENCES = ["Patient/a", "#p", "#", "http://a.kz/Patient/a", "Observation/1", "urn:uuid:x"]
REASON = {"extension": [{"url": "http://a.kz", "valueCode": "unknown"}]}
JUNK: list[Any] = [
    None, True, 0, -1, 2**31, 10**400, Decimal("1.0"), Decimal("1e99999"), "", " ", "x", "#x",
    "2023-02-29", "Patient/1", "Foo/1", "urn:uuid:x", "\x00", "a\ud800", "two  spaces", [], {},
    {"id": "x"}, [None], [{}], REASON, [REASON], [None, {"id": "a"}], {"extension": [{"url": "x"}]},
    "<div>x</div>", "<div><script>x</script></div>",
]  # fmt: skip
KEYS = [
    "valueString",
    "valueBoolean",
    "contained",
    "extension",
    "id",
    "resourceType",
    "__x",
    "_",
    "",
]


def value(random: Random, kind: str, path: str, left: int) -> Any:
    """A value of a type, well-structured, whatever its invariants say."""
    binding = rulebook.bindings().get(path)
    if kind == "Resource":
        return resource(random, random.choice(["Patient", "Basic", "Observation"]), left - 2)
    if definitions.is_primitive(kind):
        if binding and binding.codes and random.random() < 0.9:
            return random.choice(sorted(binding.codes))
        return random.choice(REFERENCES if path.endswith("Reference.reference") else SAMPLES[kind])
    if binding and binding.pairs and random.random() < 0.9:
        system, code = random.choice(sorted(binding.pairs))
        return {"coding": [{"system": system, "code": code}]}
    return parts(random, kind, left)


def parts(random: Random, type_name: str, left: int) -> dict[str, Any]:
    """An object of a type: what must be there, and some of what may."""
    found: dict[str, Any] = {}
    known = definitions.elements(type_name)
    share = min(0.5, 2.5 / len(known)) if left > 0 else 0
    for element in known.values():
        rare = element.name in {"extension", "modifierExtension", "contained", "id"}
        if not element.is_required and random.random() > (share / 8 if rare else share):
            continue
        kind = random.choice(element.types)
        key = element.json_key(kind)
        path = f"{type_name}.{element.name}"
        number = random.choice([1, 1, 2, 3]) if element.is_many else 1
        given = [value(random, kind, path, left - 1) for _ in range(number)]
        if definitions.is_primitive(kind) and random.random() < 0.05:
            found[f"_{key}"] = [REASON] if element.is_many else copy.deepcopy(REASON)
            if random.random() < 0.5:
                continue
        found[key] = given if element.is_many else given[0]
    return found or {"extension": [{"url": "http://a.kz", "valueBoolean": True}]}


def resource(random: Random, type_name: str, left: int = 4) -> dict[str, Any]:
    """A resource, well-structured."""
    return {"resourceType": type_name, **parts(random, type_name, left)}


def containers(found: Any) -> list[Any]:
    """Every object and array of a resource."""
    kept, waiting = [], [found]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            kept.append(one)
            waiting += one.values()
        elif isinstance(one, list):
            kept.append(one)
            waiting += one
    return kept


def break_one(random: Random, found: dict[str, Any]) -> None:
    """Change one small thing anywhere."""
    listed = containers(found)
    one, junk = random.choice(listed), copy.deepcopy(random.choice(JUNK))
    if isinstance(one, list):
        where = random.randrange(len(one) + 1)
        one[where : where + random.choice([0, 0, 1])] = random.choice([[], [junk], one[:1]])
        return
    key = random.choice([*one] or KEYS)
    match random.randrange(8):
        case 0:
            one.pop(key, None)
        case 1 | 2:
            one[key] = junk
        case 3:
            one[f"_{key}"] = junk
        case 4:
            one[key] = [one.get(key)]
        case 5:
            other = random.choice(listed)
            one.update(copy.deepcopy(other) if isinstance(other, dict) else {})
        case 6:
            one[random.choice(KEYS)] = junk
        case 7:
            one.pop(key, None)
            one[f"_{key}"] = copy.deepcopy(REASON)
