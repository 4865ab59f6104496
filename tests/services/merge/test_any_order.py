"""Whatever is merged, changed and made in between: taking back gives the state before."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from qamqor.errors import CannotMerge
from qamqor.services.access.actor import PLATFORM
from qamqor.services.fhir.write import Change, save
from qamqor.services.merge.apart import unmerge
from qamqor.services.merge.together import merge
from qamqor.store import mentions, node, people
from tests.services.merge.record import index, whole
from tests.services.registration.desk import AT, CLERK

PEOPLE = ("a", "b", "c", "d")
WHO = st.sampled_from(PEOPLE)
Resource = dict[str, Any]


def shapes(id_: str, one: str, other: str) -> list[Resource]:
    """Resources that speak of one or two people in different ways."""
    first, second = ({"reference": f"Patient/{who}"} for who in (one, other))
    return [
        {"resourceType": "Observation", "id": id_, "subject": first, "performer": [second]},
        {"resourceType": "Task", "id": id_, "for": first, "status": "requested"},
        {"resourceType": "Appointment", "id": id_, "participant": [
            {"actor": first, "status": "accepted"}, {"actor": second, "status": "tentative"}]},
        {"resourceType": "Group", "id": id_, "quantity": 2, "member": [
            {"entity": first}, {"entity": second}]},
        {"resourceType": "EpisodeOfCare", "id": id_, "status": "active", "patient": first,
         "type": [{"coding": [{"system": "x", "code": "programme"}]}], "period": {"start": "2020"}},
    ]  # fmt: skip


class Register(RuleBasedStateMachine):
    """Merges and their undoing, last in first out, with changes in between."""

    def __init__(self) -> None:
        super().__init__()
        self.atomic = transaction.atomic()
        self.atomic.__enter__()
        self.number = 0
        self.merges: list[tuple[str, dict[str, Resource]]] = []

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.atomic.__exit__(None, None, None)

    def put(self, resource: Resource) -> None:
        change = Change("PUT", resource["resourceType"], resource["id"], copy.deepcopy(resource))
        save([change], actor=PLATFORM, at=AT)

    @initialize(families=st.lists(st.sampled_from(["Ким", "Ли"]), min_size=4, max_size=4))
    def register(self, families: list[str]) -> None:
        for who, family in zip(PEOPLE, families, strict=True):
            phone = [{"telecom": [{"system": "phone", "value": "87011234567"}]}, {}][who < "c"]
            self.put({"resourceType": "Patient", "id": who, "name": [{"family": family}], **phone})

    @rule(one=WHO, other=WHO, kind=st.integers(0, 4))
    def make(self, one: str, other: str, kind: int) -> None:
        self.number += 1
        resource = shapes(f"r{self.number}", one, other)[kind]
        self.put(resource)
        for _, before in self.merges:
            before[f"{resource['resourceType']}/{resource['id']}"] = resource

    @rule(place=st.integers(0, 30), note=st.sampled_from(["x", "y"]))
    def annotate(self, place: int, note: str) -> None:
        now = whole()
        reference = sorted(now)[place % len(now)]
        self.put({**now[reference], "implicitRules": note})
        for _, before in self.merges:
            before[reference] = {**before[reference], "implicitRules": note}

    @rule(loser=WHO, winner=WHO)
    def merge(self, loser: str, winner: str) -> None:
        before = whole()
        try:
            merge(loser, winner, actor=CLERK, at=AT)
        except CannotMerge:
            assert whole() == before
            return
        self.merges.append((loser, before))
        speaking = {version.type for version in mentions.of(f"Patient/{loser}")}
        assert speaking <= {"Patient", "Provenance"}

    @precondition(lambda self: self.merges)
    @rule()
    def take_back(self) -> None:
        loser, before = self.merges.pop()
        unmerge(loser, actor=CLERK, at=AT)
        assert whole() == before

    @precondition(lambda self: len(self.merges) > 1)
    @rule()
    def take_back_too_early(self) -> None:
        """An earlier merge either waits for a later one or is independent of it."""
        loser = self.merges[0][0]
        before = whole()
        with transaction.atomic():
            try:
                unmerge(loser, actor=CLERK, at=AT)
            except CannotMerge:
                assert whole() == before
            transaction.set_rollback(True)

    @invariant()
    def the_index_is_what_a_rebuild_makes(self) -> None:
        before = index()
        node.commit(lambda tx: (people.rebuild(tx), mentions.rebuild(tx)))
        assert index() == before


@pytest.mark.django_db
def test_taking_a_merge_back_gives_the_state_before_it() -> None:
    run_state_machine_as_test(
        Register,
        settings=settings(
            max_examples=25,
            stateful_step_count=14,
            suppress_health_check=list(HealthCheck),
        ),
    )
