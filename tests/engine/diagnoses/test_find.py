"""Diagnoses are found by code and by words of any language; the quick agrees with the plain."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qamqor.engine.diagnoses import plain, query
from qamqor.engine.diagnoses.find import Index
from qamqor.engine.diagnoses.query import Entry
from qamqor.services import diagnoses

LETTERS = "абвгдеёжиклмнопрстуәғқңөұүі"
FEW = st.text(alphabet="абвк", min_size=1, max_size=6)
CODES = st.from_regex(r"[EIJ][01]\d(\.\d)?", fullmatch=True)
ENTRIES = st.lists(
    st.builds(
        Entry,
        code=CODES,
        is_common=st.booleans(),
        order=st.integers(0, 1),
        phrases=st.lists(st.lists(FEW, min_size=1, max_size=3).map(" ".join), max_size=3).map(
            tuple
        ),
    ),
    max_size=12,
    unique_by=lambda one: one.code,
)
TYPED = st.lists(
    st.one_of(FEW, st.from_regex(r"[EeЕеIіИиJ]\d{1,2}([.,]?\d)?", fullmatch=True)), max_size=3
).map(" ".join)


@given(ENTRIES, TYPED, st.frozensets(CODES, max_size=3))
@settings(max_examples=300, deadline=None)
def test_quick_finds_what_plain_finds(entries: list[Entry], text: str, own: frozenset[str]) -> None:
    assert Index(entries).find(text, own=own) == plain.find(entries, text, own=own)


@given(st.data())
@settings(max_examples=8, deadline=None)
def test_quick_agrees_with_plain_over_the_whole_classification(data: st.DataObject) -> None:
    known = diagnoses.known()
    entries = query.entries(known.tree, known.spoken, known.names, known.choosable)
    entry = data.draw(st.sampled_from(entries))
    words = " ".join(entry.phrases).split() or [entry.code]
    word = data.draw(st.sampled_from(words))
    word = word[: data.draw(st.integers(1, len(word)))]
    place = data.draw(st.integers(0, len(word) - 1))
    letter = data.draw(st.sampled_from(LETTERS))
    typed = data.draw(
        st.sampled_from(
            [word, word[:place] + letter + word[place:], word[:place] + word[place + 1 :],
             word[:place] + letter + word[place + 1 :], f"{entry.code} {word}", entry.code]
        )
    )  # fmt: skip

    assert known.index.find(typed) == plain.find(entries, typed)


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("I10", "I10"),
        ("i10", "I10"),
        ("И10", "I10"),
        ("і10", "I10"),
        ("Е11.9", "E11.9"),
        ("е119", "E11.9"),
        ("Е11,9", "E11.9"),
        ("н10", "H10"),
        ("I1О", "I10"),
        ("гипертен", "I10"),
        ("артериялык гипертензия", "I10"),
        ("қан глюкоза", "R73"),
        ("pressure blood", "I10"),
        ("бел ауруы", "M54.5"),
        ("ауруы бел", "M54.5"),
        ("гипиртензия", "I10"),
        ("пневмонея", "J18"),
        ("pnuemonia", "J18"),
        ("E11 почк", "E11.2"),
    ],
)
def test_what_is_typed_finds_what_is_meant(text: str, first: str) -> None:
    assert diagnoses.find(text).codes[0] == first


@pytest.mark.parametrize("text", ["", "   ", "—", "қққққ", "I10'; drop", "zzz 99"])
def test_what_means_nothing_finds_nothing(text: str) -> None:
    assert diagnoses.find(text).codes == ()


def test_a_mistake_is_only_looked_for_where_nothing_is_found() -> None:
    assert not diagnoses.find("гипертензия").is_guess
    assert diagnoses.find("гипиртензия").is_guess


def test_the_persons_own_come_first_then_the_common() -> None:
    plainly = diagnoses.find("диабет").codes
    known = diagnoses.find("диабет", own=["O24"]).codes

    assert plainly[0] in ("E10", "E11")
    assert known[0] == "O24"
    assert known[1] == plainly[0]


def test_a_category_is_followed_by_its_parts() -> None:
    assert diagnoses.find("E11").codes == ("E11", *(f"E11.{n}" for n in range(10)))
    assert diagnoses.find("E11", limit=3).total == 11


@pytest.mark.parametrize("text", ["G63", "G63.2", "A00-A09", "IX", "U07.3"])
def test_what_cannot_stand_alone_is_not_offered(text: str) -> None:
    assert text not in diagnoses.find(text).codes


def test_causes_from_outside_stand_last() -> None:
    found = diagnoses.find("alcohol", limit=1000).codes
    late = [code[0] in "VWXY" for code in found]

    assert any(late)
    assert late == sorted(late)
