"""The person sees who opened their record; auditors see all of it; nobody else does."""

from __future__ import annotations

import base64
from datetime import timedelta

import pytest

from qamqor.errors import NotAllowed, NotThere, Unusable
from qamqor.services.access import trail
from qamqor.services.fhir import read
from qamqor.services.fhir.valid import must_be
from tests.services.access.village import (
    AT,
    SYSTEM,
    actor,
    people,
    put,
    resident,
    through,
)

pytestmark = pytest.mark.django_db
LATER = AT + timedelta(minutes=5)


def seen_by_the_gp() -> None:
    people()
    put(
        {"resourceType": "Organization", "id": "centre", "name": "Polyclinic 3"},
        {
            "resourceType": "Practitioner",
            "id": "saule",
            "name": [{"family": "Omarova", "given": ["Saule"]}],
        },
        {
            "resourceType": "PractitionerRole",
            "id": "gp",
            "practitioner": {"reference": "Practitioner/saule"},
        },
    )
    read.one("Observation", "amina-weight", actor=actor("gp"), at=LATER)


def test_a_person_reads_who_opened_their_record_when_and_why() -> None:
    seen_by_the_gp()
    opening = trail.openings("amina", actor=resident("amina"), at=LATER)[0][1]

    assert (opening.name, opening.role, opening.organisation) == (
        "Omarova Saule",
        "gp",
        "Polyclinic 3",
    )
    assert (opening.at, opening.purpose, opening.relation) == (LATER, "TREAT", "panel")
    assert opening.what == ("Observation/amina-weight/_history/1",)


def test_the_team_reads_where_somebody_works_in_its_own_language() -> None:
    seen_by_the_gp()
    put({"resourceType": "Organization", "id": "centre", "name": "Участок №3",
         "alias": ["№3 учаске", "Area 3"]})  # fmt: skip
    for language, name in (("kk", "№3 учаске"), ("ru", "Участок №3"), ("en", "Area 3")):
        rows, _ = trail.openings_of_own("amina", actor=actor("gp"), at=LATER, language=language)
        assert {one.organisation for one in rows if one.role == "gp"} == {name}


def test_a_long_list_is_read_page_by_page() -> None:
    people()
    for minute in range(7):
        read.one("Patient", "amina", actor=actor("gp"), at=AT + timedelta(minutes=minute))
    first, before = trail.openings("amina", actor=actor("auditor"), at=LATER, limit=5)
    rest, end = trail.openings("amina", actor=actor("auditor"), at=LATER, before=before, limit=50)

    numbers = [one.number for one in [*first, *rest]]
    assert numbers == sorted(numbers, reverse=True)
    assert len(first) == 5
    assert end is None
    assert rest[-1].action == "create"


def test_nobody_reads_the_trail_of_somebody_else() -> None:
    seen_by_the_gp()
    with pytest.raises(NotThere):
        trail.openings("amina", actor=resident("bolat"), at=LATER)
    for role in ("gp", "registrar", "administrator"):
        with pytest.raises(NotAllowed):
            trail.openings("amina", actor=actor(role), at=LATER)
    with pytest.raises(NotAllowed):
        trail.search([], actor=resident("amina"), at=LATER)


def test_an_auditor_searches_audit_events() -> None:
    seen_by_the_gp()
    page = trail.search(
        [("patient", "Patient/amina"), ("agent", "PractitionerRole/gp"), ("action", "R")],
        actor=actor("auditor"),
        at=LATER,
    )

    assert page.total == 1
    event = page.events[0]
    must_be(event, type_="AuditEvent", where="")
    assert event["subtype"][0]["code"] == "read"
    assert event["agent"][0]["who"] == {"reference": "PractitionerRole/gp"}
    assert {"reference": "Patient/amina"} in [entity.get("what") for entity in event["entity"]]
    assert trail.one(event["id"], actor=actor("auditor"), at=LATER) == event


def test_events_are_found_by_day_outcome_and_number() -> None:
    seen_by_the_gp()
    with pytest.raises(NotThere):
        read.one("Observation", "bolat-weight", actor=actor("gp"), at=LATER)
    auditor = actor("auditor")

    def found(*asked: tuple[str, str]) -> int:
        return trail.search(list(asked), actor=auditor, at=LATER).total

    assert found(("outcome", "4")) == 1
    assert found(("date", "2026-03-02"), ("action", "R")) == 2
    assert found(("date", "lt2026-03-02")) == 0
    assert found(("date", "ge2026-03-03")) == 0
    assert found(("date", "le2026"), ("date", "ge2026-03"), ("action", "C")) == 3
    assert found(("_id", "1")) == 1
    assert found(("action", "E")) >= 5


def test_a_search_that_cannot_be_answered_says_why() -> None:
    for asked, says in (
        (("site", "x"), "cannot be searched by site"),
        (("date", "soon"), "date of AuditEvent cannot be 'soon'"),
        (("date", "zz2026"), "date of AuditEvent cannot be 'zz2026'"),
        (("action", "X"), "cannot be"),
        (("outcome", "9"), "outcome of AuditEvent cannot be '9'"),
    ):
        with pytest.raises(Unusable, match=says):
            trail.search([asked], actor=actor("auditor"), at=AT)


def test_an_id_that_no_entry_has_finds_nothing() -> None:
    people()

    for id_ in ("a", "9" * 60):
        assert trail.search([("_id", id_)], actor=actor("auditor"), at=AT).events == []


def test_pages_of_events_follow_each_other() -> None:
    people()
    asked = [("patient", "amina"), ("_count", "1")]
    first = trail.search(asked, actor=actor("auditor"), at=AT)
    second = trail.search(asked, actor=actor("auditor"), at=AT, before=first.before)

    assert [first.total, len(first.events)] == [3, 1]
    assert int(second.events[0]["id"]) < int(first.events[0]["id"])


def test_reading_the_trail_is_itself_kept_without_values() -> None:
    seen_by_the_gp()
    trail.search([("patient", "amina")], actor=actor("auditor"), at=LATER)
    newest = trail.search([("action", "E")], actor=actor("auditor"), at=LATER).events[1]

    query = next(e["query"] for e in newest["entity"] if "query" in e)
    assert base64.b64decode(query).decode() == "AuditEvent?patient"


def test_a_system_reads_events_by_its_scope() -> None:
    people()
    archive = through(SYSTEM, "system/AuditEvent.rs")

    assert trail.search([], actor=archive, at=AT).total > 0
    with pytest.raises(NotAllowed):
        trail.search([], actor=through(SYSTEM, "system/Patient.rs"), at=AT)


def test_an_event_that_is_not_there_is_not_there() -> None:
    with pytest.raises(NotThere):
        trail.one("12", actor=actor("auditor"), at=AT)
    with pytest.raises(NotThere):
        trail.one("x", actor=actor("auditor"), at=AT)


def test_a_person_reads_one_event_about_themselves_only() -> None:
    seen_by_the_gp()
    event = trail.search([("patient", "amina")], actor=actor("auditor"), at=LATER).events[0]

    assert trail.one(event["id"], actor=resident("amina"), at=LATER)["id"] == event["id"]
    with pytest.raises(NotThere):
        trail.one(event["id"], actor=resident("bolat"), at=LATER)
