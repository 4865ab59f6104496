"""A delivery is stored whole, or each piece that cannot be is kept apart with its reason."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from qamqor.engine.fhir import json_text
from qamqor.errors import NotThere
from qamqor.services import derived
from qamqor.services.access.actor import PLATFORM
from qamqor.services.demo import Wish, invent_resources
from qamqor.services.fhir import load as room
from qamqor.services.fhir.export import export
from qamqor.services.fhir.reindex import reindex
from qamqor.services.fhir.write import Change, save
from qamqor.store import derived as kept
from qamqor.store.fhir import versions

AT = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
LATER = datetime(2026, 3, 3, 4, 0, tzinfo=UTC)


def load(folder: Path, *, processes: int = 1, at: datetime = AT) -> room.Loaded:
    apart = folder.parent / "apart.ndjson"
    return room.load([folder], quarantine=apart, actor=PLATFORM, at=at, processes=processes)


def apart(folder: Path) -> list[dict[str, Any]]:
    file = folder.parent / "apart.ndjson"
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def written(folder: Path, *pieces: object) -> Path:
    folder.mkdir(exist_ok=True)
    texts = [one if isinstance(one, str) else json.dumps(one) for one in pieces]
    (folder / "delivery.ndjson").write_text("\n".join(texts), encoding="utf-8")
    return folder


PERSON: dict[str, Any] = {"resourceType": "Patient", "id": "aliya", "birthDate": "1990-01-01"}
WEIGHT = (
    '{"resourceType":"Observation","id":"w","status":"final","code":{"text":"weight"},'
    '"subject":{"reference":"Patient/aliya"},"valueQuantity":{"value":70.50,"unit":"kg"}}'
)


@pytest.mark.django_db
def test_numbers_keep_their_text_and_every_piece_is_counted(tmp_path: Path) -> None:
    folder = written(tmp_path / "in", PERSON, WEIGHT, "{broken", {"resourceType": "Nothing"}, "")
    found = load(folder)

    stored = versions.read("Observation", "w")
    assert stored is not None
    assert '"value":70.50' in (stored.content or "")
    assert (found.read, found.new) == (4, 2)
    assert found.apart == {"malformed": 1, "unknown-type": 1}
    assert [(one["code"], one["line"]) for one in apart(folder)] == [
        ("malformed", 3),
        ("unknown-type", 4),
    ]


@pytest.mark.django_db
def test_the_same_delivery_again_makes_no_versions(tmp_path: Path) -> None:
    folder = written(tmp_path / "in", PERSON, WEIGHT)
    load(folder)
    again = load(folder, at=LATER)

    assert (again.unchanged, again.new, again.replaced) == (2, 0, 0)
    assert versions.last_sequence() == 2


@pytest.mark.django_db
def test_a_changed_resource_becomes_its_next_version(tmp_path: Path) -> None:
    load(written(tmp_path / "in", PERSON))
    found = load(written(tmp_path / "in", {**PERSON, "gender": "female"}), at=LATER)

    now = versions.read("Patient", "aliya")
    assert found.replaced == 1
    assert now is not None
    assert now.version == 2


@pytest.mark.django_db
def test_a_bundle_is_taken_apart_and_its_deletions_are_done(tmp_path: Path) -> None:
    load(written(tmp_path / "in", PERSON, WEIGHT))
    bundle = {
        "resourceType": "Bundle",
        "type": "transaction",
        "entry": [
            {"resource": {**PERSON, "id": "bolat"}},
            {"request": {"method": "DELETE", "url": "Observation/w"}},
            {"request": {"method": "DELETE", "url": "Observation/never"}},
        ],
    }
    found = load(written(tmp_path / "in", bundle))

    gone = versions.read("Observation", "w")
    assert (found.new, found.deleted, found.not_here) == (1, 1, 1)
    assert gone is not None
    assert gone.content is None


@pytest.mark.django_db
def test_what_gives_a_name_twice_is_kept_apart_and_nothing_of_it_is_lost(tmp_path: Path) -> None:
    twice = '{"resourceType":"Patient","id":"two","gender":"male","gender":"female"}'
    deep = '{"resourceType":"Patient","id":"deep","name":[{"text":"Aliya","text":"Bolat"}]}'
    bolat, dana = (json.dumps({**PERSON, "id": name}) for name in ("bolat", "dana"))
    other = twice.replace("two", "other")
    entries = f'[{{"resource":{bolat}}},{{"resource":{other}}},{{"resource":{dana},"resource":1}}]'
    bundle = f'{{"resourceType":"Bundle","entry":{entries}}}'
    parted = f'{{"resourceType":"Bundle","entry":[{{"resource":{dana}}}],"entry":[]}}'
    spelled = '{"resourceType":"Patient","id":"aliya","\\u0067ender":"female"}'
    folder = written(tmp_path / "in", twice, deep, bundle, parted, spelled)
    found = load(folder)

    assert (found.read, found.new) == (7, 2)
    assert found.apart == {"invalid": 3, "malformed": 2}
    told = {
        (one["line"], one.get("entry", 0)): (one["raw"], one["reason"]) for one in apart(folder)
    }
    assert told == {
        (1, 0): (twice, "'gender' is given twice in one object; give it once"),
        (2, 0): (deep, "'text' is given twice in one object; give it once"),
        (3, 2): (other, told[1, 0][1]),
        (3, 3): (
            f'{{"resource":{dana},"resource":1}}',
            "Bundle entry: 'resource' is given twice in one object; give it once",
        ),
        (4, 0): (parted, "'entry' is given twice in one object; give it once"),
    }


@pytest.mark.django_db
def test_one_resource_twice_is_stored_once_and_the_other_is_told(tmp_path: Path) -> None:
    first = {**PERSON, "meta": {"lastUpdated": "2026-01-01T00:00:00Z"}, "gender": "male"}
    second = {**PERSON, "meta": {"lastUpdated": "2026-02-01T00:00:00Z"}, "gender": "female"}
    found = load(written(tmp_path / "in", second, first))

    now = versions.read("Patient", "aliya")
    assert now is not None
    assert '"gender":"female"' in (now.content or "")
    assert found.apart == {"duplicate": 1}


@pytest.mark.django_db
def test_a_delivery_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(NotThere, match="no .* to load"):
        load(tmp_path / "nothing")


@pytest.mark.django_db(transaction=True)
def test_many_are_loaded_beside_each_other_and_exported_again(tmp_path: Path) -> None:
    content = settings.QAMQOR.content
    invent_resources(Wish(content, 100, "merke", 5, date(2026, 3, 2)), tmp_path / "in")
    delivered = {
        (one["resourceType"], one["id"]): one
        for file in (tmp_path / "in").glob("*.ndjson")
        for one in map(json_text.decode, file.read_bytes().splitlines())
    }
    found = load(tmp_path / "in", processes=2)
    counts = export(tmp_path / "out")

    assert (found.read, found.new, found.apart) == (len(delivered), len(delivered), {})
    assert found.people == 100
    assert kept.count_stale("2026-03-02", derived.asker(date(2026, 3, 2)).asked) == (0, 100)
    assert sum(counts.values()) == len(delivered)
    for file in (tmp_path / "out").glob("*.ndjson"):
        for line in file.read_bytes().splitlines():
            one = json_text.decode(line)
            meta = one.pop("meta")
            assert meta["versionId"] == "1"
            assert one == {k: v for k, v in delivered[file.stem, one["id"]].items() if k != "meta"}


@pytest.mark.django_db
def test_an_export_is_one_moments_picture_of_the_wanted_types(tmp_path: Path) -> None:
    save([Change("PUT", "Patient", "aliya", PERSON)], actor=PLATFORM, at=AT)
    save([Change("PUT", "Basic", "b", {"resourceType": "Basic"})], actor=PLATFORM, at=AT)
    save([Change("DELETE", "Basic", "b")], actor=PLATFORM, at=AT)

    assert export(tmp_path, types=("Patient",)) == {"Patient": 1}
    assert export(tmp_path) == {"Patient": 1}
    assert sorted(file.name for file in tmp_path.iterdir()) == ["Patient.ndjson"]


@pytest.mark.django_db
def test_every_index_can_be_made_again(tmp_path: Path) -> None:
    load(written(tmp_path / "in", PERSON, WEIGHT))
    told: list[str] = []
    counts = reindex(at=AT, say=lambda room, _: told.append(room))

    assert counts["people"] == 1
    assert counts["due care"] == 1
    assert set(told) == set(counts)


COPIED = """
from qamqor import settings
settings.load_django()
from qamqor.services.fhir import load
from qamqor.store import node
assert node.aside(lambda: 1) == 1
assert load._way_to_start() == "fork"
assert node.aside(lambda: 2) == 2
assert load._way_to_start() == "fork"
"""


def test_a_command_lets_copies_of_itself_prepare_also_when_it_has_committed_before() -> None:
    done = subprocess.run(
        [sys.executable, "-c", COPIED], capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stderr
