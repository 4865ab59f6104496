"""What the bottom of a phone leads to, by role."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from django.test import RequestFactory

from qamqor.web.components.places import places


def at_the_bottom(role: str) -> list[str]:
    request: Any = RequestFactory().get("/today")
    request.user = SimpleNamespace(role=role)
    return [one.href for one in places(request)[:5]]


@pytest.mark.parametrize("role", ["psychologist", "social_worker"])
def test_who_works_by_steps_has_them_at_hand(role: str) -> None:
    assert "/support" in at_the_bottom(role)
    assert "/vaccination/watch" not in at_the_bottom(role)


def test_a_nurse_has_vaccinations_at_hand() -> None:
    assert "/vaccination/watch" in at_the_bottom("practice_nurse")
