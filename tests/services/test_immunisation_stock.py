"""Coverage and stock of invented people, with what is lost and what may not be shown."""

import re
from datetime import date
from fractions import Fraction
from pathlib import Path

import pytest

from qamqor.engine.programmes.load import load_pack
from qamqor.errors import NotPossible
from qamqor.services import immunisation_coverage as covered
from qamqor.services.demo import Wish, invent_tables
from qamqor.services.immunisation_stock import read_losses, stock, stock_json, stock_rows
from qamqor.services.immunisation_words import ImmunisationWords
from qamqor.services.population import Choice, Place, refresh

AS_OF = date(2026, 11, 20)
CONTENT = Path("content")
PACK = load_pack(CONTENT)
CHOICE = Choice(
    tuple(one for one in PACK.in_force(AS_OF) if one.doses_table is not None), (), "draft"
)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    folder = tmp_path_factory.mktemp("stock")
    invent_tables(Wish(CONTENT, 1500, "merke", 3, AS_OF), folder, processes=1)
    here = Place(folder, 1, 1)
    refresh(here, PACK, as_of=AS_OF, choice=CHOICE)
    return here


def test_coverage_adds_up_to_everybody_and_hides_one_to_four_people(place: Place) -> None:
    _, found = covered.coverage(place, PACK, as_of=AS_OF, by="area")
    assert found
    for one in found:
        shown = [group.numerator for group in one.groups if group.numerator is not None]
        assert not {1, 2, 3, 4} & set(shown)
        wholes = [group.denominator for group in one.groups]
        if None not in wholes and one.everybody.denominator is not None:
            assert sum(filter(None, wholes)) == one.everybody.denominator
    lines = covered.coverage_lines(found, "ru", covered.group_names(place, "area", "ru"))
    assert any(re.search(r"АКДС.*: \d+ / \d+ \(\d+,\d%\)$", line) for line in lines)
    assert covered.group_names(place, "settlement", "en") == {True: "village", False: "town"}


def test_more_doses_count_as_given_than_as_valid(place: Place) -> None:
    results, found = covered.coverage(place, PACK, as_of=AS_OF)
    about = covered.coverage_json(found, results.summary, "en")
    by_name = {one["measure"]: one["numerator"] for one in about["measures"]}
    assert by_name["dtp3_given"] >= by_name["dtp3_valid"] >= by_name["dtp3_on_time"]


def test_an_unknown_way_to_divide_is_named(place: Place) -> None:
    with pytest.raises(NotPossible, match="cannot divide by 'age'"):
        covered.coverage(place, PACK, as_of=AS_OF, by="age")


def test_stock_says_for_each_area_and_month_what_to_have(place: Place) -> None:
    found = stock(place, PACK, CHOICE, as_of=AS_OF, months=2)
    assert {line.month for line in found.lines} == {"2026-11", "2026-12"}
    assert all(line.late <= line.doses <= line.to_order for line in found.lines)
    words = ImmunisationWords("kk", [CONTENT], found.opened.schedule, found.opened.folder)
    assert stock_json(found, words, AS_OF)["losses"]["status"] == "assumption"
    heads, rows = stock_rows(found, words, {})
    assert (heads[0], len(rows)) == ("учаске", len(found.lines))


def test_stock_looks_one_to_twenty_four_months_ahead(place: Place) -> None:
    for months in (0, 25):
        with pytest.raises(NotPossible, match="choose 1 to 24"):
            stock(place, PACK, CHOICE, as_of=AS_OF, months=months)
    with pytest.raises(NotPossible, match="asks a vaccination schedule"):
        stock(place, PACK, Choice((), (), "draft"), as_of=AS_OF, months=1)


def test_losses_are_rounded_up_and_a_share_of_everything_is_refused(tmp_path: Path) -> None:
    assert read_losses(tmp_path).to_order(19, 3) == 3
    (tmp_path / "stock.yaml").write_text("usual: 0.1\nproducts: {19: 0.5}\n")
    losses = read_losses(tmp_path)
    assert (losses.to_order(19, 3), losses.to_order(8, 9)) == (6, 10)
    assert losses.products == {19: Fraction(1, 2)}
    (tmp_path / "stock.yaml").write_text("usual: 1\n")
    with pytest.raises(NotPossible, match="not a share of doses"):
        read_losses(tmp_path)
