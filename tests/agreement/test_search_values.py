"""The walk through a resource and the evaluation of each path find the same values."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
import zstandard

from qamqor.engine.fhir.search.extract import NATIONAL, values
from qamqor.engine.fhir.search.plainly import values_plainly

FOLDER = Path(os.environ.get("QAMQOR_CONFORMANCE") or "none")
EACH = 60

pytestmark = [
    pytest.mark.conformance,
    pytest.mark.skipif(not FOLDER.is_dir(), reason="QAMQOR_CONFORMANCE names no folder"),
]


def examples(folder: Path) -> Iterator[dict[str, Any]]:
    for path in sorted((folder / "fhir-examples").glob("*.json")):
        yield json.loads(path.read_bytes())
    for path in sorted((folder / "synthea").glob("*/*.ndjson.zst")):
        with path.open("rb") as packed:
            lines = io.TextIOWrapper(zstandard.ZstdDecompressor().stream_reader(packed), "utf-8")
            yield from (json.loads(line) for line in islice(lines, EACH))


def test_the_walk_agrees_with_the_paths_on_other_peoples_resources() -> None:
    count = 0
    for resource in examples(FOLDER):
        count += 1
        walked = values(resource, NATIONAL).by_kind()
        assert walked == values_plainly(resource, NATIONAL).by_kind(), resource["id"]
    assert count > 60
    print(f"search values: {count} resources read alike both ways")
