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
