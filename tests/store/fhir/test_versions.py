"""Versions are kept, numbered without gaps, and changed by one at a time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from qamqor.errors import VersionConflict
from qamqor.services.access.actor import PLATFORM
from qamqor.services.fhir.write import Change, save
from qamqor.store.fhir import versions

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def put(id_: str, gender: str, *, seen: int | None = None) -> int:
    resource = {"resourceType": "Basic", "code": {"text": gender}}
    change = Change("PUT", "Basic", id_, resource, if_version=seen)
    return save([change], actor=PLATFORM, at=AT)[0].version.version


@pytest.mark.django_db
def test_every_version_can_be_read_again() -> None:
    put("amina", "unknown")
    put("amina", "female")

    first, second = versions.read_version("Basic", "amina", 1), versions.read("Basic", "amina")

    assert first is not None
    assert '"text":"unknown"' in (first.content or "")
    assert second is not None
    assert second.version == 2
    assert '"versionId":"2"' in (second.content or "")


@pytest.mark.django_db
def test_one_resource_changed_three_times_at_once_has_three_versions() -> None:
    put("amina", "unknown")
    said = [{"resourceType": "Basic", "code": {"text": text}} for text in ("a", "b")]
    changes = [Change("PUT", "Basic", "amina", one) for one in said]
    stored = save([*changes, Change("DELETE", "Basic", "amina")], actor=PLATFORM, at=AT)

    assert [one.version.version for one in stored] == [2, 3, 4]
    assert ['"text":"a"' in (one.before.content or "") for one in stored if one.before] == [
        False,
        True,
        False,
    ]
    assert versions.read("Basic", "amina") == stored[-1].version


@pytest.mark.django_db
def test_a_failed_change_leaves_no_gap_in_the_sequence() -> None:
    put("amina", "unknown")
    with pytest.raises(VersionConflict):
        put("amina", "female", seen=7)
    put("bolat", "male")

    assert [change.sequence for change in versions.changes_after(0)] == [1, 2]


@pytest.mark.django_db(transaction=True)
def test_of_two_who_race_on_one_version_exactly_one_wins() -> None:
    put("amina", "unknown")

    def attempt(number: int) -> bool:
        try:
            put("amina", f"g{number}", seen=1)
        except VersionConflict:
            return False
        return True

    with ThreadPoolExecutor(8) as threads:
        won = list(threads.map(attempt, range(8)))

    assert sum(won) == 1
    assert versions.last_sequence() == 2
