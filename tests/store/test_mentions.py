"""Who speaks of whom is known wherever the reference stands, and follows every save."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from qamqor.services.access.actor import PLATFORM
from qamqor.services.fhir.write import Change, save
from qamqor.store import mentions, node

pytestmark = pytest.mark.django_db
AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def put(type_: str, id_: str, **elements: Any) -> None:
    save([Change("PUT", type_, id_, {"resourceType": type_, **elements})], actor=PLATFORM, at=AT)


def ids(target: str) -> list[str]:
    return [version.id for version in mentions.of(target)]


def test_a_reference_is_found_wherever_it_stands() -> None:
    to = {"reference": "Patient/aigul"}
    put("Observation", "subject", subject=to)
    put("Account", "deep", guarantor=[{"party": to}])
    put("Observation", "extension", extension=[{"url": "http://x", "valueReference": to}])
    put("Observation", "contained", contained=[{"resourceType": "Consent", "patient": to}])
    put("Observation", "version", focus=[{"reference": "Patient/aigul/_history/2"}])
    put("RelatedPerson", "mother", identifier=[
        {"system": "http://qamqor.invalid/fhir/sid/patient", "value": "aigul"}])  # fmt: skip
    assert ids("Patient/aigul") == [
        "subject", "deep", "extension", "contained", "version", "mother"
    ]  # fmt: skip


def test_another_servers_person_and_a_text_are_no_mention() -> None:
    put("Observation", "a", subject={"reference": "http://other.example/fhir/Patient/aigul"})
    put("Observation", "b", note=[{"text": '"reference":"Patient/aigul"'}])
    put("Observation", "c", subject={"reference": "Patient/aigul2"})
    assert ids("Patient/aigul") == []


def test_mentions_follow_changes_and_deletions() -> None:
    put("Observation", "o", subject={"reference": "Patient/aigul"})
    put("Observation", "o", subject={"reference": "Patient/oleg"})
    assert (ids("Patient/aigul"), ids("Patient/oleg")) == ([], ["o"])
    save([Change("DELETE", "Observation", "o")], actor=PLATFORM, at=AT)
    assert ids("Patient/oleg") == []


def test_two_changes_of_one_resource_in_one_transaction_end_with_the_last() -> None:
    put("Observation", "o", subject={"reference": "Patient/z"})
    (key,) = node.commit(lambda tx: tx.rows("select key from fhir_resource"))[0]
    z, a, b = (f'{{"subject":{{"reference":"Patient/{who}"}}}}' for who in "zab")
    both = [
        mentions.Change(key, "Observation", z, a),
        mentions.Change(key, "Observation", a, b),
    ]
    node.commit(lambda tx: mentions.refresh(tx, both))
    assert [ids(f"Patient/{who}") for who in "zab"] == [[], [], ["o"]]


def test_a_team_is_found_by_its_area_and_other_resources_are_not() -> None:
    area = {"reference": "Organization/area-1"}
    put("CareTeam", "team", managingOrganization=[area])
    put("EpisodeOfCare", "episode", managingOrganization=area)
    assert ids("Organization/area-1") == ["team"]


def test_a_rebuild_finds_the_same() -> None:
    put("Observation", "o", subject={"reference": "Patient/aigul"})
    put("Observation", "gone", subject={"reference": "Patient/aigul"})
    save([Change("DELETE", "Observation", "gone")], actor=PLATFORM, at=AT)
    node.commit(mentions.rebuild)
    assert ids("Patient/aigul") == ["o"]
    assert node.commit(lambda tx: [v.id for v in mentions.of("Patient/aigul", tx)]) == ["o"]
