"""Registering makes everything or nothing, and never a second record unless told why."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from qamqor.engine.fhir import json_text
from qamqor.engine.fhir.names import EXTENSIONS
from qamqor.errors import NotThere, TwinFound, Unusable
from qamqor.services.registration import apart
from qamqor.services.registration.register import Home, Household, Particulars, register
from qamqor.store import mentions, people
from qamqor.store.fhir import versions
from tests.services.organisation import clinic
from tests.services.registration.desk import AT, CLERK

AIGUL = Particulars(
    "Ахметова",
    "Айгүл",
    "Серікқызы",
    born_on="1987-03-12",
    sex="female",
    iin="8703 1290 0004",
    phone="8 701 123 45 67",
    language="kk",
    home=Home("Абай көшесі, 12", "Меркі", kato="315430100", is_rural=True),
)


def read(type_: str, id_: str) -> dict[str, Any]:
    found = versions.read(type_, id_)
    assert found is not None
    assert found.content is not None
    resource: dict[str, Any] = json_text.decode(found.content)
    return resource


def registered(who: Particulars = AIGUL, **more: Any) -> Any:
    return register(who, area_id="area-1", actor=CLERK, at=AT, **more)


@pytest.mark.django_db
class TestRegistering:
    def test_makes_record_attachment_and_household_together(self) -> None:
        clinic()
        done = registered(household=Household(role="head"))
        patient = read("Patient", done.patient_id)
        assert patient["identifier"][0]["value"] == "870312900004"
        assert patient["name"] == [
            {"use": "official", "family": "Ахметова", "given": ["Айгүл", "Серікқызы"]}
        ]
        assert patient["telecom"][0]["value"] == "+77011234567"
        assert patient["birthDate"] == "1987-03-12"
        assert patient["communication"][0]["language"]["coding"][0]["code"] == "kk"
        assert patient["address"][0]["extension"] == [
            {"url": f"{EXTENSIONS}/kato", "valueCode": "315430100"},
            {"url": f"{EXTENSIONS}/settlement", "valueCode": "rural"},
        ]
        assert patient["generalPractitioner"][0] == {"reference": "PractitionerRole/gp-1"}
        assert read("EpisodeOfCare", done.episode_id)["status"] == "active"
        (member,) = read("Group", done.household_id)["member"]
        assert member["entity"] == {"reference": f"Patient/{done.patient_id}"}
        assert member["extension"][0]["valueCode"] == "head"

    def test_a_name_alone_is_enough(self) -> None:
        clinic()
        done = registered(Particulars("", "Айгүл"))
        patient = read("Patient", done.patient_id)
        assert patient["name"] == [{"use": "official", "given": ["Айгүл"]}]
        assert not {"identifier", "telecom", "address", "birthDate"} & set(patient)
        assert done.household_id == ""

    def test_letters_of_the_wrong_layout_are_put_right(self) -> None:
        clinic()
        done = registered(replace(AIGUL, given="Тiлеу", other_names=(("Akhmetova", "Aigul", ""),)))
        names = read("Patient", done.patient_id)["name"]
        assert names[0]["given"][0] == "Тілеу"
        assert names[1] == {"use": "usual", "family": "Akhmetova", "given": ["Aigul"]}

    def test_a_second_member_joins_the_household(self) -> None:
        clinic()
        first = registered(household=Household(role="head"))
        child = Particulars("Ахметов", "Ерасыл", born_on="2020-05-05", sex="male")
        done = registered(child, household=Household(first.household_id, "child"))
        group = read("Group", first.household_id)
        assert done.household_id == first.household_id
        assert [m["entity"]["reference"] for m in group["member"]] == [
            f"Patient/{first.patient_id}",
            f"Patient/{done.patient_id}",
        ]
        assert group["quantity"] == 2


@pytest.mark.django_db
class TestIsRefused:
    @pytest.mark.parametrize(
        ("wrong", "where"),
        [
            ({"iin": "870312900005"}, "Patient.identifier"),
            ({"family": " ", "given": ""}, "Patient.name"),
            ({"born_on": "2026-03-03"}, "Patient.birthDate"),
            ({"born_on": "1987-02-30"}, "Patient.birthDate"),
            ({"born_on": "12.03.1987"}, "Patient.birthDate"),
            ({"sex": "F"}, "Patient.gender"),
            ({"phone": "12345"}, "Patient.telecom"),
        ],
    )
    def test_with_the_place_of_the_mistake(self, wrong: dict[str, str], where: str) -> None:
        clinic()
        before = versions.last_sequence()
        with pytest.raises(Unusable) as refused:
            registered(replace(AIGUL, **wrong))
        assert [issue.expression for issue in refused.value.issues] == [where]
        assert versions.last_sequence() == before

    def test_with_every_mistake_at_once(self) -> None:
        with pytest.raises(Unusable) as refused:
            registered(Particulars("", "", born_on="x", sex="", iin="1", phone="1"))
        assert len(refused.value.issues) == 5

    @pytest.mark.parametrize("where", ["area", "household"])
    def test_for_an_area_or_a_household_that_is_not_here_and_nothing_is_kept(
        self, where: str
    ) -> None:
        clinic()
        before = versions.last_sequence()
        with pytest.raises(NotThere):
            register(
                AIGUL, area_id="area-1" if where == "household" else "nowhere", actor=CLERK, at=AT,
                household=Household("nowhere"),
            )  # fmt: skip
        assert versions.last_sequence() == before
        assert people.candidates(["iin|870312900004"]) == []


@pytest.mark.django_db
class TestACertainTwin:
    def test_stops_registering_and_is_shown(self) -> None:
        clinic()
        first = registered()
        again = Particulars("Akhmetova", "Aigul", "Serikovna", born_on="1987-03-12")
        with pytest.raises(TwinFound) as stopped:
            registered(again)
        assert [twin.patient_id for twin in stopped.value.twins] == [first.patient_id]
        assert "family.spelling" in {one.code for one in stopped.value.twins[0].reasons}

    def test_so_does_the_holder_of_the_same_number(self) -> None:
        clinic()
        first = registered()
        other = Particulars("Ким", "Олег", born_on="1960-05-01", sex="male", iin="870312900004")
        with pytest.raises(TwinFound) as stopped:
            registered(other)
        assert [twin.patient_id for twin in stopped.value.twins] == [first.patient_id]

    def test_is_passed_by_with_a_reason_that_is_kept(self) -> None:
        clinic()
        first = registered()
        done = registered(despite="her twin sister of the same name")
        made = [
            json_text.decode(version.content or "")
            for version in mentions.of(f"Patient/{done.patient_id}")
            if version.type == "Provenance"
        ]
        (trace,) = [one for one in made if "entity" in one]
        assert trace["reason"] == [{"text": "her twin sister of the same name"}]
        assert trace["entity"][0]["what"] == {"reference": f"Patient/{first.patient_id}"}
        assert [twin.patient_id for twin in done.twins] == [first.patient_id]
        decided = apart.between(done.patient_id, first.patient_id)
        assert decided is not None
        assert decided.reason == "her twin sister of the same name"

    def test_an_empty_reason_is_none(self) -> None:
        clinic()
        registered()
        with pytest.raises(TwinFound):
            registered(despite="   ")

    def test_a_likely_twin_does_not_stop_anybody(self) -> None:
        clinic()
        registered()
        sister = replace(AIGUL, given="Айнұр", iin="", phone="")
        assert registered(sister).twins == ()


@pytest.mark.django_db(transaction=True)
def test_two_desks_cannot_register_one_person_at_once() -> None:
    clinic()

    def attempt(_: int) -> bool:
        try:
            registered()
        except TwinFound:
            return False
        return True

    with ThreadPoolExecutor(4) as desks:
        done = list(desks.map(attempt, range(4)))
    assert sum(done) == 1
