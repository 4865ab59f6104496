"""One block of invented people with everything that happened to them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from qamqor.engine.fhir.names import ATC, ICD10
from qamqor.engine.invented.care import (
    enrolment_rows,
    prescription_rows,
    problem_rows,
    visit_rows,
)
from qamqor.engine.invented.contacts import Contacts, kind_table, make_contacts
from qamqor.engine.invented.draws import Floats, Ints
from qamqor.engine.invented.figures import Invention
from qamqor.engine.invented.illness import Illness, make_illnesses, prevalence_limits
from qamqor.engine.invented.names import Origins, make_origins
from qamqor.engine.invented.outreach import outreach_rows
from qamqor.engine.invented.people import People, make_people
from qamqor.engine.invented.places import Layout
from qamqor.engine.invented.readings import level_tables, make_readings
from qamqor.engine.invented.register import register_rows
from qamqor.engine.invented.rows import Rows
from qamqor.engine.invented.screenings import screening_rows
from qamqor.engine.invented.stays import stay_rows
from qamqor.engine.invented.support import support_rows
from qamqor.engine.invented.vaccination import vaccination_rows


@dataclass(frozen=True, slots=True)
class Recipe:
    """What all blocks share: the tables of numbers, the layout, and what is worked out once."""

    invention: Invention
    layout: Layout
    seed: int
    as_of: int
    limits: Mapping[str, Floats]
    levels: Mapping[str, Floats]
    kinds: Ints


@dataclass(frozen=True, slots=True)
class Block:
    """The people of a block, what they live with, and every row about them."""

    people: People
    origins: Origins
    illnesses: Mapping[str, Illness]
    contacts: Contacts
    rows: tuple[Rows, ...]


def make_recipe(invention: Invention, layout: Layout, *, seed: int, as_of: int) -> Recipe:
    """Work out what every block needs.

    Args:
        invention: the tables of numbers.
        layout: places and areas.
        seed: of the whole population.
        as_of: the last day known, as a day number.
    """
    return Recipe(
        invention,
        layout,
        seed,
        as_of,
        prevalence_limits(invention["conditions"]["conditions"]),
        level_tables(invention["readings"]),
        kind_table(invention["contacts"]["kinds"]),
    )


def make_block(recipe: Recipe, block: int, numbers: Ints) -> Block:
    """Draw one block; the same block of the same size is the same, whatever else is drawn.

    Args:
        recipe: what ``make_recipe`` gave.
        block: which block, from 0.
        numbers: the numbers behind its people's ids, ascending.
    """
    invention, layout = recipe.invention, recipe.layout
    people = make_people(
        invention, layout, seed=recipe.seed, block=block, as_of=recipe.as_of, numbers=numbers
    )
    origins = make_origins(invention["names"], layout, people)
    illnesses = make_illnesses(invention, people, recipe.limits)
    contacts = make_contacts(invention, people, illnesses, recipe.kinds)
    readings = make_readings(invention, people, illnesses, contacts, recipe.levels)
    rows = [
        *register_rows(invention, layout, people, origins.speaks_kazakh),
        problem_rows(invention, people, illnesses, ICD10),
        enrolment_rows(invention, people, illnesses),
        visit_rows(layout, people, contacts),
        prescription_rows(invention, people, illnesses, ATC),
        *screening_rows(invention, people, illnesses),
        *vaccination_rows(invention, people),
        *stay_rows(invention, layout, people, illnesses, ICD10),
        *outreach_rows(invention, people, illnesses),
        *readings,
        *support_rows(invention, layout, people, readings),
    ]
    return Block(people, origins, illnesses, contacts, tuple(rows))
