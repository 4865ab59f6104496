"""Nothing leaks by a detour: not by totals, chains, includes, histories, bundles or everything."""

from __future__ import annotations

from typing import Any

import pytest

from qamqor.errors import NotThere, QamqorError
from qamqor.services.access.actor import Actor
from qamqor.services.fhir import history, interact, search
from qamqor.services.fhir.asked import Ask
from qamqor.services.fhir.history import Wanted
from tests.services.access.village import (
    AT,
    SYSTEM,
    actor,
    observation,
    patient,
    people,
    put,
    resident,
    through,
)

pytestmark = pytest.mark.django_db
SECRET = {"coding": [{"system": "http://loinc.org", "code": "56888-1"}]}


@pytest.fixture(autouse=True)
def _village() -> None:
    people()
    put(
        observation("amina-secret", "amina", "HIV", code=SECRET),
        observation("bolat-secret", "bolat", code=SECRET),
        {
            "resourceType": "DiagnosticReport",
            "id": "report",
            "status": "final",
            "code": {"text": "x"},
            "subject": {"reference": "Patient/amina"},
            "result": [
                {"reference": "Observation/amina-weight"},
                {"reference": "Observation/amina-secret"},
                {"reference": "Observation/bolat-weight"},
            ],
        },
    )


def ask(kind: str, *pairs: tuple[str, str], by: Actor) -> search.Found:
    return search.find(search.Asked((kind,), pairs), actor=by, at=AT)


def ids(found: search.Found) -> set[str]:
    return {version.id for version in [*found.matches, *found.included]}


NURSE = actor("practice_nurse")


@pytest.mark.parametrize(
    ("by", "seen"),
    [
        (NURSE, {"amina-weight"}),
        (actor("gp"), {"amina-weight", "amina-hiv", "amina-secret"}),
        (actor("head"), {"amina-weight", "bolat-weight", "bolat-secret"}),
        (resident("dana"), {"dana-weight"}),
        (through(actor("gp"), "patient/*.rs", context="bolat"), set()),
        (
            through(SYSTEM, "system/*.rs"),
            {"amina-weight", "bolat-weight", "bolat-secret", "dana-weight"},
        ),
    ],
    ids=["nurse", "gp", "head", "resident", "launched for another", "system"],
)
def test_a_search_finds_and_counts_what_is_open(by: Actor, seen: set[str]) -> None:
    found = ask("Observation", ("_total", "accurate"), by=by)

    assert ids(found) == seen
    assert found.total == len(seen)
    assert ask("Observation", ("_summary", "count"), by=by).total == len(seen)
    assert ids(ask("Observation", ("_id", "bolat-weight,amina-secret"), by=by)) == seen & {
        "bolat-weight",
        "amina-secret",
    }


def test_sorting_and_paging_show_no_more() -> None:
    found = ask("Observation", ("_sort", "-_lastUpdated"), ("_count", "1"), by=NURSE)

    assert ids(found) == {"amina-weight"}
    assert found.next is None


@pytest.mark.parametrize(
    "pairs",
    [
        [("_has:Observation:patient:code", "56888-1")],
        [("_has:Observation:patient:code:not", "29463-7")],
    ],
)
def test_a_reverse_chain_does_not_say_who_has_what_is_hidden(pairs: list[tuple[str, str]]) -> None:
    assert ids(ask("Patient", *pairs, by=NURSE)) <= {"amina"} - {"amina"}
    assert ids(ask("Patient", *pairs, by=actor("gp"))) == {"amina"}


def test_the_desk_learns_no_illness_by_a_chain() -> None:
    found = ask("Patient", ("_has:Observation:patient:code", "56888-1"), by=actor("registrar"))

    assert ids(found) == set()


def test_a_chain_looks_only_through_what_is_open() -> None:
    put(observation("linked", "amina", hasMember=[{"reference": "Observation/bolat-secret"}]))
    asked = ("has-member:Observation.code", "56888-1")

    assert ids(ask("Observation", asked, by=actor("gp"))) == set()
    assert ids(ask("Observation", asked, by=actor("head"))) == {"linked"}


def test_includes_bring_only_what_is_open() -> None:
    with_results = ask("DiagnosticReport", ("_include", "DiagnosticReport:result"), by=NURSE)
    assert ids(with_results) == {"report", "amina-weight"}
    reverse = ask("Patient", ("_revinclude", "Observation:patient"), by=NURSE)
    assert ids(reverse) == {"amina", "amina-weight"}
    desk = ask(
        "Patient", ("_id", "amina"), ("_revinclude", "Observation:patient"), by=actor("registrar")
    )
    assert ids(desk) == {"amina"}


def test_an_include_of_an_include_stays_inside() -> None:
    put(
        {
            "resourceType": "Encounter",
            "id": "visit",
            "status": "finished",
            "class": {"code": "AMB"},
            "subject": {"reference": "Patient/bolat"},
        },
        observation("at-visit", "amina", encounter={"reference": "Encounter/visit"}),
    )
    found = ask(
        "Observation",
        ("_id", "at-visit"),
        ("_include", "Observation:encounter"),
        ("_include:iterate", "Encounter:patient"),
        by=actor("gp"),
    )
    assert ids(found) == {"at-visit"}


def test_a_compartment_of_somebody_else_is_empty() -> None:
    asked = search.Asked(("Observation",), (), owner=("Patient", "bolat"))

    assert ids(search.find(asked, actor=actor("gp"), at=AT)) == set()


def test_histories_show_only_what_is_open() -> None:
    of_type = history.page(
        Wanted(type="Observation"), count=100, token=None, actor=NURSE, at=AT
    ).versions
    assert {version.id for version in of_type} == {"amina-weight"}
    whole = history.page(Wanted(), count=100, token=None, actor=resident("dana"), at=AT).versions
    assert {version.id for version in whole} == {"dana", "dana-weight"}
    with pytest.raises(NotThere):
        history.page(
            Wanted(type="Observation", id="bolat-weight"), count=9, token=None, actor=NURSE, at=AT
        )


def test_a_conditional_change_does_not_reach_what_is_hidden() -> None:
    def change(method: str, query: str, resource: Any = None) -> None:
        asked = Ask(method, "Observation", None, "new", query=query, resource=resource)
        interact.do(asked, actor=actor("gp"), at=AT)

    patch = [{"op": "replace", "path": "/status", "value": "amended"}]
    with pytest.raises(QamqorError):
        change("PATCH", "_id=bolat-weight", patch)
    change("DELETE", "_id=bolat-weight")
    assert ids(ask("Observation", ("_id", "bolat-weight"), by=actor("head"))) == {"bolat-weight"}


def test_a_bundle_with_one_forbidden_entry_changes_nothing() -> None:
    with pytest.raises(QamqorError):
        put(
            patient("aliya"),
            observation("mine", "amina"),
            observation("theirs", "bolat"),
            by=actor("gp"),
        )

    assert ids(ask("Observation", ("_id", "mine"), by=actor("gp"))) == set()


def test_a_label_hides_a_resource_from_lookups_by_security() -> None:
    found = ask("Observation", ("_security", "HIV"), ("_total", "accurate"), by=NURSE)

    assert (ids(found), found.total) == (set(), 0)
