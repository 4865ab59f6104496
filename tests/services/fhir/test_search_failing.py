"""A search that fails among others is answered alone, and the log says that it failed."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from qamqor.services.fhir import read_together, search_together
from tests.databases import ON_SQLITE
from tests.services.fhir import test_search_together as together

pytestmark = [pytest.mark.django_db(transaction=True), ON_SQLITE]


def test_a_mistake_of_ours_is_not_hidden(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    together.village()
    checksum, at = together.remembered(), timezone.now()

    def fail(*_: Any) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as patched:
        patched.setattr(search_together, "_found", fail)
        assert search_together.find(checksum, together.CHAIN, at=at) is None
    said = [one.getMessage() for one in caplog.records]
    assert said == ["a search among others failed; it is asked alone"]

    assert search_together.find(checksum, together.CHAIN, at=at) is not None
    assert len(caplog.records) == 1
    read_together.forget()
