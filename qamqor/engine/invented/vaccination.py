"""Vaccinations given, missed and refused, by a list of doses with ages and intervals."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from qamqor.engine.fhir.names import CODES, CVX
from qamqor.engine.invented.draws import (
    NEVER,
    Days,
    Ints,
    chances,
    day_number,
    number_within,
    pick,
)
from qamqor.engine.invented.figures import SEXES, Figures, Invention
from qamqor.engine.invented.people import People
from qamqor.engine.invented.rows import (
    NO_RESOURCE,
    Column,
    Dates,
    Rows,
    Words,
    keys,
    one_word,
    taken,
)

LONGEST_DELAY: Final = 3000


@dataclass(frozen=True, slots=True)
class _Doses:
    """Doses in order of person and day; ``reason`` is -1 for those given."""

    person: Ints
    day: Days
    dose: Ints
    reason: Ints
    lot: Ints


def vaccination_rows(invention: Invention, people: People) -> list[Rows]:
    """Every dose on record, one row for each of its codes, and exemptions of a few children.

    Args:
        invention: the tables of numbers.
        people: of one block.
    """
    part = invention["events"]["vaccination"]
    doses = _drawn(part, people)
    names = [str(entry.get("code", name)) for name, entry in part["doses"].items()]
    national = f"{CODES}/{part['system']}"
    cvx = [str(entry.get("cvx", "")) for entry in part["doses"].values()]
    first = _coded(part, doses, national, names)
    second = _coded(part, doses, CVX, cvx)
    whole = replace(first, kind="immunisation", more={"cvx": second.columns["code"]})
    coded = np.flatnonzero(np.array([bool(code) for code in cvx])[doses.dose])
    marks = _marks(part["at_risk"], people)
    return [whole, taken(second, coded), _exemptions(part["exempt"], people), marks]


def _drawn(part: Figures, people: People) -> _Doses:
    random = people.random("vaccination")
    refuses = chances(random, len(people)) < np.float32(part["refuses"]["value"])
    days: dict[str, Days] = {}
    reasons = np.array([float(share) for share in part["not_done"]["reasons"].values()])
    who, when, what, why = [], [], [], []
    for place, (name, entry) in enumerate(part["doses"].items()):
        day = _days(part, entry, people, days.get(entry.get("after", "")), random)
        due = np.flatnonzero(day != NEVER).astype(np.int32)
        u, unwilling = chances(random, len(due)), refuses[due]
        given = u < np.where(unwilling, 0.08, float(entry["reached"]))
        days[name] = np.full(len(people), NEVER, np.int32)
        days[name][due[given]] = day[due[given]]
        refused = ~given & (unwilling | (u > 1 - part["not_done"]["share"]))
        for mine, is_given in ((due[given], True), (due[refused], False)):
            who.append(mine)
            when.append(day[mine])
            what.append(np.full(len(mine), place, np.int8))
            none = np.full(len(mine), -1)
            why.append(none if is_given else pick(random, reasons, len(mine)))
    person, day = np.concatenate(who), np.concatenate(when)
    kept = np.flatnonzero(day >= day_number(part["since"]["value"]))
    order = kept[np.lexsort((day[kept], person[kept]))]
    lot = random.integers(0, int(part["lots"]["value"]), len(order))
    dose, reason = np.concatenate(what)[order], np.concatenate(why)[order].astype(np.int8)
    return _Doses(person[order], day[order].astype(np.int32), dose, reason, lot)


def _days(
    part: Figures,
    entry: Figures,
    people: People,
    previous: Days | None,
    random: np.random.Generator,
) -> Days:
    """When each person would get the dose; never where it does not concern them or is to come."""
    first = max(day_number(part["since"]["value"]), day_number(entry.get("since", 0)))
    usual = people.born + int(entry["age"])
    possible = (usual < people.end) & (usual > first - LONGEST_DELAY)
    possible &= np.array([entry.get("sex", sex) == sex for sex in SEXES])[people.sex]
    if previous is not None:
        possible &= previous != NEVER
    mine = np.flatnonzero(possible)
    delay = random.standard_exponential(len(mine)) * float(part["usual_delay_days"]["value"])
    late = chances(random, len(mine)) < np.float32(part["late"]["share"])
    delay += late * random.standard_exponential(len(mine)) * float(part["late"]["days"])
    if int(entry["age"]) < 7:
        delay *= 0.05
    day = usual[mine] + delay.astype(np.int64)
    if previous is not None:
        day = np.maximum(day, previous[mine] + int(entry["days"]))
    days = np.full(len(people), NEVER, np.int32)
    good = (day < people.end[mine]) & (day >= day_number(entry.get("since", 0)))
    days[mine[good]] = day[good]
    return days


def _coded(part: Figures, doses: _Doses, system: str, names: list[str]) -> Rows:
    """One row a dose with its code in one system."""
    count = len(doses.person)
    words = tuple(dict.fromkeys(name for name in names if name))
    code = np.array([words.index(name) if name else -1 for name in names])[doses.dose]
    lots = tuple(f"L{number:03d}" for number in range(int(part["lots"]["value"])))
    columns: dict[str, Column] = {
        "immunization_id": keys("im", doses.person, number_within(doses.person)),
        "system": one_word(system, count),
        "code": Words(code.astype(np.int8), words),
        "given_on": Dates(doses.day),
        "status": Words((doses.reason >= 0).astype(np.int8), ("completed", "not-done")),
        "status_reason": Words(doses.reason, tuple(part["not_done"]["reasons"])),
        "lot": Words(np.where(doses.reason < 0, doses.lot, -1), lots),
    }
    return Rows("immunisation", NO_RESOURCE, doses.person, columns)


def _exemptions(part: Figures, people: People) -> Rows:
    random = people.random("exemptions")
    child = (people.age < 18) & (chances(random, len(people)) < np.float32(part["share"]))
    person = np.flatnonzero(child).astype(np.int32)
    start = people.end[person] - random.integers(1, 900, len(person))
    start = np.maximum(start, people.born[person]).astype(np.int32)
    groups = tuple(str(group) for group in part["groups"])
    columns: dict[str, Column] = {
        "observation_id": keys("ex", person, number_within(person)),
        "vaccine_group": Words(random.integers(0, len(groups), len(person)), groups),
        "from_on": Dates(start),
        "until": Dates((start + int(part["days"])).astype(np.int32)),
    }
    return Rows("exemption", "exemption", person, columns)


def _marks(part: Figures, people: People) -> Rows:
    """People noted as at risk for another reason than an illness on record."""
    random = people.random("at_risk")
    grown = (people.age >= 18) & (chances(random, len(people)) < np.float32(part["share"]))
    person = np.flatnonzero(grown).astype(np.int32)
    day = people.end[person] - random.integers(1, 400, len(person))
    columns: dict[str, Column] = {
        "source_id": keys("vo", person, number_within(person)),
        "source_type": one_word("Observation", len(person)),
        "code": one_word(str(part["code"]), len(person)),
        "observed_on": Dates(day.astype(np.int32)),
    }
    return Rows("vaccination_observation", "vaccination_observation", person, columns)
