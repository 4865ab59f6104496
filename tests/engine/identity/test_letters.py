"""One name in many spellings is one key."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qamqor.engine.identity.letters import exact, folded, loose, repaired

ONE_NAME = [
    "Айгүл Айгуль Aigul Aıgúl Aigül Aygul АЙГҮЛ",
    "Әсел Асель Әсель Asel Assel Äsel",
    "Нұрсұлтан Нурсултан Nursultan",
    "Дәулет Даулет Давлет Davlet Daulet Däulet Dawlet",
    "Мария Maria Mariya Mariia",
    "Наталья Наталия Natalya Natalia Nataliya",
    "Юлия Yulia Iuliia Yuliya",
    "Дмитрий Dmitry Dmitriy Dmitrii",
    "Евгений Yevgeniy Evgenii Eugeniy Evgeny",
    "Артём Артем Artyom Artem",
    "Гауһар Гаухар Gauhar Gaukhar",
    "Ерасыл Yerassyl Erasyl",
    "Қуаныш Куаныш Kuanysh Quanysh Qýanysh Quanış",
    "Шыңғыс Shyngys Şyñğys Shynggys",
    "Толғанай Толганай Tolganay Tolghanai",
    "Александр Alexandr Aleksandr",
    "Щербаков Shcherbakov",
    "Цой Tsoy Tsoi",
    "Шмидт Schmidt Shmidt",
    "Сергей Sergey Sergei",
    "Өмір Омир Omir Ömir",
    "Үміт Умит Umit Ümit",
    "Інжу Инжу Inzhu Injý İnju",
    "Xolmatov Холматов Kholmatov",
    "Вебер Weber Veber",
    "Тоқаев Токаев Tokayev Tokaev Toqaev",
]


@pytest.mark.parametrize("spellings", ONE_NAME)
def test_spellings_of_one_name_have_one_folded_key(spellings: str) -> None:
    keys = {name: folded(name) for name in spellings.split()}
    assert len(set(keys.values())) == 1, keys


@pytest.mark.parametrize(
    "spellings", ["Өмір Умир", "Жамбыл Джамбул", "Александр Alexander", "Кәмшат Кямшат Кемшат"]
)
def test_what_is_written_by_ear_has_one_loose_key(spellings: str) -> None:
    assert len({loose(folded(name)) for name in spellings.split()}) == 1


@pytest.mark.parametrize(
    ("one", "other"), [("Асан", "Хасен"), ("Болат", "Марат"), ("Иванов", "Петров"), ("Айша", "Әли")]
)
def test_different_names_have_different_keys(one: str, other: str) -> None:
    assert loose(folded(one)) != loose(folded(other))


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("шiлде", "шілде"),
        ("Тiлеу", "Тілеу"),
        ("əлия", "әлия"),
        ("кӛрсеткіш", "көрсеткіш"),
        ("Aлма", "Алма"),
        ("Anna", "Anna"),
        ("и\u0306од", "йод"),
    ],
)
def test_letters_typed_on_the_wrong_layout_are_put_right(typed: str, meant: str) -> None:
    assert repaired(typed) == meant


def test_the_exact_key_differs_in_case_and_spaces_only() -> None:
    assert exact("  Серік   ҚЫЗЫ ") == exact("серік қызы")
    assert exact("Айгүл") != exact("Айгуль")


def test_parts_with_a_hyphen_or_a_space_are_one_name() -> None:
    assert folded("Мұхаммед-Әли") == folded("Мухаммед Али") == folded("Muhammed'ali")


def test_letters_of_other_scripts_stay_themselves() -> None:
    assert folded("محمد") == "محمد"
    assert folded("김") != folded("박")


def test_an_empty_name_has_empty_keys() -> None:
    assert (exact(" "), folded("-"), loose("")) == ("", "", "")


@given(st.text(max_size=30))
def test_every_text_has_keys_and_folding_again_changes_nothing(text: str) -> None:
    key = folded(text)
    assert folded(key.upper() if key.isascii() else key) is not None
    assert len(loose(key)) <= max(len(key), 0)
    assert repaired(repaired(text)) == repaired(text)
