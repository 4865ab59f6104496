"""Requests made from the published OpenAPI, right and wrong, are answered as it says."""

from __future__ import annotations

import os
import random
import re
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from tests.web.fhir.serving import Node

CHECKS = "not_a_server_error,content_type_conformance,response_schema_conformance"
NOT_JSON = r"/\$import$"
"""The generator cannot write NDJSON; test_never_broken.py sends it broken lines."""
TYPES = re.compile(r"^/[A-Z][A-Za-z]+/")


def sampled(node: Node, seed: int) -> list[str]:
    """Every path, but of those that differ by their resource type only one, drawn by the seed."""
    described = requests.get(f"{node.url}/openapi.json", timeout=60).json()
    alike: dict[str, list[str]] = {}
    for path in described["paths"]:
        name = TYPES.sub("/*/", path) if "$" in path else path
        alike.setdefault(name, []).append(path)
    draw = random.Random(seed)
    return [draw.choice(paths) for paths in alike.values() if not re.search(NOT_JSON, paths[0])]


def generate(node: Node, folder: Path, *more: str) -> str:
    """Run the generator; what it reports."""
    done = subprocess.run(
        [
            str(Path(sys.executable).parent / "schemathesis"),
            "run",
            f"{node.url}/openapi.json",
            *("--header", f"Authorization: Bearer {node.token}"),
            *("--checks", CHECKS, "--mode", "all", "--no-color", "--continue-on-failure"),
            *more,
        ],
        cwd=folder,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    return done.stdout


def test_what_a_generator_sends_is_answered_as_described(server: Node, tmp_path: Path) -> None:
    paths = sampled(server, int(os.environ.get("QAMQOR_TEST_SEED", "7")))
    names = [part for path in paths for part in ("--include-path", path)]
    examples = os.environ.get("QAMQOR_TEST_EXAMPLES", "4")

    said = generate(
        server,
        tmp_path,
        *names,
        *("--phases", "fuzzing", "--max-examples", examples, "--generation-deterministic"),
    )

    tested = re.search(r"Tested: (\d+)", said)
    made = re.search(r"(\d+) generated", said)
    assert tested, said[-1000:]
    assert made, said[-1000:]
    print(f"openapi: {tested[1]} operations, {made[1]} requests")
    assert int(tested[1]) >= len(paths) >= 40
    assert int(made[1]) > int(tested[1])


@pytest.mark.long
def test_every_operation_of_every_type_right_and_wrong(server: Node, tmp_path: Path) -> None:
    said = generate(
        server,
        tmp_path,
        *("--phases", "coverage,fuzzing", "--max-examples", "10"),
        *("--exclude-path-regex", NOT_JSON),
    )

    tested = re.search(r"Tested: (\d+)", said)
    assert tested, said[-1000:]
    assert int(tested[1]) > 600
