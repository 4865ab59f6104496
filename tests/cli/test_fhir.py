"""``qamqor fhir``: what is loaded comes out again, and bad lines are kept with the reason."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.cli.running import qamqor, told


def patient(id_: str, **more: Any) -> dict[str, Any]:
    return {"resourceType": "Patient", "id": id_, **more}


def delivery(folder: Path, *lines: Any) -> str:
    path = folder / "delivery.ndjson"
    path.write_text("\n".join(one if isinstance(one, str) else json.dumps(one) for one in lines))
    return str(path)


def test_a_delivery_goes_in_and_comes_out_and_what_is_bad_is_kept(tmp_path: Path) -> None:
    node = tmp_path / "node"
    observation = {"resourceType": "Observation", "id": "o", "status": "final",
                   "code": {"text": "x"}, "subject": {"reference": "Patient/a"}}  # fmt: skip
    path = delivery(tmp_path, patient("a"), observation, patient("b", gender="f"), "{")

    first = told(node, "fhir", "load", path)
    assert (first["read"], first["new"], first["by_type"]) == (
        4,
        2,
        {"Patient": 1, "Observation": 1},
    )
    assert sum(first["apart"].values()) == 2
    kept = [json.loads(s) for s in (node / "record_quarantine.ndjson").read_text().splitlines()]
    assert sorted(one["line"] for one in kept) == [3, 4]
    assert all(one["reason"] and one["raw"] for one in kept)

    again = qamqor(node, "fhir", "load", path)
    assert "0 new, 0 replaced, 2 unchanged" in again.stdout

    out = tmp_path / "out"
    assert told(node, "fhir", "export", "--out", str(out))["types"] == {
        "Observation": 1,
        "Patient": 1,
    }
    written = json.loads((out / "Patient.ndjson").read_text())
    assert (written["id"], written["meta"]["versionId"]) == ("a", "1")
    some = told(node, "fhir", "export", "--out", str(tmp_path / "some"), "--type", "Patient")
    assert some["types"] == {"Patient": 1}

    counts = told(node, "fhir", "reindex")
    assert counts["search"] == 2


def test_a_path_that_is_not_there_ends_with_3_and_words(tmp_path: Path) -> None:
    ended = qamqor(tmp_path, "fhir", "load", str(tmp_path / "nothing"))

    assert ended.returncode == 3
    assert "nothing" in ended.stderr
    assert "Traceback" not in ended.stderr
