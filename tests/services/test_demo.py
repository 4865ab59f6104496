"""Both ways of inventing people say the same, and the demo runs from end to end."""

import json
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import pytest

from qamqor.engine.fhir import json_text
from qamqor.engine.fhir.validation import is_valid
from qamqor.engine.programmes.load import load_pack
from qamqor.errors import NotThere
from qamqor.services import demo, demo_run
from qamqor.services.warehouse.load import load
from qamqor.store.warehouse import Warehouse

CONTENT = Path(__file__).parents[2] / "content"
NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
NEVER_INVENTED = {"assignment", "booking", "booking_need"}
"""What teams do later: people given to another worker, people booked by the demo as it starts."""
WISH = demo.Wish(CONTENT, 1_500, "merke", 8, date(2026, 11, 24))


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("tables")
    told: list[str] = []
    made = demo.invent_tables(WISH, out, progress=told.append)
    assert made.people == 1_500
    assert made.folder == out / "warehouse"
    assert told[-1] == "16 of 16 buckets"
    return out


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("records")
    demo.invent_resources(WISH, out)
    return out


def test_the_warehouse_says_that_its_people_are_invented(tables: Path) -> None:
    facts = Warehouse.open(tables / "warehouse").manifest.facts
    assert facts["invented"] is True
    assert facts["seed"] == 8
    assert facts["as_of"] == "2026-11-24"


def test_every_invented_record_keeps_the_rules_of_fhir(records: Path) -> None:
    refused = [
        (file.name, number)
        for file in sorted(records.glob("*.ndjson"))
        for number, line in enumerate(file.read_bytes().splitlines())
        if not is_valid(json_text.decode(line))
    ]
    assert not refused


def test_records_loaded_give_the_same_cells_as_tables_written_straight(
    tables: Path, records: Path, tmp_path: Path
) -> None:
    pack = load_pack(CONTENT, CONTENT)
    summary = load([records], tmp_path, tables=pack.tables.values(), at=NOW)
    assert sum(summary.quarantined.values()) == 0
    straight, loaded = (Warehouse.open(folder / "warehouse") for folder in (tables, tmp_path))
    assert straight.tables == loaded.tables
    with duckdb.connect() as connection:
        for name, table in pack.tables.items():
            if name in NEVER_INVENTED:
                assert not straight.files(name)
                assert not loaded.files(name)
                continue
            columns = ", ".join(f'"{column}"' for column in table.columns)
            one, two = (
                f"select {columns} from read_parquet({[str(p) for p in w.files(name)]})"
                for w in (straight, loaded)
            )
            types = [connection.sql(query).types for query in (one, two)]
            assert types[0] == types[1], name
            counts = connection.execute(
                f"select (select count(*) from ({one})), (select count(*) from ({one} except all"
                f" {two})), (select count(*) from ({two} except all {one}))"
            ).fetchall()[0]
            assert counts[0] > 0, f"{name} is empty: nothing was compared"
            assert counts[1:] == (0, 0), f"{name} differs"


def test_people_lie_in_the_bucket_of_their_id(tables: Path) -> None:
    warehouse = Warehouse.open(tables / "warehouse")
    from qamqor.engine.tables.partition import bucket_sql

    with duckdb.connect() as connection:
        for bucket in range(warehouse.buckets):
            files = [str(path) for path in warehouse.files("patient", [bucket])]
            if files:
                query = f"select distinct {bucket_sql('patient_id', 16)} from read_parquet({files})"
                assert connection.execute(query).fetchall() == [(bucket,)]


def test_the_same_seed_writes_the_same_files(records: Path, tmp_path: Path) -> None:
    demo.invent_resources(WISH, tmp_path)
    names = sorted(path.name for path in records.iterdir())
    assert names == sorted(path.name for path in tmp_path.iterdir())
    for name in names:
        assert (records / name).read_bytes() == (tmp_path / name).read_bytes(), name


def test_two_processes_write_what_one_writes(
    records: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo, "FEW", 0)
    demo.invent_resources(WISH, tmp_path, processes=2)
    for path in records.iterdir():
        assert path.read_bytes() == (tmp_path / path.name).read_bytes(), path.name


def test_references_lead_somewhere(records: Path) -> None:
    known = {
        f"{kind}/{json.loads(line)['id']}"
        for kind in ("Patient", "Organization", "PractitionerRole", "Practitioner", "Location")
        for line in (records / f"{kind}.ndjson").read_text().splitlines()
    }
    for path in records.glob("*.ndjson"):
        for line in path.read_text().splitlines()[:400]:
            for reference in references(json.loads(line)):
                kind = reference.split("/")[0]
                if kind in {"Patient", "Organization", "PractitionerRole", "Location"}:
                    assert reference in known, f"{path.name}: {reference}"


def references(value: object) -> list[str]:
    if isinstance(value, dict):
        own = [value["reference"]] if isinstance(value.get("reference"), str) else []
        return own + [found for inner in value.values() for found in references(inner)]
    if isinstance(value, list):
        return [found for inner in value for found in references(inner)]
    return []


def test_every_area_has_its_team(records: Path) -> None:
    teams = [json.loads(line) for line in (records / "CareTeam.ndjson").read_text().splitlines()]
    assert len(teams) == 1
    roles = [m["role"][0]["coding"][0]["code"] for m in teams[0]["participant"]]
    assert sorted(roles) == [
        "district_nurse",
        "district_nurse",
        "gp",
        "midwife",
        "practice_nurse",
        "psychologist",
        "social_worker",
    ]


def test_an_unknown_place_changes_nothing(tmp_path: Path) -> None:
    with pytest.raises(NotThere, match="atlantis"):
        demo.invent_tables(demo.Wish(CONTENT, 500, "atlantis", 1, date(2026, 1, 1)), tmp_path)
    assert not (tmp_path / "warehouse").exists()


def test_the_demo_goes_from_nothing_to_reports(tmp_path: Path) -> None:
    said: list[str] = []
    pack = load_pack(CONTENT, CONTENT)
    finished = demo_run.run_demo(
        WISH, tmp_path, pack, at=NOW, languages=("en", "kk"), workers=1, say=said.append
    )
    assert [line.split()[0] for line in said] == ["Inventing", "Loading", "Working", "Writing"]
    assert finished.quarantined == 0
    assert finished.due_rows > 1_000
    assert finished.patient_id
    assert finished.area_id == "area-00001"
    assert set(finished.reports) == {"en", "kk"}
    assert all(path.exists() for path in finished.reports.values())
    assert Warehouse.open(tmp_path / "warehouse").manifest.facts["invented"] is True
