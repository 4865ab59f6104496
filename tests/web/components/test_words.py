"""Names of staff as pages say them."""

from __future__ import annotations

import pytest

from qamqor.store.accounts import Account
from qamqor.web.components import words


@pytest.mark.parametrize(
    ("family", "given", "expected"),
    [
        ("Садыкова", "Айнұр Жандосовна", "Садыкова А. Ж."),
        ("Қасым", "Лаура", "Қасым Л."),
        ("Ахмет", "", "Ахмет"),
        ("", "", "nurse-1"),
    ],
)
def test_the_header_says_a_name_short(family: str, given: str, expected: str) -> None:
    """A long name would take the room of the box that finds people."""
    account = Account(username="nurse-1", last_name=family, first_name=given)
    assert words.short_staff_name(account) == expected


@pytest.mark.parametrize(
    ("kept", "said"),
    [
        ("+77010001427", "+7 701 000-14-27"),
        ("8 726 123 45 67", "8 726 123 45 67"),
        ("+4420", "+4420"),
        ("", ""),
    ],
)
def test_a_phone_is_said_in_groups_as_it_is_dialled(kept: str, said: str) -> None:
    assert words.phone(kept).replace("\N{NO-BREAK SPACE}", " ") == said
