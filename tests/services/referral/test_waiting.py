"""Who waits for a reply, from an index that follows every save."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from qamqor.services.access.actor import PLATFORM
from qamqor.services.fhir.reindex import reindex
from qamqor.services.fhir.write import Change, save
from qamqor.services.referral.waiting import waiting
from qamqor.store import referrals
from tests.services.access.village import AT, patient, put

pytestmark = pytest.mark.django_db
AS_OF = date(2026, 3, 2)


def request(id_: str, who: str, sent: str, **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "ServiceRequest", "id": id_, "status": "active", "intent": "order",
        "priority": "routine", "authoredOn": sent, "subject": {"reference": f"Patient/{who}"},
        "code": {"coding": [{"system": "http://snomed.info/sct", "code": "183519002"}]},
        "performer": [{"reference": "Organization/hospital"}], **more,
    }  # fmt: skip


def task(id_: str, who: str, state: str, **days: str) -> dict[str, Any]:
    return {
        "resourceType": "Task", "id": f"way-{id_}", "status": "in-progress", "intent": "order",
        "focus": {"reference": f"ServiceRequest/{id_}"}, "for": {"reference": f"Patient/{who}"},
        "businessStatus": {"coding": [{"code": state}]},
        "output": [
            {"type": {"coding": [{"code": step}]}, "valueDateTime": day}
            for step, day in days.items()
        ],
    }  # fmt: skip


@pytest.fixture(autouse=True)
def _people() -> None:
    put(patient("amina"), patient("bolat", "south"))


def waits(*areas: str) -> dict[str, tuple[date, int, tuple[str, ...]]]:
    found = waiting(areas, as_of=AS_OF)
    return {who: (one.since, one.late, one.requests) for who, one in found.items()}


def test_a_person_waits_from_the_oldest_referral_nobody_answered() -> None:
    put(request("old", "amina", "2026-01-10"), request("new", "amina", "2026-02-25"))
    put(request("other", "bolat", "2026-02-25", priority="stat"))

    assert waits("north") == {"amina": (date(2026, 1, 10), 1, ("old", "new"))}
    assert waits("south") == {"bolat": (date(2026, 2, 25), 1, ("other",))}
    assert waits() == {}


@pytest.mark.parametrize("first", ["request", "task"])
def test_the_task_says_how_far_it_is_whichever_is_saved_first(first: str) -> None:
    both = [request("one", "amina", "2026-02-25"), task("one", "amina", "replied")]
    for resource in both if first == "request" else reversed(both):
        put(resource)
    assert waits("north") == {}
    put(task("one", "amina", "booked", booked="2026-02-26"))
    assert waits("north")["amina"][2] == ("one",)


def test_a_request_taken_back_or_a_task_that_is_gone_counts_no_more() -> None:
    put(request("one", "amina", "2026-02-25"), task("one", "amina", "closed"))
    save([Change("DELETE", "Task", "way-one")], actor=PLATFORM, at=AT)
    assert waits("north")["amina"][2] == ("one",)
    put(request("one", "amina", "2026-02-25", status="revoked"))
    assert waits("north") == {}


def test_a_person_who_moves_takes_what_they_wait_for_along() -> None:
    put(request("one", "amina", "2026-02-25"))
    put(patient("amina", "south"))
    assert waits("north") == {}
    assert "amina" in waits("south")


def test_the_index_made_anew_is_the_index_as_it_was() -> None:
    put(request("one", "amina", "2026-02-25"), task("one", "amina", "booked", booked="2026-02-27"))
    put(task("two", "bolat", "sent"), request("two", "bolat", "2026-02-20"))
    before = referrals.of_person("amina") + referrals.of_person("bolat")
    reindex(at=AT)
    assert referrals.of_person("amina") + referrals.of_person("bolat") == before
    assert len(before) == 2
