"""Picks from an invented district the records of a few GP areas, as a delivery for the record."""

from __future__ import annotations

import re
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import msgspec

NAMED: Final = re.compile(rb'"Patient/([A-Za-z0-9\-.]{1,64})"')
_AREA: Final = "Organization/"


class _Named(msgspec.Struct, frozen=True):
    reference: str = ""


class _Patient(msgspec.Struct):
    id: str
    generalPractitioner: list[_Named] = []  # noqa: N815
    managingOrganization: _Named = _Named()  # noqa: N815


def pick_areas(records: Path, out: Path, *, areas: int, first: str | None = None) -> int:
    """Write the records of everybody in some areas, and all that speaks of no patient.

    Args:
        records: folder of NDJSON by type.
        out: emptied first.
        areas: how many; those of one organisation with most people, so that its head sees all.
        first: an area that is among them in any case.

    Returns:
        how many people.
    """
    people = _people(records / "Patient.ndjson", areas, first)
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    for file in sorted(records.glob("*.ndjson")):
        with file.open("rb") as lines, (out / file.name).open("wb") as kept:
            if file.stem == "Patient":
                kept.writelines(line for line in lines if _id(line) in people)
            else:
                kept.writelines(line for line in lines if _is_about(line, people))
    for file in out.iterdir():
        if not file.stat().st_size:
            file.unlink()
    return len(people)


def _people(file: Path, areas: int, first: str | None) -> frozenset[bytes]:
    found = list(_attached(file))
    counts = Counter(area for _, area, _ in found)
    chosen = [first] if first in counts else []
    belongs = {area: organization for _, area, organization in found}
    chosen += [area for area in _of_one_organisation(counts, belongs, areas) if area not in chosen]
    return frozenset(one.encode() for one, area, _ in found if area in chosen[:areas])


def _of_one_organisation(
    counts: Mapping[str, int], belongs: Mapping[str, str], areas: int
) -> Iterator[str]:
    """The largest areas, those of the organisation first whose largest have the most people."""
    largest = sorted(counts, key=lambda area: -counts[area])
    siblings: dict[str, list[str]] = {}
    for area in largest:
        siblings.setdefault(belongs[area], []).append(area)
    yield from max(siblings.values(), key=lambda some: sum(counts[one] for one in some[:areas]))
    yield from largest


def _attached(file: Path) -> Iterator[tuple[str, str, str]]:
    """Each person with their area and its organisation."""
    decode = msgspec.json.Decoder(_Patient).decode
    with file.open("rb") as lines:
        for patient in map(decode, lines):
            for one in patient.generalPractitioner:
                if one.reference.startswith(_AREA):
                    area = one.reference.removeprefix(_AREA)
                    yield patient.id, area, patient.managingOrganization.reference


def _id(line: bytes) -> bytes:
    return msgspec.json.decode(line, type=_Patient).id.encode()


def _is_about(line: bytes, people: frozenset[bytes]) -> bool:
    """Whether a resource names one of the people, or nobody at all."""
    named = NAMED.findall(line)
    return not named or any(one in people for one in named)
