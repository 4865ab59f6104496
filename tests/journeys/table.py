"""Writes the table of journeys into the docs: ``python -m tests.journeys.table``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

import yaml

from tests.journeys.counting import BUDGETS

PAGE: Final = Path(__file__).parents[2] / "docs/explanation/journeys.md"
TOP: Final = """# What each journey costs

Keys, clicks, pages and the time an expert needs, by the keystroke-level model (key 0.28 s, pointing
1.1, hand moved 0.4, decision 1.35; the machine's own time is not in it). Tests walk each of them in
a real browser and fail when one grows (`tests/journeys`).

| who | what | promised | keys | clicks | pages | seconds |
|---|---|---|---|---|---|---|
"""


def table() -> str:
    """The page as it must stand in the docs."""
    rows = yaml.safe_load(BUDGETS.read_text()).values()
    return TOP + "".join(
        f"| {one['role'].replace('_', ' ')} | {one['task']} | {one.get('limit', '')} "
        f"| {one['keys']} | {one['clicks']} | {one['screens']} | {one['seconds']} |\n"
        for one in rows
    )


if __name__ == "__main__":
    PAGE.write_text(table())
    sys.stdout.write(f"wrote {PAGE.name}\n")
