"""One invented block and what it was drawn from, made once for all tests of the room."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from qamqor.engine.invented.block import Block, Recipe, make_block, make_recipe
from qamqor.engine.invented.draws import day_number
from qamqor.engine.invented.figures import Invention, read_invention
from qamqor.engine.invented.places import lay_out

CONTENT = Path(__file__).parents[3] / "content"
AS_OF = "2026-11-24"
SIZE = 4096
BLOCKS = 5


@pytest.fixture(scope="session")
def invention() -> Invention:
    return read_invention(CONTENT / "invented")


@pytest.fixture(scope="session")
def recipe_for(invention: Invention) -> Callable[..., Recipe]:
    def made(place: str = "merke", people: int = 17_000, seed: int = 11) -> Recipe:
        layout = lay_out(invention, place, people)
        return make_recipe(invention, layout, seed=seed, as_of=day_number(AS_OF))

    return made


@pytest.fixture(scope="session")
def recipe(recipe_for: Callable[..., Recipe]) -> Recipe:
    return recipe_for()


@pytest.fixture(scope="session")
def blocks(recipe: Recipe) -> list[Block]:
    """Some 20,000 people."""
    return [make_block(recipe, number, np.arange(SIZE) + number * SIZE) for number in range(BLOCKS)]
