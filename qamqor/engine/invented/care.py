"""What the record says of illness and care: problems, programmes, visits, prescriptions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from qamqor.engine.invented.contacts import Contacts
from qamqor.engine.invented.draws import NEVER, Days, Ints, chances, number_within
from qamqor.engine.invented.figures import Figures, Invention, chance
from qamqor.engine.invented.illness import Illness
from qamqor.engine.invented.people import People
from qamqor.engine.invented.places import Layout
from qamqor.engine.invented.register import PRECISIONS, site_names, start_of
from qamqor.engine.invented.rows import Column, Dates, Rows, Truths, Words, keys, one_word


def problem_rows(
    invention: Invention, people: People, illnesses: Mapping[str, Illness], system: str
) -> Rows:
    """The problem list: every known condition, its onset often known only roughly.

    Args:
        invention: the tables of numbers.
        people: of one block.
        illnesses: what they live with.
        system: of the codes in conditions.yaml.
    """
    records = invention["population"]["records"]
    conditions = invention["conditions"]["conditions"]
    words = tuple(code for entry in conditions.values() for code in entry["codes"])
    person, code, onset, known = _gathered(illnesses, conditions)
    order = np.lexsort((known, person))
    person, code, onset, known = person[order], code[order], onset[order], known[order]
    random = people.random("problems")
    u = chances(random, len(person))
    year_only, month_only = chance(records["onset_year_only"]), chance(records["onset_month_only"])
    precision = np.where(u < year_only, 2, np.where(u < year_only + month_only, 1, 0))
    young = onset - people.born[person] < 366
    precision = np.where(young, 0, precision).astype(np.int8)
    columns: dict[str, Column] = {
        "condition_id": keys("co", person, number_within(person)),
        "system": one_word(system, len(person)),
        "code": Words(code, words),
        "is_confirmed": Truths(chances(random, len(person)) >= np.float32(0.02)),
        "onset_on": Dates(start_of(onset, precision)),
        "onset_precision": Words(precision, PRECISIONS),
        "recorded_on": Dates(known),
        "resolved_on": Dates(np.full(len(person), NEVER, np.int32)),
        "category": one_word("problem-list-item", len(person)),
    }
    return Rows("condition", "condition", person, columns)


def _gathered(
    illnesses: Mapping[str, Illness], conditions: Mapping[str, Figures]
) -> tuple[Ints, Ints, Days, Days]:
    people, codes, onsets, known = [], [], [], []
    first = 0
    for name, illness in illnesses.items():
        mine = np.flatnonzero(illness.on_record)
        people.append(mine.astype(np.int32))
        codes.append((illness.code[mine] + first).astype(np.int16))
        onsets.append(illness.onset[mine])
        known.append(illness.known[mine])
        first += len(conditions[name]["codes"])
    return (
        np.concatenate(people),
        np.concatenate(codes),
        np.concatenate(onsets),
        np.concatenate(known),
    )


def enrolment_rows(invention: Invention, people: People, illnesses: Mapping[str, Illness]) -> Rows:
    """Who joined the programme for a condition, and the few who left it."""
    entries = invention["conditions"]["conditions"]
    named = [name for name, entry in entries.items() if "enrolled" in entry]
    person = [np.flatnonzero(illnesses[name].enrolled != NEVER) for name in named]
    index = np.repeat(np.arange(len(named), dtype=np.int8), [len(mine) for mine in person])
    start = np.concatenate([illnesses[n].enrolled[p] for n, p in zip(named, person, strict=True)])
    left = np.concatenate([illnesses[n].left[p] for n, p in zip(named, person, strict=True)])
    who = np.concatenate(person).astype(np.int32)
    order = np.lexsort((start, who))
    programmes = tuple(str(entries[name]["enrolled"]["programme"]) for name in named)
    columns: dict[str, Column] = {
        "episode_of_care_id": keys("en", who[order], number_within(who[order])),
        "programme": Words(index[order], programmes),
        "from_on": Dates(start[order]),
        "left_on": Dates(left[order]),
        "status": Words((left[order] != NEVER).astype(np.int8), ("active", "finished")),
    }
    return Rows("enrolment", "enrolment", who[order], columns)


def visit_rows(layout: Layout, people: People, contacts: Contacts) -> Rows:
    """The visits themselves, for as far back as visits are on record."""
    kept = np.flatnonzero(contacts.on_record)
    person, day, kind = contacts.person[kept], contacts.day[kept], contacts.kind[kept]
    kinds = list(contacts.kinds.values())
    site = layout.site_of_area[people.area[person]]
    columns: dict[str, Column] = {
        "encounter_id": keys("vi", person, number_within(person)),
        "class": _named(kind, [str(entry["class"]) for entry in kinds]),
        "contact": _named(kind, [str(entry.get("contact", "")) for entry in kinds]),
        "started_on": Dates(day),
        "ended_on": Dates(day),
        "role": _named(kind, [str(entry["role"]) for entry in kinds]),
        "organization_id": Words(site, site_names(layout)),
    }
    return Rows("encounter", "visit", person, columns, {"contact": Dates(kept.astype(np.int32))})


def team_visits(
    letters: str, entry: Figures, layout: Layout, people: People, whom: tuple[Ints, Days]
) -> Rows:
    """Visits of one kind to a worker of the team, each begun and ended on its day.

    Args:
        letters: that their keys begin with.
        entry: ``class`` and ``role`` of such a visit.
        layout: places and areas; a visit is at the site of the person's area.
        people: of one block.
        whom: who came and on which day, in the order of people.
    """
    person, day = whom
    site = layout.site_of_area[people.area[person]]
    columns: dict[str, Column] = {
        "encounter_id": keys(letters, person, number_within(person)),
        "class": one_word(str(entry["class"]), len(person)),
        "started_on": Dates(day),
        "ended_on": Dates(day),
        "role": one_word(str(entry["role"]), len(person)),
        "organization_id": Words(site, site_names(layout)),
    }
    return Rows("encounter", "visit", person, columns)


def _named(kind: Ints, names: Sequence[str]) -> Words:
    """The word of each kind; an empty word is no word."""
    words = tuple(sorted({name for name in names if name}))
    place = np.array([words.index(name) if name else -1 for name in names], np.int8)
    return Words(place[kind], words)


def prescription_rows(
    invention: Invention, people: People, illnesses: Mapping[str, Illness], system: str
) -> Rows:
    """The present prescription of everyone treated; a few were stopped."""
    random = people.random("prescriptions")
    who, what, since = [], [], []
    names: dict[str, int] = {}
    for name, entry in invention["conditions"]["conditions"].items():
        illness = illnesses[name]
        treated = np.flatnonzero(illness.treated)
        for code, share in entry["medicines"].items():
            mine = treated[chances(random, len(treated)) < np.float32(share)]
            who.append(mine.astype(np.int32))
            what.append(np.full(len(mine), names.setdefault(code, len(names)), np.int16))
            since.append(illness.known[mine])
    person, code, known = np.concatenate(who), np.concatenate(what), np.concatenate(since)
    back = random.integers(1, 500, len(person))
    start = np.maximum(known, people.end[person] - back).astype(np.int32)
    order = np.lexsort((start, person))
    person, code, start = person[order], code[order], start[order]
    until = start + random.integers(0, 3, len(person)) * 90 + 90
    stopped = (until < people.end[person]) & (chances(random, len(person)) < np.float32(0.25))
    columns: dict[str, Column] = {
        "medication_request_id": keys("me", person, number_within(person)),
        "system": one_word(system, len(person)),
        "code": Words(code, tuple(names)),
        "from_on": Dates(start),
        "until": Dates(until.astype(np.int32)),
        "status": Words(stopped.astype(np.int8), ("active", "stopped")),
    }
    return Rows("medication", "medication", person, columns)
