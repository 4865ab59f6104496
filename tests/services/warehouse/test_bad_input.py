"""Bad input never stops a load and is never lost: each kind is kept with place and reason."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
import zstandard

from qamqor.services.warehouse.close import Strict
from qamqor.services.warehouse.contents import show
from tests.services.warehouse.records import Clinic, ndjson, patient, weight

AMINA = patient("amina")
DEEP = '{"resourceType":"Patient","id":"x","extension":' + '[{"extension":' * 3000


@pytest.mark.parametrize(
    ("line", "code", "words"),
    [
        ("{broken", "malformed", "not JSON"),
        ('{"resourceType":"Patient","id":"x"} and more', "malformed", "trailing"),
        ('{"resourceType":"Patient","id":"x"', "malformed", "truncated"),
        ('{"resourceType":"Patient","id":"x","multipleBirthInteger":01}', "malformed", "number"),
        ("[1, 2]", "not-object", "a JSON array"),
        ('"amina"', "not-object", "a JSON str"),
        ("17", "not-object", "a JSON int"),
        ("null", "not-object", "a JSON null"),
        ("{}", "no-type", "without resourceType"),
        ('{"id":"x"}', "no-type", "without resourceType"),
        ('{"resourceType":7,"id":"x"}', "wrong-type", "$.resourceType"),
        ('{"resourceType":"Patiant","id":"x"}', "unknown-type", "Patiant"),
        ('{"resourceType":"Resource","id":"x"}', "unknown-type", "Resource"),
        ('{"resourceType":"Patient"}', "no-id", "without a usable id"),
        ('{"resourceType":"Patient","id":""}', "no-id", "without a usable id"),
        ('{"resourceType":"Patient","id":"a b"}', "no-id", "a b"),
        ('{"resourceType":"Patient","id":7}', "wrong-type", "$.id"),
        ('{"resourceType":"Patient","id":"x","meta":[]}', "wrong-type", "$.meta"),
        (
            '{"resourceType":"Patient","id":"x","meta":{"lastUpdated":"soon"}}',
            "wrong-type",
            "$.meta.lastUpdated",
        ),
        (weight("w", None), "no-patient", "does not say which patient"),
        (weight("w", None, subject={"display": "Amina"}), "no-patient", "cannot be followed"),
        (
            weight("w", None, subject={"reference": "Patient?identifier=x|1"}),
            "no-patient",
            "Patient?identifier",
        ),
        (weight("w", None, subject={"reference": "#inside"}), "no-patient", "#inside"),
        (weight("w", None, subject="Patient/amina"), "wrong-type", "$.subject"),
        (weight("w", "nobody"), "patient-not-here", "Patient/nobody not here"),
        (b'{"resourceType":"Patient","id":"x","name":[{"family":"\xc3"}]}', "not-utf8", "UTF-8"),
        (b'{"resourceType":"Patient","id":"\xff"}', "not-utf8", "UTF-8"),
        (DEEP, "too-deep", "nested"),
        (
            '{"resourceType":"Patient","id":"x","name":[{"family":"' + "x" * (17 << 20) + '"}]}',
            "too-long",
            "16 MiB",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) and len(value) < 30 else None,
)
def test_a_bad_line_is_kept_apart_and_the_others_are_loaded(
    clinic: Clinic, line: Any, code: str, words: str
) -> None:
    summary = clinic.load(AMINA, line, weight("w1", "amina"))
    assert summary.new == 2
    assert summary.quarantined == {code: 1}
    (entry,) = clinic.quarantine()
    assert (entry.source, entry.line, entry.code) == ("1.ndjson", 2, code)
    assert words in entry.reason
    raw = line if isinstance(line, str | bytes) else json.dumps(line)
    text = raw if isinstance(raw, str) else raw.decode("utf-8", "backslashreplace")
    assert entry.raw == text


@pytest.mark.parametrize(
    "subject",
    [
        {"reference": "Group/g"},
        {"reference": "https://clinic.example/fhir/Device/d"},
        {"reference": "Location?identifier=x|1"},
        {"type": "Group", "identifier": {"value": "g"}},
    ],
)
def test_a_record_about_something_else_than_a_patient_is_loaded_without_rows(
    clinic: Clinic, subject: dict[str, Any]
) -> None:
    summary = clinic.load(weight("w1", None, subject=subject))
    assert summary.new == 1
    assert clinic.rows("weight") == []


@pytest.mark.parametrize(
    "reference",
    ["Patient/amina", "https://clinic.example/fhir/Patient/amina", "Patient/amina/_history/3"],
)
def test_a_patient_may_be_named_in_every_way_fhir_allows(clinic: Clinic, reference: str) -> None:
    clinic.load(AMINA, weight("w1", None, subject={"reference": reference}))
    assert [row[0] for row in clinic.rows("weight")] == ["amina"]


def test_duplicate_ids_leave_the_newer_and_keep_the_older_apart(clinic: Clinic) -> None:
    old, new = (weight("w1", "amina", kg, meta={"versionId": str(kg)}) for kg in (1, 2))
    summary = clinic.load(AMINA, new, old, weight("w2", "amina"))
    assert summary.quarantined == {"duplicate": 1}
    assert [row[3] for row in clinic.rows("weight")] == [2.0, 70.0]
    (entry,) = clinic.quarantine()
    assert (entry.line, entry.resource) == (3, "Observation/w1")


def test_the_later_of_two_unstamped_copies_counts(clinic: Clinic) -> None:
    clinic.load(AMINA, weight("w1", "amina", 1), weight("w1", "amina", 2))
    assert [row[3] for row in clinic.rows("weight")] == [2.0]
    (entry,) = clinic.quarantine()
    assert (entry.line, entry.code) == (2, "duplicate")


def test_a_value_in_an_unknown_unit_is_loaded_without_a_row_and_noted(clinic: Clinic) -> None:
    stone = weight("w1", "amina", valueQuantity={"value": 11, "code": "[stone_av]"})
    summary = clinic.load(
        AMINA, stone, weight("w2", "amina", 70_000, valueQuantity={"value": 70_000, "code": "g"})
    )
    assert (summary.new, summary.quarantined, summary.notes) == (3, {}, {"no-row": 1})
    assert [row[1:] for row in clinic.rows("weight")][0][2] == 70.0
    (entry,) = clinic.quarantine()
    assert (entry.resource, entry.table) == ("Observation/w1", "weight")
    assert "unit" in entry.reason
    assert clinic.load(weight("w1", "amina", 70)).ended == 1
    assert clinic.quarantine() == []


def test_each_table_has_its_own_conditions(clinic: Clinic) -> None:
    code = {"coding": [{"code": "8302-2"}]}
    tall = weight("h1", "amina", code=code, valueQuantity={"value": 160, "code": "cm"})
    odd = weight("h2", "amina", code=code, valueQuantity={"value": 5, "code": "[ft_i]"})
    summary = clinic.load(AMINA, tall, odd, weight("w1", "amina"))
    assert summary.notes == {"no-row": 1}
    assert clinic.quarantine()[0].table == "height"
    assert clinic.rows("height") == [("amina", "h1", 160.0)]


def test_an_element_that_stands_twice_is_kept_apart(clinic: Clinic) -> None:
    twins = '{"resourceType":"Patient","id":"x","id":"y"}'
    assert clinic.load(twins, AMINA).quarantined == {"not-readable": 1}
    assert [row[0] for row in clinic.rows("patient")] == ["amina"]


def test_a_byte_order_mark_is_noted_and_the_line_loaded(clinic: Clinic) -> None:
    summary = clinic.load_file("bom.ndjson", b"\xef\xbb\xbf" + ndjson([AMINA, patient("li")]))
    assert (summary.new, summary.notes) == (2, {"byte-order-mark": 1})
    (entry,) = clinic.quarantine()
    assert (entry.source, entry.line, entry.code) == ("bom.ndjson", 1, "byte-order-mark")


def test_blank_lines_and_windows_line_ends_do_no_harm(clinic: Clinic) -> None:
    text = b"\r\n".join([b"", ndjson([AMINA]).strip(), b"  ", ndjson([patient("li")]).strip(), b""])
    summary = clinic.load_file("dos.ndjson", text)
    assert (summary.read, summary.blank, summary.new) == (2, 2, 2)


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("empty.ndjson", b"", "empty-file"),
        ("empty.ndjson.gz", gzip.compress(b"", mtime=0), "empty-file"),
        ("empty.ndjson.zst", zstandard.compress(b""), "empty-file"),
        ("wide.ndjson", "{}".encode("utf-16"), "not-utf8"),
        ("broken.ndjson.gz", b"\x1f\x8b" + b"no" * 40, "unreadable"),
        ("broken.ndjson.zst", b"\x28\xb5\x2f\xfd" + b"\xff" * 40, "unreadable"),
    ],
    ids=lambda value: "" if isinstance(value, bytes) else value,
)
def test_a_file_that_cannot_be_read_is_one_piece(
    clinic: Clinic, name: str, content: bytes, code: str
) -> None:
    summary = clinic.load_file(name, content)
    assert (summary.read, summary.quarantined) == (1, {code: 1})
    (entry,) = clinic.quarantine()
    assert (entry.source, entry.code) == (name, code)


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.compress], ids=["gz", "zst"])
def test_what_was_read_before_the_packing_broke_is_loaded(clinic: Clinic, pack: Any) -> None:
    import random

    names = [f"{random.Random(n).getrandbits(200):x}" for n in range(2000)]  # hard to pack
    packed = pack(ndjson(patient(name) for name in names))
    summary = clinic.load_file("cut.ndjson.x", packed[: len(packed) * 2 // 3])
    assert summary.quarantined == {"unreadable": 1}
    assert 0 < summary.new < 2000
    assert summary.read == summary.new + 1
    (entry,) = clinic.quarantine()
    assert entry.line == summary.new + 1


def test_known_types_that_no_table_reads_are_counted(clinic: Clinic) -> None:
    summary = clinic.load(AMINA, {"resourceType": "Claim"}, {"resourceType": "Claim", "id": 5})
    assert summary.not_used == {"Claim": 2}
    assert summary.quarantined == {}


def test_strict_changes_nothing_and_says_what_is_wrong(clinic: Clinic) -> None:
    clinic.load(AMINA)
    before = clinic.manifest
    with pytest.raises(Strict) as caught:
        clinic.load(patient("li"), "{broken", is_strict=True)
    assert caught.value.exit_code == 5
    assert [entry.line for entry in caught.value.entries] == [2]
    assert caught.value.summary.quarantined == {"malformed": 1}
    assert clinic.manifest == before
    assert clinic.quarantine() == []


def test_strict_loads_a_clean_delivery(clinic: Clinic) -> None:
    assert clinic.load(AMINA, is_strict=True).new == 1


def test_the_quarantine_is_counted_by_reason(clinic: Clinic) -> None:
    clinic.load("{", "{", "[]", AMINA)
    assert show(clinic.into).quarantine == {"malformed": 2, "not-object": 1}


def test_a_corrected_record_ends_its_entry(clinic: Clinic) -> None:
    clinic.load(AMINA, weight("w1", None))
    assert len(clinic.quarantine()) == 1
    assert clinic.load(weight("w1", "amina")).ended == 1
    assert clinic.quarantine() == []


def test_a_lost_copy_of_the_quarantine_is_laid_out_again(clinic: Clinic) -> None:
    clinic.load("{")
    kept = (clinic.into / "quarantine.ndjson").read_bytes()
    (clinic.into / "quarantine.ndjson").unlink()
    clinic.load(AMINA)
    assert (clinic.into / "quarantine.ndjson").read_bytes() == kept


def test_a_folder_in_place_of_a_file_inside_a_delivery_is_no_line(clinic: Clinic) -> None:
    folder = clinic.folder / "export"
    (folder / "odd.ndjson").mkdir(parents=True)
    (folder / "Patient.ndjson").write_bytes(ndjson([AMINA]))
    assert clinic.load_path(folder).read == 1


def test_a_file_nobody_may_read_is_named(clinic: Clinic, monkeypatch: Any) -> None:
    folder = clinic.folder / "export"
    folder.mkdir()
    (folder / "gone.ndjson").symlink_to(Path("nowhere.ndjson"))
    (folder / "Patient.ndjson").write_bytes(ndjson([AMINA]))
    summary = clinic.load_path(folder)
    assert summary.new == 1
