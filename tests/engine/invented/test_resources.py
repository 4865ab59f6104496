"""Invented resources are FHIR R4: known elements, required ones present, dates well formed."""

import json
import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from qamqor.engine.fhir.definitions import Element, elements, is_primitive
from qamqor.engine.invented.block import Block, Recipe, make_block
from qamqor.engine.invented.resources import block_lines
from qamqor.engine.invented.team_resources import shared_lines
from qamqor.engine.invented.templates import template_of

PRIMITIVES = {
    "id": r"[A-Za-z0-9\-.]{1,64}",
    "date": r"\d{4}(-\d\d(-\d\d)?)?",
    "dateTime": r"\d{4}(-\d\d(-\d\d(T\d\d:\d\d:\d\d\+05:00)?)?)?",
    "instant": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+05:00",
    "code": r"\S+( \S+)*",
    "uri": r"\S+",
}
CODES = {
    "Patient.gender": {"male", "female", "other", "unknown"},
    "EpisodeOfCare.status": {"planned", "waitlist", "active", "onhold", "finished", "cancelled"},
    "MedicationRequest.status": {"active", "on-hold", "completed", "stopped"},
    "Immunization.status": {"completed", "not-done", "entered-in-error"},
    "Task.status": {"in-progress", "completed", "requested", "accepted"},
    "ServiceRequest.priority": {"routine", "urgent", "asap", "stat"},
    "Consent.status": {"active", "inactive", "draft"},
    "Group.type": {"person", "animal", "practitioner", "device", "medication", "substance"},
}


@pytest.fixture(scope="module")
def resources(recipe: Recipe) -> dict[str, list[dict[str, Any]]]:
    """Up to 300 resources of every kind, and the first of each shape."""
    block: Block = make_block(recipe, 2, np.arange(4096))
    found: dict[str, list[dict[str, Any]]] = {}
    for kind, lines in block_lines(recipe, block):
        for number, line in enumerate(lines):
            if number < 300:
                found.setdefault(kind, []).append(json.loads(line))
    for kind, line in shared_lines(recipe.invention, recipe.layout, recipe.as_of):
        found.setdefault(kind, []).append(json.loads(line))
    return found


def problems(value: Any, type_name: str, path: str) -> Iterator[str]:
    """What is wrong with one value of a type, all the way down."""
    if is_primitive(type_name):
        pattern = PRIMITIVES.get(type_name)
        if pattern and not re.fullmatch(pattern, str(value)):
            yield f"{path}: {value!r} is no {type_name}"
        if path in CODES and value not in CODES[path]:
            yield f"{path}: {value!r} is not allowed"
        return
    known = {
        element.json_key(kind): (element, kind)
        for element in elements(type_name).values()
        for kind in element.types
    }
    for name, inner in value.items():
        if name == "resourceType":
            continue
        if name not in known:
            yield f"{path}.{name} is no element of {type_name}"
            continue
        yield from _element_problems(*known[name], inner, f"{path}.{name}")
    for element in elements(type_name).values():
        names = {element.json_key(kind) for kind in element.types}
        if element.is_required and not names & set(value):
            yield f"{path}.{element.name} is missing"


def _element_problems(element: Element, kind: str, inner: Any, path: str) -> Iterator[str]:
    if element.is_many != isinstance(inner, list):
        yield f"{path}: list or not"
        return
    many = inner if isinstance(inner, list) else [inner]
    if not many:
        yield f"{path}: an empty list"
    for one in many:
        yield from problems(one, kind, path)
        if kind == "Reference" and element.targets and "Resource" not in element.targets:
            target = one["reference"].split("/")[0]
            if target not in element.targets:
                yield f"{path}: may not point to {target}"


def test_every_resource_is_fhir_r4(resources: dict[str, list[dict[str, Any]]]) -> None:
    assert len(resources) >= 22
    for kind, examples in resources.items():
        for example in examples:
            assert list(problems(example, kind, kind)) == [], json.dumps(example)


def test_ids_are_there_once(resources: dict[str, list[dict[str, Any]]]) -> None:
    for kind, examples in resources.items():
        ids = [example["id"] for example in examples]
        assert len(set(ids)) == len(ids), kind


def test_nothing_unknown_is_written_as_null_or_empty(
    resources: dict[str, list[dict[str, Any]]],
) -> None:
    for kind, examples in resources.items():
        for example in examples:
            text = json.dumps(example)
            assert "null" not in text, f"{kind}: {text}"
            assert '""' not in text, f"{kind}: {text}"
            assert "None" not in text, f"{kind}: {text}"


def test_a_shapes_gaps_are_filled_or_left_out() -> None:
    shape = {"id": "«id»", "size": "#size#", "«+end»": 0, "share": "100 %"}
    template = template_of(shape)
    lines = list(template.fill({"id": ["a", "b"], "size": [1, 2.5], "end": ["", ',"end":"2026"']}))
    assert json.loads(lines[0]) == {"id": "a", "size": 1, "share": "100 %"}
    assert json.loads(lines[1]) == {"id": "b", "size": 2.5, "end": "2026", "share": "100 %"}


def test_people_without_a_number_or_a_phone_have_neither(
    resources: dict[str, list[dict[str, Any]]],
) -> None:
    patients = resources["Patient"]
    assert any("telecom" not in patient for patient in patients)
    numbers = [p["identifier"][0]["value"] for p in patients if "identifier" in p]
    assert {number[6] for number in numbers} == {"9"}
    phones = [p["telecom"][0]["value"] for p in patients if "telecom" in p]
    assert all(phone.startswith("+7000") for phone in phones)


def test_a_referral_says_who_asked_and_who_is_to_answer(
    resources: dict[str, list[dict[str, Any]]],
) -> None:
    known = {
        f"{kind}/{one['id']}"
        for kind in ("Organization", "PractitionerRole")
        for one in resources[kind]
    }
    requests = resources["ServiceRequest"]
    ways = [one for one in resources["Task"] if "focus" in one]
    assert requests
    assert ways
    for one in requests:
        assert one["requester"]["reference"] in known
        assert {each["reference"] for each in one["performer"]} <= known
    for one in ways:
        assert one["owner"]["reference"] in known


def test_an_organisation_people_go_to_says_where_it_is_and_how_to_call(
    resources: dict[str, list[dict[str, Any]]],
) -> None:
    """A letter without a phone leaves whoever gets it with nothing to do."""
    sites = [one for one in resources["Organization"] if one["id"].startswith("site-")]
    assert sites
    for one in sites:
        assert one["telecom"][0]["value"].startswith("+7 000 "), "a number that is never issued"
        assert one["address"][0]["line"]
        assert one["address"][0]["city"]


def test_the_hospital_is_named_after_the_centre_in_three_languages(
    resources: dict[str, list[dict[str, Any]]],
) -> None:
    hospital = next(one for one in resources["Organization"] if one["id"] == "hospital-1")
    assert hospital["name"] == "Больница, Мерке"
    assert hospital["alias"] == ["Меркі ауруханасы", "Hospital of Merke"]
