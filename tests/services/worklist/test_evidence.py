"""A list says the fact a need rests on to whoever may see it, and the audit says that it did."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from django.conf import settings as django_settings

from qamqor.engine.worklist import Tab
from qamqor.services.worklist import rounds
from qamqor.services.worklist import today as worklist
from qamqor.store import audit
from qamqor.store.audit import Wanted
from tests.services.access.village import ACT, actor
from tests.services.test_derived import AT, pressure, put
from tests.services.worklist.test_today import NURSE, TODAY, of, resident
from tests.statements import reads

READING = "Observation/p-amina"
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def invented_approvals(settings: Any) -> None:
    settings.QAMQOR = replace(django_settings.QAMQOR, is_demo=True)


def listed(role: str = "practice_nurse") -> dict[str, Any]:
    by = actor(role)
    shown = worklist.today(by, tab=Tab.to_see, as_of=TODAY, at=AT)
    (line,) = [one for one in shown.lines if one.row.patient_id == "amina"]
    return dict(line.facts)


def told() -> str:
    """Everything the newest entry of the audit says was shown."""
    return audit.find(Wanted(patient="amina"), limit=1)[0].entry


def sensitive() -> None:
    label = {"security": [{"system": ACT, "code": "PSY"}]}
    put({**of(pressure("p", "2025-12-05", 160), "amina"), "meta": label})


def test_the_record_behind_the_most_pressing_need_comes_with_the_person() -> None:
    resident("amina")

    facts = listed()

    assert list(facts) == [READING]
    assert facts[READING]["component"][0]["valueQuantity"]["value"] == 160
    assert f"{READING}/_history/1" in told()


def test_a_sensitive_record_is_shown_only_to_who_may_see_its_label() -> None:
    resident("amina")
    sensitive()

    assert READING not in listed()
    assert READING not in told()
    assert READING not in worklist.one(NURSE, "amina", as_of=TODAY, at=AT).facts
    assert READING not in told()
    assert READING in listed("gp")
    assert f"{READING}/_history/2" in told()


def test_who_reads_nothing_clinical_is_told_no_measured_value() -> None:
    from qamqor.services.access.sights import Sights
    from qamqor.services.worklist.evidence import readable

    resident("amina")
    needs = worklist.one(NURSE, "amina", as_of=TODAY, at=AT).row.needs

    assert READING in readable(needs, sights=Sights(NURSE, AT)).records
    social = readable(needs, sights=Sights(actor("social_worker"), AT)).records
    assert READING not in social
    south = actor("practice_nurse", areas=frozenset({"south"}))
    assert readable(needs, sights=Sights(south, AT)).records == {}


def test_a_record_that_is_gone_leaves_the_words_of_the_rule() -> None:
    resident("amina")
    line = worklist.one(NURSE, "amina", as_of=TODAY, at=AT)
    gone = [replace(need, evidence="Observation/never Patient/amina") for need in line.row.needs]

    from qamqor.services.access.sights import Sights
    from qamqor.services.worklist.evidence import readable

    assert set(readable(gone, sights=Sights(NURSE, AT)).records) == {"Patient/amina"}


def test_the_round_says_the_same_facts() -> None:
    resident("amina")

    found = rounds.planned(NURSE, [["amina"]], as_of=TODAY, at=AT, language="en")

    assert READING in found.stops[0].lines[0].facts
    assert f"{READING}/_history/1" in told()


def test_the_panel_knows_what_every_need_rests_on() -> None:
    resident("amina")
    doctor = actor("gp")

    line = worklist.one(doctor, "amina", as_of=TODAY, at=AT)

    wanted = {one for need in line.row.needs for one in (need.evidence or "").split()}
    assert set(line.facts) == wanted


def test_facts_of_a_page_are_read_at_once() -> None:
    resident("amina")
    with reads() as few:
        worklist.today(NURSE, tab=Tab.to_see, as_of=TODAY, at=AT)
    for number in range(12):
        resident(f"person-{number}")
    with reads() as many:
        found = worklist.today(NURSE, tab=Tab.to_see, as_of=TODAY, at=AT)

    assert sum(len(line.facts) for line in found.lines) == 13
    assert len(many) == len(few) <= 15
