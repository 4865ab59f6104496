"""One box finds people by names and by numbers of any kind, each as far as the asker may see."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from qamqor.engine.fhir.names import IDENTIFIERS
from qamqor.errors import NotAllowed
from qamqor.services.access.actor import Actor
from qamqor.services.registration.search import Answer, find
from qamqor.store import audit
from tests.services.access.village import actor
from tests.services.registration.desk import AT, CLERK, area, put

pytestmark = pytest.mark.django_db
IIN = "870312900004"
NURSE = actor("practice_nurse")


@pytest.fixture(autouse=True)
def _people() -> None:
    phone = [{"system": "phone", "value": "8 701 123 45 67"}]
    put("aigul", "Ахметова", "Айгүл", iin=IIN, telecom=phone, **area("north"))
    put("oleg", "Ким", "Олег", born="1960-05-01", **area("south"),
        identifier=[{"system": f"{IDENTIFIERS}/chart", "value": "А-12 345"},
                    {"system": f"{IDENTIFIERS}/iin", "value": "850312900030"}])  # fmt: skip
    put("chart", "Ли", "Вера", born="1970-05-01",
        identifier=[{"system": f"{IDENTIFIERS}/chart", "value": "4567"}])  # fmt: skip


def found(text: str, who: Actor = CLERK) -> list[tuple[str, str]]:
    answer = find(text, actor=who, at=AT)
    return [(one.found.patient_id, one.found.reasons[0].code) for one in answer.matches]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (IIN, [("aigul", "iin.same")]),
        ("8703 1290 0004", [("aigul", "iin.same")]),
        ("0004", [("aigul", "iin.ends")]),
        ("87011234567", [("aigul", "phone.same")]),
        ("+7 (701) 123-45-67", [("aigul", "phone.same")]),
        ("4567", [("chart", "chart.same"), ("aigul", "phone.ends")]),
        ("1234567", [("aigul", "phone.ends")]),
        ("а12345", [("oleg", "chart.same")]),
        ("A-12", []),
        ("akhmetova aigul", [("aigul", "family.spelling")]),
        ("ахм айг", [("aigul", "family.begins")]),
        ("айг ахм", [("aigul", "given.begins")]),
        ("12.03.1987", [("aigul", "birth.same")]),
        ("1987-03-12", [("aigul", "birth.same")]),
    ],
)
def test_a_person_is_found_and_it_is_said_why(text: str, expected: list[tuple[str, str]]) -> None:
    assert found(text) == expected


@pytest.mark.parametrize(
    ("text", "problem"),
    [("", "short"), ("а", "short"), ("123", "short"), ("+", "short"),
     ("870312900005", "iin.wrong-check-digit")],
)  # fmt: skip
def test_too_little_or_a_mistyped_number_is_said(text: str, problem: str) -> None:
    assert find(text, actor=CLERK, at=AT) == Answer(
        problem=problem, is_number=problem.startswith("iin")
    )


def test_a_number_being_typed_says_how_many_digits_it_lacks() -> None:
    assert find("87031", actor=CLERK, at=AT).digits_to_go == 7
    assert find("+770112", actor=CLERK, at=AT).digits_to_go == 0


def test_only_those_a_nurse_may_open_are_found_but_by_their_whole_number() -> None:
    assert found("Ким", NURSE) == []
    assert found("0030", NURSE) == []
    assert found("а12345", NURSE) == []
    closed = find("850312900030", actor=NURSE, at=AT)
    assert [(one.found.patient_id, one.is_open) for one in closed.matches] == [("oleg", False)]
    assert closed.only is None
    assert find(IIN, actor=NURSE, at=AT).only is not None


@pytest.mark.parametrize(("text", "asked"), [("0004", "number"), (IIN, "number"), ("Ахм", "name")])
def test_whoever_is_shown_is_in_the_audit_and_what_was_typed_is_not(text: str, asked: str) -> None:
    find(text, actor=NURSE, at=AT)
    row = [audit.Row(*one) for some in audit.stream() for one in some][-1]
    entry: dict[str, Any] = msgspec.json.decode(row.entry)
    assert (entry["query"], entry["people"]) == (f"Patient?{asked}", ["aigul"])
    assert text not in str(row.entry)


def test_nobody_without_a_right_may_ask() -> None:
    with pytest.raises(NotAllowed):
        find("Ахметова", actor=actor("region_analyst"), at=AT)
