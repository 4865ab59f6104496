"""What a sheet tells of needs: the words content has for the person, never the team's own work."""

from __future__ import annotations

from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.utils import timezone, translation

from qamqor.engine.booking import Wish, appointment
from qamqor.engine.measurements.series import series
from qamqor.engine.words import LANGUAGES
from qamqor.services import installed
from qamqor.services.person import content, letters
from qamqor.services.person.letters import Place
from qamqor.web.letters import presenters

TODAY = date(2026, 3, 10)


def row(programme: str, action: str, item: str = "", due_on: date = TODAY) -> Any:
    return SimpleNamespace(
        programme=programme,
        action=action,
        item=item,
        status="due",
        urgency=3,
        channel="phone",
        role="gp",
        due_on=due_on,
        overdue_on=None,
        reason=None,
        evidence=None,
    )


def said(language: str, *rows: Any) -> dict[str, list[tuple[str, str]]]:
    page: Any = SimpleNamespace(due=rows, as_of=TODAY)
    with translation.override(language):
        found = presenters._now_and_later(page, language)
    return {part: [(one.what, one.day) for one in some] for part, some in found.items()}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_action_is_told_in_the_words_for_the_person_or_not_at_all(language: str) -> None:
    seen = set()
    for programme in installed.pack().programmes:
        for name, action in programme.actions.items():
            for item in action.items or [""]:
                found = said(language, row(programme.id, name, item))
                told = action.told
                part = None if told is None else "ours" if told.is_ours else "coming"
                filled = [key for key, some in found.items() if some]
                assert filled == ([part] if part else []), (programme.id, name, item)
                seen.add(part)
    assert seen == {None, "coming", "ours"}


def test_what_comes_later_has_its_day_and_alike_words_stand_once() -> None:
    soon, later = TODAY + timedelta(days=20), TODAY + timedelta(days=40)
    rows = (
        row("hypertension", "gp_visit", due_on=later),
        row("type2_diabetes", "gp_visit", due_on=soon),
        row("hypertension", "phone_contact", due_on=later),
        row("hypertension", "enrolment", due_on=later),
        row("hypertension", "gp_visit", due_on=TODAY + timedelta(days=400)),
    )
    assert said("en", *rows) == {
        "coming": [],
        "ours": [],
        "later": [
            ("Visit to your doctor", "30.03.2026"),
            ("Your nurse will call you", "19.04.2026"),
        ],
    }


def test_the_clinics_work_is_said_as_its_own_in_the_language_of_the_sheet() -> None:
    rows = (row("hypertension", "specialist"), row("hypertension", "tests", "glucose"))
    assert said("ru", *rows) == {
        "coming": [("Анализ крови: сахар", "")],
        "ours": [("Врач направит вас к кардиологу", "")],
        "later": [],
    }
    assert said("kk", *rows)["ours"] == [("Дәрігер сізге кардиологқа жолдама береді", "")]


def test_a_need_that_is_masked_or_unknown_here_is_on_no_sheet() -> None:
    assert not any(said("en", row("", ""), row("elsewhere", "visit")).values())


@pytest.mark.parametrize(
    ("language", "what", "aim"),
    [
        ("kk", "Соңғы үш айдағы қандағы қант (HbA1c)", "7,0 % мәнінен аспайды"),
        ("ru", "Сахар крови за последние три месяца (HbA1c)", "не выше 7,0 %"),
        ("en", "Blood sugar over the last three months (HbA1c)", "not above 7.0 %"),
    ],
)
def test_numbers_of_the_plan_are_called_and_held_to_in_words_for_the_person(
    language: str, what: str, aim: str
) -> None:
    (number,) = [one for one in content.numbers() if one.id == "hba1c"]
    held = series(number, {}, parameters=[{"hba1c_target_percent": 7}], as_of=TODAY)
    page: Any = SimpleNamespace(
        resources={}, numbers=[held], due=(), as_of=TODAY, team=(), person={}
    )
    with translation.override(language):
        place = letters.place_of({})
        assert presenters.plan(page, place, language)["targets"] == [(what, "", aim)]


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_number_with_a_target_is_printed_under_an_abbreviation_alone(language: str) -> None:
    for number in content.numbers():
        if number.parameters or number.goals:
            said = number.told.get(language) or number.label[language]
            bare = [word.strip("«»“”") for word in said.split()]
            short = [word for word in bare if word[1:] != word[1:].lower()]
            assert short in ([], ["(HbA1c)"]), (number.id, said)


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("clinic", "в поликлинике. Возьмите с собой: удостоверение личности, лекарства"),
        ("phone", "по телефону. Держите под рукой лекарства"),
    ],
)
def test_a_booking_on_paper_says_what_to_bring_as_a_request(place: str, said: str) -> None:
    at = timezone.localtime() + timedelta(days=2)
    wish = Wish(at, at + timedelta(minutes=20), "PractitionerRole/nurse", "gp", place)
    with translation.override("ru"):
        (row,) = presenters._bookings([appointment("x", "dana", wish, created=at)], "ru")
    assert row.says.startswith(said)


def test_a_telephone_of_the_clinic_is_not_broken_over_two_lines() -> None:
    place = Place({"": "Клиника"}, "+7 727 000 00 01", "")
    assert " " not in presenters._place(place, "ru")["place_phone"]
