"""Dates, ages and numbers as people of the three languages read them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from django.utils import translation

from qamqor.web.components import dates

DAY = date(2026, 3, 5)


@pytest.mark.parametrize(
    ("language", "long", "weekday"),
    [
        ("kk", "2026 жылғы 5 наурыз", "5 наурыз, бейсенбі"),
        ("ru", "5 марта 2026 года", "четверг, 5 марта"),
        ("en", "5 March 2026", "Thursday 5 March"),
    ],
)
def test_a_day_is_written_as_the_language_writes_it(language: str, long: str, weekday: str) -> None:
    with translation.override(language):
        assert dates.long(DAY).replace("\N{NO-BREAK SPACE}", " ") == long
        assert dates.with_weekday(DAY, DAY).replace("\N{NO-BREAK SPACE}", " ") == weekday
        assert dates.short(DAY) == "05.03.2026"


@pytest.mark.parametrize(
    ("days", "kk", "ru", "en"),
    [
        (-22, "3 апта бұрын", "3 недели назад", "3 weeks ago"),
        (-5, "5 күн бұрын", "5 дней назад", "5 days ago"),
        (-2, "2 күн бұрын", "2 дня назад", "2 days ago"),
        (-1, "кеше", "вчера", "yesterday"),
        (0, "бүгін", "сегодня", "today"),
        (1, "ертең", "завтра", "tomorrow"),
        (21, "3 аптадан кейін", "через 3 недели", "in 3 weeks"),
        (-400, "13 ай бұрын", "13 месяцев назад", "13 months ago"),
        (-1100, "3 жыл бұрын", "3 года назад", "3 years ago"),
    ],
)
def test_a_day_is_said_from_today(days: int, kk: str, ru: str, en: str) -> None:
    for language, wanted in (("kk", kk), ("ru", ru), ("en", en)):
        with translation.override(language):
            assert dates.from_here(DAY + timedelta(days=days), DAY) == wanted


@pytest.mark.parametrize(
    ("born", "kk", "ru", "en"),
    [
        (date(2026, 2, 21), "12 күндік", "12 дней", "12 days"),
        (date(2024, 8, 5), "19 айлық", "19 мес.", "19 months old"),
        (date(1981, 1, 1), "45 жаста", "45 лет", "45 years old"),
        (date(2004, 3, 6), "21 жаста", "21 год", "21 years old"),
    ],
)
def test_an_age_is_said_in_days_then_months_then_years(
    born: date, kk: str, ru: str, en: str
) -> None:
    for language, wanted in (("kk", kk), ("ru", ru), ("en", en)):
        with translation.override(language):
            assert dates.age(born, DAY) == wanted


def test_numbers_keep_their_thousands_apart_and_their_comma() -> None:
    with translation.override("ru"):
        assert dates.number(1234.5, 1) == "1\N{NO-BREAK SPACE}234,5"
    with translation.override("en"):
        assert dates.number(-1234.5, 1) == "\N{MINUS SIGN}1,234.5"


def test_the_day_of_a_moment_is_the_day_here() -> None:
    """Late in the evening of Greenwich it is tomorrow here, where a visit has that day."""
    at = datetime(2026, 11, 29, 22, 30, tzinfo=UTC)
    assert dates.day_of(at) == date(2026, 11, 30)
    with translation.override("ru"):
        assert dates.moment(at).replace("\N{NO-BREAK SPACE}", " ") == "30 ноября 2026 года, 03:30"


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("kk", "2026 жылғы 5 наурыз, бейсенбі"),
        ("ru", "четверг, 5 марта 2026 года"),
        ("en", "Thursday 5 March 2026"),
    ],
)
def test_a_weekday_of_another_year_says_which(language: str, said: str) -> None:
    with translation.override(language):
        for away in (-400, 400):
            then = DAY + timedelta(days=away)
            assert dates.with_weekday(DAY, then).replace("\N{NO-BREAK SPACE}", " ") == said
