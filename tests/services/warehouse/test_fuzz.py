"""Damaged input of every kind: no crash, every line accounted for, the rest loaded."""

import json
import random
from pathlib import Path
from typing import Any

import pytest

from tests.services.warehouse.records import Clinic, household, ndjson, patient, weight

PEOPLE = [f"p{number}" for number in range(12)]


def healthy() -> list[bytes]:
    people = [patient(one, name=[{"family": "Әлиева"}], active=True) for one in PEOPLE]
    records = [weight(f"w{n}", PEOPLE[n % 12], n, meta={"versionId": "1"}) for n in range(60)]
    groups = [household(f"g{n}", *PEOPLE[n : n + 3]) for n in range(4)]
    return ndjson([*people, *records, *groups]).splitlines()


def truncated(line: bytes, dice: random.Random) -> bytes:
    return line[: dice.randrange(len(line))]


def bit_flipped(line: bytes, dice: random.Random) -> bytes:
    flipped = bytearray(line)
    flipped[dice.randrange(len(line))] ^= 1 << dice.randrange(8)
    return bytes(flipped).replace(b"\n", b" ")


def shuffled(line: bytes, dice: random.Random) -> bytes:
    pieces = line.split(b",")
    dice.shuffle(pieces)
    return b",".join(pieces)


def wrong_typed(line: bytes, dice: random.Random) -> bytes:
    """Put something else in the place of one value, at any depth."""
    resource = json.loads(line)
    places: list[tuple[Any, Any]] = []

    def walk(node: Any) -> None:
        for key in node if isinstance(node, dict) else range(len(node)):
            places.append((node, key))
            if isinstance(node[key], dict | list):
                walk(node[key])

    walk(resource)
    node, key = dice.choice(places)
    node[key] = dice.choice([None, 7, -1e300, "x", True, [], {}, [[]], [None], {"a": []}, "\ud800"])
    return json.dumps(resource).encode()


def spliced(line: bytes, dice: random.Random) -> bytes:
    return line[: dice.randrange(len(line))] + line[dice.randrange(len(line)) :]


DAMAGES = [truncated, bit_flipped, shuffled, wrong_typed, spliced]


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
@pytest.mark.parametrize("seed", [1, 2])
def test_every_line_is_loaded_or_kept_apart(clinic: Clinic, damage: Any, seed: int) -> None:
    loaded_or_kept(clinic, damage, seed)


@pytest.mark.long
@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
@pytest.mark.parametrize("seed", range(100, 140))
def test_every_line_is_loaded_or_kept_apart_many_times(
    clinic: Clinic, damage: Any, seed: int
) -> None:
    loaded_or_kept(clinic, damage, seed)


def loaded_or_kept(clinic: Clinic, damage: Any, seed: int) -> None:
    dice = random.Random(seed)
    lines = healthy()
    hurt = {n: damage(lines[n], dice) for n in dice.sample(range(len(lines)), 40)}
    delivered = [hurt.get(n, line) for n, line in enumerate(lines)]
    summary = clinic.load(*delivered)  # asserts that the numbers add up
    assert summary.read + summary.blank == len(lines)
    kept = {entry.line for entry in clinic.quarantine()}
    in_index = {row for table in ("patient", "weight") for row in _ids(clinic, table)}
    for number, line in enumerate(lines):
        if number not in hurt and number < 72 and number + 1 not in kept:
            assert json.loads(line)["id"] in in_index
    assert sum(summary.quarantined.values()) <= len(hurt) + 60  # those who lost their patient


def _ids(clinic: Clinic, table: str) -> set[str]:
    return {row[0 if table == "patient" else 1] for row in clinic.rows(table)}


@pytest.mark.parametrize("seed", range(6))
def test_a_damaged_packed_file_never_stops_a_load(clinic: Clinic, seed: int) -> None:
    import gzip

    import zstandard

    dice = random.Random(seed)
    packed = bytearray(dice.choice([gzip.compress, zstandard.compress])(b"\n".join(healthy())))
    for _ in range(dice.randrange(1, 4)):
        packed[dice.randrange(len(packed))] ^= 1 << dice.randrange(8)
    clinic.load_file(
        "hurt.ndjson.gz", bytes(packed[: dice.randrange(len(packed) // 2, len(packed))])
    )


@pytest.mark.parametrize("seed", range(4))
def test_noise_is_kept_apart(clinic: Clinic, seed: int) -> None:
    noise = random.Random(seed).randbytes(3000)
    summary = clinic.load_file("noise.ndjson", noise)
    assert summary.new == 0
    assert summary.read == sum(summary.quarantined.values())


def test_a_damaged_bundle_is_kept_apart_as_a_whole_or_by_entry(clinic: Clinic) -> None:
    dice = random.Random(5)
    entries = [{"resource": json.loads(line)} for line in healthy()]
    text = json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries}).encode()
    for number in range(8):
        clinic.load_file(f"{number}.json", wrong_typed(text, dice))
        clinic.load_file(f"{number}x.json", bit_flipped(text, dice))
    assert Path(clinic.into / "quarantine.ndjson").exists()
