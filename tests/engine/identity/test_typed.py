"""One box for finding a person: names in any order and script, a birth date, a number."""

import pytest

from qamqor.engine.identity.names import FullName
from qamqor.engine.identity.person import Identity
from qamqor.engine.identity.typed import Typed, answer, read_typed

AIGUL = Identity((FullName("Ахметова", "Айгүл", "Серікқызы"),), "1987-03-12")


@pytest.mark.parametrize(
    ("text", "typed"),
    [
        ("ахметова айгул 12.03.1987", Typed(("ахметова", "айгул"), "1987-03-12")),
        ("Ахметова, Айгүл 1987", Typed(("Ахметова", "Айгүл"), "1987")),
        ("1987-03-12", Typed((), "1987-03-12")),
        ("8703 1290 0008", Typed(iin="870312900008")),
        ("8 (701) 123-45-67", Typed(phone="+77011234567")),
        ("  ", Typed()),
        ("<script> 1=1 --", Typed(("<script>",))),
        ("a b c d e", Typed(("a", "b", "c", "d"))),
        ("123", Typed()),
    ],
)
def test_what_was_typed_is_taken_apart(text: str, typed: Typed) -> None:
    assert read_typed(text) == typed


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("Ахметова Айгүл", ("family.same", "given.same")),
        ("aigul akhmetova", ("given.spelling", "family.spelling")),
        ("айгул серикова", None),
        ("айгул сериковна", ("given.spelling", "patronymic.spelling")),
        ("ахме", ("family.begins",)),
        ("Ахмтеова", ("family.close",)),
        ("айгул 12.03.1987", ("given.spelling", "birth.same")),
        ("айгул 03.12.1987", ("given.spelling", "birth.swapped")),
        ("айгул 1987", ("given.spelling", "birth.vague")),
        ("айгул 1990", None),
        ("ким", None),
        ("айгул айгул", None),
        ("1987", ("birth.vague",)),
    ],
)
def test_a_person_answers_with_the_part_that_matched(
    text: str, codes: tuple[str, ...] | None
) -> None:
    found = answer(read_typed(text), AIGUL)
    assert (found.codes if found else None) == codes


def test_as_typed_comes_above_another_spelling_and_that_above_a_likeness() -> None:
    texts = ["Ахметова", "Akhmetova", "Ахме", "Ахмтеова"]
    grades = [found.grade if (found := answer(read_typed(t), AIGUL)) else -1 for t in texts]
    assert grades == sorted(grades, reverse=True)
    assert len(set(grades)) == len(grades)


def test_somebody_without_a_name_answers_to_no_word() -> None:
    assert answer(read_typed("Ким"), Identity(born_on="1987-03-12")) is None
    assert answer(read_typed("1987"), Identity(born_on="1987-03-12")) is not None
