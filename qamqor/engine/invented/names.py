"""Which people a household belongs to, how its members are called, and their numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from qamqor.engine.invented.draws import Bools, Ints, calendar_year, chances, pick
from qamqor.engine.invented.figures import Figures
from qamqor.engine.invented.households import NOBODY
from qamqor.engine.invented.people import FEMALE, People
from qamqor.engine.invented.places import Layout

CENTURY_DIGIT: Final = 9  # never issued, so that no invented number is that of a real person
SERIALS: Final = 10_000
SERIALS_A_BLOCK: Final = 8  # of each birthday, for every 1,024 people of a block
_FIRST: Final = np.arange(1, 12)
_SECOND: Final = np.array([3, 4, 5, 6, 7, 8, 9, 10, 11, 1, 2])


@dataclass(frozen=True, slots=True)
class Origins:
    """For each person: position in ``peoples`` and whether they speak Kazakh with the clinic."""

    peoples: tuple[str, ...]
    of: Ints
    speaks_kazakh: Bools


def make_origins(names: Figures, layout: Layout, people: People) -> Origins:
    """Draw a people for each household by the mix of its place, and a language with it."""
    random = people.random("origins")
    peoples = tuple(names["peoples"])
    leaf = np.zeros(people.homes.count, np.int64)
    leaf[people.homes.household] = people.leaf
    household = np.zeros(people.homes.count, np.int8)
    for place in np.unique(leaf):
        mix: Mapping[str, Any] = names["mixes"][layout.leaf(place).mix]
        shares = np.array([float(mix.get(name, 0)) for name in peoples])
        mine = np.flatnonzero(leaf == place)
        household[mine] = pick(random, shares, len(mine))
    settled = ("urban", "rural")
    share = np.array([[names["speaks_kazakh"][name][s] for s in settled] for name in peoples])
    rural = np.zeros(people.homes.count, np.int8)
    rural[people.homes.household] = people.rural
    speaks = random.random(people.homes.count) < share[household, rural]
    return Origins(peoples, household[people.homes.household], speaks[people.homes.household])


@dataclass(frozen=True, slots=True)
class Called:
    """What each person is called: family name, given name, patronymic or nothing."""

    family: list[str]
    given: list[str]
    patronymic: list[str | None]


def call_people(names: Figures, people: People, origins: Origins) -> Called:
    """Name everyone: one family name a household, the father's name in the patronymic."""
    random = people.random("names")
    u = random.random((4, len(people)))
    of, sex = origins.of, people.sex
    lists = [_lists(names, name) for name in origins.peoples]
    given = [_one(lists[p][s], v) for p, s, v in zip(of, sex, u[0], strict=True)]
    home_u = random.random(people.homes.count)[people.homes.household]
    surnames = [names["peoples"][name]["surnames"] for name in origins.peoples]
    family = [str(_one(surnames[p], v)[s]) for p, s, v in zip(of, sex, home_u, strict=True)]
    mother = people.homes.mother
    father = np.where(mother == NOBODY, NOBODY, people.homes.partner[mother])
    fathers = [
        given[f] if f != NOBODY else _one(lists[p][0], v)
        for f, p, v in zip(father, of, u[1], strict=True)
    ]
    russian = _russian_style(names["patronymics"], people, origins, u[2])
    none = u[3] < float(names["patronymics"]["none"])
    patronymic = [
        None if n else patronymic_of(names["patronymics"], f, is_woman=s == FEMALE, russian=r)
        for f, s, r, n in zip(fathers, sex, russian, none, strict=True)
    ]
    return Called(family, given, patronymic)


def _lists(names: Figures, name: str) -> tuple[Sequence[str], Sequence[str]]:
    lender = names["borrows"].get(name, name)
    return names["peoples"][lender]["male"], names["peoples"][lender]["female"]


def _one(choices: Sequence[Any], u: float) -> Any:
    return choices[int(u * len(choices))]


def _russian_style(part: Figures, people: People, origins: Origins, u: Any) -> Bools:
    year = calendar_year(people.born)
    share = np.ones(len(people))
    for place, name in enumerate(origins.peoples):
        by_year = part["russian_style"].get(name, {1900: 1.0})
        starts = sorted(by_year)
        values = np.array([0.0, *(float(by_year[start]) for start in starts)])
        mine = origins.of == place
        share[mine] = values[np.searchsorted(starts, year[mine], side="right")]
    result: Bools = u < share
    return result


def patronymic_of(part: Figures, father: str, *, is_woman: bool, russian: bool) -> str:
    """The patronymic of a father's name, in the Kazakh or the Russian style."""
    if not russian:
        return father + str(part["kazakh_endings"][int(is_woman)])
    if father in part["irregular"]:
        return str(part["irregular"][father][int(is_woman)])
    rule = next(rule for rule in part["russian_endings"] if father.endswith(rule["ends"]))
    stem = father[: len(father) - int(rule["cut"])]
    return stem + str(rule["daughter" if is_woman else "son"])


def iin_of(people: People) -> list[str]:
    """A twelve-digit number for each person: birthday, century digit 9, serial, check digit.

    A block has its own serials of each birthday, so that numbers differ between blocks
    without anybody counting: up to 1.2 million people. A serial whose check digit does not
    exist is passed over, as the issuing office does.
    """
    share = SERIALS_A_BLOCK * max(1, len(people) // 1024)
    digits = _birthday_digits(people.born)
    serial = (people.block * share + _rank(digits) * 2) % SERIALS
    check = check_digit(np.hstack([digits, _four_digits(serial)]))
    serial = np.where(check == 10, (serial + 1) % SERIALS, serial)
    eleven = np.hstack([digits, _four_digits(serial)])
    whole = np.hstack([eleven, check_digit(eleven)[:, None]])
    text = (whole + ord("0")).astype(np.uint8).tobytes().decode()
    return [text[start : start + 12] for start in range(0, len(text), 12)]


def _rank(digits: Ints) -> Ints:
    """For each row: how many equal rows stand before it; centuries share their birthdays."""
    birthday = digits @ 10 ** np.arange(digits.shape[1])[::-1]
    order = np.argsort(birthday, kind="stable")
    own = birthday[order]
    rank = np.empty(len(own), np.int64)
    rank[order] = np.arange(len(own)) - np.searchsorted(own, own)
    return rank


def check_digit(eleven: Ints) -> Ints:
    """The last digit for eleven digits ``(n, 11)``; 10 where no such number is issued.

    Source:
        Order of the identification numbers (law 223 of 2007): weights 1 to 11, and where
        the rest is 10, weights 3 to 11, 1 and 2.
    """
    first = eleven @ _FIRST % 11
    return np.where(first == 10, eleven @ _SECOND % 11, first)


def _birthday_digits(born: Ints) -> Ints:
    dates = born.astype("datetime64[D]")
    year = calendar_year(born) % 100
    month = dates.astype("datetime64[M]").astype(np.int64) % 12 + 1
    day = (dates - dates.astype("datetime64[M]")).astype(np.int64) + 1
    century = np.full(len(born), CENTURY_DIGIT)
    pairs = [part // ten % 10 for part in (year, month, day) for ten in (10, 1)]
    return np.stack([*pairs, century], axis=1)


def _four_digits(serial: Ints) -> Ints:
    return np.stack([serial // ten % 10 for ten in (1000, 100, 10, 1)], axis=1)


def phone_of(random: np.random.Generator, count: int, share: float) -> list[str | None]:
    """A phone number under an area code that does not exist, for most people."""
    number = random.integers(0, 10_000_000, count)
    has = chances(random, count) < np.float32(share)
    return [f"+7000{n:07d}" if h else None for n, h in zip(number, has, strict=True)]
