"""What must never happen to invented people, and what must."""

from collections.abc import Callable, Iterator

import numpy as np
import pytest

from qamqor.engine.invented.block import Block, Recipe, make_block
from qamqor.engine.invented.draws import DAYS_A_YEAR, NEVER
from qamqor.engine.invented.households import HEAD, NOBODY
from qamqor.engine.invented.rows import Dates, Keys, Numbers, Rows, Words

# Columns that say when something happened, by table; others may lie in the future or before birth.
# One record has several rows in these.
SHARED_KEYS = {"household_member", "referral", "immunisation", "questionnaire_answer"}
HAPPENED = {
    "attachment": ["from_on", "left_on"],
    "enrolment": ["from_on", "left_on"],
    "condition": ["recorded_on"],
    "encounter": ["started_on", "ended_on"],
    "hospital_stay": ["admitted_on", "discharged_on"],
    "medication": ["from_on"],
    "immunisation": ["given_on"],
    "examination": ["effective_on"],
    "screening_result": ["effective_on"],
    "referral": ["sent_on", "booked_on", "seen_on", "replied_on", "closed_on"],
    "contact_attempt": ["sent_on"],
    "task": ["acted_on"],
    "goal": ["from_on"],
    "household_member": ["from_on"],
}


def days_of(rows: Rows, name: str) -> np.ndarray:
    column = rows.columns[name]
    assert isinstance(column, Dates)
    return column.days


def events(blocks: list[Block]) -> Iterator[tuple[Block, Rows, str, np.ndarray]]:
    for block in blocks:
        for rows in block.rows:
            names = HAPPENED.get(rows.table, ["effective_on", "recorded_on"])
            for name in names:
                if name in rows.columns:
                    yield block, rows, name, days_of(rows, name)


def test_nothing_happens_before_birth(blocks: list[Block]) -> None:
    for block, rows, name, days in events(blocks):
        known = days != NEVER
        early = days[known] < block.people.born[rows.person[known]]
        assert not early.any(), f"{rows.table}.{name}: {early.sum()} before birth"


def test_nothing_happens_after_death_or_after_the_last_day_known(blocks: list[Block]) -> None:
    for block, rows, name, days in events(blocks):
        known = days != NEVER
        late = days[known] > block.people.end[rows.person[known]]
        assert not late.any(), f"{rows.table}.{name}: {late.sum()} after the end"


def test_rows_come_in_order_of_person_and_day(blocks: list[Block]) -> None:
    for block in blocks:
        for rows in block.rows:
            assert (np.diff(rows.person) >= 0).all(), rows.table


def test_every_key_is_there_once(blocks: list[Block]) -> None:
    seen: dict[str, set[tuple[str, int, int]]] = {}
    for rows in blocks[0].rows:
        name = (
            next(name for name, column in rows.columns.items() if isinstance(column, Keys))
            if (rows.table != "patient")
            else ""
        )
        if not name or rows.table in SHARED_KEYS:
            continue
        column = rows.columns[name]
        assert isinstance(column, Keys)
        own = list(zip([column.letters] * len(rows), column.person, column.number, strict=True))
        place = seen.setdefault(f"{rows.table} {rows.kind}", set())
        assert not place & set(own)
        assert len(set(own)) == len(own), rows.table
        place |= set(own)


def test_no_event_is_impossible_for_the_sex(blocks: list[Block], recipe: Recipe) -> None:
    conditions = recipe.invention["conditions"]["conditions"]
    screenings = recipe.invention["events"]["screenings"]["programmes"]
    only_women = {
        code
        for entry in conditions.values()
        if set(entry["prevalence"]) == {"female"}
        for code in entry["codes"]
    }
    only_men = {
        code
        for entry in conditions.values()
        if set(entry["prevalence"]) == {"male"}
        for code in entry["codes"]
    }
    womens = {name for name, entry in screenings.items() if entry.get("sex") == "female"}
    assert only_women
    assert only_men
    assert womens
    for block in blocks:
        for rows in block.rows:
            for name, column in rows.columns.items():
                if isinstance(column, Words) and name in {"code", "programme"}:
                    said = np.array([*column.words, ""])[column.index]
                    sex = block.people.sex[rows.person]
                    assert not np.isin(said[sex == 0], list(only_women | womens)).any()
                    assert not np.isin(said[sex == 1], list(only_men)).any()
            if rows.table == "encounter" and "role" in rows.columns:
                roles = rows.columns["role"]
                assert isinstance(roles, Words)
                midwife = np.array([*roles.words, ""])[roles.index] == "midwife"
                assert (block.people.sex[rows.person[midwife]] == 1).all()


def test_each_prevalence_is_within_three_standard_errors(
    blocks: list[Block], recipe: Recipe
) -> None:
    for name in recipe.invention["conditions"]["conditions"]:
        found, expected, variance = 0.0, 0.0, 0.0
        for block in blocks:
            share = np.vectorize(phi)(block.people.of(recipe.limits[name]).astype(float))
            found += block.illnesses[name].has.sum()
            expected += share.sum()
            variance += (share * (1 - share)).sum()
        assert abs(found - expected) <= 3 * variance**0.5 + 1, f"{name}: {found} for {expected}"


def phi(x: float) -> float:
    """The share of a standard normal below x."""
    from statistics import NormalDist

    return 0.0 if x == -np.inf else 1.0 if x == np.inf else NormalDist().cdf(x)


def test_the_pyramid_is_the_places_within_two_per_cent(blocks: list[Block], recipe: Recipe) -> None:
    _, _, pyramid = recipe.layout.zones[0]
    bands = np.minimum(np.arange(pyramid.shape[1]) // 5, 17)
    living = [block.people.died == NEVER for block in blocks]
    ages = np.concatenate([b.people.age[on] for b, on in zip(blocks, living, strict=True)])
    sexes = np.concatenate([b.people.sex[on] for b, on in zip(blocks, living, strict=True)])
    for sex in (0, 1):
        expected = np.bincount(bands, pyramid[sex]) * len(ages)
        found = np.bincount(bands[ages[sexes == sex]], minlength=18)
        # Each block rounds each band to whole people.
        assert (abs(found - expected) <= 0.02 * expected + len(blocks)).all()


def test_mothers_are_of_an_age_to_have_their_children(blocks: list[Block]) -> None:
    for block in blocks:
        people, mother = block.people, block.people.homes.mother
        child = np.flatnonzero(mother != NOBODY)
        years = (people.born[child] - people.born[mother[child]]) / DAYS_A_YEAR
        assert years.min() >= 17
        assert years.max() <= 45.01
        assert (people.sex[mother[child]] == 1).all()
        assert len(child) > 0.3 * (people.age < 18).sum()


def test_siblings_are_not_born_months_apart(blocks: list[Block]) -> None:
    for block in blocks:
        people, mother = block.people, block.people.homes.mother
        child = np.flatnonzero(mother != NOBODY)
        order = child[np.lexsort((people.born[child], mother[child]))]
        same = np.diff(mother[order]) == 0
        assert (np.diff(people.born[order])[same] >= 290).all()


def test_every_household_has_one_head_and_a_believable_size(blocks: list[Block]) -> None:
    for block in blocks:
        homes = block.people.homes
        heads = np.bincount(homes.household, homes.role == HEAD)
        assert (heads == 1).all()
        sizes = np.bincount(homes.household)
        assert sizes.max() <= 20
        assert 2.4 <= sizes.mean() <= 4.5


def test_a_household_lives_in_one_place_and_has_one_area(blocks: list[Block]) -> None:
    for block in blocks:
        people = block.people
        for values in (people.leaf, people.area):
            low = np.full(people.homes.count, 10**6)
            high = np.full(people.homes.count, -1)
            np.minimum.at(low, people.homes.household, values)
            np.maximum.at(high, people.homes.household, values)
            assert (low == high).all()


def test_gp_areas_are_of_equal_size(blocks: list[Block], recipe: Recipe) -> None:
    assert recipe.layout.areas == 10
    sizes = np.bincount(np.concatenate([block.people.area for block in blocks]), minlength=10)
    assert (abs(sizes / sizes.mean() - 1) < 0.12).all()


def test_the_same_block_drawn_alone_is_the_same(recipe: Recipe, blocks: list[Block]) -> None:
    again = make_block(recipe, 3, np.arange(4096) + 3 * 4096)
    for one, two in zip(blocks[3].rows, again.rows, strict=True):
        assert one.table == two.table
        assert (one.person == two.person).all()
        for name, column in one.columns.items():
            for part in column.__slots__:
                left, right = getattr(column, part), getattr(two.columns[name], part)
                same = left == right
                assert same if isinstance(same, bool) else same.all(), f"{one.table}.{name}"


def test_another_seed_gives_other_people(recipe_for: Callable[..., Recipe]) -> None:
    one, two = (make_block(recipe_for(seed=seed), 0, np.arange(1024)) for seed in (1, 2))
    assert (one.people.born != two.people.born).any()
    assert [len(rows) for rows in one.rows] != [len(rows) for rows in two.rows]


def test_an_average_person_has_as_many_rows_as_promised(blocks: list[Block]) -> None:
    people = sum(len(block.people) for block in blocks)
    rows = sum(len(rows) for block in blocks for rows in block.rows)
    readings = sum(
        len(rows)
        for block in blocks
        for rows in block.rows
        if any(isinstance(column, Numbers) for column in rows.columns.values())
        or rows.table in {"smoking", "nyha", "screening_result", "exemption", "examination"}
    )
    assert 30 <= readings / people <= 40
    assert 43 <= rows / people <= 56


@pytest.mark.parametrize("place", ["kazakhstan", "zhetysu", "shymkent", "taraz"])
def test_other_places_give_their_own_people(place: str, recipe_for: Callable[..., Recipe]) -> None:
    recipe = recipe_for(place=place, people=40_000)
    block = make_block(recipe, 1, np.arange(1024))
    names = {recipe.layout.leaf(int(leaf)).place_id for leaf in np.unique(block.people.leaf)}
    assert names
    assert recipe.layout.areas == 24
