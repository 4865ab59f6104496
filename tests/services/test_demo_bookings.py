"""The demo's people are booked once, each at one time, with the workers of its accounts."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings as django_settings

from qamqor.errors import NotPossible
from qamqor.services import accounts, demo_bookings
from qamqor.services.accounts import NewAccount
from qamqor.services.booking import reading
from tests.services.organisation import area as team_of
from tests.services.test_derived import AT
from tests.services.worklist.test_today import TODAY, resident

pytestmark = pytest.mark.django_db
WEEK = timedelta(days=7)
POST = "practice-nurse"


def team(settings: Any) -> None:
    settings.QAMQOR = replace(django_settings.QAMQOR, is_demo=True)
    team_of("north", roles={"practice_nurse": POST})
    for name in (f"someone-{number}" for number in range(9)):
        resident(name)
    accounts.create(
        NewAccount("demo-practice-nurse", "practice_nurse", practitioner_role=POST, is_demo=True)
    )


def test_people_are_booked_at_different_times_and_only_once(settings: Any) -> None:
    team(settings)

    assert demo_bookings.ensure(AT) == 3
    assert demo_bookings.ensure(AT) == 0

    found = reading.of_workers([f"PractitionerRole/{POST}"], TODAY, TODAY + WEEK)
    assert len({one.patient for one in found}) == 3
    assert all(one.start is not None and one.start > AT for one in found if not one.half)
    assert len({one.start for one in found if not one.half}) == 3
    assert {one.place for one in found} == {"clinic"}
    assert all(one.actions for one in found)


def test_outside_the_demo_nobody_is_booked() -> None:
    with pytest.raises(NotPossible):
        demo_bookings.ensure(AT)
