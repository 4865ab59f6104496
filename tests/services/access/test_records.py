"""A page opens one person's record and sees of it what its reader may see."""

from __future__ import annotations

import pytest

from qamqor.engine.fhir import json_text
from qamqor.errors import GoneBefore, NotAllowed, NotThere
from qamqor.services.access import open_record
from qamqor.services.fhir.write import Change, save
from qamqor.store import audit
from qamqor.store.audit import Wanted
from tests.services.access.village import AT, PLATFORM, actor, observation, people, put

pytestmark = pytest.mark.django_db


def test_the_record_hands_out_what_is_open() -> None:
    people()
    record = open_record("amina", actor("practice_nurse"), "TREAT", AT)

    assert record.patient["id"] == "amina"
    assert record.relation == "panel"
    shown = record.resources("Observation", "Condition")
    assert [one["id"] for one in shown["Observation"]] == ["amina-weight"]
    assert shown["Condition"] == []
    assert {
        o["id"]
        for o in open_record("amina", actor("gp"), "TREAT", AT).resources("Observation")[
            "Observation"
        ]
    } == {
        "amina-weight",
        "amina-hiv",
    }


def test_the_newest_come_first_and_not_more_than_asked() -> None:
    people()
    put(observation("later", "amina"))

    shown = open_record("amina", actor("gp"), "TREAT", AT).resources("Observation", newest=1)
    assert [one["id"] for one in shown["Observation"]] == ["later"]


def test_another_teams_person_is_not_there() -> None:
    people()
    with pytest.raises(NotThere):
        open_record("bolat", actor("gp"), "TREAT", AT)
    with pytest.raises(NotAllowed):
        open_record("amina", actor("administrator"), "TREAT", AT)


def test_nothing_of_somebody_else_is_read_through_a_record() -> None:
    people()
    put(observation("theirs", "aliya"))
    record = open_record("amina", actor("head"), "HOPERAT", AT)

    assert record.one("Observation", "amina-weight")["id"] == "amina-weight"
    with pytest.raises(NotThere):
        record.one("Observation", "bolat-weight")
    with pytest.raises(NotThere):
        record.one("Observation", "theirs")
    save([Change("DELETE", "Observation", "amina-weight")], actor=PLATFORM, at=AT)
    with pytest.raises(GoneBefore):
        record.one("Observation", "amina-weight")


def test_opening_and_reading_are_kept_with_the_purpose() -> None:
    people()
    open_record("amina", actor("gp"), "HPAYMT", AT).resources("Observation")

    read, opened = audit.find(Wanted(patient="amina", agent="PractitionerRole/gp"), limit=9)
    assert json_text.decode(opened.entry.encode())["purpose"] == "HPAYMT"
    assert json_text.decode(read.entry.encode())["query"] == "Observation"
    assert "Observation/amina-weight/_history/1" in read.entry
