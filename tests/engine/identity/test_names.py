"""Endings come and go; the root of a name stays."""

import pytest

from qamqor.engine.identity.names import FullName, family_part, given_part, patronymic_part


@pytest.mark.parametrize(
    "spellings",
    [
        "Ахметов Ахметова Ахмет Akhmetov Akhmetova Ахметұлы Ахметқызы Akhmetqyzy Axmetov",
        "Жұмабаев Жумабаева Zhumabayev Jumabaeva",
        "Пушкин Пушкина Pushkin Pushkina",
        "Вознесенский Вознесенская Voznesenskaya Voznesenskii",
        "Сейдахмет Сейдахметов Seidakhmet",
    ],
)
def test_a_family_name_has_one_root_for_man_and_woman(spellings: str) -> None:
    assert len({family_part(name).root for name in spellings.split()}) == 1


@pytest.mark.parametrize(
    "spellings",
    [
        "Серікұлы,Серикович,Serikuly,Серік қызы,Сериковна,Serikqyzy",
        "Юрьевич,Юрьевна,Yuryevich",
        "Андреевич,Андрейұлы,Andreevna",
        "Ильич,Ильинична,Ilyich",
        "Нұрланұлы,Нурланович,Nurlanovna",
    ],
)
def test_a_patronymic_leads_back_to_the_father(spellings: str) -> None:
    assert len({patronymic_part(name).root for name in spellings.split(",")}) == 1


@pytest.mark.parametrize("name", ["Лев", "Ким", "Ова", "Ли", "Тен", "Uly"])
def test_a_short_name_is_not_taken_for_an_ending(name: str) -> None:
    assert family_part(name).root == given_part(name).root


def test_a_given_name_keeps_its_end() -> None:
    assert given_part("Марина").root != given_part("Марин").root


def test_ahmed_is_not_ahmet() -> None:
    assert family_part("Ахмедов").root != family_part("Ахметов").root


def test_a_missing_part_is_empty() -> None:
    family, _, patronymic = FullName("", "Айгүл").parts()
    assert family.folded == patronymic.loose == ""
