"""Second records of invented people as a busy desk writes them, each with seeded mistakes."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import replace

from qamqor.engine.identity.names import FullName
from qamqor.engine.identity.person import Identity

LETTERS = "абвгдежзийклмнопрстуфхцчшыэюя"
RUSSIAN = str.maketrans("әғқңөұүһіӘҒҚҢӨҰҮҺІ", "агкноуухиАГКНОУУХИ")


def typo(text: str, draw: random.Random) -> str:
    """One letter too many, too few, wrong, or swapped with its neighbour; never the first."""
    if len(text) < 4:
        return text
    place = draw.randrange(1, len(text) - 1)
    kind = draw.randrange(4)
    if kind == 0:
        return text[:place] + text[place + 1 :]
    if kind == 1:
        return text[:place] + draw.choice(LETTERS) + text[place:]
    if kind == 2:
        return text[:place] + draw.choice(LETTERS) + text[place + 1 :]
    return text[:place] + text[place + 1] + text[place] + text[place + 2 :]


class Desk:
    """Makes second records; the same seed makes the same ones."""

    def __init__(self, seed: int, latin: Mapping[str, str], families: list[str]) -> None:
        self.draw = random.Random(seed)
        self.latin = latin
        self.families = families
        self.kinds: Mapping[str, Callable[[Identity], Identity]] = {
            "in Latin letters": self.in_latin,
            "in Russian letters": self.in_russian,
            "typo in the family name": self.family_typo,
            "typo in the given name": self.given_typo,
            "no patronymic": self.no_patronymic,
            "patronymic of the other style": self.other_style,
            "day and month swapped": self.swapped_birth,
            "a digit of the birth date": self.birth_digit,
            "names in each other's field": self.swapped_names,
            "married": self.married,
        }

    def again(self, person: Identity, mistakes: int) -> tuple[Identity, list[str]]:
        """A second record of somebody: mostly without a number, often with other contacts."""
        chosen = self.draw.sample(list(self.kinds), mistakes)
        for kind in chosen:
            person = self.kinds[kind](person)
        if self.draw.random() < 0.8:
            person = replace(person, iins=())
        if self.draw.random() < 0.5:
            person = replace(person, phones=())
        if self.draw.random() < 0.5:
            person = replace(person, addresses=())
        return person, chosen

    def name(self, person: Identity, **parts: str) -> Identity:
        return replace(person, names=(replace(person.names[0], **parts),))

    def _every_part(self, person: Identity, change: Callable[[str], str]) -> Identity:
        name = person.names[0]
        new = FullName(change(name.family), change(name.given), change(name.patronymic))
        return replace(person, names=(new,))

    def in_latin(self, person: Identity) -> Identity:
        def spelled(text: str) -> str:
            return "".join(self.latin.get(letter, letter) for letter in text.lower()).title()

        return self._every_part(person, spelled)

    def in_russian(self, person: Identity) -> Identity:
        return self._every_part(person, lambda text: text.translate(RUSSIAN))

    def family_typo(self, person: Identity) -> Identity:
        return self.name(person, family=typo(person.names[0].family, self.draw))

    def given_typo(self, person: Identity) -> Identity:
        return self.name(person, given=typo(person.names[0].given, self.draw))

    def no_patronymic(self, person: Identity) -> Identity:
        return self.name(person, patronymic="")

    def other_style(self, person: Identity) -> Identity:
        patronymic = person.names[0].patronymic
        for kazakh, russian in (("ұлы", "ович"), ("қызы", "овна")):
            if patronymic.endswith(kazakh):
                return self.name(person, patronymic=patronymic.removesuffix(kazakh) + russian)
        return person

    def swapped_birth(self, person: Identity) -> Identity:
        born = person.born_on
        if len(born) != 10 or int(born[8:]) > 12:
            return person
        return replace(person, born_on=f"{born[:5]}{born[8:]}-{born[5:7]}")

    def birth_digit(self, person: Identity) -> Identity:
        born = person.born_on
        if len(born) != 10:
            return person
        return replace(person, born_on=f"{born[:3]}{self.draw.randrange(10)}{born[4:]}")

    def swapped_names(self, person: Identity) -> Identity:
        name = person.names[0]
        return self.name(person, family=name.given, given=name.family)

    def married(self, person: Identity) -> Identity:
        if person.sex != "female":
            return person
        return self.name(person, family=self.draw.choice(self.families))
