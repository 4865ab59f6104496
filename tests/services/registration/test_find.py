"""People are found while typing, by name in any spelling, and by number."""

from __future__ import annotations

import pytest

from qamqor.engine.identity.compare import Verdict
from qamqor.engine.identity.names import FullName
from qamqor.engine.identity.person import Identity
from qamqor.errors import Unusable
from qamqor.services.registration.find import Found, find_by_iin, find_by_name, find_twins
from tests.services.registration.desk import AT, CLERK, area, put

pytestmark = pytest.mark.django_db
IIN = "870312900004"


def twins(*names: str, born: str = "", iin: str = "", **more: str) -> list[Found]:
    typed = Identity((FullName(*names),), born, iins=(iin,) if iin else ())
    return find_twins(typed, actor=CLERK, at=AT, **more)


def ids(found: list[Found]) -> list[str]:
    return [person.patient_id for person in found]


def named(text: str, **more: str) -> list[str]:
    return ids(find_by_name(text, actor=CLERK, at=AT, **more))


@pytest.fixture
def aigul() -> None:
    put("aigul", "Ахметова", "Айгүл", "Серікқызы", iin=IIN, **area("area-1"))
    put("oleg", "Ким", "Олег", "Петрович", born="1960-05-01")


@pytest.mark.usefixtures("aigul")
class TestATwinIsFound:
    @pytest.mark.parametrize(
        ("names", "born", "reason"),
        [
            (("Ахметова", "Айгуль"), "", "given.spelling"),
            (("Akhmetova", "Aigul"), "", "family.spelling"),
            (("Ахмтеова", "Айгүл"), "", "family.close"),
            (("Ахметова", "Айгул"), "1987-12-03", "birth.swapped"),
            (("Оспанова", "Айгүл"), "1987-03-12", "family.differs"),
            (("Айгүл", "Ахметова"), "1987-03-12", "name.swapped"),
            (("Ахметова", "Айгүл", "Сериковна"), "1988-03-12", "patronymic.spelling"),
        ],
    )
    def test_with_the_reason(self, names: tuple[str, ...], born: str, reason: str) -> None:
        found = twins(*names, born=born)
        assert ids(found) == ["aigul"]
        assert reason in {one.code for one in found[0].reasons}

    def test_by_number_whatever_the_name(self) -> None:
        (found,) = twins("Омарова", "Дана", iin=IIN)
        assert found.patient_id == "aigul"
        assert found.verdict is Verdict.likely
        assert found.iin_end == "0004"

    def test_with_everything_equal_as_certain(self) -> None:
        assert twins("Ахметова", "Айгүл", born="1987-03-12", iin=IIN)[0].verdict is Verdict.certain

    def test_but_not_the_record_being_corrected(self) -> None:
        assert twins("Ахметова", "Айгүл", but_not="aigul") == []

    def test_but_nobody_for_a_stranger_or_an_empty_form(self) -> None:
        assert twins("Сейтқали", "Дана", born="1999-01-01") == []
        assert twins("") == []


def test_a_record_out_of_use_or_merged_is_no_twin(aigul: None) -> None:
    put("old", "Ахметова", "Айгүл", active=False)
    put("gone", "Ахметова", "Айгүл", link=[
        {"type": "replaced-by", "other": {"reference": "Patient/aigul"}}])  # fmt: skip
    assert ids(twins("Ахметова", "Айгүл")) == ["aigul"]


def test_the_likeliest_twin_comes_first_and_few_are_shown() -> None:
    for number in range(9):
        put(f"p{number}", "Ахметова", "Айгүл", born=f"19{40 + number}-01-01")
    found = twins("Ахметова", "Айгүл", born="1945-01-01")
    assert found[0].patient_id == "p5"
    assert len(found) == 5


@pytest.mark.usefixtures("aigul")
class TestANumber:
    def test_finds_its_person(self) -> None:
        found = find_by_iin("8703 1290 0004", actor=CLERK, at=AT)
        assert found is not None
        assert found.patient_id == "aigul"

    def test_of_nobody_finds_nobody(self) -> None:
        assert find_by_iin("850312900030", actor=CLERK, at=AT) is None

    @pytest.mark.parametrize("wrong", ["870312900008", "8703129", "87031290000x", ""])
    def test_that_is_wrong_is_refused_and_not_repeated(self, wrong: str) -> None:
        with pytest.raises(Unusable) as refused:
            find_by_iin(wrong, actor=CLERK, at=AT)
        assert not wrong or wrong not in str(refused.value)

    def test_of_a_merged_record_leads_to_the_one_in_its_place(self) -> None:
        put("second", "Ахметова", "А", iin="850312900030", active=False, link=[
            {"type": "replaced-by", "other": {"reference": "Patient/aigul"}}])  # fmt: skip
        found = find_by_iin("850312900030", actor=CLERK, at=AT)
        assert found is not None
        assert found.patient_id == "aigul"

    def test_whose_record_points_in_a_circle_still_answers(self) -> None:
        put("round", "Ким", "Олег", iin="850312900030", link=[
            {"type": "replaced-by", "other": {"reference": "Patient/round"}}])  # fmt: skip
        put("lost", "Ким", "Олег", iin="850312900040", link=[
            {"type": "replaced-by", "other": {"reference": "Patient/nowhere"}}])  # fmt: skip
        for number, id_ in (("850312900030", "round"), ("850312900040", "lost")):
            found = find_by_iin(number, actor=CLERK, at=AT)
            assert found is not None
            assert found.patient_id == id_


@pytest.mark.usefixtures("aigul")
@pytest.mark.parametrize(
    "text",
    ["Ахметова", "ахм", "айгул", "AIGUL", "aigul akhmetova", "Ахметова А", "айгуль сериковна",
     "Ахмтеова", "айгүл 12.03.1987", "1987-03-12", "ахметова 1987", "Ахметова Айгүл Серікқызы"],
)  # fmt: skip
def test_a_person_is_found_by(text: str) -> None:
    assert named(text)[:1] == ["aigul"]


@pytest.mark.usefixtures("aigul")
@pytest.mark.parametrize("text", ["", "   ", "Сейтқали", "ахметова 1990", IIN, "%", "' or 1=1 --"])
def test_nobody_is_found_by(text: str) -> None:
    assert named(text) == []


def test_a_telephone_number_finds_the_household() -> None:
    phone = [{"system": "phone", "value": "8 701 123 45 67"}]
    put("mother", "Ким", "Анна", telecom=phone)
    put("child", "Ким", "Лев", born="2020-01-01", telecom=phone)
    assert named("+7 701 123-45-67") == ["mother", "child"]


def test_as_typed_comes_first_and_ones_own_area_before_others() -> None:
    put("far", "Ахметова", "Айгүл", **area("area-2"))
    put("other", "Ахметова", "Айгул", **area("area-2"))
    put("own", "Ахметова", "Айгүл", **area("area-1"))
    assert named("Ахметова Айгүл", area_id="area-1") == ["own", "far", "other"]
    assert named("Ахметова Айгүл") == ["far", "own", "other"]
