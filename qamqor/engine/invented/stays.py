"""Hospital stays, visits after them, and ambulance calls."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from qamqor.engine.invented.care import team_visits
from qamqor.engine.invented.draws import (
    DAYS_A_YEAR,
    Days,
    Floats,
    Ints,
    chances,
    number_within,
    pick,
)
from qamqor.engine.invented.figures import Figures, Invention, by_age, by_sex, chance
from qamqor.engine.invented.illness import Illness
from qamqor.engine.invented.people import People
from qamqor.engine.invented.places import Layout
from qamqor.engine.invented.register import HOSPITAL
from qamqor.engine.invented.rows import NO_RESOURCE, Column, Dates, Rows, Words, keys, one_word


@dataclass(frozen=True, slots=True)
class _Stays:
    person: Ints
    admitted: Days
    discharged: Days
    code: Words


def stay_rows(
    invention: Invention,
    layout: Layout,
    people: People,
    illnesses: Mapping[str, Illness],
    system: str,
) -> list[Rows]:
    """Stays as stays and as encounters, the team's visits after them, ambulance calls.

    Args:
        invention: the tables of numbers.
        layout: places and areas.
        people: of one block.
        illnesses: what they live with.
        system: of the codes in conditions.yaml and events.yaml.
    """
    part = invention["events"]
    stays = _drawn(part["stays"], invention["conditions"]["conditions"], people, illnesses)
    return [
        *_as_rows(part["stays"], people, stays, system),
        _visits_after(part["stays"]["visited_after"], layout, people, stays),
        _calls(part["ambulance"], people),
    ]


def _drawn(
    part: Figures,
    conditions: Mapping[str, Figures],
    people: People,
    illnesses: Mapping[str, Illness],
) -> _Stays:
    random = people.random("stays")
    years = chance(part["years"])
    codes: dict[str, int] = {}
    who, since, what = [], [], []
    for name, entry in part["of_condition"].items():
        illness = illnesses[name]
        rate = np.where(illness.controlled, float(entry["a_year"]), float(entry["poor"]))
        count = random.poisson(np.where(illness.on_record, rate * years, 0))
        person = np.repeat(np.arange(len(people), dtype=np.int32), count)
        words = [codes.setdefault(code, len(codes)) for code in conditions[name]["codes"]]
        who.append(person)
        since.append(illness.known[person])
        what.append(np.array(words)[illness.code[person]])
    other = random.poisson(people.of(by_sex(part["other_a_year"])) * years)
    person = np.repeat(np.arange(len(people), dtype=np.int32), other)
    words = [codes.setdefault(code, len(codes)) for code in part["other_codes"]]
    who.append(person)
    since.append(people.born[person])
    what.append(np.array(words)[pick(random, _shares(part["other_codes"]), len(person))])
    return _placed(part, people, random, (who, since, what), tuple(codes))


def _placed(
    part: Figures,
    people: People,
    random: np.random.Generator,
    drawn: tuple[list[Ints], list[Days], list[Ints]],
    codes: tuple[str, ...],
) -> _Stays:
    person, since, what = (np.concatenate(pieces) for pieces in drawn)
    end = people.end[person]
    start = np.maximum(since, end - round(chance(part["years"]) * DAYS_A_YEAR))
    day = start + (random.random(len(person)) * (end - start)).astype(np.int64)
    length = random.integers(int(part["days"]["low"]), int(part["days"]["high"]), len(person))
    kept = np.flatnonzero((day > since) & (day + length < end))
    order = kept[np.lexsort((day[kept], person[kept]))]
    person, day, length = person[order], day[order], length[order]
    before = np.concatenate([[0], (day + length)[:-1]])
    again = (np.concatenate([[-1], person[:-1]]) == person) & (day <= before)
    good = ~again
    admitted = day[good].astype(np.int32)
    code = Words(what[order][good].astype(np.int8), codes)
    return _Stays(person[good], admitted, (day + length)[good].astype(np.int32), code)


def _shares(entry: Mapping[str, float]) -> Floats:
    return np.array([float(share) for share in entry.values()])


def _as_rows(part: Figures, people: People, stays: _Stays, system: str) -> list[Rows]:
    person, count = stays.person, len(stays.person)
    random = people.random("dispositions")
    shares = part["dispositions"]
    own = keys("st", person, number_within(person))
    by_discharge = np.lexsort((stays.discharged, person))
    assert (by_discharge == np.arange(count)).all()  # noqa: S101
    stay: dict[str, Column] = {
        "encounter_id": own,
        "admitted_on": Dates(stays.admitted),
        "discharged_on": Dates(stays.discharged),
        "system": one_word(system, count),
        "code": stays.code,
        "disposition": Words(pick(random, _shares(shares), count).astype(np.int8), tuple(shares)),
    }
    contact: dict[str, Column] = {
        "encounter_id": own,
        "class": one_word("IMP", count),
        "started_on": Dates(stays.admitted),
        "ended_on": Dates(stays.discharged),
        "organization_id": one_word(HOSPITAL, count),
    }
    return [
        Rows("hospital_stay", "stay", person, stay),
        Rows("encounter", NO_RESOURCE, person, contact),
    ]


def _visits_after(part: Figures, layout: Layout, people: People, stays: _Stays) -> Rows:
    """The team sees some people soon after they come home."""
    random = people.random("visits after stays")
    low, high = part["days"]
    day = stays.discharged + random.integers(low, high, len(stays.person))
    seen = chances(random, len(day)) < np.float32(part["share"])
    kept = np.flatnonzero(seen & (day < people.end[stays.person]))
    whom = (stays.person[kept], day[kept].astype(np.int32))
    return team_visits("fv", part, layout, people, whom)


def _calls(part: Figures, people: People) -> Rows:
    random = people.random("ambulance")
    span = round(chance(part["years"]) * DAYS_A_YEAR)
    rate = by_age(part["a_year"]["by_age"])[people.age] * chance(part["years"])
    start = np.maximum(people.end - span, people.born)
    count = random.poisson(rate * (people.end - start) / span)
    person = np.repeat(np.arange(len(people), dtype=np.int32), count)
    day = start[person] + random.random(len(person)) * (people.end - start)[person]
    order = np.lexsort((day, person))
    day = day[order].astype(np.int32)
    categories = part["categories"]
    columns: dict[str, Column] = {
        "encounter_id": keys("am", person, number_within(person)),
        "class": one_word("EMER", len(person)),
        "contact": Words(
            pick(random, _shares(categories), len(person)).astype(np.int8), tuple(categories)
        ),
        "started_on": Dates(day),
        "ended_on": Dates(day),
        "organization_id": one_word(HOSPITAL, len(person)),
    }
    return Rows("encounter", "visit", person, columns)
