"""Opens, checks and tests content packs, and keeps who approved what."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from qamqor.engine.programmes.case_run import Outcome, run_cases
from qamqor.engine.programmes.cases import read_cases
from qamqor.engine.programmes.load import load_pack
from qamqor.engine.programmes.schema import Pack
from qamqor.errors import InvalidPack, NotThere, Problem


def open_pack(shipped: Path, content: Path) -> Pack:
    """The shipped pack with the installation's own laid over it.

    Raises:
        InvalidPack: at least one problem; it carries all that were found.
    """
    return load_pack(shipped, content)


def run_all_cases(pack: Pack, programme: str | None = None) -> Iterator[Outcome]:
    """Run the cases of one programme, or of all, in both engines.

    Raises:
        NotThere: there is no such programme.
        InvalidPack: a case cannot be read.
    """
    if programme is not None and pack.programme(programme) is None:
        known = ", ".join(dict.fromkeys(one.id for one in pack.programmes)) or "none"
        raise NotThere(f"there is no programme {programme}; known: {known}")
    problems: list[Problem] = []
    chosen = [one for one in pack.programmes if programme in {None, one.id}]
    cases = [case for one in chosen for case in read_cases(pack, one, problems)]
    if problems:
        raise InvalidPack(problems)
    yield from run_cases(pack, cases)
