"""Says everything that is wrong with a content pack: its files, its rules, its words, its cases."""

from __future__ import annotations

from pathlib import Path

from qamqor.engine.programmes.cases import Case, read_cases
from qamqor.engine.programmes.load import read_pack
from qamqor.engine.programmes.schema import Pack
from qamqor.errors import Problem


def check(folder: Path, *overlays: Path) -> list[Problem]:
    """Every problem of a pack, each with its file and line; none means it can be used."""
    pack, problems = read_pack(folder, *overlays)
    all_cases(pack, problems)
    return problems


def all_cases(pack: Pack, problems: list[Problem]) -> list[Case]:
    """Every case of every programme of a pack; those that cannot be read become problems."""
    return [case for one in pack.programmes for case in read_cases(pack, one, problems)]
