"""Who leads sees what each role of each area has to do, in numbers that add up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import connection
from django.test.utils import CaptureQueriesContext

from qamqor.engine import team as engine
from qamqor.engine.worklist import Tab
from qamqor.errors import InvalidPack, NotAllowed
from qamqor.services.access.actor import Actor
from qamqor.services.worklist import team
from qamqor.services.worklist import today as worklist
from qamqor.services.worklist.today import Filters
from qamqor.store import audit
from qamqor.store.audit import Wanted
from tests.services.access.village import actor
from tests.services.organisation import area as team_of
from tests.services.test_derived import AT, put
from tests.services.worklist.test_today import TODAY, resident

LEAD = actor("lead_nurse", areas=frozenset())
pytestmark = pytest.mark.django_db
SHORTEST: Mapping[str, Any] = {
    "late": {"gp": {"days": 30, "to": "head"}},
    "norms": [],
    "returned": {
        "called_from": 120,
        "called_until": 30,
        "within": [15, 30],
        "media": ["PHONE"],
        "seen_as": ["AMB"],
    },
    "uneven": 1.5,
}


@pytest.fixture(autouse=True)
def two_areas(settings: Any) -> None:
    settings.QAMQOR = replace(django_settings.QAMQOR, is_demo=True)
    shared = {"psychologist": "soul"}
    team_of("north", roles={"gp": "gp-1", "practice_nurse": "nurse-1", **shared}, site="centre")
    team_of("south", roles={"practice_nurse": "nurse-2", **shared}, site="centre")


def board(by: Actor = LEAD, as_of: date = TODAY) -> dict[str, team.Area]:
    return {one.id: one for one in team.board(by, as_of=as_of, at=AT, language="en").areas}


def line(area: str, role: str, as_of: date = TODAY) -> team.Line:
    return next(one for one in board(as_of=as_of)[area].lines if one.role == role)


def test_people_urgent_and_late_are_counted_as_the_list_shows_them() -> None:
    for who, systolic in (("amina", 160), ("bolat", 190), ("dana", 150)):
        resident(who, systolic=systolic)
    resident("zhanar", "south", systolic=190)

    for area, role in (("north", "practice_nurse"), ("north", "gp"), ("south", "practice_nurse")):
        found = line(area, role)
        listed = {
            tab: worklist.counts(LEAD, as_of=TODAY, filters=Filters(role=role, area=area))[tab]
            for tab in Tab
        }
        urgent = worklist.counts(
            LEAD, as_of=TODAY, filters=Filters(role=role, area=area, most_urgent=1)
        )
        late = worklist.counts(
            LEAD,
            as_of=TODAY,
            filters=Filters(role=role, area=area, late_from=TODAY - timedelta(days=30)),
        )
        assert found.people == sum(listed.values())
        assert found.urgent == sum(urgent.values())
        assert found.late == sum(late.values())
    assert (line("north", "practice_nurse").people, line("north", "gp").urgent) == (3, 2)
    assert line("south", "practice_nurse").people == 1


def test_late_too_long_begins_on_the_day_the_site_has_set() -> None:
    resident("amina", systolic=150)
    with connection.cursor() as cursor:
        cursor.execute("select max(late_from) from worklist where role = 'practice_nurse'")
        (late_from,) = cursor.fetchone()
    since = date(1970, 1, 1) + timedelta(days=late_from)

    assert line("north", "practice_nurse", since + timedelta(days=29)).late == 0
    assert line("north", "practice_nurse", since + timedelta(days=30)).late == 1
    assert line("north", "practice_nurse").late_rule.to == "lead_nurse"


def test_residents_for_a_post_count_every_area_it_works_in() -> None:
    for number in range(4):
        resident(f"north-{number}")
    resident("south-0", "south")

    assert line("north", "gp").residents_per_post == 4
    assert line("north", "gp").residents_times == pytest.approx(4 / 1700)
    assert line("north", "psychologist").residents_per_post == 5
    assert line("south", "psychologist").residents_times == pytest.approx(5 / 5000)
    nurse = line("north", "practice_nurse")
    assert nurse.residents_times == pytest.approx(4 / (1700 / 3))
    assert (nurse.people_per_post, nurse.people_times) == (4, pytest.approx(4 / 2.5))


@pytest.mark.parametrize(
    ("period", "posts"),
    [
        ({"end": "2026-03-01"}, 1),
        ({"end": "2026-03-02"}, 2),
        ({"start": "2026-03-03T08:00:00+05:00"}, 1),
        ({"start": "2026-03-02"}, 2),
    ],
)
def test_who_left_the_team_or_comes_later_holds_no_post(period: dict[str, str], posts: int) -> None:
    code = {"system": "http://qamqor.invalid/fhir/CodeSystem/role", "code": "gp"}
    member = {"role": [{"coding": [code]}], "member": {"reference": "PractitionerRole/gp-1"}}
    other = {**member, "member": {"reference": "PractitionerRole/gp-2"}, "period": period}
    put(
        {
            "resourceType": "CareTeam",
            "id": "team-north",
            "status": "active",
            "managingOrganization": [{"reference": "Organization/north"}],
            "participant": [member, other],
        }
    )

    assert line("north", "gp").posts == posts


def test_a_role_without_a_post_is_shown_when_somebody_needs_it() -> None:
    resident("zhanar", "south", systolic=190)

    found = line("south", "gp")

    assert (found.people, found.posts, found.people_per_post) == (1, 0, None)


def called(who: str, on: str, medium: str = "PHONE", *, status: str = "completed") -> None:
    put(
        {
            "resourceType": "Communication",
            "id": f"call-{who}-{on[:10]}",
            "status": status,
            "medium": [{"coding": [{"code": medium}]}],
            "topic": {
                "coding": [
                    {
                        "system": "http://qamqor.invalid/fhir/CodeSystem/action",
                        "code": "nurse_contact",
                    }
                ]
            },
            "subject": {"reference": f"Patient/{who}"},
            "sent": on,
        }
    )


def seen(who: str, on: str, kind: str = "AMB", *, status: str = "finished") -> None:
    put(
        {
            "resourceType": "Encounter",
            "id": f"seen-{who}-{on[:10]}",
            "status": status,
            "class": {
                "system": "http://terminology.hl7.org/CodeSystem/v3-ActCode",
                "code": kind,
            },
            "subject": {"reference": f"Patient/{who}"},
            "period": {"start": on},
        }
    )


def test_return_to_care_counts_who_was_seen_after_the_first_call() -> None:
    call = "2026-01-05T10:00:00+05:00"
    came = {
        "same-day": ("2026-01-05T15:00:00+05:00", "AMB"),
        "soon": ("2026-01-19T10:00:00+05:00", "HH"),
        "later": ("2026-02-03T10:00:00+05:00", "AMB"),
        "too-late": ("2026-02-05T10:00:00+05:00", "AMB"),
        "before": ("2026-01-05T09:00:00+05:00", "AMB"),
        "hospital": ("2026-01-08T10:00:00+05:00", "IMP"),
        "never": None,
    }
    for who, visit in came.items():
        resident(who)
        called(who, call)
        if visit:
            seen(who, *visit)
    called("later", "2026-01-20T10:00:00+05:00")
    resident("planned")
    called("planned", call)
    seen("planned", "2026-01-08T10:00:00+05:00", status="planned")

    found = board()["north"].returned

    assert (found.called, found.sooner, found.later) == (8, 2, 3)
    assert board()["south"].returned.called == 0


@pytest.mark.parametrize(
    ("on", "medium", "status", "number"),
    [
        ("2026-01-30T23:00:00+05:00", "PHONE", "completed", 1),
        ("2026-01-31T01:00:00+05:00", "PHONE", "completed", 0),
        ("2025-11-02T01:00:00+05:00", "PHONE", "completed", 1),
        ("2025-11-01T23:00:00+05:00", "PHONE", "completed", 0),
        ("2026-01-05T10:00:00+05:00", "FACE", "completed", 0),
        ("2026-01-05T10:00:00+05:00", "PHONE", "entered-in-error", 0),
    ],
)
def test_whose_return_is_counted(on: str, medium: str, status: str, number: int) -> None:
    resident("amina")
    called("amina", on, medium, status=status)

    assert board()["north"].returned.called == number


def test_only_who_leads_sees_it_and_the_look_is_kept() -> None:
    resident("amina")
    board()

    newest = audit.find(Wanted(agent=LEAD.reference), limit=1)[0]
    assert newest.action == "search"
    assert "team" in newest.entry
    for role in ("practice_nurse", "registrar"):
        with pytest.raises(NotAllowed):
            board(actor(role))
    assert board(actor("head", organization="elsewhere", areas=frozenset())) == {}


def test_the_number_of_queries_grows_with_nothing() -> None:
    resident("amina")
    with CaptureQueriesContext(connection) as few:
        board()
    for number in range(6):
        area = f"area-{number}"
        team_of(area, roles={"gp": f"gp-{area}", "practice_nurse": f"n-{area}"}, site="centre")
        resident(f"person-{number}", area)
        called(f"person-{number}", "2026-01-05T10:00:00+05:00")
    with CaptureQueriesContext(connection) as many:
        assert len(board()) == 8

    assert len(many) == len(few) <= 16


def test_posts_share_an_area_and_carry_parts_of_several() -> None:
    posts = {"a": frozenset({"one", "both"}), "b": frozenset({"both"})}

    found = engine.shares({"a": 100, "b": 30, "c": 7}, posts)

    assert found == {"a": (2, 65.0), "b": (1, 80.0), "c": (0, None)}
    assert engine.average({"a": 100, "b": 30, "c": 7}, posts) == 65.0


@pytest.mark.parametrize(
    "wrong",
    [
        {"late": {"gp": {"days": 0, "to": "head"}}},
        {"late": {"gp": {"day": 30, "to": "head"}}},
        {"norms": [{"roles": ["gp"], "posts": 1, "residents": 1700, "status": "", "source": {}}]},
        {"returned": {**SHORTEST["returned"], "called_until": 20}},
        {"returned": {}},
        {"uneven": 1},
        {"uneven": "much"},
    ],
)
def test_measures_that_make_no_sense_are_refused(wrong: dict[str, Any]) -> None:
    engine.read_measures(SHORTEST, "team.yaml")

    with pytest.raises(InvalidPack):
        engine.read_measures({**SHORTEST, **wrong}, "team.yaml")
