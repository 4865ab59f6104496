"""What roles, relations, labels and scopes open, and what they leave closed."""

from __future__ import annotations

import pytest

from qamqor.engine.fhir.definitions import resource_types
from qamqor.errors import NotAllowed, NotThere
from qamqor.services.access import looks, policy
from qamqor.services.access.actor import Actor
from qamqor.services.access.groups import GROUP_OF
from qamqor.services.access.labels import rules
from qamqor.services.access.sights import Sights, stored_facts
from qamqor.services.fhir import search
from qamqor.store import access
from qamqor.store.access import Sight
from tests.services.access.village import (
    AT,
    CONFIDENTIALITY,
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


def seen(who: Actor, reference: str, action: str = "read") -> str | None:
    """The relation by which somebody may do something, the plain way and in SQL alike."""
    type_, id_ = reference.split("/")
    key = access.key_of(type_, id_)
    assert key is not None
    sights = Sights(who, AT)
    plain = sights.relation(action, type_, stored_facts([key])[key])
    view = sights.of(action, type_)
    in_sql = view is not None and access.visible(view, [key]) == {key}
    assert in_sql == (plain is not None), f"the two ways differ on {reference} for {who}"
    return plain


def test_every_type_of_the_standard_belongs_to_one_group() -> None:
    assert set(resource_types()) <= set(GROUP_OF)


def test_a_team_sees_the_people_of_its_area() -> None:
    people()

    assert seen(actor("gp"), "Patient/amina") == "panel"
    assert seen(actor("district_nurse"), "Observation/amina-weight") == "panel"


def test_another_teams_people_do_not_exist_for_me() -> None:
    people()

    assert seen(actor("gp"), "Patient/bolat") is None
    assert seen(actor("gp"), "Observation/bolat-weight") is None


def test_a_head_sees_their_own_organisation_and_no_other() -> None:
    people()

    assert seen(actor("head"), "Observation/bolat-weight") == "organisation"
    assert seen(actor("head"), "Observation/dana-weight") is None


def test_a_booking_opens_the_record_on_its_day_only() -> None:
    people()
    booking = {
        "resourceType": "Appointment",
        "id": "visit",
        "status": "booked",
        "start": "2026-03-02T15:00:00+05:00",
        "participant": [
            {"actor": {"reference": "Patient/dana"}, "status": "accepted"},
            {"actor": {"reference": "PractitionerRole/midwife"}, "status": "accepted"},
        ],
    }
    put(booking)

    assert seen(actor("midwife"), "Observation/dana-weight") == "booking"
    assert seen(actor("gp"), "Observation/dana-weight") is None
    put({**booking, "start": "2026-03-03T00:00:00+05:00"})
    assert seen(actor("midwife"), "Observation/dana-weight") is None
    put({**booking, "status": "cancelled"})
    assert seen(actor("midwife"), "Observation/dana-weight") is None


def test_a_referral_opens_the_record_while_it_is_open() -> None:
    people()
    referral = {
        "resourceType": "ServiceRequest",
        "id": "to-centre",
        "status": "active",
        "intent": "order",
        "subject": {"reference": "Patient/dana"},
        "performer": [{"reference": "Organization/centre"}],
    }
    put(referral)

    assert seen(actor("gp"), "Observation/dana-weight") == "referral"
    put({**referral, "status": "completed"})
    assert seen(actor("gp"), "Observation/dana-weight") is None


def test_moving_to_another_area_moves_who_sees() -> None:
    people()
    put(patient("amina", "south"))

    assert seen(actor("gp"), "Observation/amina-weight") is None
    assert seen(actor("gp", areas=frozenset({"south"})), "Observation/amina-weight") == "panel"


def test_consent_opens_and_denial_closes() -> None:
    people()
    given = {
        "resourceType": "Consent",
        "id": "says",
        "status": "active",
        "patient": {"reference": "Patient/dana"},
        "provision": {
            "type": "permit",
            "actor": [{"reference": {"reference": "PractitionerRole/psychologist"}}],
        },
    }
    put(given)
    assert seen(actor("psychologist"), "Observation/dana-weight") == "consent"
    assert seen(actor("gp"), "Observation/dana-weight") is None

    denied = {"type": "deny", "actor": [{"reference": {"reference": "PractitionerRole/gp"}}]}
    put({**given, "patient": {"reference": "Patient/amina"}, "provision": denied})
    assert seen(actor("psychologist"), "Observation/dana-weight") is None
    assert seen(actor("gp"), "Observation/amina-weight") is None
    assert seen(actor("practice_nurse"), "Observation/amina-weight") == "panel"


def test_a_person_sees_their_own_record_whole_and_nobody_elses() -> None:
    people()

    assert seen(resident("amina"), "Observation/amina-hiv") == "self"
    assert seen(resident("amina"), "Observation/bolat-weight") is None
    assert seen(resident("amina"), "Patient/bolat") is None


def family(child_born: str) -> None:
    put(
        patient("child", birthDate=child_born),
        patient("amina", link=[{"other": {"reference": "RelatedPerson/mum"}, "type": "seealso"}]),
        {
            "resourceType": "RelatedPerson",
            "id": "mum",
            "patient": {"reference": "Patient/child"},
            "relationship": [{"coding": [{"code": "MTH"}]}],
        },
        observation("child-weight", "child"),
    )


def test_a_mother_sees_her_child_until_it_is_grown_up() -> None:
    people()
    family("2015-03-01")
    assert seen(resident("amina"), "Observation/child-weight") == "guardian"
    assert seen(resident("bolat"), "Observation/child-weight") is None

    put(patient("child", birthDate="2008-03-01"))
    assert seen(resident("amina"), "Observation/child-weight") is None


def test_a_household_sees_what_one_of_them_shares_but_nothing_sensitive() -> None:
    people()
    household = {
        "resourceType": "Group",
        "id": "home",
        "type": "person",
        "actual": True,
        "code": {"coding": [{"code": "household"}]},
        "member": [
            {"entity": {"reference": "Patient/amina"}},
            {"entity": {"reference": "Patient/bolat"}},
        ],
    }
    put(household)
    assert seen(resident("bolat"), "Observation/amina-weight") is None
    consent = {
        "resourceType": "Consent",
        "id": "shared",
        "status": "active",
        "patient": {"reference": "Patient/amina"},
        "category": [{"coding": [{"code": "household"}]}],
        "provision": {"type": "permit"},
    }
    put(consent)

    assert seen(resident("bolat"), "Observation/amina-weight") == "household"
    assert seen(resident("bolat"), "Observation/amina-hiv") is None
    assert seen(resident("amina"), "Observation/bolat-weight") is None
    put({**consent, "status": "inactive"})
    assert seen(resident("bolat"), "Observation/amina-weight") is None


@pytest.mark.parametrize(
    ("label", "open_to"),
    [("HIV", {"gp", "midwife"}), ("PSY", {"gp", "psychologist"}), ("SUD", {"gp", "psychologist"})],
)
def test_a_sensitive_record_is_open_only_to_the_roles_of_its_label(
    label: str, open_to: set[str]
) -> None:
    people()
    put(observation("secret", "amina", label))
    team = ["gp", "practice_nurse", "district_nurse", "midwife", "psychologist", "lead_nurse"]

    assert {role for role in team if seen(actor(role), "Observation/secret")} == open_to


def test_an_unknown_security_code_hides_like_the_strictest() -> None:
    people()
    put(observation("odd", "amina", "NO-SUCH-CODE"))

    assert seen(actor("gp"), "Observation/odd") == "panel"
    assert seen(actor("practice_nurse"), "Observation/odd") is None


def test_an_ordinary_confidentiality_hides_nothing() -> None:
    people()
    tag = {"security": [{"system": CONFIDENTIALITY, "code": "N"}]}
    put(observation("plain", "amina", meta=tag))

    assert seen(actor("social_worker"), "Patient/amina") == "panel"
    assert seen(actor("practice_nurse"), "Observation/plain") == "panel"


def test_a_diagnosis_makes_a_record_sensitive_without_a_tag() -> None:
    people()
    code = {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10", "code": "B20.1"}]}
    put(
        {
            "resourceType": "Condition",
            "id": "found",
            "code": code,
            "subject": {"reference": "Patient/amina"},
        }
    )

    assert seen(actor("gp"), "Condition/found") == "panel"
    assert seen(actor("practice_nurse"), "Condition/found") is None


def test_the_desk_sees_who_people_are_and_nothing_of_their_health() -> None:
    people()

    assert seen(actor("registrar"), "Patient/dana") == "everyone"
    assert seen(actor("registrar"), "Observation/amina-weight") is None


@pytest.mark.parametrize("role", ["region_analyst", "ministry_author", "auditor", "administrator"])
def test_who_counts_writes_rules_audits_or_runs_the_system_sees_no_record(role: str) -> None:
    people()

    assert seen(actor(role), "Patient/amina") is None
    assert seen(actor(role), "Observation/amina-weight") is None


def test_a_resource_about_nobody_known_is_closed_to_staff() -> None:
    put(observation("orphan", "x", subject={"display": "Amina from the north"}))

    assert seen(actor("gp"), "Observation/orphan") is None
    assert seen(through(SYSTEM, "system/*.rs"), "Observation/orphan") == "system"


def test_a_teams_own_list_is_open_to_staff() -> None:
    put({"resourceType": "CareTeam", "id": "team", "status": "active", "name": "North"})

    assert seen(actor("practice_nurse"), "CareTeam/team") == "own"
    assert seen(resident("amina"), "CareTeam/team") is None


def test_provenance_is_as_closed_as_what_it_is_about() -> None:
    people()
    put(
        {
            "resourceType": "Provenance",
            "id": "trace",
            "recorded": "2026-03-02T09:00:00Z",
            "target": [{"reference": "Observation/bolat-weight"}],
            "agent": [{"who": {"reference": "PractitionerRole/x"}}],
        }
    )

    assert seen(actor("gp"), "Provenance/trace") is None
    assert seen(actor("gp", areas=frozenset({"south"})), "Provenance/trace") == "panel"


def test_an_application_only_takes_away() -> None:
    people()
    narrow = through(actor("gp"), "user/Patient.rs")

    assert seen(narrow, "Patient/amina") == "panel"
    assert seen(narrow, "Patient/bolat") is None
    assert seen(narrow, "Observation/amina-weight") is None
    assert seen(through(actor("registrar"), "user/*.cruds"), "Observation/amina-weight") is None


def test_an_application_for_one_person_sees_that_person_only() -> None:
    put(patient("aliya"), observation("aliya-weight", "aliya"))
    people()
    launched = through(actor("gp"), "patient/*.rs", context="amina")

    assert seen(launched, "Observation/amina-weight") == "panel"
    assert seen(launched, "Observation/aliya-weight") is None
    assert seen(through(actor("gp"), "patient/*.rs"), "Observation/amina-weight") is None
    foreign = through(actor("gp"), "patient/*.rs", context="bolat")
    assert seen(foreign, "Observation/bolat-weight") is None


def test_a_persons_own_application_sees_their_record() -> None:
    people()

    mine = through(resident("amina"), "patient/Observation.rs", context="amina")
    assert seen(mine, "Observation/amina-weight") == "self"
    assert seen(mine, "Observation/bolat-weight") is None
    assert seen(mine, "Patient/amina") is None


def test_a_user_cannot_borrow_the_rights_of_a_system() -> None:
    people()

    assert seen(through(actor("gp"), "system/*.cruds"), "Observation/amina-weight") is None


def test_a_system_sees_sensitive_records_only_by_a_scope_that_names_their_label() -> None:
    people()

    assert seen(through(SYSTEM, "system/*.rs"), "Observation/amina-weight") == "system"
    assert seen(through(SYSTEM, "system/*.rs"), "Observation/amina-hiv") is None
    assert seen(through(SYSTEM, "system/*.rs", "label/HIV"), "Observation/amina-hiv") == "system"
    assert seen(through(SYSTEM, "user/*.rs"), "Observation/amina-weight") is None


def test_what_a_system_sees_is_one_sight_for_all_days() -> None:
    reader, labels = through(SYSTEM, "system/*.rs"), rules().labels

    def on(day: int) -> Sight | None:
        return policy.sight(reader, "search", "Observation", labels=labels, day=day)

    assert on(20_000) is not None
    assert on(20_000) == on(20_001)


def test_a_first_version_scope_says_read_or_write() -> None:
    people()
    reader = through(SYSTEM, "system/Observation.read")

    assert seen(reader, "Observation/amina-weight", "search") == "system"
    assert seen(reader, "Observation/amina-weight", "update") is None
    assert seen(through(SYSTEM, "system/Observation.rz"), "Observation/amina-weight") is None


def test_a_scope_with_a_query_opens_only_what_answers_it() -> None:
    people()
    labs = {"category": [{"coding": [{"code": "laboratory"}]}]}
    put(observation("lab", "amina", **labs), observation("lab-of-bolat", "bolat", **labs))
    narrow = through(actor("gp"), "user/Observation.rs?category=laboratory")

    def read_by(reference: str) -> bool:
        sights = Sights(narrow, AT)
        try:
            looks.at_one(sights, *reference.split("/"))
        except NotThere:
            return False
        return True

    assert read_by("Observation/lab")
    assert not read_by("Observation/amina-weight")
    assert not read_by("Observation/lab-of-bolat")
    found = search.find(search.Asked(("Observation",), ()), actor=narrow, at=AT)
    assert [version.id for version in found.matches] == ["lab"]
    unreadable = through(actor("gp"), "user/Observation.rs?no-such=x")
    assert not search.find(search.Asked(("Observation",), ()), actor=unreadable, at=AT).matches
    with pytest.raises(NotAllowed):
        put(observation("new", "amina", **labs), by=through(narrow, "user/*.cruds?category=x"))


def test_writing_about_anothers_person_is_refused_and_changes_nothing() -> None:
    people()

    with pytest.raises(NotAllowed):
        put(observation("new", "bolat"), by=actor("gp"))
    with pytest.raises(NotThere):
        put(observation("bolat-weight", "amina"), by=actor("gp"))
    with pytest.raises(NotAllowed):
        put(observation("amina-weight", "bolat"), by=actor("gp"))
    put(observation("new", "amina"), by=actor("gp"))
    assert seen(actor("gp"), "Observation/new") == "panel"


def test_nobody_writes_themselves_a_relation() -> None:
    people()
    mine = actor("gp")

    with pytest.raises(NotThere):
        put(patient("bolat", "north"), by=mine)
    with pytest.raises(NotAllowed):
        put(
            {
                "resourceType": "Task",
                "id": "grab",
                "status": "requested",
                "intent": "order",
                "for": {"reference": "Patient/bolat"},
                "owner": {"reference": mine.reference},
            },
            by=mine,
        )
    assert seen(mine, "Patient/bolat") is None


def test_a_booking_of_one_day_cannot_be_made_to_last() -> None:
    people()
    put(
        {
            "resourceType": "Appointment",
            "id": "visit",
            "status": "booked",
            "start": "2026-03-02T15:00:00+05:00",
            "participant": [
                {"actor": {"reference": "Patient/dana"}, "status": "accepted"},
                {"actor": {"reference": "PractitionerRole/gp"}, "status": "accepted"},
            ],
        }
    )
    referral = {
        "resourceType": "ServiceRequest",
        "id": "to-me",
        "status": "active",
        "intent": "order",
        "subject": {"reference": "Patient/dana"},
        "performer": [{"reference": "Organization/centre"}],
    }
    for lasting in (patient("dana", "north"), referral):
        with pytest.raises(NotAllowed, match="for longer"):
            put(lasting, by=actor("gp"))
    put(observation("today", "dana"), by=actor("gp"))
    put({**referral, "performer": [{"reference": "Organization/elsewhere"}]}, by=actor("gp"))


def test_who_registers_a_person_may_write_the_rest_in_the_same_piece_of_work() -> None:
    put(patient("new", None), observation("first", "new"), by=actor("practice_nurse"))

    assert seen(actor("practice_nurse"), "Observation/first") is None


def test_a_label_one_may_not_read_one_may_not_write() -> None:
    people()

    with pytest.raises(NotAllowed):
        put(observation("x", "amina", "HIV"), by=actor("practice_nurse"))
    with pytest.raises(NotThere):
        put(observation("amina-hiv", "amina"), by=actor("practice_nurse"))


def test_an_open_glass_shows_one_whole_record_to_a_clinician() -> None:
    people()
    nurse = actor("practice_nurse", glasses=frozenset({"dana"}))

    assert seen(nurse, "Observation/dana-weight") == "break_glass"
    assert seen(nurse, "Observation/bolat-weight") is None
    assert seen(actor("practice_nurse", glasses=frozenset({"amina"})), "Observation/amina-hiv")
    assert seen(actor("registrar", glasses=frozenset({"amina"})), "Observation/amina-hiv") is None
