"""Who may find, register, move and merge whom; every look and refusal is kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from qamqor.engine.identity.names import FullName
from qamqor.engine.identity.person import Identity
from qamqor.errors import NotAllowed, NotThere, TwinFound
from qamqor.services.access.actor import Actor
from qamqor.services.empanelment import attach, move
from qamqor.services.fhir.write import Change, save
from qamqor.services.merge.apart import preview_unmerge, unmerge
from qamqor.services.merge.together import merge, preview
from qamqor.services.registration.find import find_by_iin, find_by_name, find_twins
from qamqor.services.registration.register import Particulars, register
from qamqor.store import audit
from qamqor.store.fhir import versions
from tests.services.access.village import SYSTEM, actor, resident, through
from tests.services.access.village import patient as attached
from tests.services.access.village import put as put_all
from tests.services.organisation import area
from tests.services.registration.desk import AT

pytestmark = pytest.mark.django_db
IIN = "870312900004"
TYPED = Identity((FullName("Ахметова", "Айгүл"),), "1987-03-12")
NEW = Particulars("Сейтқали", "Дана", born_on="1999-01-01")


def person(id_: str, area_id: str, **more: Any) -> dict[str, Any]:
    name = [{"family": "Ахметова", "given": ["Айгүл"]}]
    return attached(id_, area_id, name=name, **more)


@pytest.fixture(autouse=True)
def _people() -> None:
    for area_id, site in (("north", "centre"), ("south", "centre"), ("far", "elsewhere")):
        area(area_id, roles={}, site=site)
    number = [{"system": "http://qamqor.invalid/fhir/sid/iin", "value": IIN}]
    put_all(
        person("own", "north"),
        person("neighbour", "south"),
        person("stranger", "far", identifier=number),
    )
    put_all({"resourceType": "Observation", "id": "o", "status": "final",
             "code": {"text": "x"}, "subject": {"reference": "Patient/stranger"}})  # fmt: skip


def entries(action: str) -> list[dict[str, Any]]:
    every = [audit.Row(*row) for some in audit.stream() for row in some]
    rows = [row for row in every if row.action == action]
    return [{**msgspec.json.decode(row.entry), "outcome": row.outcome} for row in rows]


def ids(found: list[Any]) -> set[str]:
    return {one.patient_id for one in found}


class TestFindingByName:
    def test_shows_each_role_whom_it_may_find(self) -> None:
        seen = {
            who.role: ids(find_by_name("Ахметова", actor=who, at=AT))
            for who in (actor("gp"), actor("head"), actor("registrar"), resident("own"))
        }
        assert seen == {
            "gp": {"own"},
            "head": {"own", "neighbour"},
            "registrar": {"own", "neighbour", "stranger"},
            "resident": {"own"},
        }

    def test_keeps_who_was_shown_and_not_what_was_typed(self) -> None:
        find_by_name("Ахметова", actor=actor("gp"), at=AT)
        entry = entries("search")[-1]
        assert entry["people"] == ["own"]
        assert entry["query"] == "Patient?name"

    def test_is_refused_without_a_right_and_that_is_kept(self) -> None:
        with pytest.raises(NotAllowed):
            find_by_name("Ахметова", actor=actor("region_analyst"), at=AT)
        assert entries("search")[-1]["outcome"] == "refused"

    def test_is_narrowed_by_the_scopes_of_an_application(self) -> None:
        app = through(SYSTEM, "system/Observation.rs")
        with pytest.raises(NotAllowed):
            find_by_name("Ахметова", actor=app, at=AT)
        allowed = through(SYSTEM, "system/Patient.rs")
        assert ids(find_by_name("Ахметова", actor=allowed, at=AT)) == {
            "own", "neighbour", "stranger"
        }  # fmt: skip


class TestANumber:
    def test_shows_staff_the_card_of_anybody(self) -> None:
        found = find_by_iin(IIN, actor=actor("gp"), at=AT)
        assert found is not None
        assert found.patient_id == "stranger"
        assert entries("search")[-1]["people"] == ["stranger"]
        assert IIN not in str(entries("search"))

    def test_shows_a_resident_nobody_elses(self) -> None:
        assert find_by_iin(IIN, actor=resident("own"), at=AT) is None
        assert find_by_iin(IIN, actor=resident("stranger"), at=AT) is not None


class TestTwins:
    def test_are_shown_to_whoever_may_register_wherever_they_live(self) -> None:
        assert ids(find_twins(TYPED, actor=actor("registrar"), at=AT, least=5)) == {
            "own", "neighbour", "stranger"
        }  # fmt: skip
        assert len(entries("search")[-1]["people"]) == 3

    def test_are_not_shown_to_a_resident(self) -> None:
        with pytest.raises(NotAllowed):
            find_twins(TYPED, actor=resident("own"), at=AT)

    def test_that_stop_registering_are_kept_as_shown(self) -> None:
        again = Particulars("Ким", "Олег", iin=IIN)
        with pytest.raises(TwinFound):
            register(again, area_id="north", actor=actor("registrar"), at=AT)
        assert entries("search")[-1]["people"] == ["stranger"]


CHANGES: dict[str, Callable[[Actor], Any]] = {
    "register": lambda who: register(NEW, area_id="north", actor=who, at=AT),
    "attach": lambda who: attach("stranger", "north", actor=who, at=AT),
    "move": lambda who: move("stranger", "north", actor=who, at=AT),
    "merge": lambda who: merge("stranger", "own", actor=who, at=AT),
    "preview": lambda who: preview("stranger", "own", actor=who, at=AT),
    "unmerge": lambda who: unmerge("stranger", actor=who, at=AT),
    "preview_unmerge": lambda who: preview_unmerge("stranger", actor=who, at=AT),
}


class TestAChange:
    @pytest.mark.parametrize("name", CHANGES)
    def test_is_refused_to_a_resident_and_that_is_kept(self, name: str) -> None:
        before = versions.last_sequence()
        with pytest.raises(NotAllowed):
            CHANGES[name](resident("own"))
        assert versions.last_sequence() == before
        said = [entry for kind in ("update", "create") for entry in entries(kind)]
        assert "refused" in {entry["outcome"] for entry in said}

    @pytest.mark.parametrize("name", [name for name in CHANGES if name != "register"])
    def test_to_somebody_of_another_area_is_refused_as_if_not_there(self, name: str) -> None:
        with pytest.raises(NotThere):
            CHANGES[name](actor("gp"))

    def test_by_the_desk_moves_what_the_desk_may_not_read_and_names_the_human(self) -> None:
        desk = actor("registrar")
        merge("stranger", "own", actor=desk, at=AT)
        assert entries("update")[-1]["role"] == "registrar"
        unmerge("stranger", actor=desk, at=AT)
        found = versions.read("Observation", "o")
        assert found is not None
        assert "Patient/stranger" in (found.content or "")

    def test_previewed_is_kept_as_a_look_at_both(self) -> None:
        desk = actor("registrar")
        preview("stranger", "own", actor=desk, at=AT)
        assert entries("search")[-1]["people"] == ["own", "stranger"]
        merge("stranger", "own", actor=desk, at=AT)
        preview_unmerge("stranger", actor=desk, at=AT)
        assert entries("search")[-1]["query"] == "Patient?unmerge"

    def test_needs_both_records_of_a_merge(self) -> None:
        with pytest.raises(NotThere):
            merge("own", "stranger", actor=actor("gp"), at=AT)
        with pytest.raises(NotThere):
            merge("stranger", "own", actor=actor("gp"), at=AT)

    def test_and_taking_back_too(self) -> None:
        merge("own", "stranger", actor=actor("registrar"), at=AT)
        with pytest.raises(NotThere):
            unmerge("own", actor=actor("gp"), at=AT)

    def test_of_ones_own_person_is_allowed_to_the_team(self) -> None:
        put_all(person("again", "north"))
        assert merge("again", "own", actor=actor("gp"), at=AT).loser_id == "again"

    def test_registers_for_the_desk_and_opens_nothing_else(self) -> None:
        desk = actor("registrar")
        done = register(NEW, area_id="north", actor=desk, at=AT)
        with pytest.raises(NotAllowed):
            save([Change("PUT", "Observation", "x", {
                "resourceType": "Observation",
                "subject": {"reference": f"Patient/{done.patient_id}"}})],
                actor=desk, at=AT)  # fmt: skip
