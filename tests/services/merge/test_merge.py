"""Two records become one with a trace, and are two again exactly as they were."""

from __future__ import annotations

from typing import Any

import pytest

from qamqor.engine.fhir import json_text
from qamqor.engine.fhir.names import CODES, IDENTIFIERS
from qamqor.errors import CannotMerge, NotThere
from qamqor.services.access.actor import PLATFORM
from qamqor.services.empanelment import attach
from qamqor.services.fhir.write import Change, save
from qamqor.services.merge.apart import Since, preview_unmerge, unmerge
from qamqor.services.merge.together import merge, preview
from qamqor.services.registration.find import find_by_iin, find_by_name
from qamqor.store.fhir import versions
from tests.services.merge.record import index, whole
from tests.services.organisation import clinic, put
from tests.services.registration.desk import AT, CLERK
from tests.services.registration.desk import put as put_person

pytestmark = pytest.mark.django_db
SECOND = {"reference": "Patient/second"}


@pytest.fixture
def two() -> None:
    put_person("first", "Ахметова", "Айгүл", iin="870312900004")
    put_person("second", "Akhmetova", "Aigul", iin="850312900030",
               telecom=[{"system": "phone", "value": "87011234567"}])  # fmt: skip


@pytest.fixture
def busy(two: None) -> None:
    """The second record with every way of speaking of a person."""
    put({"resourceType": "Observation", "id": "o", "subject": SECOND, "status": "final"})
    put({"resourceType": "Appointment", "id": "a", "status": "booked", "participant": [
        {"actor": SECOND, "status": "accepted"},
        {"actor": {"reference": "PractitionerRole/gp"}, "status": "accepted"}]})  # fmt: skip
    put({"resourceType": "Task", "id": "t", "status": "requested", "for": SECOND})
    put({"resourceType": "Account", "id": "deep", "guarantor": [{"party": SECOND}]})
    put({"resourceType": "Consent", "id": "inside",
         "contained": [{"resourceType": "Basic", "id": "b", "subject": SECOND}]})  # fmt: skip
    put({"resourceType": "RelatedPerson", "id": "child", "patient": {"reference": "Patient/kid"},
         "identifier": [{"system": f"{IDENTIFIERS}/patient", "value": "second"}]})  # fmt: skip
    put({"resourceType": "Group", "id": "hh1", "quantity": 2, "member": [
        {"entity": {"reference": "Patient/first"}, "period": {"start": "2020-01-01"}},
        {"entity": SECOND, "period": {"start": "2021-01-01"}}]})  # fmt: skip
    put({"resourceType": "Provenance", "id": "import", "target": [SECOND],
         "agent": [{"who": {"reference": "Device/x"}}]})  # fmt: skip
    put({"resourceType": "Observation", "id": "version", "focus": [
        {"reference": "Patient/second/_history/1"}]})  # fmt: skip


def read(type_: str, id_: str) -> dict[str, Any]:
    found = versions.read(type_, id_)
    assert found is not None
    assert found.content is not None
    resource: dict[str, Any] = json_text.decode(found.content)
    return resource


def done() -> Any:
    return merge("second", "first", actor=CLERK, at=AT, reason="one passport")


@pytest.mark.usefixtures("busy")
class TestAMerge:
    def test_leads_every_reference_to_the_record_that_stays(self) -> None:
        result = done()
        rest = [
            reference
            for reference, resource in whole(with_traces=True).items()
            if '"Patient/second"' in json_text.encode(resource).decode()
            and reference not in ("Patient/first", f"Provenance/{result.trace_id}")
        ]
        assert rest == []
        assert read("RelatedPerson", "child")["identifier"][0]["value"] == "first"
        assert result.linked == {
            "Observation": 1, "Appointment": 1, "Task": 1, "Account": 1, "Consent": 1,
            "RelatedPerson": 1, "Group": 1, "Provenance": 1,
        }  # fmt: skip

    def test_leaves_a_reference_to_a_version_as_it_was(self) -> None:
        done()
        assert read("Observation", "version")["meta"]["versionId"] == "1"

    def test_takes_the_replaced_record_out_of_use_and_links_the_two(self) -> None:
        done()
        loser, winner = read("Patient", "second"), read("Patient", "first")
        assert loser["active"] is False
        assert loser["link"] == [{"other": {"reference": "Patient/first"}, "type": "replaced-by"}]
        assert winner["link"] == [{"other": SECOND, "type": "replaces"}]

    def test_keeps_the_names_and_numbers_of_both(self) -> None:
        done()
        winner = read("Patient", "first")
        assert winner["identifier"][1] == {
            "system": f"{IDENTIFIERS}/iin", "value": "850312900030", "use": "old"
        }  # fmt: skip
        assert winner["name"][1]["use"] == "old"
        assert winner["telecom"][0]["value"] == "87011234567"
        for number in ("870312900004", "850312900030"):
            found = find_by_iin(number, actor=CLERK, at=AT)
            assert found is not None
            assert found.patient_id == "first"
        named = find_by_name("Akhmetova Aigul", actor=CLERK, at=AT)
        assert [person.patient_id for person in named] == ["first"]

    def test_counts_a_person_once_in_a_household_both_records_were_in(self) -> None:
        done()
        home = read("Group", "hh1")
        assert [m["entity"]["reference"] for m in home["member"]] == ["Patient/first"]
        assert home["quantity"] == 1

    def test_leaves_a_trace_with_every_version_as_it_was(self) -> None:
        trace = read("Provenance", done().trace_id)
        assert trace["reason"] == [{"text": "one passport"}]
        assert trace["agent"] == [{"who": {"reference": "PractitionerRole/clerk"}}]
        assert {entity["what"]["reference"] for entity in trace["entity"]} == {
            "Patient/first/_history/1", "Patient/second/_history/1", "Observation/o/_history/1",
            "Appointment/a/_history/1", "Task/t/_history/1", "Account/deep/_history/1",
            "Consent/inside/_history/1", "RelatedPerson/child/_history/1", "Group/hh1/_history/1",
            "Provenance/import/_history/1",
        }  # fmt: skip

    def test_previewed_changes_nothing_and_says_the_same(self) -> None:
        before, sequence = whole(with_traces=True), versions.last_sequence()
        seen = preview("second", "first", actor=CLERK, at=AT)
        assert (whole(with_traces=True), versions.last_sequence()) == (before, sequence)
        real = done()
        assert (seen.linked, seen.result["link"], seen.ended, seen.likeness) == (
            real.linked, real.result["link"], real.ended, real.likeness
        )  # fmt: skip
        assert "family.spelling" in seen.likeness.codes()

    def test_taken_back_is_as_if_it_had_never_been(self) -> None:
        before, filed = whole(with_traces=True), index()
        trace_id = done().trace_id
        result = unmerge("second", actor=CLERK, at=AT, reason="two sisters")
        after = whole(with_traces=True)
        trace = after.pop(f"Provenance/{result.trace_id}")
        assert trace["entity"][0]["what"] == {"reference": f"Provenance/{trace_id}"}
        assert after.pop(f"Provenance/{trace_id}")
        assert after == before
        assert index() == filed
        assert (result.changed_since, result.new_since) == ((), ())
        assert result.restored == 10


class TestAMergeIsRefused:
    @pytest.mark.parametrize(
        ("loser", "winner", "why"),
        [
            ("first", "first", "same-record"),
            ("gone", "first", "replaced-already"),
            ("first", "gone", "replaced-already"),
            ("first", "unused", "out-of-use"),
        ],
    )
    def test_and_nothing_is_kept(self, two: None, loser: str, winner: str, why: str) -> None:
        put_person("unused", "Ким", "Олег", active=False)
        put_person("gone", "Ким", "Олег",
                   link=[{"type": "replaced-by", "other": {"reference": "Patient/x"}}])  # fmt: skip
        sequence = versions.last_sequence()
        for attempt in (merge, preview):
            with pytest.raises(CannotMerge) as refused:
                attempt(loser, winner, actor=CLERK, at=AT)
            assert refused.value.why == why
        assert versions.last_sequence() == sequence

    @pytest.mark.parametrize(("loser", "winner"), [("nobody", "first"), ("first", "nobody")])
    def test_where_one_is_not_here(self, two: None, loser: str, winner: str) -> None:
        with pytest.raises(NotThere):
            merge(loser, winner, actor=CLERK, at=AT)

    def test_where_one_is_deleted(self, two: None) -> None:
        save([Change("DELETE", "Patient", "second")], actor=PLATFORM, at=AT)
        with pytest.raises(NotThere):
            done()


@pytest.mark.usefixtures("busy")
class TestTakingBack:
    def test_keeps_what_was_changed_since_and_says_so(self) -> None:
        done()
        observation = {**read("Observation", "o"), "valueString": "140/90"}
        put(observation)
        appointment = read("Appointment", "a")
        appointment["participant"][0]["status"] = "declined"
        put(appointment)
        result = unmerge("second", actor=CLERK, at=AT)
        assert read("Observation", "o")["subject"] == SECOND
        assert read("Observation", "o")["valueString"] == "140/90"
        assert read("Appointment", "a")["participant"][0] == {
            "actor": SECOND, "status": "declined"
        }  # fmt: skip
        assert set(result.changed_since) == {Since("Observation/o"), Since("Appointment/a")}

    def test_keeps_a_later_change_of_the_same_element_and_names_it(self) -> None:
        done()
        put({**read("Observation", "o"), "subject": {"reference": "Patient/kid"}})
        result = unmerge("second", actor=CLERK, at=AT)
        assert read("Observation", "o")["subject"] == {"reference": "Patient/kid"}
        assert result.changed_since == (Since("Observation/o", ("subject.reference",)),)

    def test_leaves_deleted_what_was_deleted_since(self) -> None:
        done()
        save([Change("DELETE", "Task", "t")], actor=PLATFORM, at=AT)
        result = unmerge("second", actor=CLERK, at=AT)
        found = versions.read("Task", "t")
        assert found is not None
        assert found.content is None
        assert result.changed_since == (Since("Task/t", is_deleted=True),)

    def test_leaves_what_is_new_with_the_record_that_stayed_and_lists_it(self) -> None:
        done()
        put({"resourceType": "Observation", "id": "new", "subject": {"reference": "Patient/first"}})
        seen = preview_unmerge("second", actor=CLERK, at=AT)
        result = unmerge("second", actor=CLERK, at=AT)
        assert result.new_since == seen.new_since == ("Observation/new",)
        assert read("Observation", "new")["subject"] == {"reference": "Patient/first"}

    def test_previewed_changes_nothing(self) -> None:
        done()
        before, sequence = whole(with_traces=True), versions.last_sequence()
        assert preview_unmerge("second", actor=CLERK, at=AT).restored == 10
        assert (whole(with_traces=True), versions.last_sequence()) == (before, sequence)

    def test_of_a_record_that_was_never_merged_is_refused(self) -> None:
        with pytest.raises(CannotMerge) as refused:
            unmerge("second", actor=CLERK, at=AT)
        assert refused.value.why == "not-merged"
        with pytest.raises(NotThere):
            unmerge("nobody", actor=CLERK, at=AT)

    def test_twice_is_refused(self) -> None:
        done()
        unmerge("second", actor=CLERK, at=AT)
        with pytest.raises(CannotMerge) as refused:
            unmerge("second", actor=CLERK, at=AT)
        assert refused.value.why == "not-merged"

    def test_waits_for_a_later_merge_to_be_taken_back_first(self) -> None:
        put_person("third", "Ахметова", "Айгүль")
        before = whole()
        done()
        merge("first", "third", actor=CLERK, at=AT)
        assert read("Patient", "second")["link"][0]["other"] == {"reference": "Patient/third"}
        with pytest.raises(CannotMerge) as refused:
            unmerge("second", actor=CLERK, at=AT)
        assert refused.value.why == "merged-on"
        unmerge("first", actor=CLERK, at=AT)
        unmerge("second", actor=CLERK, at=AT)
        assert whole() == before

    def test_of_the_earlier_of_two_merges_into_one_record_leaves_the_later(self) -> None:
        put_person("third", "Ахметова", "Айгүль")
        done()
        merge("third", "first", actor=CLERK, at=AT)
        unmerge("second", actor=CLERK, at=AT)
        assert read("Patient", "first")["link"] == [
            {"other": {"reference": "Patient/third"}, "type": "replaces"}
        ]
        assert read("Observation", "o")["subject"] == SECOND

    def test_can_be_merged_again_and_taken_back_again(self) -> None:
        before = whole()
        for _ in range(2):
            done()
            unmerge("second", actor=CLERK, at=AT)
        assert whole() == before


def test_an_episode_both_have_open_ends_for_the_record_replaced(two: None) -> None:
    clinic()
    kept = attach("first", "area-1", actor=CLERK, at=AT)
    ended = attach("second", "area-2", actor=CLERK, at=AT)
    for who in ("first", "second"):
        put({"resourceType": "EpisodeOfCare", "id": f"enrolled-{who}", "status": "active",
             "type": [{"coding": [{"system": f"{CODES}/programme", "code": who}]}],
             "patient": {"reference": f"Patient/{who}"}})  # fmt: skip
    before = whole()
    result = done()
    assert result.ended == (f"EpisodeOfCare/{ended.episode_id}",)
    episode = read("EpisodeOfCare", ended.episode_id)
    assert (episode["status"], episode["period"]["end"]) == ("finished", "2026-03-02")
    assert read("EpisodeOfCare", kept.episode_id)["status"] == "active"
    assert read("EpisodeOfCare", "enrolled-second")["status"] == "active"
    unmerge("second", actor=CLERK, at=AT)
    assert whole() == before


def test_a_link_between_the_two_does_not_become_one_to_itself() -> None:
    put_person("second", "Akhmetova", "Aigul")
    put_person("first", "Ахметова", "Айгүл", link=[{"type": "seealso", "other": SECOND}])
    before = whole()
    done()
    assert read("Patient", "first")["link"] == [{"other": SECOND, "type": "replaces"}]
    unmerge("second", actor=CLERK, at=AT)
    assert whole() == before
