"""The index of people follows every save, and finds a twin by keys alone."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection

from qamqor.engine.fhir.names import IDENTIFIERS
from qamqor.engine.identity.keys import twin_keys
from qamqor.engine.identity.names import FullName
from qamqor.engine.identity.person import Identity
from qamqor.services.access.actor import PLATFORM
from qamqor.services.fhir.write import Change, save
from qamqor.store import node, people

pytestmark = pytest.mark.django_db
AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def put(id_: str, family: str, given: str, **more: Any) -> None:
    resource = {
        "resourceType": "Patient",
        "name": [{"family": family, "given": [given]}],
        "birthDate": "1987-03-12",
        **more,
    }
    save([Change("PUT", "Patient", id_, resource)], actor=PLATFORM, at=AT)


def tables() -> list[list[tuple[Any, ...]]]:
    found = []
    with connection.cursor() as cursor:
        for table in ("person_index", "person_key", "name_word"):
            cursor.execute(f"select * from {table}")
            found.append(sorted(cursor.fetchall()))
    return found


def ids(*keys: str) -> list[str]:
    return [person.patient_id for person in people.candidates(keys)]


def test_a_saved_person_is_found_by_name_in_another_script() -> None:
    put("aigul", "Ахметова", "Айгүл")
    typed = Identity((FullName("Akhmetova", "Aigul"),), "1987-12-03")
    assert ids(*twin_keys(typed)) == ["aigul"]


def test_a_change_of_name_takes_the_old_keys_away() -> None:
    put("aigul", "Ахметова", "Айгүл")
    put("aigul", "Оспанова", "Айгүл")
    assert ids("name|ahmet|aigul") == []
    assert ids("name|ospan|aigul") == ["aigul"]


def test_a_deleted_person_is_found_no_more() -> None:
    put("aigul", "Ахметова", "Айгүл")
    save([Change("DELETE", "Patient", "aigul")], actor=PLATFORM, at=AT)
    assert ids("name|ahmet|aigul") == []
    assert people.by_id("aigul") is None
    assert tables()[:2] == [[], []]


def test_a_save_that_fails_leaves_the_index_as_it_was() -> None:
    put("aigul", "Ахметова", "Айгүл")
    before = tables()
    with pytest.raises(Exception, match="no longer version 9"):
        save(
            [
                Change("PUT", "Patient", "b", {"resourceType": "Patient"}),
                Change("PUT", "Patient", "aigul", {"resourceType": "Patient"}, if_version=9),
            ],
            actor=PLATFORM,
            at=AT,
        )
    assert tables() == before


def test_a_rebuild_makes_the_same_index() -> None:
    put("aigul", "Ахметова", "Айгүл", telecom=[{"system": "phone", "value": "87011234567"}])
    put("oleg", "Ким", "Олег", active=False, link=[{"type": "replaced-by", "other": {
        "reference": "Patient/aigul"}}])  # fmt: skip
    before = tables()
    assert node.commit(people.rebuild) == 2
    assert tables() == before


def test_area_organisation_and_replacement_are_kept() -> None:
    put(
        "aigul",
        "Ахметова",
        "Айгүл",
        active=False,
        managingOrganization={"reference": "Organization/site-1"},
        generalPractitioner=[
            {"reference": "PractitionerRole/gp-1"},
            {"reference": "Organization/area-1"},
        ],
        link=[{"type": "replaced-by", "other": {"reference": "Patient/main"}}],
        identifier=[{"system": f"{IDENTIFIERS}/iin", "value": "870312900008"}],
    )
    found = people.by_id("aigul")
    assert found is not None
    assert found[2:6] == ("area-1", "site-1", False, "main")
    assert ids("iin|870312900008") == ids("area-family|area-1|*kmt") == ["aigul"]


def test_a_mistyped_word_finds_the_words_a_letter_away_and_a_beginning_its_words() -> None:
    put("aigul", "Ахметова", "Айгүл")
    put("oleg", "Ахмедов", "Олег")
    assert people.words_like("family", "ahmte") == ["ahmet"]
    assert people.words_like("family", "ahmet") == ["ahmet", "ahmed"]
    assert people.words_from("family", "ahm") == ["ahmed", "ahmet"]
    assert people.words_from("given", "ahm") == []


def test_a_key_that_many_share_is_read_up_to_a_bound_the_longest_registered_first() -> None:
    for number in range(5):
        put(f"p{number}", "Ким", "Олег")
    found = people.candidates(["name|kim|oleg"], most_of_a_key=3)
    assert [person.patient_id for person in found] == ["p0", "p1", "p2"]


def test_the_people_of_the_first_key_come_first() -> None:
    put("aigul", "Ахметова", "Айгүл")
    put("oleg", "Ким", "Олег")
    assert ids("name|kim|oleg", "born|1987-03-12") == ["oleg", "aigul"]
    assert ids() == []


def test_everyone_is_gone_through_in_steps() -> None:
    put("aigul", "Ахметова", "Айгүл")
    put("oleg", "Ким", "Олег")
    first = people.everyone(limit=1)
    assert [p.patient_id for p in first] == ["aigul"]
    assert [p.patient_id for p in people.everyone(after=first[0].key)] == ["oleg"]


def test_an_empty_patient_is_kept_without_keys() -> None:
    save([Change("PUT", "Patient", "x", {"resourceType": "Patient"})], actor=PLATFORM, at=AT)
    assert people.by_id("x") is not None
    assert tables()[1] == []
