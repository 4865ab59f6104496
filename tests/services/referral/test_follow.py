"""A referral is sent once, goes its way step by step, and each side says only its own."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest

from qamqor.engine.booking import Wish as Booking
from qamqor.engine.fhir import json_text
from qamqor.engine.referral import State
from qamqor.errors import NotAllowed, NotThere, TooLate, Unusable, VersionConflict
from qamqor.services.access.actor import PLATFORM, Actor
from qamqor.services.booking import days, making, reading, steps
from qamqor.services.fhir.valid import must_be
from qamqor.services.fhir.write import Change, save
from qamqor.services.referral import booking, follow, lists, write
from qamqor.services.referral.follow import Step
from qamqor.services.referral.waiting import waiting
from qamqor.services.referral.write import Wish
from qamqor.store.fhir import versions
from tests.services.access.village import AT, actor, observation, patient, put

pytestmark = pytest.mark.django_db
TODAY = date(2026, 3, 2)
NURSE = actor("practice_nurse")
DOCTOR = Actor(9, "PractitionerRole/cardiologist", "gp", organization="hospital")
WISH = Wish("183519002", "routine", "Organization/hospital", "Is the murmur new?")


@pytest.fixture(autouse=True)
def _people() -> None:
    put(patient("amina"), patient("bolat", "south"), observation("amina-weight", "amina"))
    put(
        {"resourceType": "Organization", "id": "hospital", "name": "District hospital"},
        {"resourceType": "Organization", "id": "north", "name": "Area 4",
         "type": [{"coding": [{"code": "gp_area"}]}]},
    )  # fmt: skip


def new() -> str:
    return str(uuid.uuid4())


def sent(wish: Wish = WISH, key: str = "") -> str:
    return write.send("amina", wish, actor=NURSE, at=AT, key=key or new())


def take(id_: str, to: State, who: Actor, *, key: str = "", seen: int = -1, **said: Any) -> State:
    version = follow.read(id_).version if seen < 0 else seen
    step = Step(to, version, **said)
    return follow.take(id_, step, actor=who, at=AT, key=key or new())


def stored(type_: str) -> list[dict[str, Any]]:
    return [json_text.decode(one.content or "") for one in versions.current_of_type(type_)]


def test_what_is_sent_is_a_request_with_a_task_and_what_goes_along() -> None:
    id_ = sent(replace(WISH, enclosed=("Observation/amina-weight",), is_advice=True))
    carried = follow.read(id_)
    assert carried.state is State.sent
    assert carried.request["supportingInfo"] == [{"reference": "Observation/amina-weight"}]
    assert carried.request["category"][0]["coding"][0]["code"] == "advice"
    assert carried.task is not None
    assert carried.task["owner"] == {"reference": "Organization/hospital"}
    assert waiting(["north"], as_of=TODAY)["amina"].requests == (id_,)


def test_a_double_click_sends_one() -> None:
    key = new()
    assert sent(key=key) == sent(key=key)
    assert len(stored("ServiceRequest")) == 1


@pytest.mark.parametrize(
    "wrong",
    [{"service": "0"}, {"priority": "soon"}, {"performer": "Organization/nowhere"},
     {"performer": ""}, {"question": " "}, {"question": "x" * 2001}],
)  # fmt: skip
def test_what_is_not_complete_is_not_sent(wrong: dict[str, Any]) -> None:
    with pytest.raises(Unusable):
        sent(replace(WISH, **wrong))
    assert stored("ServiceRequest") == []


def test_nobody_is_referred_by_strangers_or_with_what_is_not_theirs() -> None:
    with pytest.raises(NotThere):
        write.send("bolat", WISH, actor=NURSE, at=AT, key=new())
    with pytest.raises(NotThere):
        sent(replace(WISH, enclosed=("Observation/nothing",)))


def test_who_is_asked_sees_the_person_and_answers_and_then_sees_no_more() -> None:
    with pytest.raises(NotThere):
        lists.one("x", actor=DOCTOR, as_of=TODAY, at=AT)
    id_ = sent(replace(WISH, enclosed=("Observation/amina-weight",)))
    whole = lists.one(id_, actor=DOCTOR, as_of=TODAY, at=AT)
    assert (whole.side.answers, whole.side.asks) == (True, False)
    assert [one["id"] for one in whole.enclosed] == ["amina-weight"]
    take(id_, State.booked, DOCTOR, on=date(2026, 3, 9))
    take(id_, State.seen, DOCTOR, on=TODAY)
    take(id_, State.replied, DOCTOR, text="An innocent murmur.")

    (report,) = stored("DiagnosticReport")
    assert report["conclusion"] == "An innocent murmur."
    assert report["basedOn"] == [{"reference": f"ServiceRequest/{id_}"}]
    assert waiting(["north"], as_of=TODAY) == {}
    take(id_, State.closed, NURSE)
    with pytest.raises(NotThere):
        lists.one(id_, actor=DOCTOR, as_of=TODAY, at=AT)
    answers = lists.one(id_, actor=NURSE, as_of=TODAY, at=AT).answers
    assert [one["conclusion"] for one in answers] == ["An innocent murmur."]


def test_a_reply_on_paper_is_written_down_as_theirs() -> None:
    id_ = sent()
    take(id_, State.replied, NURSE, text="Mild aortic stenosis.")
    (report,) = stored("DiagnosticReport")
    assert report["performer"] == [{"reference": "Organization/hospital"}]


def test_advice_instead_completes_the_task_and_stays_its_outcome() -> None:
    id_ = sent()
    take(id_, State.advice, DOCTOR, text="Repeat the ECG in a month; no need to travel.")

    (message,) = stored("Communication")
    assert message["payload"] == [
        {"contentString": "Repeat the ECG in a month; no need to travel."}
    ]
    (task,) = stored("Task")
    assert task["status"] == "completed"
    assert task["businessStatus"]["coding"][0]["code"] == "advice"
    take(id_, State.closed, NURSE)
    (task,) = stored("Task")
    assert task["businessStatus"]["coding"][0]["code"] == "advice"
    assert follow.read(id_).state is State.closed


@pytest.mark.parametrize(
    ("to", "who", "said", "error"),
    [
        (State.closed, DOCTOR, {}, NotAllowed),
        (State.cancelled, DOCTOR, {"text": "x"}, NotAllowed),
        (State.booked, DOCTOR, {}, Unusable),
        (State.replied, DOCTOR, {"text": "  "}, Unusable),
        (State.cancelled, NURSE, {"text": ""}, Unusable),
        (State.closed, NURSE, {}, TooLate),
    ],
)
def test_a_step_of_the_other_side_or_out_of_turn_is_refused(
    to: State, who: Actor, said: dict[str, Any], error: type[Exception]
) -> None:
    id_ = sent()
    before = versions.last_sequence()
    with pytest.raises(error):
        take(id_, to, who, **said)
    assert versions.last_sequence() == before


def test_two_who_step_at_once_do_not_overwrite_each_other() -> None:
    id_ = sent()
    seen, key = follow.read(id_).version, new()
    take(id_, State.booked, DOCTOR, seen=seen, key=key, on=date(2026, 3, 9))
    take(id_, State.booked, DOCTOR, seen=seen, key=key, on=date(2026, 3, 9))
    with pytest.raises(VersionConflict):
        take(id_, State.cancelled, NURSE, seen=seen, text="she went elsewhere")
    take(id_, State.cancelled, NURSE, text="she went elsewhere")
    assert follow.read(id_).request["status"] == "revoked"
    with pytest.raises(TooLate):
        take(id_, State.booked, NURSE, on=date(2026, 3, 9))


def test_the_list_counts_every_state_and_puts_late_replies_first() -> None:
    old = replace(WISH, priority="urgent")
    ids = [sent(), sent(old), sent()]
    take(ids[2], State.booked, NURSE, on=date(2026, 3, 9))
    late = date(2026, 3, 10)
    page = lists.listed(NURSE, tab="sent", incoming=False, as_of=late, at=AT)
    assert [line.way.request_id for line in page.lines] == [ids[1], ids[0]]
    assert [line.is_late for line in page.lines] == [True, False]
    assert (page.counts["sent"], page.counts["booked"], page.late) == (2, 1, 1)
    assert page.lines[0].performer == "District hospital"
    theirs = lists.listed(DOCTOR, tab="booked", incoming=True, as_of=late, at=AT)
    assert [line.way.request_id for line in theirs.lines] == [ids[2]]
    with pytest.raises(NotAllowed):
        lists.listed(actor("registrar"), tab="sent", incoming=False, as_of=late, at=AT)


def test_an_imported_referral_without_a_task_can_be_followed() -> None:
    put({"resourceType": "ServiceRequest", "id": "old", "status": "active", "intent": "order",
         "subject": {"reference": "Patient/amina"}, "authoredOn": "2026-01-05"})  # fmt: skip
    assert take("old", State.booked, NURSE, on=date(2026, 3, 9)) is State.booked
    assert follow.read("old").task is not None


def day_set(id_: str) -> dict[str, Any]:
    found = booking.of(id_)
    assert found is not None
    must_be(found, type_="Appointment")
    return found


def test_a_day_set_is_an_appointment_that_the_person_has_among_their_bookings() -> None:
    id_ = sent()
    take(id_, State.booked, DOCTOR, on=date(2026, 3, 9), clock=time(10, 30), place="Hospital, 12")

    found = day_set(id_)
    assert (found["status"], found["start"]) == ("booked", "2026-03-09T10:30:00+05:00")
    assert found["basedOn"] == [{"reference": f"ServiceRequest/{id_}"}]
    (own,) = reading.of_person("amina")
    assert (own.request, own.service, own.room, own.workers) == (
        id_, WISH.service, "Hospital, 12", (),
    )  # fmt: skip
    whole = lists.one(id_, actor=NURSE, as_of=TODAY, at=AT)
    assert whole.booking is not None
    assert whole.booking["id"] == own.id


def test_a_day_without_a_time_is_one_wished_for_and_moving_it_keeps_one_booking() -> None:
    id_ = sent()
    take(id_, State.booked, NURSE, on=date(2026, 3, 9))
    assert day_set(id_)["requestedPeriod"] == [{"start": "2026-03-09", "end": "2026-03-09"}]
    take(id_, State.booked, DOCTOR, on=date(2026, 3, 12), clock=time(9), place="Hospital")

    assert len(stored("Appointment")) == 1
    assert day_set(id_)["start"] == "2026-03-12T09:00:00+05:00"
    assert "requestedPeriod" not in day_set(id_)
    assert follow.read(id_).request["occurrenceDateTime"] == "2026-03-12"


@pytest.mark.parametrize(
    ("to", "on", "status"),
    [
        (State.seen, date(2026, 3, 2), "fulfilled"),
        (State.replied, date(2026, 3, 2), "fulfilled"),
        (State.advice, date(2026, 3, 9), "cancelled"),
        (State.sent, date(2026, 3, 9), "cancelled"),
        (State.cancelled, date(2026, 3, 9), "cancelled"),
    ],
)
def test_the_booking_follows_the_referral(to: State, on: date, status: str) -> None:
    id_ = sent()
    take(id_, State.booked, NURSE, on=on, clock=time(9))
    take(id_, to, NURSE, text="Said by telephone.", on=on)

    assert day_set(id_)["status"] == status
    assert follow.read(id_).state is to


@pytest.mark.parametrize(
    ("to", "state"),
    [("cancelled", State.sent), ("fulfilled", State.seen), ("noshow", State.booked)],
)
def test_the_referral_follows_the_booking(to: str, state: State) -> None:
    id_ = sent()
    take(id_, State.booked, NURSE, on=date(2026, 3, 2), clock=time(8))
    (own,) = reading.of_person("amina")
    reason = "person_cannot" if to == "cancelled" else ""
    steps.take(own.id, to, seen=own.version, actor=NURSE, at=AT, reason=reason)

    carried = follow.read(id_)
    assert (carried.state, day_set(id_)["status"]) == (state, to)
    assert ("occurrenceDateTime" in carried.request) == (to != "cancelled")
    if state is State.sent:
        take(id_, State.booked, NURSE, on=date(2026, 3, 12), clock=time(9))
        assert day_set(id_)["status"] == "booked"
        assert "cancelationReason" not in day_set(id_)


def test_a_referral_booked_with_a_day_only_goes_on_as_before() -> None:
    id_ = sent()
    take(id_, State.booked, NURSE, on=date(2026, 3, 9))
    own = booking.id_of(id_)
    save([Change("DELETE", "Appointment", own)], actor=PLATFORM, at=AT)

    take(id_, State.seen, NURSE, on=TODAY)
    assert booking.of(id_) is None
    assert lists.one(id_, actor=NURSE, as_of=TODAY, at=AT).booking is None


def test_the_day_of_a_referral_is_moved_in_the_referral_and_in_nobodys_hours_here() -> None:
    id_ = sent()
    take(id_, State.booked, NURSE, on=date(2026, 3, 9), clock=time(9))
    (own,) = reading.of_person("amina")
    at = datetime(2026, 3, 10, 5, tzinfo=UTC)
    wish = Booking(at, at + timedelta(minutes=20), NURSE.reference, "", "clinic")
    with pytest.raises(Unusable, match="referral"):
        making.move(own.id, wish, seen=own.version, actor=NURSE, at=AT)
    assert days.day(NURSE, date(2026, 3, 9), at=AT, worker="team").lines == ()


def test_the_day_of_a_sensitive_referral_is_as_closed_as_the_referral() -> None:
    id_ = sent()
    request = follow.read(id_).request
    coding = {"system": "http://hl7.org/fhir/sid/icd-10", "code": "F20.0"}
    put({**request, "reasonCode": [{"coding": [coding]}]})
    take(id_, State.booked, actor("gp"), on=date(2026, 3, 9), clock=time(9))

    assert day_set(id_)["meta"]["security"][0]["code"] == "PSY"


def test_a_long_place_is_refused() -> None:
    id_ = sent()
    with pytest.raises(Unusable):
        take(id_, State.booked, NURSE, on=date(2026, 3, 9), place="x" * 121)
    assert booking.of(id_) is None


@pytest.mark.parametrize(
    ("to", "on"), [(State.booked, date(2026, 3, 1)), (State.seen, date(2026, 3, 3))]
)
def test_nobody_is_booked_on_a_day_that_is_past_or_seen_on_one_to_come(to: State, on: date) -> None:
    id_ = sent()
    with pytest.raises(Unusable) as refused:
        take(id_, to, NURSE, on=on)
    assert [issue.expression for issue in refused.value.issues] == ["on"]
    assert follow.read(id_).state is State.sent


def test_who_is_asked_is_named_in_the_readers_language() -> None:
    put(
        {
            "resourceType": "Organization",
            "id": "hospital",
            "name": "Областная больница",
            "alias": ["Облыстық аурухана", "Regional hospital"],
            "type": [{"coding": [{"code": "hospital"}]}],
        }
    )
    id_ = sent()

    def names(language: str) -> set[str]:
        page = lists.listed(
            NURSE, tab="sent", incoming=False, as_of=TODAY, at=AT, language=language
        )
        whole = lists.one(id_, actor=NURSE, as_of=TODAY, at=AT, language=language)
        offered = dict(write.desk("amina", actor=NURSE, at=AT, language=language).performers)
        asked = "Organization/hospital"
        return {page.lines[0].performer, whole.names[asked], offered[asked]}

    assert names("kk") == {"Облыстық аурухана"}
    assert names("en") == {"Regional hospital"}
    assert names("ru") == {"Областная больница"}
