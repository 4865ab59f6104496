"""How long something waits or has waited, in words of three languages."""

from __future__ import annotations

from datetime import date

import pytest

from qamqor.services.population_words import PopulationWords

AS_OF = date(2026, 11, 24)


@pytest.mark.parametrize(
    ("language", "days", "said"),
    [
        ("kk", 1, "1 күн"),
        ("kk", 20, "2 апта"),
        ("kk", 100, "3 ай"),
        ("kk", 2000, "5 жыл"),
        ("ru", 100, "3 месяца"),
        ("en", 100, "3 months"),
    ],
)
def test_a_span_is_told_in_the_unit_people_would_use(language: str, days: int, said: str) -> None:
    assert PopulationWords(language).span(days) == said


def test_what_is_left_needs_no_ending_on_the_number_in_kazakh() -> None:
    told = PopulationWords("kk").when(date(2027, 1, 1), None, AS_OF)
    assert told.startswith("мерзіміне 5 апта қалды")
