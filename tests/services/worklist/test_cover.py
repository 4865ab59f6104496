"""While somebody is away a colleague has their whole list, and it comes back by itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from django.conf import settings as django_settings

from qamqor.engine.fhir import json_text
from qamqor.engine.fhir.validation import check
from qamqor.errors import NotAllowed, NotThere, Unusable, VersionConflict
from qamqor.services import accounts
from qamqor.services.access.actor import Actor
from qamqor.services.empanelment import team_of as team_of_area
from qamqor.services.worklist import cover, handing, team
from qamqor.store import audit
from qamqor.store.audit import Wanted
from qamqor.store.fhir import versions
from tests.services.access.village import actor
from tests.services.organisation import area
from tests.services.test_derived import AT
from tests.services.worklist.test_today import TODAY, names, resident
from tests.statements import reads

LEAD = actor("lead_nurse", areas=frozenset())
ROLE = "practice_nurse"
LAST = TODAY + timedelta(days=7)
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def two_areas(settings: Any) -> None:
    settings.QAMQOR = replace(django_settings.QAMQOR, is_demo=True)
    area("north", roles={ROLE: "first", "gp": "doctor"}, site="centre")
    area("south", roles={ROLE: "second"}, site="centre")
    resident("amina")
    resident("zhanar", "south")


def nurse(post: str, day: date = TODAY) -> Actor:
    """As accounts make the actor of a post on a day."""
    place = accounts._place_in_teams(post, day)  # noqa: SLF001
    return actor(ROLE, reference=f"PractitionerRole/{post}", **place._asdict())


def listed(post: str, day: date = TODAY) -> list[str]:
    return sorted(names(by=nurse(post, day)))


def put(away: str = "first", by: str = "second", lead: Actor = LEAD, **days: date) -> None:
    said = {"from_on": TODAY, "until": LAST} | days
    cover.put(away, by, **said, actor=lead, as_of=TODAY, at=AT)


def kept() -> list[cover.Cover]:
    return cover.covers(LEAD, as_of=TODAY, at=AT)


def test_the_whole_list_goes_to_the_colleague_and_comes_back_after_the_last_day() -> None:
    assert (listed("first"), listed("second")) == (["amina"], ["zhanar"])

    put()

    assert listed("second") == ["amina", "zhanar"]
    assert nurse("second", LAST).areas == {"north", "south"}
    assert nurse("second", LAST + timedelta(days=1)).areas == {"south"}
    assert nurse("second", TODAY - timedelta(days=1)).covers == frozenset()
    (mine,) = cover.covered_by(nurse("second"), as_of=TODAY)
    assert (mine.away_id, mine.until, mine.is_on) == ("first", LAST, True)
    assert cover.covered_by(nurse("first"), as_of=TODAY) == []


def test_who_is_away_is_told_who_has_their_list_and_until_when() -> None:
    assert cover.away_of(nurse("first"), as_of=TODAY) == []
    put()

    (one,) = cover.away_of(nurse("first"), as_of=TODAY)

    assert (one.away_id, one.from_on, one.until) == ("first", TODAY, LAST)
    assert one.areas == nurse("first").areas == {"north"}
    assert listed("first") == ["amina"]
    assert cover.away_of(nurse("second"), as_of=TODAY) == []
    assert not nurse("first", LAST + timedelta(days=1)).is_away
    doctor = nurse("doctor")
    with reads() as asked:
        assert cover.away_of(doctor, as_of=TODAY) == []
    assert asked == []


def test_people_given_to_who_is_away_come_along() -> None:
    area("north", roles={ROLE: "first", "gp": "doctor"}, site="centre")
    handing.give(
        "amina", ROLE, "first", until=None, version=0, actor=actor("lead_nurse"),
        as_of=TODAY, at=AT,
    )  # fmt: skip
    put()
    assert listed("second") == ["amina", "zhanar"]


def test_ended_in_one_act_and_kept_in_history_and_audit() -> None:
    put()
    (one,) = kept()

    cover.end(one.id, version=one.version, actor=LEAD, at=AT)

    assert kept() == []
    assert listed("second") == ["zhanar"]
    found = versions.read("CareTeam", one.id)
    assert found is not None
    assert found.version == 2
    acts = [e for e in audit.find(Wanted(), limit=50) if f"CareTeam/{one.id}" in str(e)]
    assert len(acts) >= 2


def test_the_same_again_is_one_and_who_saw_an_old_state_is_told() -> None:
    put()
    before = versions.last_sequence()
    put()
    assert versions.last_sequence() == before
    (one,) = kept()
    with pytest.raises(VersionConflict):
        cover.end(one.id, version=one.version + 1, actor=LEAD, at=AT)


def test_what_is_kept_is_valid_fhir_and_no_team_of_an_area() -> None:
    put()
    (one,) = kept()
    found = versions.read("CareTeam", one.id)
    assert found is not None
    said = json_text.decode(found.content or "")
    assert [issue for issue in check(said) if issue.severity == "error"] == []
    assert team_of_area("north").posts[ROLE] == ("PractitionerRole/first",)
    assert team.posts_of(["north"], TODAY)[ROLE]["north"] == {"PractitionerRole/first"}


@pytest.mark.parametrize(
    ("away", "by", "days", "place"),
    [
        ("nobody", "second", {}, "away"),
        ("first", "first", {}, "by"),
        ("first", "doctor", {}, "by"),
        ("first", "second", {"until": TODAY - timedelta(days=1)}, "until"),
        ("first", "second", {"from_on": LAST + timedelta(days=1)}, "until"),
    ],
)
def test_what_cannot_be_is_refused(away: str, by: str, days: dict[str, date], place: str) -> None:
    with pytest.raises(Unusable) as refused:
        put(away, by, **days)
    assert refused.value.issues[0].expression == place


def test_nobody_covers_who_is_covered_or_away_in_these_days() -> None:
    put()
    with pytest.raises(Unusable):
        put(from_on=TODAY + timedelta(days=1))
    with pytest.raises(Unusable):
        put("second", "first", from_on=LAST)
    put(from_on=LAST + timedelta(days=1), until=LAST + timedelta(days=2))
    assert [one.is_on for one in kept()] == [True, False]


def test_only_who_leads_says_it_and_only_of_their_own_areas() -> None:
    assert handing.may_lead(actor("head"), AT)
    for role in (ROLE, "gp", "registrar"):
        assert not handing.may_lead(actor(role), AT)
        with pytest.raises(NotAllowed):
            put(lead=actor(role))
    put()
    (one,) = kept()
    elsewhere = actor("lead_nurse", organization="elsewhere", areas=frozenset())
    with pytest.raises(Unusable):
        put(lead=elsewhere)
    with pytest.raises(NotThere):
        cover.end(one.id, version=one.version, actor=elsewhere, at=AT)
