"""Two records compared: the score, the verdict and the reasons."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qamqor.engine.identity.compare import Verdict, compare
from qamqor.engine.identity.names import FullName
from qamqor.engine.identity.person import Identity
from qamqor.engine.identity.spelling import edits, gaps
from qamqor.engine.identity.weights import HOME_MOST, LIKELY, POINTS, POSSIBLE

AIGUL = Identity(
    names=(FullName("Ахметова", "Айгүл", "Серікқызы"),),
    born_on="1987-03-12",
    sex="female",
    iins=("870312900008",),
    phones=("+77010000001",),
    addresses=("abai12",),
    households=("hh1",),
)
NO_NUMBER = replace(AIGUL, iins=())


def named(person: Identity, *names: str) -> Identity:
    return replace(person, names=(FullName(*names),))


@pytest.mark.parametrize(
    ("second", "verdict", "codes"),
    [
        pytest.param(AIGUL, "certain", {"iin.same", "given.same", "birth.same"}, id="same"),
        pytest.param(
            named(NO_NUMBER, "Akhmetova", "Aigul", "Serikovna"),
            "certain",
            {"family.spelling", "given.spelling", "patronymic.spelling"},
            id="Latin letters, the other style of patronymic, no number",
        ),
        pytest.param(
            named(NO_NUMBER, "Оспанова", "Айгуль", "Сериковна"),
            "likely",
            {"family.differs", "given.spelling", "birth.same"},
            id="married",
        ),
        pytest.param(
            replace(named(NO_NUMBER, "Ахмтеова", "Айгуль"), born_on="1987-12-03"),
            "likely",
            {"family.close", "birth.swapped"},
            id="typo, no patronymic, day and month swapped",
        ),
        pytest.param(
            named(NO_NUMBER, "Айгуль", "Ахметова", ""),
            "likely",
            {"name.swapped", "birth.same"},
            id="names in each other's field",
        ),
        pytest.param(
            named(NO_NUMBER, "Айгуь", "Ахметова", ""),
            "likely",
            {"name.swapped_close"},
            id="names in each other's field with a typo",
        ),
        pytest.param(
            named(NO_NUMBER, "Серікқызы", "Айгүл", "Серікқызы"),
            "certain",
            {"family.fathers_name"},
            id="the father's name as family name",
        ),
        pytest.param(
            named(NO_NUMBER, "Ахметова", "А.", ""),
            "certain",
            {"given.initial"},
            id="an initial only",
        ),
        pytest.param(
            named(NO_NUMBER, "Ахметова", "Әйгел", ""),
            "certain",
            {"given.close"},
            id="written by ear",
        ),
        pytest.param(
            Identity((FullName("Ахметова", "Айгуль"),)),
            "possible",
            {"family.same", "given.spelling"},
            id="name alone, while typing",
        ),
    ],
)
def test_a_second_record_of_a_person_is_found_and_says_why(
    second: Identity, verdict: str, codes: set[str]
) -> None:
    likeness = compare(AIGUL, second)
    assert codes <= set(likeness.codes())
    order = [Verdict.unlikely, Verdict.possible, Verdict.likely, Verdict.certain]
    least = Verdict.likely if verdict == "certain" else Verdict(verdict)
    assert order.index(likeness.verdict) >= order.index(least), likeness


def test_everything_equal_but_the_number_missing_is_certain() -> None:
    assert compare(AIGUL, NO_NUMBER).verdict is Verdict.certain


def test_twin_sisters_are_never_more_than_possible() -> None:
    sister = named(NO_NUMBER, "Ахметова", "Айнұр", "Серікқызы")
    likeness = compare(AIGUL, sister)
    assert "given.differs" in likeness.codes()
    assert likeness.verdict is Verdict.possible


def test_twin_sisters_with_numbers_of_their_own_are_not_shown() -> None:
    sister = replace(named(AIGUL, "Ахметова", "Айнұр", "Серікқызы"), iins=("870312900016",))
    assert compare(AIGUL, sister).verdict is Verdict.unlikely


def test_a_father_and_a_son_of_one_name_are_not_shown() -> None:
    father = Identity((FullName("Ким", "Олег"),), "1960-05-01", "male", phones=("+77010000001",))
    son = replace(father, born_on="1989-11-23")
    assert compare(father, son).score < POSSIBLE


def test_two_numbers_of_one_name_and_birthday_are_for_a_person_to_judge() -> None:
    other = replace(AIGUL, iins=("870312900016",))
    assert compare(AIGUL, other).verdict is Verdict.possible


def test_a_number_one_digit_off_speaks_softly_against() -> None:
    other = replace(AIGUL, iins=("870312900018",))
    likeness = compare(AIGUL, other)
    assert "iin.one_digit" in likeness.codes()
    assert likeness.verdict in (Verdict.likely, Verdict.certain)


def test_a_number_of_somebody_quite_different_is_likely_but_not_certain() -> None:
    other = replace(named(AIGUL, "Ким", "Олег"), born_on="1960-05-01", sex="male")
    likeness = compare(AIGUL, other)
    assert {"iin.same", "given.differs", "birth.differs", "sex.differs"} <= set(likeness.codes())
    assert likeness.verdict is Verdict.likely


def test_strangers_are_unlikely() -> None:
    stranger = Identity((FullName("Ким", "Олег", "Петрович"),), "1960-05-01", "male")
    likeness = compare(AIGUL, stranger)
    assert likeness.verdict is Verdict.unlikely
    assert likeness.score < 0


def test_what_a_household_shares_counts_once() -> None:
    codes = {"phone.same", "address.same", "household.same"}
    home = sum(r.points for r in compare(AIGUL, AIGUL).reasons if r.code in codes)
    assert home == HOME_MOST


def test_the_best_of_several_names_counts() -> None:
    both = replace(AIGUL, names=(FullName("Оспанова", "Айгүл"), AIGUL.names[0]))
    assert "family.same" in compare(both, NO_NUMBER).codes()


def test_missing_fields_give_no_reasons() -> None:
    assert compare(Identity(), AIGUL).reasons == ()
    assert compare(Identity(), Identity()).score == 0


def test_every_reason_has_its_points_and_thresholds_rise() -> None:
    assert POSSIBLE < LIKELY
    assert all(
        POINTS[f"{field}.same"] >= POINTS[f"{field}.close"] > POINTS[f"{field}.differs"]
        for field in ("family", "given", "patronymic")
    )


NAMES = st.sampled_from(["Ахметова", "Айгүл", "Aigul", "Ким", "Серікқызы", ""])
PEOPLE = st.builds(
    Identity,
    names=st.lists(st.builds(FullName, NAMES, NAMES, NAMES), max_size=2).map(tuple),
    born_on=st.sampled_from(["", "1987", "1987-03-12", "1987-12-03", "1990-01-01"]),
    sex=st.sampled_from(["", "male", "female"]),
    iins=st.sampled_from([(), ("870312900008",), ("870312900016",)]),
    phones=st.sampled_from([(), ("+77010000001",)]),
)


@given(PEOPLE, PEOPLE)
def test_a_comparison_is_the_same_from_both_sides(one: Identity, other: Identity) -> None:
    here, there = compare(one, other), compare(other, one)
    assert (here.score, here.verdict) == (there.score, there.verdict)
    assert here.score == sum(reason.points for reason in here.reasons)


@given(st.text("абв", max_size=7), st.text("абв", max_size=7))
def test_names_one_edit_apart_share_a_gap(one: str, other: str) -> None:
    if edits(one, other, limit=1) is not None:
        assert gaps(one) & gaps(other)


@pytest.mark.parametrize(
    ("one", "other", "count"),
    [("aigul", "aigul", 0), ("aigul", "agul", 1), ("aigul", "aiugl", 1), ("ahmet", "omar", None),
     ("serik", "srek", 2), ("", "ab", 2)],
)  # fmt: skip
def test_edits_are_counted_up_to_the_limit(one: str, other: str, count: int | None) -> None:
    assert edits(one, other, limit=2) == count
