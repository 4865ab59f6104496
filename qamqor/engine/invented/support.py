"""Answers that rules read, talks after high scores, and plans of support."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from qamqor.engine.fhir.names import BASE
from qamqor.engine.invented.care import team_visits
from qamqor.engine.invented.draws import NEVER, Bools, Days, Ints, chances, pick
from qamqor.engine.invented.figures import Figures, Invention, chance
from qamqor.engine.invented.people import People
from qamqor.engine.invented.places import Layout
from qamqor.engine.invented.rows import (
    NO_RESOURCE,
    Column,
    Dates,
    Keys,
    Numbers,
    Rows,
    Words,
    keys,
    one_word,
)

RESPONSE_LETTER: Final = "r"
SCORES: Final = "questionnaire_score"


def canonical(name: str, version: str) -> str:
    """Address and version of a questionnaire, as its answers name it."""
    return f"{BASE}/Questionnaire/{name}|{version}"


def response_letters(key: str) -> str:
    """Letters of the answers that belong to a score with such letters."""
    return RESPONSE_LETTER + key[1:]


def told(people: People, entry: Figures, rows: Rows) -> Words:
    """The one invented answer behind each score, as ``readings.yaml`` says it."""
    said, score = entry["told"], rows.columns["score"]
    assert isinstance(score, Numbers)  # noqa: S101
    high = score.scaled >= int(said["from_score"])
    u = chances(people.random(f"told {rows.kind}"), len(rows))
    return Words((high & (u < np.float32(said["share"]))).astype(np.int8), tuple(said["answers"]))


def support_rows(
    invention: Invention, layout: Layout, people: People, readings: Sequence[Rows]
) -> list[Rows]:
    """Answers, talks and plans of one block.

    Args:
        invention: the tables of numbers.
        layout: places and areas.
        people: of one block.
        readings: every reading of theirs.
    """
    part, entries = invention["support"], invention["readings"]["readings"]
    scores = [rows for rows in readings if rows.table == SCORES]
    talks = _talks(part["talks"], layout, people, scores)
    answers, concerned = _needs(part["needs"], people)
    return [
        *(_told(people, entries[r.kind], r) for r in scores if "told" in entries[r.kind]),
        *answers,
        talks,
        _plans(part["plans"], "psychologist", people, (talks.person, _days(talks, "started_on"))),
        _plans(part["plans"], "social_worker", people, concerned),
    ]


def _days(rows: Rows, name: str) -> Days:
    column = rows.columns[name]
    assert isinstance(column, Dates)  # noqa: S101
    return column.days


def _told(people: People, entry: Figures, rows: Rows) -> Rows:
    own, said, count = rows.columns["observation_id"], entry["told"], len(rows)
    assert isinstance(own, Keys)  # noqa: S101
    columns: dict[str, Column] = {
        "questionnaire_response_id": keys(response_letters(own.letters), own.person, own.number),
        "questionnaire": one_word(canonical(entry["questionnaire"], said["version"]), count),
        "answered_on": rows.columns["effective_on"],
        "question": one_word(str(said["question"]), count),
        "answer": told(people, entry, rows),
    }
    return Rows("questionnaire_answer", NO_RESOURCE, rows.person, columns)


def _talks(part: Figures, layout: Layout, people: People, scores: Sequence[Rows]) -> Rows:
    """A talk soon after some of the high scores."""
    random = people.random("talks after scores")
    who, when = [np.zeros(0, np.int32)], [np.zeros(0, np.int64)]
    low, high = part["days"]
    for rows in scores:
        if (limit := part["after"].get(rows.kind)) is None:
            continue
        score = rows.columns["score"]
        assert isinstance(score, Numbers)  # noqa: S101
        day = _days(rows, "effective_on") + random.integers(low, high, len(rows))
        came = chances(random, len(rows)) < chance(part["share"])
        kept = came & (score.scaled >= int(limit)) & (day <= people.end[rows.person])
        who.append(rows.person[kept])
        when.append(day[kept])
    person, day = np.concatenate(who), np.concatenate(when).astype(np.int32)
    order = np.lexsort((day, person))
    return team_visits("py", part, layout, people, (person[order], day[order]))


def _needs(part: Figures, people: People) -> tuple[list[Rows], tuple[Ints, Days]]:
    """Answers on social needs, and who named a need on which day."""
    random = people.random("social needs")
    asked = part["asked"]
    size = _living_with(people)
    alone = (size == 1) & (people.age >= int(asked["alone_from_age"]))
    share = np.where(alone, float(asked["alone"]), float(asked["adult"]))
    some = (chances(random, len(people)) < share) & (people.age >= 18) & (people.died == NEVER)
    person = np.flatnonzero(some).astype(np.int32)
    day = (people.end[person] - random.integers(0, int(part["days"]), len(person))).astype(np.int32)
    questions = part["answers"]
    count, each = len(person), len(questions)
    picked = [
        pick(random, np.array(list(shares.values()), float), count) for shares in questions.values()
    ]
    words = tuple(dict.fromkeys(answer for shares in questions.values() for answer in shares))
    index = np.array(
        [
            np.array([words.index(answer) for answer in shares], np.int8)[chosen]
            for shares, chosen in zip(questions.values(), picked, strict=True)
        ],
        np.int8,
    ).reshape(each, count)
    repeated = np.repeat(person, each)
    columns: dict[str, Column] = {
        "questionnaire_response_id": keys("sn", repeated, np.zeros(count * each, np.int32)),
        "questionnaire": one_word(canonical(part["questionnaire"], part["version"]), count * each),
        "answered_on": Dates(np.repeat(day, each)),
        "question": Words(np.tile(np.arange(each, dtype=np.int8), count), tuple(questions)),
        "answer": Words(index.T.ravel(), words),
    }
    need = _has_need(questions, picked, count)
    rows = Rows("questionnaire_answer", "answers", repeated, columns)
    return [rows], (person[need], day[need])


def _has_need(questions: Mapping[str, Figures], picked: Sequence[Ints], count: int) -> Bools:
    """Who gave the rarer answer to any question."""
    need = np.zeros(count, np.bool_)
    for shares, chosen in zip(questions.values(), picked, strict=True):
        values = list(shares.values())
        need |= chosen == values.index(min(values))
    return need


def _living_with(people: People) -> Ints:
    """How many living people each person's household has."""
    homes = people.homes
    living = np.bincount(homes.household[people.died == NEVER], minlength=homes.count)
    size: Ints = living[homes.household]
    return size


def _plans(part: Figures, role: str, people: People, whom: tuple[Ints, Days]) -> Rows:
    """Plans agreed on a day with some of those people; the newest of each person."""
    own, random = part[role], people.random(f"plans {role}")
    person, day = whom
    last = np.append(np.diff(person) != 0, True)[: len(person)]
    kept = last & (chances(random, len(person)) < np.float32(own["share"]))
    person, day = person[kept], day[kept]
    soonest, latest = own["review_days"]
    until = day + random.integers(soonest, latest, len(person))
    columns: dict[str, Column] = {
        "care_plan_id": keys("p" + role[0], person, np.zeros(len(person), np.int32)),
        "role": one_word(role, len(person)),
        "status": one_word("active", len(person)),
        "from_on": Dates(day.astype(np.int32)),
        "until": Dates(until.astype(np.int32)),
    }
    return Rows("care_plan", "care_plan", person, columns)
