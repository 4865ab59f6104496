"""What a register says of each resident: person, attachment, insurance, household, mother."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from qamqor.engine.invented.draws import (
    DAYS_A_YEAR,
    NEVER,
    Days,
    Ints,
    calendar_year,
    chances,
    day_number,
    number_within,
)
from qamqor.engine.invented.figures import Figures, Invention, chance
from qamqor.engine.invented.households import CHILD, HEAD, NOBODY, ROLES, SPOUSE
from qamqor.engine.invented.people import People, happens, share_by_age
from qamqor.engine.invented.places import Layout
from qamqor.engine.invented.rows import (
    Column,
    Dates,
    Numbers,
    Persons,
    Rows,
    Truths,
    Words,
    keys,
    one_word,
)

PRECISIONS: Final = ("day", "month", "year")
LANGUAGES: Final = ("kk", "ru")
HOSPITAL: Final = "hospital-1"


def area_id(number: int) -> str:
    """The id of a GP area."""
    return f"area-{number + 1:05d}"


def site_id(number: int) -> str:
    """The id of an organisation that has GP areas."""
    return f"site-{number + 1:05d}"


def area_names(layout: Layout) -> tuple[str, ...]:
    """Ids of all areas by position."""
    return tuple(area_id(number) for number in range(layout.areas))


def site_names(layout: Layout) -> tuple[str, ...]:
    """Ids of all sites by position."""
    return tuple(site_id(number) for number in range(len(layout.sites)))


def register_rows(
    invention: Invention, layout: Layout, people: People, speaks_kazakh: Ints
) -> list[Rows]:
    """The rows that everybody on the register has, in order of person and date."""
    part = invention["population"]
    return [
        _patients(part["records"], layout, people, speaks_kazakh),
        _attachments(part["attachment"], layout, people),
        *_insurance(part["insurance"], people),
        _members(people),
        _mothers(part["households"], people),
    ]


def start_of(days: Days, precision: Ints) -> Days:
    """Dates cut to the first day of their month (1) or year (2)."""
    dates = days.astype("datetime64[D]")
    month = dates.astype("datetime64[M]").astype("datetime64[D]").astype(np.int32)
    year = dates.astype("datetime64[Y]").astype("datetime64[D]").astype(np.int32)
    return np.where(precision == 2, year, np.where(precision == 1, month, days)).astype(np.int32)


def _patients(part: Figures, layout: Layout, people: People, speaks_kazakh: Ints) -> Rows:
    old = people.age >= part["birth_year_only"]["from_age"]
    vague = happens(people, "birth year only", old * part["birth_year_only"]["share"])
    precision = np.where(vague, 2, 0).astype(np.int8)
    katos = tuple(layout.leaf(i).kato for i in range(len(layout.leaves)))
    everyone = np.arange(len(people), dtype=np.int32)
    active = ~happens(people, "inactive", chance(part["inactive"]))
    columns: dict[str, Column] = {
        "born_on": Dates(start_of(people.born, precision)),
        "born_precision": Words(precision, PRECISIONS),
        "sex": Words(people.sex, ("male", "female")),
        "died_on": Dates(people.died),
        "is_active": Truths(active),
        "language": Words(np.where(speaks_kazakh, 0, 1).astype(np.int8), LANGUAGES),
        "kato": Words(people.leaf, katos),
        "is_rural": Truths(people.rural),
    }
    return Rows("patient", "patient", everyone, columns)


def _attachments(part: Mapping[str, Any], layout: Layout, people: People) -> Rows:
    """The area of each attached person, and for some the one they had before."""
    random = people.random("attachment")
    count = len(people)
    first = np.maximum(people.born, day_number(part["first_day"]["value"]))
    since = (first + random.random(count) * (people.end - first) * 0.7).astype(np.int32)
    attached = chances(random, count) < chance(part["attached"])
    moved = attached & (chances(random, count) < chance(part["moved_within"]))
    change = _january(part, (since + people.end) // 2)
    moved &= (change > since) & (change < people.end)
    away = attached & (chances(random, count) < chance(part["moved_away"]))
    left = np.where(away, people.end - random.integers(1, 200, count), people.died)
    left = np.where(attached & ~(away & (left <= np.where(moved, change, since))), left, NEVER)
    now, before = np.flatnonzero(attached), np.flatnonzero(moved)
    person = np.concatenate([before, now]).astype(np.int32)
    start = np.concatenate([since[before], np.where(moved, change, since)[now]])
    end = np.concatenate([change[before], left[now]])
    area = np.concatenate([(people.area[before] + 1) % layout.areas, people.area[now]])
    order = np.lexsort((start, person))
    columns: dict[str, Column] = {
        "episode_of_care_id": keys("at", person[order], number_within(person[order])),
        "organization_id": Words(area[order].astype(np.int32), area_names(layout)),
        "from_on": Dates(start[order].astype(np.int32)),
        "left_on": Dates(end[order].astype(np.int32)),
    }
    return Rows("attachment", "attachment", person[order], columns)


def _january(part: Mapping[str, Any], days: Ints) -> Days:
    """The next day on which a change of area takes effect."""
    month = int(part["campaign_month"]["value"]) - 1
    years = (calendar_year(days) + 1 - 1970).astype("datetime64[Y]").astype("datetime64[M]")
    dates = (years + np.timedelta64(month, "M")).astype("datetime64[D]")
    result: Days = dates.astype(np.int32)
    return result


def _insurance(part: Figures, people: People) -> list[Rows]:
    """The basic package for everyone and insurance for most, sometimes ended."""
    random = people.random("insurance")
    first = np.maximum(people.born, day_number(part["first_day"]["value"]))
    first = np.minimum(first, people.end).astype(np.int32)
    insured = chances(random, len(people)) < share_by_age(people, part["insured"])
    lapsed = insured & (chances(random, len(people)) < chance(part["lapsed"]))
    ended = people.end - random.integers(1, 365, len(people))
    lapsed &= ended > first
    left = np.where(lapsed, ended, people.died).astype(np.int32)
    everyone, some = np.arange(len(people), dtype=np.int32), np.flatnonzero(insured)
    return [
        _covered(part["basic_kind"], "cb", everyone, first, people.died),
        _covered(part["insured_kind"], "ci", some.astype(np.int32), first[some], left[some]),
    ]


def _covered(kind: str, letters: str, person: Ints, first: Days, left: Days) -> Rows:
    columns: dict[str, Column] = {
        "coverage_id": keys(letters, person, np.zeros(len(person), np.int32)),
        "kind": one_word(kind, len(person)),
        "from_on": Dates(first),
        "left_on": Dates(left),
    }
    return Rows("coverage", "coverage", person, columns)


def _members(people: People) -> Rows:
    """Who lives in which household; a household is known by the number of its head."""
    homes = people.homes
    head = np.zeros(homes.count, np.int32)
    heads = np.flatnonzero(homes.role == HEAD)
    head[homes.household[heads]] = heads
    random = people.random("household")
    founded = people.as_of - (random.random(homes.count) * 20 * DAYS_A_YEAR).astype(np.int32)
    grown = people.born + round(18 * DAYS_A_YEAR)
    founder = (homes.role == HEAD) | (homes.role == SPOUSE)
    since = np.maximum(founded[homes.household], np.where(founder, grown, people.born))
    since = np.minimum(since, people.end - 1)
    since = np.maximum(since, people.born)
    since = np.where(homes.role == CHILD, people.born, since).astype(np.int32)
    everyone = np.arange(len(people), dtype=np.int32)
    living = np.bincount(homes.household[people.died == NEVER], minlength=homes.count)
    columns: dict[str, Column] = {
        "group_id": keys("hh", head[homes.household], np.zeros(len(people), np.int32)),
        "from_on": Dates(since),
        "left_on": Dates(people.died),
        "household_role": Words(homes.role, ROLES),
        "people": Numbers(living[homes.household].astype(np.int32), 0),
    }
    return Rows("household_member", "household_member", everyone, columns)


def _mothers(part: Figures, people: People) -> Rows:
    young = people.age < int(part["mother_on_record"]["below_age"])
    child = np.flatnonzero(young & (people.homes.mother != NOBODY)).astype(np.int32)
    columns: dict[str, Column] = {
        "related_person_id": keys("rm", child, np.zeros(len(child), np.int32)),
        "mother_patient_id": Persons(people.homes.mother[child]),
        "known_on": Dates(people.born[child]),
    }
    return Rows("related_mother", "related_mother", child, columns)
