"""Referrals and their replies, calls and invitations, what came of them, agreed aims, consent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from qamqor.engine.invented.draws import (
    DAYS_A_YEAR,
    NEVER,
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
from qamqor.engine.invented.people import People
from qamqor.engine.invented.rows import (
    Column,
    Dates,
    Numbers,
    Rows,
    Truths,
    Words,
    keys,
    one_word,
)
from qamqor.engine.invented.screenings import turn_years

STEPS = ("booked", "seen", "replied", "closed")


@dataclass(frozen=True, slots=True)
class _Attempts:
    person: Ints
    day: Days
    action: Words
    outcome: Ints


def outreach_rows(
    invention: Invention, people: People, illnesses: Mapping[str, Illness]
) -> list[Rows]:
    """Everything the team does to bring people and care together.

    Args:
        invention: the tables of numbers.
        people: of one block.
        illnesses: what they live with.
    """
    part = invention["events"]
    attempts = _attempts(part, people, illnesses)
    return [
        *_referrals(part["referrals"], people, illnesses),
        _calls(part["outreach"], people, attempts),
        _acts(part["outreach"], people, attempts),
        *_goals(part["goals"], people, illnesses),
        *_consents(part, people),
    ]


def _shares(entry: Mapping[str, float]) -> Floats:
    return np.array([float(share) for share in entry.values()])


def _sent(
    part: Figures, people: People, illnesses: Mapping[str, Illness], random: np.random.Generator
) -> tuple[Ints, Days, Ints, tuple[str, ...]]:
    """Who was referred when and for what, in order."""
    years = chance(part["years"])
    codes: dict[str, int] = {}
    who, what = [], []
    wishes = [(i.on_record, part["of_condition"].get(n)) for n, i in illnesses.items()]
    everyone = {"a_year": chance(part["other_a_year"]), "codes": part["other_codes"]}
    for concerned, entry in [*wishes, (np.ones(len(people), np.bool_), everyone)]:
        if entry:
            count = random.poisson(concerned * float(entry["a_year"]) * years)
            person = np.repeat(np.arange(len(people), dtype=np.int32), count)
            own = np.array([codes.setdefault(str(code), len(codes)) for code in entry["codes"]])
            who.append(person)
            what.append(own[pick(random, _shares(entry["codes"]), len(person))])
    person, code = np.concatenate(who), np.concatenate(what)
    start = np.maximum(people.born, people.end - round(years * DAYS_A_YEAR))[person]
    day = start + (random.random(len(person)) * (people.end[person] - start)).astype(np.int32)
    order = np.lexsort((day, person))
    return person[order], day[order].astype(np.int32), code[order].astype(np.int8), tuple(codes)


def _referrals(part: Figures, people: People, illnesses: Mapping[str, Illness]) -> list[Rows]:
    """Each referral as it was sent, and for most how far it came."""
    random = people.random("referrals")
    person, day, code, codes = _sent(part, people, illnesses, random)
    own = keys("re", person, number_within(person))
    urgent = chances(random, len(person)) < chance(part["urgent"])
    steps = _way(part, people, person, day, random)
    reached = sum((steps[step] != NEVER).astype(np.int8) for step in STEPS)
    request: dict[str, Column] = {
        "service_request_id": own,
        "code": Words(code, codes),
        "priority": Words(urgent.astype(np.int8), ("routine", "urgent")),
        "sent_on": Dates(day),
        "booked_on": Dates(steps["booked"]),
    }
    kept = np.flatnonzero(chances(random, len(person)) < chance(part["tracked"]))
    track: dict[str, Column] = {
        "service_request_id": keys("re", person[kept], own.number[kept]),
        "sent_on": Dates(day[kept]),
        **{f"{step}_on": Dates(steps[step][kept]) for step in STEPS},
        "outcome": Words(np.asarray(reached)[kept], ("sent", *STEPS)),
    }
    return [
        Rows("referral", "referral", person, request),
        Rows("referral", "referral way", person[kept], track),
    ]


def _way(
    part: Figures, people: People, person: Ints, day: Days, random: np.random.Generator
) -> dict[str, Days]:
    """The day of each step a referral reached; a step needs the one before it."""
    at = day.astype(np.int64)
    going = np.ones(len(day), np.bool_)
    steps = {}
    for step in STEPS:
        entry = part["steps"][step]
        at = at + random.exponential(float(entry["days"]), len(day)).astype(np.int64)
        going &= (chances(random, len(day)) < np.float32(entry["share"])) & (
            at < people.end[person]
        )
        steps[step] = np.where(going, at, NEVER).astype(np.int32)
    return steps


def _attempts(part: Figures, people: People, illnesses: Mapping[str, Illness]) -> _Attempts:
    """Invitations to this year's screenings, and calls to people in programmes."""
    random = people.random("attempts")
    outreach = part["outreach"]
    actions: list[str] = []
    who: list[Ints] = []
    what: list[Ints] = []
    this_year = int(calendar_year(np.array([people.as_of]))[0])
    for entry in part["screenings"]["programmes"].values():
        years = range(this_year, this_year + 1)
        person, _ = turn_years(entry, calendar_year(people.born), years)
        of_sex = np.array([entry.get("sex", sex) == sex for sex in SEXES])[people.sex[person]]
        invited = of_sex & (chances(random, len(person)) < chance(outreach["invited"]))
        _note(actions, str(entry["action"]), person[invited], who, what)
    for name, action in outreach["programme_actions"].items():
        member = np.flatnonzero(illnesses[name].enrolled < people.end - 60)
        called = chances(random, len(member)) < chance(outreach["programme_calls"])
        _note(actions, str(action), member[called], who, what)
    person, action = np.concatenate(who).astype(np.int32), np.concatenate(what)
    again = chances(random, len(person)) < chance(outreach["tried_again"])
    twice = np.repeat(np.arange(len(person)), 1 + again)
    return _dated(outreach, people, random, person[twice], action[twice], actions)


def _note(actions: list[str], action: str, person: Ints, who: list[Ints], what: list[Ints]) -> None:
    if action not in actions:
        actions.append(action)
    who.append(person)
    what.append(np.full(len(person), actions.index(action), np.int8))


def _dated(
    part: Figures,
    people: People,
    random: np.random.Generator,
    person: Ints,
    action: Ints,
    actions: list[str],
) -> _Attempts:
    new_year = np.array([people.as_of]).astype("datetime64[D]").astype("datetime64[Y]")
    first = int(new_year.astype("datetime64[D]").astype(np.int64)[0])
    start = np.maximum(first, people.born[person] + 1)
    day = start + (random.random(len(person)) * (people.end[person] - start)).astype(np.int64)
    kept = np.flatnonzero((day >= start) & (day < people.end[person]))
    order = kept[np.lexsort((day[kept], person[kept]))]
    outcome = pick(random, _shares(part["outcomes"]), len(order)).astype(np.int8)
    words = Words(action[order], tuple(actions))
    return _Attempts(person[order], day[order].astype(np.int32), words, outcome)


def _calls(part: Figures, people: People, attempts: _Attempts) -> Rows:
    random = people.random("media")
    person = attempts.person
    medium = pick(random, _shares(part["media"]), len(person)).astype(np.int8)
    columns: dict[str, Column] = {
        "communication_id": keys("ca", person, number_within(person)),
        "action": attempts.action,
        "medium": Words(medium, tuple(part["media"])),
        "sent_on": Dates(attempts.day),
        "outcome": Words(attempts.outcome, tuple(part["outcomes"])),
    }
    return Rows("contact_attempt", "contact_attempt", person, columns)


def _acts(part: Figures, people: People, attempts: _Attempts) -> Rows:
    """What somebody did about a due item after reaching the person."""
    random = people.random("acts")
    rule = part["acted_on"]
    outcomes = tuple(part["outcomes"])
    acted = np.isin(attempts.outcome, [outcomes.index(word) for word in rule["outcomes"]])
    acted &= chances(random, len(acted)) < np.float32(rule["share"])
    kept = np.flatnonzero(acted)
    person, day = attempts.person[kept], attempts.day[kept]
    promised = np.isin(attempts.outcome[kept], [outcomes.index(w) for w in ("agreed", "later")])
    until = day + random.integers(1, int(rule["promise_days"]), len(day))
    columns: dict[str, Column] = {
        "task_id": keys("tk", person, number_within(person)),
        "action": Words(attempts.action.index[kept], attempts.action.words),
        "outcome": Words(attempts.outcome[kept], outcomes),
        "acted_on": Dates(day),
        "until": Dates(np.where(promised, until, NEVER).astype(np.int32)),
    }
    return Rows("task", "task", person, columns)


def _goals(
    part: Mapping[str, Figures], people: People, illnesses: Mapping[str, Illness]
) -> list[Rows]:
    rows = []
    for place, (name, entry) in enumerate(part.items()):
        random = people.random(f"goals {name}")
        member = illnesses[name].enrolled < people.end - 30
        agreed = member & (chances(random, len(people)) < np.float32(entry["share"]))
        person = np.flatnonzero(agreed).astype(np.int32)
        since = illnesses[name].enrolled[person].astype(np.int64)
        span = people.end[person] - since
        day = since + (random.random(len(person)) * span).astype(np.int64)
        values = np.array([round(float(value) * 10) for value in entry["values"]], np.int32)
        columns: dict[str, Column] = {
            "goal_id": keys(f"g{place}", person, number_within(person)),
            "measure": one_word(str(entry["measure"]), len(person)),
            "target_value": Numbers(values[random.integers(0, len(values), len(person))], 1),
            "unit": one_word(str(entry["unit"]), len(person)),
            "from_on": Dates(day.astype(np.int32)),
        }
        rows.append(Rows("goal", "goal", person, columns))
    return rows


def _consents(part: Figures, people: People) -> list[Rows]:
    """Written refusals of a screening, and what people decided about their data."""
    random = people.random("consents")
    programmes = tuple(part["screenings"]["programmes"])
    grown = people.age >= 40
    refuses = grown & (
        chances(random, len(people)) < np.float32(part["consents"]["refuses"]["share"])
    )
    person = np.flatnonzero(refuses).astype(np.int32)
    which = Words(random.integers(0, len(programmes), len(person)), programmes)
    entry = part["consents"]["general"]
    asked = (people.age >= 18) & (chances(random, len(people)) < np.float32(entry["share"]))
    some = np.flatnonzero(asked).astype(np.int32)
    permitted = chances(random, len(some)) < np.float32(entry["permitted"])
    return [
        _consent(
            "cr", people, random, (person, which, np.zeros(len(person), np.bool_)), "treatment"
        ),
        _consent(
            "cg",
            people,
            random,
            (some, one_word(str(entry["category"]), len(some)), permitted),
            str(entry["scope"]),
        ),
    ]


def _consent(
    letters: str,
    people: People,
    random: np.random.Generator,
    said: tuple[Ints, Words, Ints],
    scope: str,
) -> Rows:
    person, category, permitted = said
    start = people.end[person] - random.integers(1, 700, len(person))
    ends = random.random(len(person)) < 0.4
    until = np.where(ends, start + 730, NEVER)
    columns: dict[str, Column] = {
        "consent_id": keys(letters, person, number_within(person)),
        "scope": one_word(scope, len(person)),
        "category": category,
        "is_permitted": Truths(permitted),
        "from_on": Dates(start.astype(np.int32)),
        "until": Dates(until.astype(np.int32)),
    }
    return Rows("consent", "consent", person, columns)
