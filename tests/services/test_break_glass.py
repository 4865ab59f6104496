"""A record opened in need: one person, sixty minutes, a reason, told and reviewed."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from qamqor.engine.fhir import json_text
from qamqor.errors import NotAllowed, NotPossible, NotThere
from qamqor.services.access import glass
from qamqor.services.access.actor import Actor
from qamqor.services.break_glass import open_glass, review, review_by, to_review
from qamqor.services.fhir import read
from qamqor.store import audit
from qamqor.store.audit import Wanted
from tests.services.access.village import AT, actor, people, resident

pytestmark = pytest.mark.django_db
WHY = "unconscious, no one knows her medicines"


def nurse(at: datetime = AT) -> Actor:
    return glass.carried(actor("practice_nurse", account=41), at)


def test_the_record_is_open_for_sixty_minutes_and_then_closed() -> None:
    people()
    with pytest.raises(NotThere):
        read.one("Observation", "dana-weight", actor=nurse(), at=AT)
    open_glass("dana", actor=nurse(), reason=WHY, at=AT)

    late = AT + timedelta(minutes=59)
    assert read.one("Observation", "dana-weight", actor=nurse(late), at=late).id == "dana-weight"
    over = AT + timedelta(minutes=60)
    with pytest.raises(NotThere):
        read.one("Observation", "dana-weight", actor=nurse(over), at=over)


def test_only_the_one_record_opens_and_only_for_whoever_broke_the_glass() -> None:
    people()
    open_glass("dana", actor=nurse(), reason=WHY, at=AT)

    with pytest.raises(NotThere):
        read.one("Observation", "bolat-weight", actor=nurse(), at=AT)
    colleague = glass.carried(actor("practice_nurse", account=42), AT)
    with pytest.raises(NotThere):
        read.one("Observation", "dana-weight", actor=colleague, at=AT)


def test_every_look_through_the_glass_says_so() -> None:
    people()
    open_glass("dana", actor=nurse(), reason=WHY, at=AT)
    read.one("Observation", "dana-weight", actor=nurse(), at=AT)

    looked, opened = audit.find(
        Wanted(patient="dana", agent="PractitionerRole/practice-nurse"), limit=9
    )[:2]
    assert (looked.action, opened.action) == ("read", "break_glass")
    assert json_text.decode(looked.entry.encode())["purpose"] == "BTG"
    assert json_text.decode(opened.entry.encode())["detail"] == WHY


def test_the_person_is_told_why() -> None:
    people()
    opened = open_glass("dana", actor=nurse(), reason=WHY, at=AT)

    notice = read.one("Communication", opened.id, actor=resident("dana"), at=AT)
    assert WHY in (notice.content or "")


def test_the_head_reviews_within_two_working_days_and_the_task_is_done() -> None:
    people()
    opened = open_glass("bolat", actor=nurse(), reason=WHY, at=AT)
    head = actor("head")
    assert [one.id for one in to_review(head)] == [opened.id]
    reviewed = review(opened.id, actor=head, verdict="justified", at=AT)

    assert (reviewed.verdict, reviewed.reviewed_by) == ("justified", "PractitionerRole/head")
    assert to_review(head) == []
    task = read.one("Task", opened.id, actor=head, at=AT)
    assert '"completed"' in (task.content or "")
    with pytest.raises(NotThere):
        review(opened.id, actor=head, verdict="justified", at=AT)


def test_another_organisations_head_has_nothing_to_review() -> None:
    people()
    opened = open_glass("bolat", actor=nurse(), reason=WHY, at=AT)
    other = actor("head", organization="elsewhere", reference="PractitionerRole/other")

    assert to_review(other) == []
    with pytest.raises(NotThere):
        review(opened.id, actor=other, verdict="justified", at=AT)
    assert [one.id for one in to_review(actor("auditor"))] == [opened.id]
    with pytest.raises(NotAllowed):
        to_review(actor("gp"))


def test_a_review_has_a_verdict() -> None:
    people()
    opened = open_glass("bolat", actor=nurse(), reason=WHY, at=AT)

    with pytest.raises(NotPossible, match="justified, unjustified"):
        review(opened.id, actor=actor("head"), verdict="fine", at=AT)


def test_nobody_reviews_their_own() -> None:
    people()
    opened = open_glass("bolat", actor=nurse(), reason=WHY, at=AT)
    same = actor("head", reference="PractitionerRole/practice-nurse")

    with pytest.raises(NotAllowed):
        review(opened.id, actor=same, verdict="justified", at=AT)


@pytest.mark.parametrize("role", ["registrar", "head", "auditor", "resident", "social_worker"])
def test_only_clinicians_break_the_glass_and_the_attempt_is_kept(role: str) -> None:
    people()
    with pytest.raises(NotAllowed):
        open_glass("dana", actor=actor(role), reason=WHY, at=AT)

    newest = audit.find(Wanted(patient="dana"), limit=1)[0]
    assert (newest.action, newest.outcome) == ("break_glass", "refused")


def test_a_reason_is_needed_and_the_person_must_be_here() -> None:
    people()
    with pytest.raises(NotPossible, match="10 characters"):
        open_glass("dana", actor=nurse(), reason="urgent   ", at=AT)
    with pytest.raises(NotThere):
        open_glass("nobody", actor=nurse(), reason=WHY, at=AT)
    assert glass.carried(nurse(), AT).glasses == frozenset()


@pytest.mark.parametrize(
    ("opened", "due"),
    [
        ("2026-03-02T09:00+05:00", "2026-03-05T00:00+05:00"),
        ("2026-03-05T23:00+05:00", "2026-03-10T00:00+05:00"),
        ("2026-03-07T09:00+05:00", "2026-03-11T00:00+05:00"),
    ],
    ids=["Monday", "Thursday", "Saturday"],
)
def test_weekends_do_not_count_for_the_review(opened: str, due: str) -> None:
    assert review_by(datetime.fromisoformat(opened)) == datetime.fromisoformat(due)
