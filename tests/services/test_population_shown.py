"""The words of explanations and lists, line by line."""

from datetime import date, timedelta

import pytest

from qamqor.engine.population.explain import explain
from qamqor.engine.population.one_person import OnePerson
from qamqor.engine.population.person_list import PersonDue, PersonList
from qamqor.errors import NotPossible
from qamqor.services.population_shown import Said, explanation_text, header, list_rows
from qamqor.services.population_words import PopulationWords
from tests.engine.population.made_up import (
    EVERYONE,
    TODAY,
    WEIGHED,
    action,
    due_of_each,
    pack,
    programme,
    questions,
)

AMINA = {"patient_id": "amina", "born_on": date(1980, 3, 10), "sex": "female"}
WEIGHT = {"patient_id": "amina", "observation_id": "w1", "effective_on": date(2025, 3, 1)}
WEIGHING = programme(action(WEIGHED))
ABOUT = {
    "as_of": "2026-03-10",
    "known_at": None,
    "pack": {"id": "kazakhstan", "version": "1"},
    "invented": False,
    "approval": "approved",
}


def text(rows, asked=WEIGHING, language="en", **about):  # type: ignore[no-untyped-def]
    found = explain(OnePerson(questions(asked)), "amina", rows)
    return explanation_text(found, {**ABOUT, **about}, pack(asked), PopulationWords(language))


def test_an_explanation_reads_like_a_note() -> None:
    said = text({"patient": [AMINA], "weight": [WEIGHT]})
    assert said.splitlines()[:2] == [
        "amina · female · age 46 · born 10 March 1980",
        "as of 10 March 2026 · pack kazakhstan 1",
    ]
    assert "due for 9 days (due 1 March 2026, counts as overdue from 12 March 2026)" in said
    assert "Why: Weighed before" in said
    assert "practice nurse, in the clinic; urgency: 3 (planned)" in said
    assert "Observation/w1 · weight: effective_on 01.03.2025" in said
    assert "Rule version: weighing 2025-01-01" in said


@pytest.mark.parametrize(("precision", "said"), [("year", "1980"), ("month", "1980-03")])
def test_of_a_birth_date_no_more_is_said_than_was_recorded(precision: str, said: str) -> None:
    person = {**AMINA, "born_on": date(1980, 3, 1), "born_precision": precision}
    assert text({"patient": [person]}).splitlines()[0].endswith(f" · born {said}")


def test_a_record_the_tables_do_not_hold_is_said_to_be_missing() -> None:
    sql = WEIGHED.replace("'Observation/' || last.observation_id", "'Observation/gone'")
    said = text({"patient": [AMINA]}, programme(action(sql)))
    assert "Observation/gone: not in the tables on this day" in said


@pytest.mark.parametrize(
    ("days", "language", "said"),
    [
        (0, "en", "due today"),
        (3, "en", "due for 3 days"),
        (10, "ru", "срок наступил 10 дней назад"),
        (11, "en", "11 days late"),
        (30, "ru", "просрочено: 4 недели"),
        (400, "kk", "13 ай"),
        (1200, "ru", "3 года"),
        (-30, "en", "in 4 weeks"),
    ],
)
def test_time_is_said_in_words_first(days: int, language: str, said: str) -> None:
    due_on = TODAY - timedelta(days)
    words = PopulationWords(language)
    assert said in words.when(due_on, due_on + timedelta(11), TODAY).split(" (")[0]


def test_without_a_date_the_time_cannot_be_known() -> None:
    assert PopulationWords("en").when(None, None, TODAY) == "Cannot be known"
    assert "counts as overdue" not in PopulationWords("en").when(TODAY, None, TODAY)


def test_nothing_is_said_of_the_dead_but_why() -> None:
    said = text({"patient": [{**AMINA, "died_on": TODAY}]})
    assert said.endswith("has died: nothing is worked out.")
    assert "Overdue" not in said


@pytest.mark.parametrize(
    ("left_on", "said"),
    [
        ("add_days($as_of, -1)", "belonged until 9 March 2026"),
        ("add_days($as_of, 0)", "belonged until 10 March 2026"),
    ],
)
def test_a_stretch_that_is_over_is_named(left_on: str, said: str) -> None:
    left = EVERYONE.replace("cast(null as text) as left_on", f"{left_on} as left_on")
    assert said in text({"patient": [AMINA]}, programme(action(WEIGHED), population=left))


def test_a_stretch_to_come_is_named() -> None:
    later = EVERYONE.replace("born_on as", "add_days($as_of, 5) as")
    said = text({"patient": [AMINA]}, programme(action(WEIGHED), population=later))
    assert "belongs from 15 March 2026" in said


def test_who_belongs_and_needs_nothing_is_told_so() -> None:
    nothing = WEIGHED + " where 1 = 0"
    said = text({"patient": [AMINA]}, programme(action(nothing)))
    assert "belongs since 10 March 1980, nothing to do" in said


def test_the_head_says_what_a_reader_must_know() -> None:
    words = PopulationWords("en")
    assert header({**ABOUT, "known_at": "2026-02-01"}, words).split(" · ")[1] == (
        "from what had been recorded by 1 February 2026"
    )
    assert "rules not approved (draft)" in header({**ABOUT, "approval": "draft"}, words)
    assert "invented people" in header({**ABOUT, "invented": True}, words)


def test_rows_of_a_version_the_pack_no_longer_has_keep_their_codes() -> None:
    (due,) = due_of_each(questions(WEIGHING), {"patient": [AMINA]})
    said = Said(pack(), TODAY, "en")
    assert (said.title(due), said.action(due), said.reason(due), said.closes(due)) == (
        *("weighing", "weigh", "never", ""),
    )


def test_a_list_says_what_waits_and_what_is_to_come() -> None:
    (due,) = due_of_each(questions(WEIGHING), {"patient": [{**AMINA, "sex": None}]})
    later = due._replace(due_on=TODAY + timedelta(20), status="not_due", age_years=None)
    unknown = due._replace(due_on=None, status="unknown")
    people = tuple(PersonDue(f"p{n}", (one,)) for n, one in enumerate((due, later, unknown)))
    said = Said(pack(WEIGHING), TODAY, "en")
    _, rows = list_rows(PersonList(people, 3), said, PopulationWords("en"), {})
    assert [row[3] for row in rows] == ["46 years (10.03.1980)", "in 2 weeks (30.03.2026)", "–"]
    assert [row[1] for row in rows] == ["46, –", "–, –", "46, –"]
    assert rows[0][5] == "Never weighed → Weighing"


def test_only_three_languages_have_words() -> None:
    with pytest.raises(NotPossible, match="choose kk, ru or en"):
        PopulationWords("de")
    assert PopulationWords("en").tell("role.unheard_of") == "unheard_of"
