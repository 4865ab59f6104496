"""A code is called by its own words, a pattern's, or those of what stands above it."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from qamqor.engine.diagnoses.classification import (
    Item,
    Kind,
    ancestors,
    compact,
    nearest,
    read_compact,
    read_xml,
)
from qamqor.engine.diagnoses.words import (
    Choosable,
    Closed,
    Ending,
    Named,
    Names,
    Spoken,
    read_words,
)
from qamqor.errors import InvalidPack
from qamqor.services import diagnoses

CONTENT = Path(__file__).parents[3] / "content"
XML = """<all><item type="chapter"><name>IX</name><description>Hearts</description>
<item type="block"><name>I10-I15</name><description>High</description>
<item type="category"><name>I11</name><description>High heart</description>
<item type="subcategory"><name>I11.0</name><description>With failure</description></item>
<item type="subcategory"><name>I11.9</name><description>Unspecified</description></item>
</item>
<item type="category"><name>I12</name><description>High kidney</description>
<item type="subcategory"><name>I12.9</name><description>Unspecified kidney</description></item>
</item></item></item></all>"""
TREE = {one.code: one for one in read_xml(XML)}
SPOKEN = Spoken(
    words={
        "I10-I15": {"ru": "Давление"},
        "I11": {"ru": "Сердце", "en": "Heart"},
        "I12": {"ru": "Почки, без уточнения"},
    },
    endings=(
        Ending("I00", "I99", ".9", "*nspecified*", {"ru": "{}, без уточнения"}),
        Ending("I11", "I11", "1", "+", {"ru": "{}, открыто"}),
    ),
    closed=(Closed("I11.0", "asterisk", ("I11.9",)),),
)
NAMES, CHOOSABLE = Names(TREE, SPOKEN), Choosable(TREE, SPOKEN)


def test_the_tree_keeps_order_kind_and_what_stands_above() -> None:
    assert list(TREE) == ["IX", "I10-I15", "I11", "I11.0", "I11.9", "I12", "I12.9"]
    assert TREE["I11.0"] == Item("I11.0", Kind.SUBCATEGORY, "I11", "With failure")
    assert list(ancestors(TREE, "I11.0")) == ["I11", "I10-I15", "IX"]
    assert list(ancestors(TREE, "I11.01")) == ["I11.0", "I11", "I10-I15", "IX"]
    assert read_compact(compact(TREE.values())) == TREE


@pytest.mark.parametrize("broken", ["", "[]", '{"a": 1}', "[[1], [2], [3]]"])
def test_a_short_form_that_is_broken_is_refused(broken: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        read_compact(broken)


@pytest.mark.parametrize(
    ("code", "language", "named"),
    [
        ("I11", "ru", Named("I11", "Сердце")),
        ("I11.9", "ru", Named("I11.9", "Сердце, без уточнения")),
        ("I11.0", "ru", Named("I11.0", "Сердце", "With failure")),
        ("I11.0", "en", Named("I11.0", "With failure")),
        ("I11", "kk", Named("I11", "", "Heart")),
        ("I11.91", "ru", Named("I11.91", "Сердце, без уточнения, открыто")),
        ("I12.9", "ru", Named("I12.9", "Почки, без уточнения", "Unspecified kidney")),
        ("Q99", "ru", Named("Q99", "")),
    ],
)
def test_a_code_is_called_by_the_nearest_words(code: str, language: str, named: Named) -> None:
    said = NAMES.of(code, language)

    if code == "I11" and language == "kk":
        assert said.title == "High heart"
    else:
        assert said == named


def test_only_what_stands_alone_can_be_chosen() -> None:
    assert CHOOSABLE.codes == ["I11", "I11.9", "I12", "I12.9"]
    assert "I11.91" in CHOOSABLE
    assert "I11.92" not in CHOOSABLE
    assert "I10-I15" not in CHOOSABLE
    assert CHOOSABLE.parts == {"I11": ["I11.9"], "I12": ["I12.9"]}


@pytest.mark.parametrize(
    ("code", "near"),
    [
        ("I11.8", ["I11", "I11.9", "I11.2", "I11.0"]),
        ("I12", ["I10", "I11", "I13", "I15"]),
        ("X99", []),
    ],
)
def test_what_is_not_there_has_neighbours(code: str, near: list[str]) -> None:
    there = ["I10", "I11", "I11.0", "I11.2", "I11.9", "I13", "I15", "J00"]
    assert nearest(there, code) == near


def test_a_code_twice_or_without_words_is_refused() -> None:
    rows = [{"code": "A", "ru": "а"}, {"code": "A", "ru": "б"}, {"code": "B", "ru": " "}]

    with pytest.raises(InvalidPack) as refused:
        read_words(rows, "words.csv")
    assert "words.csv: A: stands twice" in str(refused.value)
    assert "words.csv: B: has no words" in str(refused.value)


def test_everything_of_content_names_a_code_that_exists() -> None:
    known = diagnoses.known()
    unknown = [
        code for code in {**known.spoken.words, **known.spoken.synonyms} if code not in known.tree
    ]
    instead = [code for one in known.spoken.closed for code in one.use]

    assert unknown == []
    assert [code for code in instead if code not in known.choosable] == []
    assert [c for c in known.spoken.synonyms if c not in known.choosable] == []


def test_every_chapter_and_block_has_kazakh_and_russian_words() -> None:
    known = diagnoses.known()
    above = [c for c, item in known.tree.items() if item.kind in (Kind.CHAPTER, Kind.BLOCK)]

    assert len(above) == 296
    assert [c for c in above if {"kk", "ru"} - set(known.spoken.words.get(c, {}))] == []


@pytest.mark.parametrize(
    "file", sorted((CONTENT / "diagnoses").glob("words*.csv")), ids=lambda f: f.name
)
def test_words_are_clean_and_of_their_language(file: Path) -> None:
    kazakh = set("аәбвгғдеёжзийкқлмнңоөпрстуұүфхһцчшщъыіьэюя")
    russian = set("абвгдеёжзийклмнопрстуфхцчшщъыьэюя")
    for row in csv.DictReader(file.read_text(encoding="utf-8").splitlines()):
        for language, letters in (("kk", kazakh), ("ru", russian)):
            said = row[language]
            assert said == " ".join(said.split()), row
            assert said, row
            odd = {c for c in said.lower() if c.isalpha() and not c.isascii()} - letters
            assert not odd, row
            assert len(said) <= 90, row


def test_no_two_codes_that_can_be_chosen_have_the_same_words() -> None:
    known = diagnoses.known()
    for language in ("kk", "ru"):
        said: dict[str, str] = {}
        for code in known.choosable.codes:
            words = known.spoken.words.get(code, {}).get(language, "")
            if words:
                assert words.casefold() not in said, (code, said[words.casefold()], words)
                said[words.casefold()] = code
