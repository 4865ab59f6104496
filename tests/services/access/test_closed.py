"""A need that rests on a record under a label is told alike everywhere, and only to its roles."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from django.conf import settings as django_settings

from qamqor.engine.worklist import Need, Tab
from qamqor.errors import Unusable
from qamqor.services.access.actor import PLATFORM, Actor
from qamqor.services.access.closed import closed_to
from qamqor.services.access.sights import Sights
from qamqor.services.fhir import care_due
from qamqor.services.person import page, wrong
from qamqor.services.support import plans
from qamqor.services.support.plans import Wish
from qamqor.services.visit import known
from qamqor.services.worklist import rounds
from qamqor.services.worklist import today as worklist
from qamqor.services.worklist.today import Filters
from qamqor.store import audit
from qamqor.store import worklist as store
from qamqor.store.audit import Wanted
from tests.services.access.village import ACT, actor
from tests.services.access.village import resident as themselves
from tests.services.test_derived import AT, pressure, put
from tests.services.worklist.test_today import NURSE, TODAY, of, resident
from tests.statements import reads

PSYCHOLOGIST, GP, SOCIAL = actor("psychologist"), actor("gp"), actor("social_worker")
LEAD, HEAD = (actor(role, areas=frozenset()) for role in ("lead_nurse", "head"))
PROGRAMME, ACTION = "psychological_support", "plan_review"
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def amina(settings: Any) -> None:
    settings.QAMQOR = replace(django_settings.QAMQOR, is_demo=True)
    put(
        {
            "resourceType": "Organization",
            "id": "north",
            "partOf": {"reference": "Organization/centre"},
        }
    )
    resident("amina")


def planned(label: str = "PSY", who: str = "amina") -> None:
    """A plan agreed with the psychologist that is to be looked at again today."""
    wish = Wish("Talks", "To sleep again", True, (), TODAY, label)
    plans.make(who, wish, key=str(uuid.uuid4()), actor=PSYCHOLOGIST, at=AT)


def on_the_page(by: Actor) -> set[str]:
    found = page.read("amina", actor=by, as_of=TODAY, at=AT)
    assert isinstance(found, page.Page)
    return {one.action for one in found.due}


def in_a_visit(by: Actor) -> set[str]:
    return {one.action for one in known.about("amina", actor=by, at=AT, as_of=TODAY).due}


def by_operation(by: Actor) -> set[str]:
    found = care_due.of_person("amina", actor=by, at=AT, as_of=TODAY)
    return {one.due.action for one in found}


def lines(by: Actor, **filters: Any) -> dict[str, tuple[Need, ...]]:
    """Everybody on any tab of a list, with their needs."""
    shown = (
        worklist.today(by, tab=tab, as_of=TODAY, at=AT, filters=Filters(**filters)) for tab in Tab
    )
    return {line.row.patient_id: line.row.needs for one in shown for line in one.lines}


def in_the_panel(by: Actor) -> tuple[Need, ...]:
    return worklist.one(by, "amina", as_of=TODAY, at=AT).row.needs


def on_the_round(by: Actor) -> tuple[Need, ...]:
    found = rounds.planned(by, [["amina"]], as_of=TODAY, at=AT, language="en")
    return found.stops[0].lines[0].row.needs


EVERYWHERE = (on_the_page, in_a_visit, by_operation)


@pytest.mark.parametrize("told", EVERYWHERE)
def test_pages_and_the_operation_tell_it_to_the_roles_of_the_label_only(
    told: Callable[[Actor], set[str]],
) -> None:
    planned()

    assert ACTION in told(PSYCHOLOGIST) & told(GP)
    for by in (NURSE, actor("midwife"), SOCIAL):
        assert ACTION not in told(by), by.role
    assert "nurse_contact" in told(NURSE)


@pytest.mark.parametrize("told", EVERYWHERE)
def test_what_has_no_label_is_told_to_every_clinician(told: Callable[[Actor], set[str]]) -> None:
    planned(label="")

    assert all(ACTION in told(by) for by in (PSYCHOLOGIST, GP, NURSE))
    assert ACTION not in told(SOCIAL)


def test_the_operation_answers_the_person_the_glass_and_systems_by_their_own_rules() -> None:
    planned()
    system = Actor(
        account=None, reference="Device/lab", role="system", client="lab",
        scopes=frozenset({"system/*.rs"}),
    )  # fmt: skip

    assert ACTION in by_operation(themselves("amina"))
    assert ACTION in by_operation(PLATFORM)
    assert ACTION in by_operation(replace(NURSE, glasses=frozenset({"amina"})))
    assert ACTION not in by_operation(system)
    labelled = replace(system, scopes=frozenset({"system/*.rs", "label/PSY"}))
    assert ACTION in by_operation(labelled)


def test_the_operation_names_no_record_that_is_closed() -> None:
    label = {"security": [{"system": ACT, "code": "PSY"}]}
    put({**of(pressure("p", "2025-12-05", 160), "amina"), "meta": label})

    def evidence(by: Actor) -> str:
        found = care_due.of_person("amina", actor=by, at=AT, as_of=TODAY)
        return next(o.due.evidence or "" for o in found if o.due.action == "nurse_contact")

    assert "Observation/p-amina" in evidence(GP)
    assert "Observation/p-amina" not in evidence(NURSE)
    assert "Observation/p-amina" not in audit.find(Wanted(patient="amina"), limit=1)[0].entry


def test_the_operation_looks_once_for_what_is_closed() -> None:
    planned()

    with reads() as asked:
        by_operation(NURSE)

    assert len([sql for sql in asked if "access_label l on" in sql]) == 1


def test_what_is_closed_follows_from_role_and_glass() -> None:
    planned()

    def closed(by: Actor) -> set[str]:
        return {one.split("/")[0] for one in closed_to(Sights(by, AT), ["amina", "bolat"])}

    assert closed(NURSE) == closed(LEAD) == {"CarePlan", "Goal"}
    assert closed(GP) == closed(replace(NURSE, glasses=frozenset({"amina"}))) == set()


@pytest.mark.parametrize("by", [LEAD, HEAD], ids=lambda one: one.role)
@pytest.mark.parametrize(
    "shown", [lambda by: lines(by)["amina"], in_the_panel, on_the_round], ids=["list", "one", "way"]
)
def test_who_leads_sees_that_something_is_needed_and_not_what(
    by: Actor, shown: Callable[[Actor], tuple[Need, ...]]
) -> None:
    planned()

    needs = shown(by)

    (masked,) = [one for one in needs if one.is_masked]
    assert masked.role == "psychologist"
    assert masked.due_on == TODAY
    told = (masked.programme, masked.action, masked.item, masked.reason, masked.evidence)
    assert told == ("", "", "", None, None)
    assert "nurse_contact" in {one.action for one in needs}
    assert ACTION in {one.action for one in lines(PSYCHOLOGIST)["amina"]}


def test_who_is_needed_only_for_what_is_not_told_is_not_on_the_leads_round() -> None:
    planned()
    (masked,) = [one for one in in_the_panel(LEAD) if one.is_masked]
    row = worklist.rows_of(["amina"], role="psychologist", as_of=TODAY)["amina"]

    found = rounds._told({"amina": row}, Sights(LEAD, AT))  # noqa: SLF001

    assert masked.role == "psychologist"
    assert found == {}
    assert rounds._told({"amina": row}, Sights(PSYCHOLOGIST, AT)) == {"amina": row}  # noqa: SLF001


def test_a_door_of_which_nothing_is_shown_is_not_counted() -> None:
    planned(who="amina")
    doors = [["amina"], ["nobody"]]

    def added(filled: int) -> int:
        return rounds.planned(LEAD, doors, as_of=TODAY, at=AT, language="en", filled=filled).filled

    assert (added(2), added(1), added(0)) == (1, 0, 0)


@pytest.mark.parametrize("label", ["PSY", ""])
def test_the_filter_and_its_counts_do_not_say_who_is_in_a_sensitive_programme(label: str) -> None:
    planned(label)
    found = lines(LEAD, programme=PROGRAMME)
    counted = worklist.counts(LEAD, as_of=TODAY, filters=Filters(programme=PROGRAMME))
    of_role = worklist.counts(
        LEAD, as_of=TODAY, filters=Filters(programme=PROGRAMME, role="psychologist")
    )
    changed = worklist.changed_since(LEAD, 0, filters=Filters(programme=PROGRAMME))

    there = 0 if label else 1
    assert (len(found), sum(counted.values()), sum(of_role.values()), changed) == (there,) * 4
    assert "amina" in lines(PSYCHOLOGIST, programme=PROGRAMME)
    assert "amina" in lines(LEAD, programme="hypertension")
    assert "amina" in lines(LEAD, programme="hypertension", role="practice_nurse")
    assert store.places(worklist.chosen_by(LEAD, Filters(programme=PROGRAMME))) == []


def test_a_need_nobody_told_of_cannot_be_called_wrong() -> None:
    planned()
    name = f"{PROGRAMME}/{ACTION}/"

    with pytest.raises(Unusable, match="no such need"):
        wrong.say("amina", name, reason="guessed", key=str(uuid.uuid4()), actor=NURSE, at=AT)
    assert wrong.say("amina", name, reason="done", key=str(uuid.uuid4()), actor=GP, at=AT)


def test_a_workers_own_list_asks_nothing_more_and_a_leads_list_the_same_for_many() -> None:
    planned()
    with reads() as few:
        lines(LEAD)
    for number in range(8):
        resident(f"person-{number}")
        planned(who=f"person-{number}")
    with reads() as many:
        found = lines(LEAD)

    assert len(many) == len(few)
    assert all(any(need.is_masked for need in needs) for needs in found.values())
    assert len(found) == 9
