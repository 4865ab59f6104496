"""The quick validator against the one that explains, on resources drawn from the definitions."""

import copy
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qamqor.engine.fhir import definitions
from qamqor.engine.fhir.validation import check, compiled, invariants, is_valid, rulebook
from qamqor.engine.fhir.validation.quick_rules import found_in
from tests.agreement import invented_fhir
from tests.engine.fhir.validation.examples import FINE, REFUSED

TYPES = sorted(definitions.resource_types())
OFTEN = 12


def agree(resource: object) -> bool:
    """Whether it is valid, which both say alike: at first sight and when its kind is known."""
    errors = [issue for issue in check(resource) if issue.severity == "error"]
    assert bool(is_valid(resource)) == (not errors), errors[:3]
    return not errors


@pytest.mark.parametrize("type_name", TYPES)
@given(seed=st.integers(0, 2**32))
@settings(max_examples=12)
def test_both_say_alike_of_any_type(type_name: str, seed: int) -> None:
    random = Random(seed)
    resource = invented_fhir.resource(random, type_name)
    agree(resource)
    invented_fhir.break_one(random, resource)
    agree(resource)


@given(name=st.sampled_from(sorted(FINE)), seed=st.integers(0, 2**32))
@settings(max_examples=600)
def test_both_say_alike_of_valid_resources_broken_a_little(name: str, seed: int) -> None:
    random = Random(seed)
    resource = copy.deepcopy(FINE[name])
    for _ in range(random.choice([1, 1, 2])):
        invented_fhir.break_one(random, resource)
    agree(resource)


def test_both_say_alike_when_the_kind_of_object_is_known_by_heart() -> None:
    for name in FINE:
        assert all(is_valid(FINE[name]) for _ in range(OFTEN))
    assert all(agree(FINE[name]) for name in FINE)
    assert not any(agree(resource) for resource, _, _ in REFUSED.values())


def with_needed(random: Random, type_name: str, needs: frozenset[str]) -> dict[str, Any]:
    """An object of a type with the properties without which a rule cannot be broken."""
    value = invented_fhir.parts(random, type_name, 3)
    for name in needs - value.keys():
        found = definitions.element(type_name, name)
        if found is not None:
            one = invented_fhir.value(random, found.types[0], f"{type_name}.{name}", 2)
            value[name] = [one] if found.is_many else one
    return value


RULES = [
    (place, rule)
    for rule in rulebook.invariants()
    for place in rule.on
    if found_in(compiled.PRESENCE, rule, place) or found_in(compiled.VALUES, rule, place)
]


@pytest.mark.parametrize(("place", "rule"), RULES, ids=[f"{p} {r.key}" for p, r in RULES])
def test_a_compiled_rule_is_its_path(place: str, rule: rulebook.Invariant) -> None:
    owner, _, name = place.rpartition(".")
    element = definitions.element(owner, name)
    type_name = place if definitions.elements(place) or element is None else element.types[0]
    presence = found_in(compiled.PRESENCE, rule, place)
    needs, quick = found_in(compiled.VALUES, rule, place) or (frozenset(), None)
    seen = set()
    for seed in range(3000):
        value = with_needed(Random(seed), type_name, needs)
        if any(key.startswith("_") for key in value) or not needs <= value.keys():
            continue
        holds = not invariants.is_broken(rule, value, type_name, value)
        said = presence(frozenset(value)) if presence else quick(value)
        if said is not None:
            seen.add(said)
            assert said == holds, value
        if len(seen) == 2 and seed > 150:
            return
    assert seen == {True, False} or rule.key == "obs-7", (
        "the drawn examples do not show both sides of the rule"
    )


def test_rules_asked_of_a_part_do_not_look_at_the_whole() -> None:
    wide = {
        rule.key
        for rule in rulebook.invariants()
        for place in rule.on
        if "%resource" in rule.expression and definitions.kind(place) != "resource"
    }
    assert wide <= {"sdf-8", "sdf-8a"}
