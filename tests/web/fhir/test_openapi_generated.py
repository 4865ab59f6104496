"""Requests made from the published OpenAPI description are answered as it says."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.web.fhir.serving import Node

CHECKS = "not_a_server_error,content_type_conformance,response_schema_conformance"


def test_what_a_generator_sends_is_answered_as_described(server: Node, tmp_path: Path) -> None:
    done = subprocess.run(
        [
            str(Path(sys.executable).parent / "schemathesis"),
            "run",
            f"{server.url}/openapi.json",
            *("--header", f"Authorization: Bearer {server.token}"),
            *("--checks", CHECKS, "--phases", "fuzzing", "--mode", "positive"),
            *("--max-examples", os.environ.get("QAMQOR_TEST_EXAMPLES", "10")),
            *("--generation-deterministic", "--no-color"),
            *("--exclude-path-regex", r"\$"),
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )

    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    assert "No issues found" in done.stdout or " passed" in done.stdout, done.stdout[-1000:]
