"""``qamqor backup`` and ``restore``: what comes back is what was there, or nothing is replaced."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.running import qamqor, told


def loaded(node: Path, *ids: str) -> None:
    path = node.parent / "people.ndjson"
    path.write_text("\n".join(json.dumps({"resourceType": "Patient", "id": id_}) for id_ in ids))
    assert qamqor(node, "fhir", "load", str(path)).returncode == 0


def test_a_copy_is_put_back_elsewhere_and_over_what_is_there_only_when_one_is_sure(
    tmp_path: Path,
) -> None:
    node, other, copy = tmp_path / "node", tmp_path / "other", tmp_path / "copy"
    other.mkdir()
    loaded(node, "amina", "bolat")

    made = told(node, "backup", str(copy))
    assert made["counts"]["resources"] == 2
    again = qamqor(node, "backup", str(copy))
    assert again.returncode == 3
    assert "Traceback" not in again.stderr

    back = told(other, "restore", str(copy))
    assert (back["counts"]["resources"], back["chain_is_intact"]) == (2, True)

    loaded(node, "dana")
    refused = qamqor(node, "restore", str(copy))
    assert refused.returncode == 3
    said = qamqor(node, "restore", str(copy), "--yes")
    assert said.returncode == 0, said.stderr
    assert "2 resources" in said.stdout
    assert "chain intact" in said.stdout
    verified = told(node, "audit", "verify")
    assert verified["is_intact"]


def test_a_copy_that_was_changed_is_not_put_back(tmp_path: Path) -> None:
    node, copy = tmp_path / "node", tmp_path / "copy"
    loaded(node, "amina")
    told(node, "backup", str(copy))
    database = next(path for path in copy.iterdir() if path.suffix == ".sqlite3")
    database.write_bytes(database.read_bytes()[:-4096])

    ended = qamqor(tmp_path / "new", "restore", str(copy))

    assert ended.returncode != 0
    assert "Traceback" not in ended.stderr
    assert not (tmp_path / "new" / "qamqor.sqlite3").exists()
