"""A running node for tests that speak HTTP with it, one for a whole run."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.web.fhir import serving
from tests.web.fhir.calling import Api


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[serving.Node]:
    """A node: ``url``, ``token`` and ``headers``."""
    with serving.node(tmp_path_factory.mktemp("node")) as running:
        yield running


@pytest.fixture
def api(db: None) -> Api:
    """The API in the test's own process, for everything."""
    return Api()
