"""What each agreement is worth when two records are compared, and from where it counts.

A point is a bit of evidence, after Fellegi and Sunter: an agreement that one pair of strangers
in 2ⁿ shows by chance is worth about n points, less what mistyping takes away. The numbers are
ours and round; `benchmarks/identity.py` shows what they find and what they miss.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

POINTS: Final[Mapping[str, float]] = {
    # Some 200 family names are common, so a chance agreement is one in 2^7. Women marry: a
    # different family name speaks against, but not loudly. A father's name taken as the
    # family name, or dropped again, is a custom and says nothing.
    "family.same": 7,
    "family.spelling": 6.5,
    "family.close": 5,
    "family.sound": 3.5,
    "family.initial": 0.5,
    "family.fathers_name": 0,
    "family.differs": -4,
    # The given name is what tells brothers, sisters and twins apart: it must weigh more than
    # all that a household shares.
    "given.same": 6.5,
    "given.spelling": 6,
    "given.close": 4.5,
    "given.sound": 3,
    "given.initial": 1,
    "given.differs": -10,
    # Both names in each other's field; few strangers' names are each other's.
    "name.swapped": 11,
    "name.swapped_close": 8,
    # A patronymic is often missing; in one of two styles it is still one name.
    "patronymic.same": 5,
    "patronymic.spelling": 5,
    "patronymic.close": 3.5,
    "patronymic.sound": 2,
    "patronymic.initial": 0.5,
    "patronymic.differs": -4,
    # One birthday in 25,000 is nearly 2^15; mistyped ones are rarer than they look, because
    # each date has some forty neighbours that are a digit away.
    "birth.same": 13,
    "birth.swapped": 10,
    "birth.one_digit": 7.5,
    "birth.same_day": 4,
    "birth.same_month": 2.5,
    "birth.vague": 4,
    "birth.differs": -8,
    "sex.differs": -6,
    # One person has one number. The check digit stops nearly any slip but in the eleventh,
    # whose weight of 11 counts nothing; the numbers of twins may differ in just that one.
    "iin.same": 25,
    "iin.one_digit": -4,
    "iin.differs": -12,
    # A household shares a telephone and an address, so neither says much about a person.
    "phone.same": 4,
    "address.same": 3,
    "household.same": 4,
}
HOME_MOST: Final = 6.0  # telephone, address and household together: they come together anyway

# In 42,000 invented records, 2,000 of them second ones with one to three mistakes, 11 points
# find 94 % and are right 99 times in 100; 16 find 93 % and are right 997 times in 1,000.
POSSIBLE: Final = 11.0  # both names, a letter wrong: worth showing to somebody who is typing
LIKELY: Final = 16.0  # something besides the name: worth a look before registering
CERTAIN: Final = 29.0  # name, patronymic and birth date: registering needs a reason
