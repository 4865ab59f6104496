"""Words of content are whole: a comma in a line without quotes does not cut them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

CONTENT = Path(__file__).parents[2] / "content"


def keys_without_value(found: Any) -> Iterator[str]:
    if isinstance(found, dict):
        yield from (str(key) for key, value in found.items() if value is None)
    for one in (
        found.values() if isinstance(found, dict) else found if isinstance(found, list) else ()
    ):
        yield from keys_without_value(one)


@pytest.mark.parametrize(
    "file", sorted(CONTENT.rglob("*.yaml")), ids=lambda file: str(file.relative_to(CONTENT))
)
def test_no_words_stand_where_a_name_should(file: Path) -> None:
    cut = [
        key
        for key in keys_without_value(yaml.safe_load(file.read_text(encoding="utf-8")))
        if not key.isidentifier()
    ]
    assert cut == [], "put the whole words in quotes"
