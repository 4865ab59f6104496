"""How invented people are called and numbered."""

from collections import Counter

import numpy as np
import pytest

from qamqor.engine.invented.block import Block
from qamqor.engine.invented.figures import Invention
from qamqor.engine.invented.households import NOBODY
from qamqor.engine.invented.names import call_people, check_digit, iin_of, patronymic_of


def digits_of(number: str) -> np.ndarray:
    return np.array([[int(digit) for digit in number]])


@pytest.mark.parametrize(
    ("number", "is_valid"),
    [
        pytest.param("850312300121", True, id="first pass"),
        pytest.param("850312300305", True, id="second pass"),
        pytest.param("850312300122", False, id="wrong last digit"),
        pytest.param("990140000017", True, id="an organisation's number, same rule"),
    ],
)
def test_check_digits_follow_the_order(number: str, is_valid: bool) -> None:
    assert (check_digit(digits_of(number[:11]))[0] == int(number[11])) == is_valid


def test_some_numbers_are_never_issued() -> None:
    assert check_digit(digits_of("85031230038"))[0] == 10


def test_every_number_is_valid_has_century_digit_nine_and_is_there_once(
    blocks: list[Block],
) -> None:
    numbers = [number for block in blocks for number in iin_of(block.people)]
    assert {len(number) for number in numbers} == {12}
    assert {number[6] for number in numbers} == {"9"}
    digits = np.array([[int(digit) for digit in number] for number in numbers])
    assert (check_digit(digits[:, :11]) == digits[:, 11]).all()
    assert len(set(numbers)) == len(numbers)


def test_the_first_six_digits_are_the_birthday(blocks: list[Block]) -> None:
    people = blocks[0].people
    born = people.born.astype("datetime64[D]").astype(str)
    expected = [day[2:4] + day[5:7] + day[8:10] for day in born]
    assert [number[:6] for number in iin_of(people)] == expected


def test_patronymics_follow_the_fathers_name(invention: Invention) -> None:
    part = invention["names"]["patronymics"]

    def of(father: str, *, is_woman: bool, russian: bool) -> str:
        return patronymic_of(part, father, is_woman=is_woman, russian=russian)

    assert of("Серік", is_woman=False, russian=False) == "Серікұлы"
    assert of("Серік", is_woman=True, russian=False) == "Серікқызы"
    for father, son, daughter in (
        ("Ерлан", "Ерланович", "Ерлановна"),
        ("Андрей", "Андреевич", "Андреевна"),
        ("Игорь", "Игоревич", "Игоревна"),
        ("Илья", "Ильич", "Ильинична"),
        ("Никита", "Никитич", "Никитична"),
        ("Василий", "Васильевич", "Васильевна"),
        ("Павел", "Павлович", "Павловна"),
    ):
        assert of(father, is_woman=False, russian=True) == son
        assert of(father, is_woman=True, russian=True) == daughter


def test_children_carry_their_fathers_name_and_the_households_family_name(
    blocks: list[Block], invention: Invention
) -> None:
    block = blocks[0]
    called = call_people(invention["names"], block.people, block.origins)
    homes = block.people.homes
    child = np.flatnonzero((homes.mother != NOBODY) & (block.people.age < 18))
    fitting = 0
    for own in child:
        father, patronymic = homes.partner[homes.mother[own]], called.patronymic[own]
        if father != NOBODY and patronymic:
            assert patronymic[0] == called.given[father][0]
            fitting += 1
    assert fitting > 500
    surnames = Counter(
        (homes.household[own], called.family[own][:3]) for own in range(len(block.people))
    )
    assert len(surnames) == homes.count


def test_women_have_womens_names(blocks: list[Block], invention: Invention) -> None:
    block, names = blocks[0], invention["names"]["peoples"]
    called = call_people(invention["names"], block.people, block.origins)
    womens = set(names["kazakh"]["female"]) | set(names["russian"]["female"])
    mens = set(names["kazakh"]["male"]) | set(names["russian"]["male"])
    for given, sex in zip(called.given, block.people.sex, strict=True):
        assert given in (womens if sex else mens)


def test_the_mix_of_peoples_is_the_places(blocks: list[Block], invention: Invention) -> None:
    mix = invention["names"]["mixes"]["zhambyl"]
    of = np.concatenate([block.origins.of for block in blocks])
    share = (of == blocks[0].origins.peoples.index("kazakh")).mean()
    assert share == pytest.approx(mix["kazakh"], abs=0.03)
