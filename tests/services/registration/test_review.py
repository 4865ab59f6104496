"""A whole register, or a file before loading, is reviewed for twins."""

from __future__ import annotations

import pytest

from qamqor.errors import NotAllowed, NotThere, Unusable
from qamqor.services.access.actor import PLATFORM
from qamqor.services.registration import apart
from qamqor.services.registration.review import review
from tests.services.access.village import actor, resident
from tests.services.registration.desk import AT, put

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _register() -> None:
    put("a", "Ахметова", "Айгүл")
    put("b", "Akhmetova", "Aigul")
    put("c", "Ким", "Олег", born="1960-05-01")
    put("old", "Ахметова", "Айгуль", active=False)
    put("merged", "Ахметова", "Айгуль", link=[
        {"type": "replaced-by", "other": {"reference": "Patient/a"}}])  # fmt: skip


def test_the_pairs_come_with_score_verdict_and_reasons() -> None:
    found = review(actor=PLATFORM, at=AT)
    (pair,) = found.pairs
    assert (pair.one, pair.other, pair.verdict) == ("Patient/a", "Patient/b", "likely")
    assert {"family.spelling", "given.spelling", "birth.same"} <= set(pair.reasons)
    assert found.people == 3


def test_a_file_is_held_against_the_register_and_itself() -> None:
    known = {"name": [{"family": "Ким", "given": ["Олег"]}], "birthDate": "1960-05-01"}
    new = {"name": [{"family": "Ли", "given": ["Вера"]}], "birthDate": "1970-05-01"}
    found = review(actor=PLATFORM, at=AT, file=[{"id": "x", **known}, new, new])
    assert {(pair.one, pair.other) for pair in found.pairs} == {
        ("Patient/c", "Patient/x"),
        ("line 2", "line 3"),
    }


def test_only_likely_pairs_are_shown_unless_asked() -> None:
    put("d", "Ким", "Олег", born="1950-01-01")
    assert len(review(actor=PLATFORM, at=AT).pairs) == 1
    assert len(review(actor=PLATFORM, at=AT, least=-100).pairs) >= 1


def test_the_desk_may_review_and_a_team_or_a_resident_may_not() -> None:
    assert review(actor=actor("registrar"), at=AT).people == 3
    for who in (actor("gp"), resident("a")):
        with pytest.raises(NotAllowed):
            review(actor=who, at=AT)


def test_a_pair_that_is_two_people_is_not_asked_about_until_that_is_taken_back() -> None:
    desk = actor("registrar")
    decided = apart.decide("b", "a", "a mother and her daughter", actor=desk, at=AT)
    assert (decided.one, decided.other, decided.at) == ("a", "b", AT)
    found = review(actor=desk, at=AT)
    assert found.pairs == ()
    assert [(pair.one, pair.other) for pair in found.apart] == [("Patient/a", "Patient/b")]

    apart.take_back("a", "b", actor=desk, at=AT)
    assert len(review(actor=desk, at=AT).pairs) == 1
    with pytest.raises(NotThere):
        apart.take_back("a", "b", actor=desk, at=AT)


def test_two_people_need_a_reason_two_records_and_somebody_who_may_decide() -> None:
    for reason, other, refused in (
        (" ", "b", Unusable),
        ("x" * 301, "b", Unusable),
        ("sisters", "nobody", NotThere),
        ("sisters", "a", NotThere),
    ):
        with pytest.raises(refused):
            apart.decide("a", other, reason, actor=actor("registrar"), at=AT)
    with pytest.raises(NotAllowed):
        apart.decide("a", "b", "sisters", actor=actor("gp"), at=AT)
    assert apart.between("a", "b") is None
