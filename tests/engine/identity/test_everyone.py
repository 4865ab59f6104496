"""Twins in a whole file, on invented people with seeded mistakes."""

import json
import random
from dataclasses import replace

import numpy as np
import pytest

from qamqor.engine.fhir.names import IDENTIFIERS
from qamqor.engine.identity.compare import Verdict, compare
from qamqor.engine.identity.everyone import find_twins, pairs_sharing_a_key
from qamqor.engine.identity.keys import blocks, filed, hashed, twin_keys
from qamqor.engine.identity.names import FullName
from qamqor.engine.identity.person import Identity, address_key, identity_of
from qamqor.engine.identity.weights import LIKELY, POSSIBLE
from qamqor.engine.invented.block import Block, Recipe
from qamqor.engine.invented.resources import block_lines
from tests.engine.identity.mistyped import Desk
from tests.engine.invented.conftest import blocks as invented_blocks
from tests.engine.invented.conftest import invention, recipe, recipe_for

__all__ = ["invented_blocks", "invention", "recipe", "recipe_for"]
IIN = f"{IDENTIFIERS}/iin"


@pytest.fixture(scope="module")
def people(request: pytest.FixtureRequest, recipe: Recipe) -> list[Identity]:
    first: Block = request.getfixturevalue("invented_blocks")[0]
    lines = next(lines for kind, lines in block_lines(recipe, first) if kind == "Patient")
    return [identity_of(json.loads(line), iin_system=IIN) for line in lines]


@pytest.fixture(scope="module")
def desk(recipe: Recipe) -> Desk:
    names = recipe.invention["names"]
    families = [pair[1] for people in names["peoples"].values() for pair in people["surnames"]]
    return Desk(5, names["latin"], families)


def second_records(
    people: list[Identity], desk: Desk, mistakes: int
) -> tuple[list[Identity], set[tuple[int, int]]]:
    chosen = sorted(random.Random(1).sample(range(len(people)), 400))
    again = [desk.again(people[place], mistakes)[0] for place in chosen]
    return again, {(place, len(people) + n) for n, place in enumerate(chosen)}


@pytest.mark.parametrize(("mistakes", "least"), [(1, 0.98), (2, 0.92), (3, 0.80)])
def test_second_records_with_mistakes_are_found_and_strangers_are_not(
    people: list[Identity], desk: Desk, mistakes: int, least: float
) -> None:
    again, truth = second_records(people, desk, mistakes)
    twins = find_twins([*people, *again], least=LIKELY)
    found = {(pair.one, pair.other) for pair in twins.pairs}
    print(f"{mistakes} mistake(s): {len(found & truth)} of {len(truth)} found, {len(found)} shown")
    assert len(found & truth) >= least * len(truth)
    assert len(found & truth) >= 0.98 * len(found)


def test_certain_twins_are_right(people: list[Identity], desk: Desk) -> None:
    again, truth = second_records(people, desk, 1)
    twins = find_twins([*people, *again], least=POSSIBLE)
    certain = {(p.one, p.other) for p in twins.pairs if p.likeness.verdict is Verdict.certain}
    assert certain <= truth
    assert len(certain) > 200


def test_blocks_lose_hardly_anybody_a_full_comparison_would_find(
    people: list[Identity], desk: Desk
) -> None:
    some = people[:160]
    again = [desk.again(person, 2)[0] for person in some]
    everyone = [*some, *again]
    blocked = {(p.one, p.other) for p in find_twins(everyone, least=LIKELY).pairs}
    full = {
        (a, b)
        for a in range(len(everyone))
        for b in range(a + 1, len(everyone))
        if compare(everyone[a], everyone[b]).score >= LIKELY
    }
    assert blocked <= full
    assert len(blocked) >= 0.97 * len(full)


def test_a_person_is_filed_under_a_key_by_which_a_twin_is_looked_up(
    people: list[Identity], desk: Desk
) -> None:
    found = total = 0
    for person in people[:400]:
        again = desk.again(person, 1)[0]
        if compare(person, again).score >= LIKELY:
            total += 1
            found += bool(filed(person) & set(twin_keys(again)))
    assert found >= 0.99 * total


def test_pairs_among_the_known_are_left_out_of_a_new_file(people: list[Identity]) -> None:
    known = [*people[:50], people[0]]
    new = replace(people[3], iins=())
    twins = find_twins([*known, new], known=len(known), least=LIKELY)
    assert [(p.one, p.other) for p in twins.pairs] == [(3, 51)]


def test_a_key_that_too_many_share_is_passed_over_and_counted() -> None:
    crowd = [Identity((FullName("Ким", "Олег"),), "1980-01-01")] * 12
    twins = find_twins(crowd, most_in_a_block=10)
    assert twins.pairs == []
    assert twins.passed_over > 0
    assert len(find_twins(crowd, most_in_a_block=12).pairs) == 66


def test_each_pair_comes_once_in_order() -> None:
    keys = np.array([5, 5, 5, 9, 9], np.int64)
    one, other, over = pairs_sharing_a_key(keys, np.array([2, 0, 1, 0, 2], np.int32))
    assert list(zip(one.tolist(), other.tolist(), strict=True)) == [(0, 1), (0, 2), (1, 2)]
    assert over == 0


def test_nobody_gives_no_pairs() -> None:
    assert find_twins([]).pairs == []


def test_people_without_anything_are_filed_nowhere() -> None:
    assert filed(Identity()) == set() == blocks(Identity())
    assert twin_keys(Identity()) == []


def test_a_birth_date_alone_is_looked_up() -> None:
    assert twin_keys(Identity(born_on="1987-03-12")) == ["born|1987-03-12"]


def test_the_keys_of_one_area_carry_the_area() -> None:
    keys = filed(Identity((FullName("Ким", "Олег"),)), area_id="area-1")
    assert {"area-family|area-1|km", "area-given|area-1|*lg"} <= keys


def test_a_key_becomes_the_same_number_everywhere() -> None:
    assert hashed("born|1987-03-12") == hashed("born|1987-03-12")
    assert -(2**63) <= hashed("x") < 2**63


def test_a_patient_resource_gives_the_fields_that_are_there() -> None:
    patient = {
        "name": [{"family": "Ахметова", "given": ["Айгүл", "Серікқызы"]}, {"text": "Айгүл"}],
        "birthDate": "1987-03-12",
        "gender": "female",
        "identifier": [
            {"system": IIN, "value": "8703 1290 0008"},
            {"system": IIN, "value": "870312900016", "use": "old"},
            {"system": "other", "value": "1"},
        ],
        "telecom": [
            {"system": "phone", "value": "8 701 123 45 67"},
            {"system": "email", "value": "a@b"},
        ],
        "address": [{"city": "Меркі", "line": ["Абай көшесі, 12"]}, {"city": "Меркі"}],
    }
    identity = identity_of(patient, iin_system=IIN, households=["hh1"])
    assert identity == Identity(
        names=(FullName("Ахметова", "Айгүл", "Серікқызы"),),
        born_on="1987-03-12",
        sex="female",
        iins=("870312900008",),
        phones=("+77011234567",),
        addresses=(address_key({"city": "Мерки", "line": ["Абай кошеси 12"]}),),
        households=("hh1",),
    )


@pytest.mark.parametrize("odd", [{"name": None}, {"name": "Ким"}, {"name": ["Ким"]}, {"gender": 3}])
def test_a_patient_of_an_odd_shape_gives_an_empty_identity(odd: dict[str, object]) -> None:
    assert identity_of(odd, iin_system=IIN) == Identity()
