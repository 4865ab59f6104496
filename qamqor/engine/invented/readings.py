"""What was measured at the contacts: values that fit the person, the day and the treatment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from qamqor.engine.invented.contacts import Contacts
from qamqor.engine.invented.draws import (
    Bools,
    Days,
    Floats,
    Ints,
    chances,
    normals,
    number_within,
)
from qamqor.engine.invented.figures import (
    SEXES,
    Figures,
    Invention,
    along_age,
    by_age,
    by_sex,
    chance,
)
from qamqor.engine.invented.illness import Illness
from qamqor.engine.invented.people import People
from qamqor.engine.invented.rows import Column, Dates, Numbers, Rows, Words, keys, scaled
from qamqor.engine.invented.screenings import examination

BYTES: Final = 2**16


@dataclass(slots=True)
class _Drawn:
    """One reading as drawn: at which contacts, and the values of its columns."""

    contact: Ints
    values: dict[str, Floats]


@dataclass(slots=True)
class _Room:
    """What every reading of a block is drawn from."""

    people: People
    illnesses: Mapping[str, Illness]
    contacts: Contacts
    part: Figures
    tables: Mapping[str, Floats]
    systems: Mapping[str, str]
    slot: Ints
    drawn: dict[str, _Drawn]

    @property
    def day(self) -> Days:
        return self.contacts.day

    def known_on(self, name: str, contact: Ints) -> Bools:
        """Whether a condition was on record at some contacts."""
        known = self.illnesses[name].known
        result: Bools = self.day[contact] >= known[self.contacts.person[contact]]
        return result


def level_tables(part: Figures) -> dict[str, Floats]:
    """Levels, panel chances and answers by sex and age, worked out once for all blocks."""
    tables = {f"panel {name}": by_age(panel["at"]) for name, panel in part["panels"].items()}
    tables["delay"] = delay_table(part["recorded"])
    for name, trait in part["traits"].items():
        tables[f"trait {name}"] = by_sex(trait["level"], along_age)
    for name, reading in part["readings"].items():
        for column, entry in reading.get("columns", {}).items():
            if "level" in entry:
                tables[f"{name} {column}"] = by_sex(entry["level"], along_age)
        for answer, shares in reading.get("answer", {}).get("shares", {}).items():
            tables[f"{name} {answer}"] = by_sex(shares)
    return tables


def make_readings(
    invention: Invention,
    people: People,
    illnesses: Mapping[str, Illness],
    contacts: Contacts,
    tables: Mapping[str, Floats],
) -> list[Rows]:
    """Draw every reading of readings.yaml.

    Args:
        invention: the tables of numbers.
        people: of one block.
        illnesses: what they live with.
        contacts: when they met their team.
        tables: what ``level_tables`` gave.
    """
    part = invention["readings"]
    systems = invention["events"]["systems"]
    slot = _slots(people, illnesses, contacts)
    room = _Room(people, illnesses, contacts, part, tables, systems, slot, {})
    panels = _panels(room)
    return [_reading(room, name, entry, panels) for name, entry in part["readings"].items()]


def _panels(room: _Room) -> dict[str, Ints]:
    """The contacts that brought the readings of each panel.

    Chances are compared as 16-bit numbers. Panels of one ``bundle`` share the number drawn
    for a contact: what is taken from the same blood is taken on the same day. And only contacts
    that bring the likeliest panel of a bundle are looked at for the others.
    """
    bundles: dict[str, list[str]] = {}
    for name, panel in room.part["panels"].items():
        bundles.setdefault(str(panel.get("bundle", name)), []).append(name)
    found: dict[str, Ints] = {}
    for bundle, names in bundles.items():
        limits = {name: _limits(room, room.part["panels"][name], name) for name in names}
        widest = np.maximum.reduce(list(limits.values()))
        some, u = _drawn_for(room, widest, room.people.random(f"bundle {bundle}"))
        slot, kind = room.slot[some], room.contacts.kind[some]
        for name in names:
            without = set(room.part["panels"][name].get("not_by", ()))
            allowed = np.array([kind not in without for kind in room.contacts.kinds])
            found[name] = some[(u < limits[name][slot]) & allowed[kind]]
    return found


def _limits(room: _Room, panel: Figures, name: str) -> Ints:
    """Below which 16-bit number a contact brings the panel, before and after a diagnosis."""
    before = room.tables[f"panel {name}"][room.people.age]
    after = before.copy()
    for condition, more in panel.get("with", {}).items():
        known = room.illnesses[condition].on_record
        after[known] = np.maximum(after[known], float(more))
    return (np.concatenate([before, after]) * (BYTES - 1)).astype(np.uint16)


def _drawn_for(room: _Room, limits: Ints, random: np.random.Generator) -> tuple[Ints, Ints]:
    """Contacts that may bring anything under these limits, and the numbers drawn for them."""
    count = len(room.slot)
    concerned = limits > 0
    if concerned.mean() < 0.4:
        mine = np.flatnonzero(concerned[room.slot])
        u = np.frombuffer(random.bytes(2 * len(mine)), np.uint16)
        hit = np.flatnonzero(u < limits[room.slot[mine]])
        return mine[hit], u[hit]
    u = np.frombuffer(random.bytes(2 * count), np.uint16)
    hit = np.flatnonzero(u < limits[room.slot])
    return hit, u[hit]


def _slots(people: People, illnesses: Mapping[str, Illness], contacts: Contacts) -> Ints:
    """Where each contact finds its chances: its person, once more from the first diagnosis on."""
    since = np.minimum.reduce([illness.known for illness in illnesses.values()])
    later = contacts.day >= since[contacts.person]
    slots: Ints = contacts.person + later * np.int32(len(people))
    return slots


def _reading(room: _Room, name: str, entry: Figures, panels: Mapping[str, Ints]) -> Rows:
    random = room.people.random(f"reading {name}")
    source = room.drawn[entry["along"]] if "along" in entry else None
    contact = source.contact if source else panels[entry["panel"]]
    keep = chances(random, len(contact)) < float(entry.get("share", 1.0))
    if "needs" in entry:
        keep &= room.known_on(entry["needs"], contact)
    kept = np.flatnonzero(keep)
    values = {k: v[kept] for k, v in source.values.items()} if source else {}
    contact = contact[kept]
    for column, figures in entry.get("columns", {}).items():
        values[column] = _values(room, f"{name} {column}", figures, contact, values, random)
    room.drawn[name] = _Drawn(contact, values)
    return _rows(room, name, entry, contact, values, random)


def _values(
    room: _Room,
    label: str,
    figures: Figures,
    contact: Ints,
    values: Mapping[str, Floats],
    random: np.random.Generator,
) -> Floats:
    person = room.contacts.person[contact]
    if "follows" in figures:
        rule = figures["follows"]
        value = values[rule["column"]] * np.float32(rule["slope"]) + np.float32(rule["intercept"])
        value += normals(random, len(contact)) * np.float32(rule["sd"])
        value = np.minimum(value, values[rule["column"]] * np.float32(0.85))
    elif "ratio" in figures:
        rule = figures["ratio"]
        trait = _trait(room, rule["trait"])
        value = values[rule["column"]] / trait[person] ** rule["power"]
    elif "inverse" in figures:
        rule = figures["inverse"]
        numerator = np.array([float(rule["numerator"][sex]) for sex in SEXES], np.float32)
        value = numerator[room.people.sex[person]] / values[rule["column"]]
    else:
        value = _measured(room, label, figures, contact, random)
    low, high = figures["range"]
    decimals = np.float32(10 ** int(figures["decimals"]))
    result: Floats = (np.rint(value.clip(low, high) * decimals) / decimals).astype(np.float32)
    return result


def _trait(room: _Room, name: str) -> Floats:
    """Something about a person that does not change from visit to visit."""
    entry = room.part["traits"][name]
    z = normals(room.people.random(f"trait {name}"), len(room.people))
    level = room.people.of(room.tables[f"trait {name}"])
    own: Floats = (level * (1 + z * entry["between_share"])).astype(np.float32)
    return own


def _measured(
    room: _Room, label: str, figures: Figures, contact: Ints, random: np.random.Generator
) -> Floats:
    people, person = room.people, room.contacts.person[contact]
    z = normals(people.random(f"between {label}"), len(people))
    own = z * np.float32(figures.get("between", 0))
    relative = 1 + z * np.float32(figures.get("between_share", 0))
    table = room.tables[label].astype(np.float32)
    if figures.get("grows"):
        age = people.age_on(room.day[contact], person)
        value = table[people.sex[person], age] * relative[person] + own[person]
    else:
        value = (people.of(table) * relative + own)[person]
    noise = normals(random, len(contact))
    value = value + noise * np.float32(figures.get("within", 0))
    value *= 1 + noise * np.float32(figures.get("within_share", 0))
    for condition, effect in figures.get("effects", {}).items():
        spread = figures.get("spread", {}).get(condition, {})
        _add_effect(room, condition, contact, value, (effect, spread, z))
    return value


def _add_effect(
    room: _Room, condition: str, contact: Ints, value: Floats, rule: tuple[Any, Any, Floats]
) -> None:
    """Add what a condition does: one amount until it is known, another by its control."""
    illness, person = room.illnesses[condition], room.contacts.person[contact]
    effect, spread, z = rule
    before = _amount(effect, spread, z, "unknown")
    after = np.where(
        illness.controlled,
        _amount(effect, spread, z, "controlled"),
        _amount(effect, spread, z, "uncontrolled"),
    )
    mine = np.flatnonzero(illness.has[person])
    who, day = person[mine], room.day[contact[mine]]
    added = np.where(day >= illness.known[who], after[who], before[who])
    value[mine] += np.where(day >= illness.onset[who], added, 0).astype(np.float32)


def _amount(effect: Figures, spread: Figures, z: Floats, state: str) -> Floats:
    return np.float32(effect[state]) + z * np.float32(spread.get(state, 0))


def _rows(
    room: _Room,
    name: str,
    entry: Figures,
    contact: Ints,
    values: Mapping[str, Floats],
    random: np.random.Generator,
) -> Rows:
    if "examination" in entry:
        return _examined(room, name, entry, contact)
    order = _some_twice(len(contact), chance(room.part["duplicates"]), random)
    contact = contact[order]
    person, day = room.contacts.person[contact], room.day[contact]
    columns: dict[str, Column] = {
        "observation_id": keys(entry["key"], person, number_within(person, len(room.people))),
        "effective_on": Dates(day),
        "recorded_on": Dates(_recorded(room, person, day, random)),
    }
    if "questionnaire" in entry:
        columns["questionnaire"] = Words(np.zeros(len(contact), np.int8), (entry["questionnaire"],))
    for column, figures in entry.get("columns", {}).items():
        decimals = int(figures["decimals"])
        columns[column] = Numbers(scaled(values[column][order], decimals), decimals)
    if "digits" in entry:
        _prefer_digits(entry, columns, random)
    if "answer" in entry:
        columns[entry["answer"]["column"]] = _answers(room, name, entry["answer"], person, random)
    more: dict[str, Column] = {"contact": Dates(contact.astype(np.int32))}
    if entry.get("setting"):
        kinds = room.contacts.kinds.values()
        settings = tuple(sorted({kind["setting"] for kind in kinds}))
        place = np.array([settings.index(kind["setting"]) for kind in kinds], np.int8)
        columns["setting"] = Words(place[room.contacts.kind[contact]], settings)
    return Rows(entry.get("table", name), name, person, columns, more)


def _examined(room: _Room, name: str, entry: Figures, contact: Ints) -> Rows:
    """A reading that is only known to have been done."""
    rule = {**entry["examination"], "code": next(iter(entry["code"]))}
    person, day = room.contacts.person[contact], room.day[contact]
    return examination(rule, room.systems, entry["key"], person, day)


def _some_twice(count: int, share: float, random: np.random.Generator) -> Ints:
    """Positions 0 to ``count - 1`` in order, a few of them twice."""
    often = np.ones(count, np.int8)
    often[random.integers(0, max(count, 1), random.binomial(count, share))] = 2
    return np.repeat(np.arange(count, dtype=np.int32), often)


def delay_table(part: Figures) -> Ints:
    """Days until a reading is on record for each 16-bit number: mostly none, a few very many."""
    u = np.arange(BYTES) / BYTES
    late = part["late"]
    low, high = late["days"]
    is_late = u < late["share"]
    spread = u / late["share"] * (high - low) + low
    usual = -np.log1p(-(u - late["share"]).clip(0) / (1 - late["share"])) * 0.6
    days: Ints = np.where(is_late, spread, np.floor(usual * chance(part["days"]))).astype(np.int32)
    return days


def _recorded(room: _Room, person: Ints, day: Days, random: np.random.Generator) -> Days:
    """When each reading reached the record."""
    u = np.frombuffer(random.bytes(2 * len(day)), np.uint16)
    within: Days = np.minimum(day + room.tables["delay"][u], room.people.end[person])
    return within


def _prefer_digits(entry: Figures, columns: dict[str, Column], random: np.random.Generator) -> None:
    """Round some readings to the step people like to write, all columns of a reading alike."""
    step, share = int(entry["digits"]["step"]), np.float32(entry["digits"]["share"])
    rounds: Bools | None = None
    for name, column in columns.items():
        if isinstance(column, Numbers):
            if rounds is None:
                rounds = chances(random, len(column.scaled)) < share
            round_ = np.rint(column.scaled / np.float32(step)).astype(np.int32) * step
            columns[name] = Numbers(np.where(rounds, round_, column.scaled), column.decimals)


def _answers(
    room: _Room, name: str, answer: Figures, person: Ints, random: np.random.Generator
) -> Words:
    if "shares" in answer:
        shares = [room.people.of(room.tables[f"{name} {code}"]) for code in answer["shares"]]
        edges = np.cumsum(shares, axis=0)
        u = chances(room.people.random(f"answer {name}"), len(room.people)) * edges[-1]
        own = (u[None, :] >= edges).sum(axis=0).clip(0, len(shares) - 1).astype(np.int8)
        return Words(own[person], tuple(answer["shares"]))
    codes = tuple(answer["uncontrolled"])
    weights = [[float(answer[k].get(c, 0)) for c in codes] for k in ("uncontrolled", "controlled")]
    edges = np.cumsum(weights, axis=1).astype(np.float32)
    u = chances(random, len(person))
    limits = edges[room.illnesses[answer["by_control"]].controlled[person].astype(np.int8)]
    return Words((u[:, None] >= limits).sum(axis=1).clip(0, len(codes) - 1).astype(np.int8), codes)


def codes_used(people: People, name: str, codes: Mapping[str, float], count: int) -> Words:
    """One of the codes of equal meaning for each row of a reading; only resources say which."""
    if len(codes) == 1:
        return Words(np.zeros(count, np.int8), tuple(codes))
    edges = np.cumsum(list(codes.values())).astype(np.float32)
    u = chances(people.random(f"codes {name}"), count) * edges[-1]
    return Words(np.searchsorted(edges, u, side="right").astype(np.int8), tuple(codes))
