"""Screening rounds by calendar year: who came, what was found, and what followed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from qamqor.engine.invented.draws import (
    NEVER,
    Bools,
    Days,
    Floats,
    Ints,
    calendar_year,
    chances,
    number_within,
    pick,
)
from qamqor.engine.invented.figures import SEXES, Figures, Invention, chance
from qamqor.engine.invented.illness import Illness
from qamqor.engine.invented.people import FEMALE, People
from qamqor.engine.invented.register import PRECISIONS
from qamqor.engine.invented.rows import Column, Dates, Rows, Truths, Words, keys, one_word


@dataclass(frozen=True, slots=True)
class _Round:
    """Those who came to one programme: the test, the conclusion, and a second stage for some."""

    person: Ints
    tested: Days
    concluded: Days
    result: Ints
    further: Days
    final: Days
    final_result: Ints
    words: tuple[str, ...]


def screening_rows(
    invention: Invention, people: People, illnesses: Mapping[str, Illness]
) -> list[Rows]:
    """Episodes, tests and conclusions of every screening in events.yaml.

    Args:
        invention: the tables of numbers.
        people: of one block.
        illnesses: what they live with; a screening may find what nobody knew.
    """
    part = invention["events"]
    rows: list[Rows] = []
    for place, (name, entry) in enumerate(part["screenings"]["programmes"].items()):
        came = _round(part["screenings"], name, entry, people, illnesses)
        rows += [
            _episodes(name, f"s{place}", came),
            _tests(entry["test"], part["systems"], f"t{place}", came, people),
            _further_tests(entry["further"], part["systems"], f"f{place}", came),
            _conclusions(name, f"r{place}", came),
            _diagnoses(part, entry["diagnoses"], f"d{place}", came, people),
        ]
    return rows


def turn_years(entry: Figures, birth_year: Ints, years: range) -> tuple[Ints, Ints]:
    """Who is due in which of some calendar years: positions of people, and the year of each."""
    person, turn = [], []
    for year in years:
        age = year - birth_year
        due = (age >= entry["first_age"]) & (age <= entry["last_age"])
        mine = np.flatnonzero(due & ((age - entry["first_age"]) % entry["step"] == 0))
        person.append(mine.astype(np.int32))
        turn.append(np.full(len(mine), year, np.int32))
    return np.concatenate(person), np.concatenate(turn)


def _round(
    part: Figures, name: str, entry: Figures, people: People, illnesses: Mapping[str, Illness]
) -> _Round:
    random = people.random(f"screening {name}")
    person, day = _who_came(part, entry, people, illnesses, random)
    words = tuple(dict.fromkeys((*entry["results"], *entry["found"].values(), *_then(entry))))
    result = _first_result(entry, illnesses, person, day, words, random)
    wait = random.exponential(chance(part["result_days"]), len(person)).astype(np.int32) + 1
    end = people.end[person]
    open_ = (chances(random, len(person)) < chance(part["no_result"])) | (day + wait > end)
    concluded = np.where(open_, NEVER, day + wait).astype(np.int32)
    further, final, final_result = _second_stage(entry, end, (concluded, result), words, random)
    return _Round(person, day, concluded, result, further, final, final_result, words)


def _then(entry: Figures) -> tuple[str, ...]:
    return tuple(entry["further"]["then"])


def _who_came(
    part: Figures,
    entry: Figures,
    people: People,
    illnesses: Mapping[str, Illness],
    random: np.random.Generator,
) -> tuple[Ints, Days]:
    this_year = int(calendar_year(np.array([people.as_of]))[0])
    years = range(this_year - int(chance(part["years"])) + 1, this_year + 1)
    person, year = turn_years(entry, calendar_year(people.born), years)
    u = chances(random, len(person))
    share = _share_coming(part, entry, people)[person]
    made_up = (u >= share) & (u < share + (1 - share) * chance(part["made_up"]))
    first = (year + made_up - 1970).astype("datetime64[Y]").astype("datetime64[D]")
    day = first.astype(np.int32) + random.integers(9, 350, len(person))
    keep = ((u < share) | made_up) & (day < people.end[person])
    keep &= _may(entry, people, illnesses, person, day)
    person, day = person[keep], day[keep].astype(np.int32)
    order = np.lexsort((day, person))
    return person[order], day[order]


def _share_coming(part: Figures, entry: Figures, people: People) -> Floats:
    share = np.full(len(people), float(entry["comes"]))
    share *= np.where(people.sex == FEMALE, 1.0, chance(part["men"]))
    return share * np.where(people.rural, chance(part["rural"]), 1.0)


def _may(
    entry: Figures,
    people: People,
    illnesses: Mapping[str, Illness],
    person: Ints,
    day: Days,
) -> Bools:
    """Of the sex concerned, and not under observation for what is looked for."""
    allowed = np.array([entry.get("sex", sex) == sex for sex in SEXES])[people.sex[person]]
    for name in entry["excluded"]:
        allowed &= illnesses[name].known[person] > day
    return allowed


def _first_result(
    entry: Figures,
    illnesses: Mapping[str, Illness],
    person: Ints,
    day: Days,
    words: tuple[str, ...],
    random: np.random.Generator,
) -> Ints:
    shares = np.array([float(entry["results"].get(word, 0)) for word in words])
    result = pick(random, shares, len(person)).astype(np.int8)
    for name, word in entry["found"].items():
        there = illnesses[name].has[person] & (illnesses[name].onset[person] <= day)
        seen = chances(random, len(person)) < np.float32(entry["found_share"])
        result[there & seen] = words.index(word)
    return result


def _second_stage(
    entry: Figures,
    end: Days,
    first: tuple[Days, Ints],
    words: tuple[str, ...],
    random: np.random.Generator,
) -> tuple[Days, Days, Ints]:
    """The further test of those who need and get one, and the conclusion after it."""
    concluded, result = first
    rule = entry["further"]
    needs = np.isin(result, [words.index(word) for word in rule["of"] if word in words])
    needs &= concluded != NEVER
    gets = needs & (chances(random, len(result)) < np.float32(rule["share"]))
    after = concluded.astype(np.int64) + 5 + random.exponential(18, len(result)).astype(np.int64)
    further = np.where(gets & (after < end), after, NEVER)
    said = further + 1 + random.exponential(6, len(result)).astype(np.int64)
    final = np.where((further != NEVER) & (said < end), said, NEVER)
    shares = np.array([float(rule["then"].get(word, 0)) for word in words])
    return (
        further.astype(np.int32),
        final.astype(np.int32),
        pick(random, shares, len(result)).astype(np.int8),
    )


def _episodes(name: str, letters: str, came: _Round) -> Rows:
    closed = np.where(came.further != NEVER, came.final, came.concluded)
    columns: dict[str, Column] = {
        "episode_of_care_id": keys(letters, came.person, number_within(came.person)),
        "programme": one_word(name, len(came.person)),
        "from_on": Dates(came.tested),
        "left_on": Dates(closed.astype(np.int32)),
        "status": Words((closed != NEVER).astype(np.int8), ("active", "finished")),
    }
    return Rows("enrolment", "enrolment", came.person, columns)


def _tests(
    test: Figures, systems: Mapping[str, str], letters: str, came: _Round, people: People
) -> Rows:
    u = chances(people.random(f"test {letters}"), len(came.person))
    kept = np.flatnonzero(u < float(test["share"]))
    return examination(test, systems, letters, came.person[kept], came.tested[kept])


def _further_tests(
    further: Figures, systems: Mapping[str, str], letters: str, came: _Round
) -> Rows:
    kept = np.flatnonzero(came.further != NEVER)
    person, day = came.person[kept], came.further[kept]
    order = np.lexsort((day, person))
    return examination(further, systems, letters, person[order], day[order])


def examination(
    entry: Mapping[str, Any], systems: Mapping[str, str], letters: str, person: Ints, day: Days
) -> Rows:
    """Rows of examinations of one kind, in order of person and day."""
    count = len(person)
    columns: dict[str, Column] = {
        "source_id": keys(letters, person, number_within(person)),
        "source_type": one_word(str(entry["type"]), count),
        "system": one_word(systems[entry["system"]], count),
        "code": one_word(str(entry["code"]), count),
        "effective_on": Dates(day),
    }
    return Rows("examination", f"examination {entry['type']}", person, columns)


def _conclusions(name: str, letters: str, came: _Round) -> Rows:
    one, two = np.flatnonzero(came.concluded != NEVER), np.flatnonzero(came.final != NEVER)
    person = np.concatenate([came.person[one], came.person[two]])
    day = np.concatenate([came.concluded[one], came.final[two]])
    result = np.concatenate([came.result[one], came.final_result[two]])
    order = np.lexsort((day, person))
    person = person[order]
    columns: dict[str, Column] = {
        "observation_id": keys(letters, person, number_within(person)),
        "programme": one_word(name, len(person)),
        "result": Words(result[order], came.words),
        "effective_on": Dates(day[order]),
    }
    return Rows("screening_result", "screening_result", person, columns)


def _diagnoses(
    part: Figures, codes: Mapping[str, str], letters: str, came: _Round, people: People
) -> Rows:
    """What the second stage confirmed, as a problem on record for all but a few."""
    found = tuple(codes)
    of_word = np.array([found.index(word) if word in found else -1 for word in came.words])
    code = np.where(came.final != NEVER, of_word[came.final_result], -1)
    u = chances(people.random(f"diagnosis {letters}"), len(code))
    kept = np.flatnonzero((code >= 0) & (u < chance(part["screenings"]["on_record"])))
    person, day = came.person[kept], came.final[kept]
    columns: dict[str, Column] = {
        "condition_id": keys(letters, person, number_within(person)),
        "system": one_word(part["systems"]["icd10"], len(kept)),
        "code": Words(code[kept].astype(np.int8), tuple(codes.values())),
        "is_confirmed": Truths(np.full(len(kept), True)),
        "onset_on": Dates(day),
        "onset_precision": Words(np.zeros(len(kept), np.int8), PRECISIONS),
        "recorded_on": Dates(day),
        "resolved_on": Dates(np.full(len(kept), NEVER, np.int32)),
        "category": one_word("problem-list-item", len(kept)),
    }
    return Rows("condition", "condition", person, columns)
