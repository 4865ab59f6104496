"""Validating resources: the quick twin, the one that explains, and pydantic classes as the peer."""

import gc
import json
import os
import time
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import zstandard

from qamqor.engine.fhir import json_text
from qamqor.engine.fhir.validation import check, is_valid

TYPES = ["Observation", "Patient", "Encounter", "Condition", "Immunization"]
LINES = 1_500


def run() -> None:
    """Synthea's records: one type at a time, then every type in its share."""
    suite = Path(os.environ.get("QAMQOR_CONFORMANCE") or "none") / "synthea/synthea-120"
    if not suite.is_dir():
        print("not run: QAMQOR_CONFORMANCE names no folder")
        return
    for name in TYPES:
        one_type(name, [line for _, line in zip(range(LINES), lines(suite, name), strict=False)])
    whole(suite)


def lines(suite: Path, name: str) -> Iterator[bytes]:
    with (suite / f"{name}.ndjson.zst").open("rb") as packed:
        yield from zstandard.ZstdDecompressor().stream_reader(packed).read().splitlines()


def one_type(name: str, texts: list[bytes]) -> None:
    """Microseconds a resource of one type, each way."""
    resources = [json_text.decode(text) for text in texts]
    peer = getattr(import_module(f"fhir.resources.R4B.{name.lower()}"), name)
    own = each(is_valid, resources)
    few = resources[:: max(1, len(resources) // 150)]
    explained = each(check, few)
    classes = each(peer.model_validate, [json.loads(text) for text in texts[:150]])
    print(
        f"{name}: {own:.1f} µs; explained {explained / own:.0f} × that, "
        f"fhir.resources (R4B) {classes / own:.0f} × that"
    )


def each(validate: Callable[[Any], object], resources: list[Any]) -> float:
    """Microseconds for one resource, best of five runs after one that warms up."""
    best = float("inf")
    for _ in range(6):
        gc.collect()
        begun = time.process_time()
        for resource in resources:
            validate(resource)
        best = min(best, time.process_time() - begun)
    return best / len(resources) * 1e6


def whole(suite: Path) -> None:
    """Every tenth record of 120 people: decoding, then validating as well."""
    texts = [
        text
        for file in sorted(suite.glob("*.ndjson.zst"))
        for number, text in enumerate(lines(suite, file.name.split(".")[0]))
        if number % 10 == 0
    ]
    decoding = each(json_text.decode, texts)
    both = each(lambda text: is_valid(json_text.decode(text)), texts)
    print(
        f"synthea-120, {len(texts)} records: {1e6 / (both - decoding):,.0f} resources/s validated, "
        f"{1e6 / both:,.0f} decoded and validated; decoding alone {1e6 / decoding:,.0f}"
    )
