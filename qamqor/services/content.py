"""Opens, checks and tests content packs, and keeps who approved what."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final

from qamqor.engine.programmes.approval import (
    Approval,
    Standing,
    approvals_text,
    invented_approvals,
    read_approvals,
    standing,
)
from qamqor.engine.programmes.case_run import Outcome, run_cases
from qamqor.engine.programmes.cases import read_cases
from qamqor.engine.programmes.export import fhir_resources
from qamqor.engine.programmes.load import load_pack
from qamqor.engine.programmes.schema import Pack, Programme
from qamqor.errors import InvalidPack, NotThere, Problem

DEMO_APPROVED_AT: Final = datetime(2026, 1, 1, tzinfo=UTC)


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
    if programme is not None:
        _version(pack, programme, None)
    problems: list[Problem] = []
    chosen = [one for one in pack.programmes if programme in {None, one.id}]
    cases = [case for one in chosen for case in read_cases(pack, one, problems)]
    if problems:
        raise InvalidPack(problems)
    yield from run_cases(pack, cases)


def approvals(pack: Pack, file: Path, *, is_demo: bool) -> tuple[Approval, ...]:
    """The installation's approvals; a demonstration has invented ones of every version.

    Raises:
        InvalidPack: the approvals file cannot be used.
    """
    return read_approvals(file) + (invented_approvals(pack, DEMO_APPROVED_AT) if is_demo else ())


def standings(
    pack: Pack, known: tuple[Approval, ...], *, as_of: date | None = None
) -> list[Standing]:
    """How every version of every programme stands, or only those in force on a day."""
    programmes = pack.programmes if as_of is None else pack.in_force(as_of)
    return [standing(one, known) for one in programmes]


def approve(
    pack: Pack, programme: str, *, version: date | None, by: str, at: datetime, file: Path
) -> Approval:
    """Approve one version as it is now, and keep that in the installation's file.

    The file is written aside and renamed, so that a reader sees the old or the new one.

    Args:
        version: the day the version came into force; the newest when null.
        by: who takes responsibility, as that person signs.
        at: when, with a zone.

    Raises:
        NotThere: there is no such programme or version.
        InvalidPack: the approvals file cannot be used.
    """
    chosen = _version(pack, programme, version)
    given = Approval(chosen.id, chosen.version, chosen.sha256, by, at)
    text = approvals_text((*read_approvals(file), given))
    file.parent.mkdir(parents=True, exist_ok=True)
    aside = file.with_name(file.name + ".new")
    with aside.open("w", encoding="utf-8") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())
    aside.replace(file)
    return given


def export_fhir(pack: Pack, folder: Path, known: tuple[Approval, ...]) -> dict[str, int]:
    """Write the pack as FHIR R4, one file a resource in a folder of its type; returns how many.

    Versions that are approved as they are come out as ``active``, the others as ``draft``.
    """
    approved = {one.programme.sha256 for one in standings(pack, known) if one.is_approved}
    count: Counter[str] = Counter()
    for resource in fhir_resources(pack, approved):
        kind = str(resource["resourceType"]).rsplit("/", maxsplit=1)[-1]
        file = folder / kind / f"{resource['id']}.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(resource, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
        count[kind] += 1
    return dict(count)


def _version(pack: Pack, programme: str, version: date | None) -> Programme:
    wanted = version.isoformat() if version is not None else None
    found = pack.programme(programme, wanted)
    if found is not None:
        return found
    own = [one.version for one in pack.programmes if one.id == programme]
    if own:
        raise NotThere(f"{programme} has no version {wanted}; known: {', '.join(own)}")
    known = ", ".join(dict.fromkeys(one.id for one in pack.programmes)) or "none"
    raise NotThere(f"there is no programme {programme}; known: {known}")
