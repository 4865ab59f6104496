"""A clinic to deliver records to."""

from pathlib import Path

import pytest

from tests.services.warehouse.records import Clinic


@pytest.fixture
def clinic(tmp_path: Path) -> Clinic:
    return Clinic(tmp_path)
