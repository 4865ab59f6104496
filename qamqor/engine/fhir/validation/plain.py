"""Goes through a resource element by element and says everything that is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from qamqor.engine.fhir import definitions
from qamqor.engine.fhir.definitions import Element
from qamqor.engine.fhir.validation import content, invariants, links, primitives, rulebook, xhtml
from qamqor.engine.fhir.validation.agreeing import AGREEMENTS
from qamqor.engine.fhir.validation.findings import Findings, Place
from qamqor.engine.fhir.validation.issues import Issue, kind, shown

MOST_ISSUES: Final = 200


def check(resource: Any) -> list[Issue]:
    """Everything that is wrong with a resource, in the order of its elements.

    The plain twin of ``is_valid``: a resource is valid when none of its issues is an error.

    Args:
        resource: as ``json_text.decode`` gives it: numbers with a point are Decimal.
    Returns:
        at most 200 issues; none when nothing is wrong.
    """
    findings = Findings(MOST_ISSUES)
    try:
        _resource(resource, Place.top(resource), findings)
    except RecursionError:
        findings.add("nesting", Place.top(resource), "It is nested too deep to be read.")
    return findings.issues


def _resource(value: Any, place: Place, findings: Findings) -> None:
    """A resource with everything in it: on its own, in a bundle, or contained."""
    name = value.get("resourceType") if isinstance(value, dict) else None
    if not isinstance(value, dict):
        findings.add("object", place, f"A resource is an object, not {kind(value)}.")
    elif not isinstance(name, str) or name not in definitions.resource_types():
        said = f"{shown(name)} is no resource type" if "resourceType" in value else "It is missing"
        findings.add(
            "resource-type",
            place.at("resourceType"),
            f"{said}: name one of FHIR 4.0.1's, such as Patient.",
        )
    else:
        before = findings.errors
        _object(value, name, place.inside(value), findings)
        if "contained" in value and not place.is_contained and findings.errors == before:
            _contained(value, place, findings)


def _contained(resource: Mapping[str, Any], place: Place, findings: Findings) -> None:
    for number, inner in enumerate(resource["contained"]):
        where, meta = place.at("contained", number), inner.get("meta", {})
        if "contained" in inner:
            findings.add("dom-2", where.at("contained"), "Move the inner resources one level up.")
        for name in ("versionId", "lastUpdated"):
            if name in meta or f"_{name}" in meta:
                findings.add("dom-4", where.at("meta").at(name), "Leave it out.")
        if "security" in meta:
            findings.add("dom-5", where.at("meta").at("security"), "Label the outer resource.")
    for number in links.unreferenced(resource):
        where = place.at("contained", number)
        findings.add("dom-3", where, "Refer to it by `#` and its id, or store it on its own.")


def _object(value: Any, type_name: str, place: Place, findings: Findings) -> None:
    """An element with parts: its properties, what must be there, its own rules."""
    if not isinstance(value, dict):
        findings.add("object", place, f"{type_name} is an object, not {kind(value)}.")
        return
    if not value:
        findings.add("empty", place, "Leave it out, or say something in it.")
        return
    before = findings.errors
    known = definitions.elements(type_name)
    keys = _keys(known)
    for key in value:
        if key.removeprefix("_") not in keys and not _is_type_name(key, type_name, known):
            findings.add(
                "unknown-element", place.at(key), f"{type_name} has no element {shown(key)}."
            )
    for element in known.values():
        _element(value, element, type_name, place, findings)
    if findings.errors == before:
        _own_rules(value, type_name, place, findings)


def _keys(known: Mapping[str, Element]) -> set[str]:
    return {element.json_key(kind) for element in known.values() for kind in element.types}


def _is_type_name(key: str, type_name: str, known: Mapping[str, Element]) -> bool:
    is_resource = definitions.kind(type_name) == "resource"
    return key == "resourceType" and is_resource and key not in known


def _element(
    owner: Mapping[str, Any], element: Element, type_name: str, place: Place, findings: Findings
) -> None:
    """One element of an object: given once, given at all, and each value in order."""
    given = [
        kind
        for kind in element.types
        if (key := element.json_key(kind)) in owner or f"_{key}" in owner
    ]
    if len(given) > 1:
        listed = ", ".join(element.json_key(kind) for kind in given)
        findings.add("one-choice", place.at(element.name), f"Keep one of {listed}.")
    if not given and element.is_required:
        findings.add(
            "required", place.at(element.name), f"{type_name} needs {element.name}: add it."
        )
    for kind_ in given:
        where = place.at(element.name, of=kind_ if element.is_choice else None)
        key = element.json_key(kind_)
        for part in _values(owner, key, kind_, element, where, findings):
            _value(part, kind_, element, type_name, findings)


class Part:
    """One value of an element: what JSON has, what it has beside, and where."""

    __slots__ = ("beside", "place", "value")

    def __init__(self, value: Any, beside: Any, place: Place) -> None:
        self.value, self.beside, self.place = value, beside, place


def _values(
    owner: Mapping[str, Any],
    key: str,
    type_name: str,
    element: Element,
    place: Place,
    findings: Findings,
) -> Iterator[Part]:
    """The values under a key, each with what stands beside it."""
    is_simple = definitions.is_primitive(type_name)
    if f"_{key}" in owner and not is_simple:
        findings.add("sibling", place, f"_{key} belongs to no simple element: leave it out.")
    columns = []
    for name in (key, f"_{key}") if is_simple else (key,):
        listed = _listed(owner.get(name), element, place, findings) if name in owner else []
        if listed is None:
            return
        columns.append(listed)
    values, besides = columns[0], columns[1] if is_simple else []
    for number in range(max(len(values), len(besides))):
        value = values[number] if number < len(values) else None
        beside = besides[number] if number < len(besides) else None
        where = place.numbered(number) if element.is_many else place
        if value is None and beside is None:
            findings.add("null", where, "Leave out what has neither value nor extension.")
        elif (value is None or beside is None) and not element.is_many and _has_null(owner, key):
            findings.add("null", where, "Leave out the property that is null.")
        else:
            yield Part(value, beside, where)


def _has_null(owner: Mapping[str, Any], key: str) -> bool:
    return owner.get(key, 0) is None or owner.get(f"_{key}", 0) is None


def _listed(value: Any, element: Element, place: Place, findings: Findings) -> list[Any] | None:
    """The values under one property as a list; nothing where it is malformed, which is said."""
    if not element.is_many:
        if isinstance(value, list):
            findings.add("array", place, f"{element.name} is given once: take it out of [].")
            return None
        return [value]
    if not isinstance(value, list):
        findings.add("array", place, f"{element.name} may repeat: put it into [].")
        return None
    if not value:
        findings.add("empty", place, "Leave out the empty array.")
        return None
    return value


def _value(part: Part, type_name: str, element: Element, owner: str, findings: Findings) -> None:
    """One value of a type, and the rules of its element."""
    before, place = findings.errors, part.place
    if rulebook.may_repeat(owner, element.name, type_name):
        place = place.deeper()
        if place.depth > rulebook.DEEPEST:
            findings.add("nesting", place, "Put less inside one another.")
            return
    path = f"{owner}.{element.name}"
    if type_name == "Resource":
        contains = element.name == "contained"
        _resource(part.value, place.contained() if contains else place.on_its_own(), findings)
    elif definitions.is_primitive(type_name):
        _simple(part, type_name, path, findings)
    else:
        _object(part.value, type_name, place, findings)
        if type_name == "Reference" and findings.errors == before:
            _reference(part.value, rulebook.targets(owner, element), place, findings)
    if findings.errors == before and part.value is not None:
        _coded(part.value, type_name, path, place, findings)
    if findings.errors == before and path != type_name and part.value is not None:
        _ask(path, part, type_name, findings)


def _simple(part: Part, type_name: str, path: str, findings: Findings) -> None:
    place = part.place
    if part.value is not None and not primitives.TESTS[type_name](part.value):
        rule = "empty" if part.value == "" else "format"
        text = f"{shown(part.value)} is not {primitives.ASKS[type_name]}."
        findings.add(rule, place, "Leave out the empty text." if rule == "empty" else text)
    elif type_name == "xhtml" and part.value is not None:
        broken = xhtml.problem(part.value)
        if broken is not None:
            findings.add(broken[0], place, f"The narrative: {broken[1]}.")
    if part.beside is not None:
        _object(part.beside, "Element", place, findings)
        if part.value is None and isinstance(part.beside, dict) and set(part.beside) == {"id"}:
            findings.add("ele-1", place, "Give it a value or an extension.")


def _own_rules(value: dict[str, Any], type_name: str, place: Place, findings: Findings) -> None:
    """What a well-structured object is asked as a whole."""
    is_element = definitions.kind(type_name) != "resource"
    names = {name.removeprefix("_") for name in value}
    if is_element and names == {"id"} and type_name != "Element":
        findings.add("ele-1", place, "Say something in it, or leave it out.")
    if type_name == "Extension":
        has_value = any(name.startswith("value") for name in names)
        if has_value == ("extension" in names):
            findings.add("ext-1", place, "Give a value or extensions, and not both.")
    for asked in AGREEMENTS.get(type_name, ()):
        if asked.needs <= value.keys() and not asked.holds(value):
            findings.add(asked.rule, place.at(asked.at), asked.advice)
    _ask(type_name, Part(value, None, place), type_name, findings)


def _ask(where: str, part: Part, type_name: str, findings: Findings) -> None:
    """The FHIRPath rules of a type or an element."""
    for rule in rulebook.rules_of(where):
        if invariants.is_broken(rule, part.value, type_name, part.place.resource, part.beside):
            findings.broken(rule, part.place)


def _coded(value: Any, type_name: str, path: str, place: Place, findings: Findings) -> None:
    binding = rulebook.bindings().get(path)
    if type_name == "Quantity" and path in rulebook.simple_quantities():
        if "comparator" in value or "_comparator" in value:
            findings.add("simple-quantity", place.at("comparator"), "Leave out the comparator.")
    elif binding is not None and binding.codes:
        if value not in binding.codes:
            listed = ", ".join(sorted(binding.codes)[:12])
            findings.add(
                "binding", place, f"{shown(value)} is not in {binding.name}: use one of {listed}."
            )
    elif binding is not None and not content.has_coding(value, binding):
        listed = ", ".join(sorted(code for _, code in binding.pairs)[:12])
        findings.add("binding", place, f"It needs a coding of {binding.name}: one of {listed}.")


def _reference(
    value: Mapping[str, Any], targets: frozenset[str], place: Place, findings: Findings
) -> None:
    said, stated = value.get("reference"), links.stated_type(value.get("type", ""))
    found = stated
    if said is not None and said.startswith("#"):
        found = place.contained_type(said[1:])
        if found is None:
            findings.add("ref-1", place, f"Contain a resource with the id {shown(said[1:])}.")
            return
    elif said is not None:
        if not links.is_formed(said):
            findings.add(
                "reference-format",
                place.at("reference"),
                f"{shown(said)} is no reference: write it as Type/id or a full address.",
            )
            return
        found = links.target(said) or stated
    if stated is not None and found != stated:
        findings.add("reference-type", place.at("type"), f"It points to {found}, not {stated}.")
    if targets and found is not None and found not in targets:
        findings.add(
            "reference-target",
            place,
            f"It may point to {' or '.join(sorted(targets))}, not {found}.",
        )
