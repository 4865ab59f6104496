"""What somebody typed to find a person, and how well a person answers to it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from qamqor.engine.identity.births import closeness
from qamqor.engine.identity.names import FullName, Part, family_part, given_part, patronymic_part
from qamqor.engine.identity.numbers import iin_digits, phone_number
from qamqor.engine.identity.person import Identity
from qamqor.engine.identity.spelling import agreement

MOST_WORDS: Final = 4
SHORTEST_BEGINNING: Final = 2
_DAY_FIRST: Final = re.compile(r"([0-9]{1,2})[./]([0-9]{1,2})[./]([0-9]{4})")
_ISO: Final = re.compile(r"[0-9]{4}(?:-[0-9]{2}(?:-[0-9]{2})?)?")

# Exact above folded above loose: what was written as typed comes first.
GRADES: Final[Mapping[str, int]] = {"same": 6, "spelling": 5, "begins": 4, "close": 3, "sound": 2,
                                    "initial": 1}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Typed:
    """Names, a birth date or year, and a number, as far as they were typed.

    Attributes:
        words: at most four parts of a name, in the order typed.
        born_on: ``YYYY``, ``YYYY-MM``, ``YYYY-MM-DD`` or empty.
        iin: twelve digits, whether or not the check digit is right, or empty.
        phone: as ``+77011234567``, or empty.
    """

    words: tuple[str, ...] = ()
    born_on: str = ""
    iin: str = ""
    phone: str = ""


def read_typed(text: str) -> Typed:
    """Take apart what was typed into one box, in any order.

    ``ахметова айгул 12.03.1987``, ``870312900008``, ``8 701 123 45 67`` and ``Aigul 1987`` are all
    understood; what is neither a name, a date nor a number is passed over.
    """
    digits = iin_digits(text)
    if re.fullmatch(r"[0-9]{12}", digits):
        return Typed(iin=digits)
    if re.fullmatch(r"[+0-9()\s-]+", text) and (phone := phone_number(text)):
        return Typed(phone=phone)
    words: list[str] = []
    born_on = ""
    for token in text.replace(",", " ").split():
        date = _date(token)
        if date:
            born_on = date
        elif any(letter.isalpha() for letter in token):
            words.append(token)
    return Typed(tuple(words[:MOST_WORDS]), born_on)


def _date(token: str) -> str:
    found = _DAY_FIRST.fullmatch(token)
    if found:
        day, month, year = found.groups()
        return f"{year}-{int(month):02d}-{int(day):02d}"
    return token if _ISO.fullmatch(token) else ""


@dataclass(frozen=True, slots=True)
class Answer:
    """How a person answers to what was typed.

    Attributes:
        grade: higher is better; for ordering only.
        codes: one for each word and for the birth date, such as ``family.same``, ``given.begins``.
    """

    grade: int
    codes: tuple[str, ...]


def answer(typed: Typed, person: Identity) -> Answer | None:
    """How well a person answers; None where some word or the birth date does not fit at all."""
    grade = 0
    codes: list[str] = []
    if typed.born_on:
        birth = closeness(typed.born_on, person.born_on)
        if birth not in ("same", "vague", "swapped", "one_digit"):
            return None
        grade += GRADES["same" if birth in ("same", "vague") else "close"]
        codes.append(f"birth.{birth}")
    best = max(
        (_of_name(typed.words, name) for name in person.names),
        key=lambda one: one.grade if one else -1,
        default=None,
    )
    if best is None:
        return Answer(grade, tuple(codes)) if not typed.words else None
    return Answer(grade + best.grade, (*best.codes, *codes))


def _of_name(words: Iterable[str], name: FullName) -> Answer | None:
    """The best that each word agrees with a part of the name, each part answering once."""
    left = dict(zip(("family", "given", "patronymic"), name.parts(), strict=True))
    grade = 0
    codes: list[str] = []
    for word in words:
        graded = [(_grade(word, field, part), field) for field, part in left.items() if part.exact]
        graded.sort(key=lambda one: -GRADES.get(one[0], 0))
        if not graded or graded[0][0] not in GRADES:
            return None
        how, field = graded[0]
        del left[field]
        grade += GRADES[how]
        codes.append(f"{field}.{how}")
    return Answer(grade, tuple(codes))


def _grade(word: str, field: str, part: Part) -> str:
    typed = _PARTS[field](word)
    agrees = agreement(typed, part) or "differs"
    begins = len(typed.folded) >= SHORTEST_BEGINNING and part.folded.startswith(typed.folded)
    return "begins" if begins and GRADES.get(agrees, 0) < GRADES["begins"] else agrees


_PARTS: Final = {"family": family_part, "given": given_part, "patronymic": patronymic_part}
