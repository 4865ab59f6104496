"""Every form a delivery may come in: packed, Bundles, Bulk Data folders."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
import zstandard

from qamqor.errors import NotThere
from qamqor.services.warehouse.delivery import Limits
from tests.services.warehouse.records import Clinic, deletion, household, ndjson, patient, weight

AMINA = patient("amina")


def bundle(kind: str, *resources: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Bundle",
        "type": kind,
        "entry": [{"resource": resource} for resource in resources],
        **more,
    }


@pytest.mark.parametrize(
    ("name", "pack"),
    [
        ("a.ndjson", bytes),
        ("a.ndjson.gz", gzip.compress),
        ("a.ndjson.zst", zstandard.compress),
        ("a.without.ending", zstandard.compress),
        ("two.gz", lambda text: gzip.compress(text[:70]) + gzip.compress(text[70:])),
        ("two.zst", lambda text: zstandard.compress(text[:70]) + zstandard.compress(text[70:])),
    ],
)
def test_packed_or_not_it_is_the_same_delivery(clinic: Clinic, name: str, pack: Any) -> None:
    summary = clinic.load_file(name, pack(ndjson([AMINA, weight("w1", "amina")])))
    assert summary.new == 2
    assert len(clinic.rows("weight")) == 1


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("kind", ["collection", "searchset", "batch", "history"])
def test_a_bundle_is_read_entry_by_entry(clinic: Clinic, kind: str, indent: int | None) -> None:
    resources = [AMINA, weight("w1", "amina"), {"resourceType": "OperationOutcome"}]
    text = json.dumps(bundle(kind, *resources), indent=indent)
    summary = clinic.load_file("bundle.json", text.encode())
    assert (summary.read, summary.new, summary.not_used) == (3, 2, {"OperationOutcome": 1})


def test_bundles_may_stand_line_by_line(clinic: Clinic) -> None:
    summary = clinic.load(bundle("collection", AMINA), bundle("collection", weight("w1", "amina")))
    assert (summary.read, summary.new) == (2, 2)


def test_one_resource_over_several_lines_is_one_piece(clinic: Clinic) -> None:
    summary = clinic.load_file("amina.json", json.dumps(AMINA, indent=2).encode())
    assert (summary.read, summary.new) == (1, 1)


def test_inner_addresses_of_a_transaction_become_references(clinic: Clinic) -> None:
    one, two = "0a1b2c3d-0000-4000-8000-000000000001", "0a1b2c3d-0000-4000-8000-000000000002"
    nameless = {key: value for key, value in AMINA.items() if key != "id"}
    about = weight("w1", None, subject={"reference": f"urn:uuid:{one}"})
    group = household("h")
    group["member"] = [
        {"entity": {"reference": f"urn:uuid:{one}"}},
        {"entity": {"reference": f"urn:uuid:{two}"}},
    ]
    entries = [
        {"fullUrl": f"urn:uuid:{one}", "resource": nameless, "request": {"method": "POST"}},
        {"fullUrl": f"urn:uuid:{two}", "resource": patient("li"), "request": {"method": "PUT"}},
        {"resource": about},
        {"resource": group},
    ]
    whole = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
    clinic.load_file("bundle.json", json.dumps(whole, indent=1).encode())
    assert [row[0] for row in clinic.rows("weight")] == [one]
    assert [row[0] for row in clinic.rows("household_member")] == [one, "li"]


def test_an_inner_address_that_leads_nowhere_is_kept_apart(clinic: Clinic) -> None:
    about = weight("w1", None, subject={"reference": "urn:uuid:nowhere"})
    summary = clinic.load(bundle("transaction", AMINA, about))
    assert summary.quarantined == {"no-patient": 1}
    (entry,) = clinic.quarantine()
    assert (entry.line, entry.entry) == (1, 2)


@pytest.mark.parametrize(
    ("entry", "code"),
    [
        ({}, "no-resource"),
        ({"resource": None}, "no-resource"),
        ({"resource": 5}, "not-object"),
        ("nothing", "wrong-type"),
        ({"request": {"method": "DELETE", "url": "Observation?code=x"}}, "delete-unclear"),
        ({"request": {"method": "DELETE", "url": "Observatory/x"}}, "unknown-type"),
        ({"request": {"method": 5}}, "wrong-type"),
        ({"fullUrl": "urn:uuid:x", "resource": {"resourceType": "Patient", "id": 5}}, "wrong-type"),
    ],
)
def test_a_bad_entry_is_kept_apart_alone(clinic: Clinic, entry: Any, code: str) -> None:
    whole = {"resourceType": "Bundle", "type": "batch", "entry": [entry, {"resource": AMINA}]}
    summary = clinic.load(whole)
    assert (summary.read, summary.new, summary.quarantined) == (2, 1, {code: 1})
    assert clinic.quarantine()[0].entry == 1


@pytest.mark.parametrize(
    ("whole", "quarantined", "not_used"),
    [
        ({"resourceType": "Bundle", "entry": "none"}, {"wrong-type": 1}, {}),
        ({"resourceType": "Bundle", "entry": []}, {}, {"Bundle": 1}),
        ({"resourceType": "Bundle"}, {}, {"Bundle": 1}),
    ],
)
def test_a_bundle_without_entries_is_one_piece(
    clinic: Clinic, whole: Any, quarantined: Any, not_used: Any
) -> None:
    summary = clinic.load(whole)
    assert (summary.read, summary.quarantined, summary.not_used) == (1, quarantined, not_used)


def exported(folder: Path, manifest: dict[str, Any] | None, **files: bytes) -> Path:
    folder.mkdir(parents=True)
    for name, content in files.items():
        path = folder / f"{name}.ndjson"
        path.write_bytes(content)
    if manifest is not None:
        (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder


def listed(kind: str, name: str) -> dict[str, str]:
    return {"type": kind, "url": f"https://clinic.example/bulk/7/{name}.ndjson?token=1"}


def test_a_bulk_data_export_is_one_delivery(clinic: Clinic) -> None:
    manifest = {
        "transactionTime": "2026-04-01T00:00:00Z",
        "requiresAccessToken": False,
        "output": [listed("Patient", "1"), listed("Observation", "2")],
        "deleted": [listed("Bundle", "0")],
    }
    files = {
        "1": ndjson([AMINA]),
        "2": ndjson([weight("w1", "amina"), weight("w2", "amina")]),
        "0": ndjson([deletion("Observation/w2")]),
    }
    clinic.load(AMINA, weight("w2", "amina", 60))
    summary = clinic.load_path(exported(clinic.folder / "export", manifest, **files))
    assert (summary.files, summary.read) == (3, 4)
    assert [row[1] for row in clinic.rows("weight")] == ["w1"]
    late = weight("w2", "amina", meta={"lastUpdated": "2026-03-01T00:00:00Z"})
    assert clinic.load(late).older == 1


def test_a_file_the_manifest_names_and_nobody_sent_is_said(clinic: Clinic) -> None:
    manifest = {
        "transactionTime": "2026-04-01",
        "output": [listed("Patient", "1"), listed("X", "2")],
    }
    folder = exported(clinic.folder / "export", manifest, **{"1": ndjson([AMINA])})
    summary = clinic.load_path(folder)
    assert (summary.new, summary.quarantined) == (1, {"missing-file": 1})
    assert clinic.quarantine()[0].source == "2.ndjson"


def test_without_a_manifest_the_folder_deleted_holds_what_was_deleted(clinic: Clinic) -> None:
    clinic.load(AMINA, weight("w1", "amina"))
    folder = exported(clinic.folder / "export", None, b=ndjson([weight("w1", "amina", 60)]))
    exported(folder / "deleted", None, a=ndjson([deletion("Observation/w1")]))
    clinic.load_path(folder)
    assert clinic.rows("weight") == []


def test_other_json_in_the_folder_is_not_taken_for_a_manifest(clinic: Clinic) -> None:
    folder = exported(clinic.folder / "export", None, a=ndjson([AMINA]))
    (folder / "counts.json").write_text('{"counts": {"Patient": 1}}')
    (folder / "broken.json").write_text('{"transactionTime": "x", "output": [')
    (folder / "readme.txt").write_text("for people")
    summary = clinic.load_path(folder)
    assert summary.new == 1
    assert summary.quarantined == {"malformed": 1, "no-type": 1}


def test_a_folder_without_records_is_refused(clinic: Clinic) -> None:
    (clinic.folder / "empty").mkdir()
    with pytest.raises(NotThere, match="no file ending in .ndjson"):
        clinic.load_path(clinic.folder / "empty")
    assert not (clinic.into / "warehouse/manifest.json").exists()


def test_the_same_file_named_twice_is_read_once(clinic: Clinic) -> None:
    folder = exported(clinic.folder / "export", None, a=ndjson([AMINA]))
    assert clinic.load_path(folder, folder / "a.ndjson").read == 1


def test_cutting_a_delivery_into_chunks_changes_nothing(tmp_path: Path) -> None:
    people = [patient(f"p{number}") for number in range(20)]
    records = [
        weight(f"w{number % 35}", f"p{number % 23}", number, meta={"versionId": str(number % 7)})
        for number in range(120)
    ]
    withdrawn = [deletion("Observation/w3"), weight("w4", "p1", status="entered-in-error")]
    whole, cut = (
        Clinic(tmp_path / "whole"),
        Clinic(tmp_path / "cut", limits=Limits(chunk_bytes=900, threads=1, memory_gb=1)),
    )
    lines = [*records[:60], *people, *records[60:], *withdrawn, "{broken"]
    summaries = [one.load(*lines) for one in (whole, cut)]
    assert whole.all_rows() == cut.all_rows()
    assert summaries[0].quarantined == summaries[1].quarantined
    assert (summaries[0].new, summaries[0].removed) == (summaries[1].new, summaries[1].removed)
    quarantines = [
        sorted((e.line, e.code, e.raw) for e in one.quarantine()) for one in (whole, cut)
    ]
    assert quarantines[0] == quarantines[1]


def test_an_entry_beaten_by_a_later_chunk_is_found_again_inside_its_bundle(tmp_path: Path) -> None:
    clinic = Clinic(tmp_path, limits=Limits(chunk_bytes=1))
    first, second = (bundle("collection", AMINA, weight("w1", "amina", kg)) for kg in (1, 2))
    summary = clinic.load(first, second)
    assert summary.quarantined == {"duplicate": 2}
    raws = {(e.line, e.entry): json.loads(e.raw) for e in clinic.quarantine()}
    assert raws[(1, 2)]["resource"]["valueQuantity"]["value"] == 1
