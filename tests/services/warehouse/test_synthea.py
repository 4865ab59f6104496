"""Two sets of records made elsewhere load whole, and with the counts one would expect."""

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from qamqor import settings
from qamqor.engine.programmes.load import read_pack
from qamqor.services.warehouse.load import load

CONFORMANCE = os.environ.get("QAMQOR_CONFORMANCE")

pytestmark = [
    pytest.mark.conformance,
    pytest.mark.skipif(not CONFORMANCE, reason="QAMQOR_CONFORMANCE names no folder"),
]


@pytest.mark.parametrize(
    ("name", "people", "read", "loaded", "blood_pressures"),
    [("synthea-120", 120, 92_115, 61_465, 1_637), ("synthea-430", 430, 132_968, 99_726, 3_780)],
)
def test_records_made_elsewhere_load_whole(
    tmp_path: Path, name: str, people: int, read: int, loaded: int, blood_pressures: int
) -> None:
    delivery = Path(str(CONFORMANCE)) / "synthea" / name
    tables = read_pack(settings.read().shipped_content)[0].tables
    at = datetime(2026, 11, 24, tzinfo=UTC)
    summary = load([delivery], tmp_path, tables=tables.values(), at=at)
    print(f"{summary.accounted} passed of {summary.read}")
    assert (summary.people, summary.rows["patient"]) == (people, people)
    assert (summary.read, summary.accounted, summary.loaded) == (read, read, loaded)
    assert summary.rows["blood_pressure"] == blood_pressures
    assert set(summary.quarantined) <= {"no-type"}  # counts.json beside the records is no resource
    assert set(summary.notes) == {"no-row"}
    again = load([delivery], tmp_path, tables=tables.values(), at=at)
    assert (again.is_changed, again.unchanged) == (False, loaded)
