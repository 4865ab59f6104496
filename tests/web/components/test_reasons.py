"""A reason is the fact itself where the reader may see it, in three languages."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.utils import translation

from qamqor.web.components.reasons import FITS, in_short, missing, short
from tests.services.test_derived import LOINC, pressure

TODAY = date(2026, 11, 29)
RED = {"en": "Red zone: very high", "ru": "Красная зона: очень высокое", "kk": "Қызыл аймақ: өте"}
READING = pressure("p", "2026-10-12", 172)


def hba1c(value: float = 9.8, day: str = "2026-02-03") -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "id": "h",
        "status": "final",
        "code": {"coding": [{"system": LOINC, "code": "4548-4"}]},
        "effectiveDateTime": day,
        "valueQuantity": {"value": value, "unit": "%", "code": "%"},
    }


def said(found: list[dict[str, Any]], reason: str = "", language: str = "en") -> str:
    with translation.override(language):
        return in_short(reason, found, TODAY).replace("\N{NO-BREAK SPACE}", " ")


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("en", "172/80, 12 October · Red zone"),
        ("ru", "172/80, 12 октября · Красная зона"),
        ("kk", "172/80, 12 қазан · Қызыл аймақ"),
    ],
)
def test_the_value_and_its_day_stand_before_the_zone(language: str, expected: str) -> None:
    assert said([READING], RED[language], language) == expected


def test_a_value_stands_alone_where_the_words_have_no_room() -> None:
    long = "No blood pressure at target for very long"

    assert said([READING], long) == "172/80, 12 October"
    assert said([hba1c()], RED["en"]) == "HbA1c 9.8 %, 3 February · Red zone"
    assert said([hba1c()], RED["ru"], "ru") == "HbA1c 9,8 %, 3 февраля · Красная зона"


def test_an_old_day_says_its_year() -> None:
    assert said([hba1c(day="2024-02-03")]) == "HbA1c 9.8 %, 03.02.2024"
    assert said([hba1c(day="2025-12-30")]) == "HbA1c 9.8 %, 30.12.2025"


def test_of_several_values_none_is_passed_off_as_the_only_one() -> None:
    assert said([READING, hba1c()], RED["en"]) == "172/80, HbA1c 9.8 % · Red zone"
    many = [READING, *[hba1c(value) for value in (9.8, 9.7, 9.6, 9.5)]]
    shown = said(many, RED["en"])
    assert shown == "172/80, HbA1c 9.8 %, HbA1c 9.7 % +2"
    assert len(shown) <= FITS


def test_without_a_fact_the_words_of_the_rule_stand() -> None:
    registered = {"resourceType": "Patient", "id": "amina", "birthDate": "1961-05-05"}
    mistaken = {**READING, "status": "entered-in-error"}

    assert said([], RED["en"]) == "Red zone"
    assert said([registered, mistaken], RED["en"]) == "Red zone"
    assert said([]) == ""


def test_what_says_little_of_itself_never_replaces_the_words() -> None:
    test = {**hba1c(), "code": {"text": "Mammogram"}, "valueQuantity": None}
    coded = {**test, "valueCodeableConcept": {"coding": [{"code": "birads_4"}]}}
    waiting = "No conclusion is on record for it"

    assert said([test], waiting) == waiting
    assert said([test], "Read it") == "Mammogram, 3 February · Read it"
    assert said([coded], "Biopsy") == "Mammogram, 3 February · Biopsy"


def test_one_record_alone_may_say_why_and_beside_others_may_not() -> None:
    stay = {
        "resourceType": "Encounter",
        "id": "s",
        "class": {"code": "IMP"},
        "period": {"start": "2026-11-01", "end": "2026-11-12"},
    }
    done = {
        "resourceType": "Procedure",
        "id": "x",
        "code": {"text": "ECG"},
        "performedDateTime": "2026-01-14",
    }
    words = "Done before and repeated regularly"

    assert said([done], words) == "ECG, 14 January"
    assert said([stay, done], words) == words
    assert said([stay], words).startswith("Hospital stay, ")
    refused = {
        "resourceType": "Immunization",
        "id": "i",
        "status": "not-done",
        "vaccineCode": {"text": "Polio"},
        "occurrenceDateTime": "2026-03-03",
    }
    assert said([refused], "Refused before; to be offered again") == "Polio: not given, 3 March"
    given = {**refused, "status": "completed"}
    assert said([given], "Next dose by the calendar") == "Next dose by the calendar"


def test_a_long_name_of_a_condition_does_not_push_the_words_away() -> None:
    condition = {
        "resourceType": "Condition",
        "id": "c",
        "code": {"text": "Type 2 diabetes with damage of the nerves"},
        "onsetDateTime": "2025-01-22",
    }

    assert said([condition], "Zone unknown: no recent HbA1c") == "Zone unknown"
    short = {**condition, "code": {"text": "Heart failure"}}
    assert said([short], "Diagnosis confirmed, not yet in the programme") == (
        "Heart failure, 22.01.2025"
    )


@pytest.mark.parametrize(
    ("language", "reason", "with_old", "without"),
    [
        ("en", "Zone unknown: no recent blood pressure",
         "Blood pressure: last time 14 months ago", "Zone unknown: no recent blood pressure"),
        ("ru", "Зона неизвестна: нет недавних измерений давления",
         "Давление: последний раз 14 месяцев назад", "Нет недавних измерений давления"),
        ("kk", "Аймағы белгісіз: қан қысымының жақында алынған өлшемі жоқ",
         "Қан қысымы: соңғы рет 14 ай бұрын", "Қан қысымының жақында алынған өлшемі жоқ"),
    ],
)  # fmt: skip
def test_what_is_unknown_says_what_is_missing_and_since_when(
    language: str, reason: str, with_old: str, without: str
) -> None:
    old = pressure("p", "2025-09-12", 150)
    condition = {"resourceType": "Condition", "id": "c", "code": {"text": "Diabetes"},
                 "onsetDateTime": "2020-01-22"}  # fmt: skip
    mistaken = {**pressure("q", "2026-10-12", 150), "status": "entered-in-error"}
    with translation.override(language):
        assert missing(reason, [condition, old, mistaken], TODAY) == with_old
        assert missing(reason, [condition], TODAY) == without
        assert len(with_old) <= FITS


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        ("Ответ, после которого говорят наедине в тот же день; разговора ещё не было",
         "Ответ, после которого говорят наедине в тот же день"),
        ("Хочет, чтобы позвонил социальный работник; плана ещё нет",
         "Хочет, чтобы позвонил социальный работник"),
        ("Выписка после госпитализации по болезни, визита ещё не было",
         "Выписка после госпитализации по болезни"),
    ],
)  # fmt: skip
def test_a_gist_is_never_one_word_that_says_nothing(reason: str, expected: str) -> None:
    assert short(reason) == expected
