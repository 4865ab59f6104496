"""Identification numbers and telephones."""

import pytest

from qamqor.engine.identity.numbers import (
    check_digit,
    iin_digits,
    iin_problem,
    is_synthetic,
    phone_number,
)

VALID = "850312300121"


@pytest.mark.parametrize("number", [VALID, "850312300305", "8503 1230 0121", "850312-300121"])
def test_a_number_with_its_check_digit_is_accepted(number: str) -> None:
    assert iin_problem(number) is None


@pytest.mark.parametrize(
    ("number", "problem"),
    [
        ("850312300122", "iin.wrong-check-digit"),
        ("850312300380", "iin.wrong-check-digit"),
        ("85031230012", "iin.wrong-length"),
        ("", "iin.wrong-length"),
        ("85031230012A", "iin.not-digits"),
        ("٨٥٠٣١٢٣٠٠١٢١", "iin.not-digits"),
    ],
)
def test_what_is_wrong_with_a_number_is_said(number: str, problem: str) -> None:
    assert iin_problem(number) == problem


def test_a_number_that_is_never_issued_has_no_check_digit() -> None:
    assert check_digit("85031230038") is None


def test_the_number_is_never_compared_with_a_birth_date() -> None:
    eleven = "99999930012"
    assert iin_problem(f"{eleven}{check_digit(eleven)}") is None


def test_a_wrong_digit_hardly_ever_passes() -> None:
    wrong = [
        f"{VALID[:place]}{digit}{VALID[place + 1 :]}"
        for place in (*range(10), 11)
        for digit in "0123456789"
        if digit != VALID[place]
    ]
    passed = [number for number in wrong if iin_problem(number) is None]
    assert len(passed) <= 0.05 * len(wrong), "only where the second pass happens to agree"


def test_a_wrong_eleventh_digit_passes_because_its_weight_counts_nothing() -> None:
    assert iin_problem("850312300131") is None


def test_invented_people_are_known_by_their_number() -> None:
    assert is_synthetic("850312900121")
    assert not is_synthetic(VALID)
    assert iin_digits(" 85 03 ") == "8503"


@pytest.mark.parametrize(
    "typed",
    ["+7 701 123 45 67", "8 (701) 123-45-67", "87011234567", "7011234567", "77011234567"],
)
def test_a_telephone_number_is_one_however_it_is_typed(typed: str) -> None:
    assert phone_number(typed) == "+77011234567"


@pytest.mark.parametrize(
    ("typed", "number"),
    [("+998 90 123 45 67", "+998901234567"), ("123", None), ("", None), ("+12", None),
     ("по телефону мамы", None)],
)  # fmt: skip
def test_a_number_from_abroad_is_kept_and_no_number_is_none(typed: str, number: str | None) -> None:
    assert phone_number(typed) == number
