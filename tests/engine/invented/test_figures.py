"""The tables of numbers are read whole, and what is wrong with them is said at once."""

import re
import shutil
from pathlib import Path

import numpy as np
import pytest

from qamqor.engine.invented.figures import (
    Invention,
    along_age,
    by_age,
    by_sex,
    read_invention,
)
from qamqor.engine.invented.places import lay_out
from qamqor.engine.programmes.table_files import read_tables
from qamqor.errors import ContentError, NotThere
from tests.engine.invented.conftest import CONTENT


def test_numbers_are_valid_from_their_age_on() -> None:
    table = by_age({0: 1, 18: 2, 65: 3})
    assert list(table[[0, 17, 18, 64, 65, 110]]) == [1, 1, 2, 2, 3, 3]
    assert by_age({18: 2})[17] == 0
    assert (by_age(4) == 4).all()


def test_levels_run_straight_between_ages() -> None:
    table = along_age({0: 0, 10: 20})
    assert table[5] == 10
    assert table[80] == 20


def test_a_sex_left_out_has_none() -> None:
    table = by_sex({"female": {0: 5}})
    assert (table[0] == 0).all()
    assert (table[1] == 5).all()
    assert (by_sex({0: 7}) == 7).all()


def test_a_missing_source_and_a_missing_file_are_both_named(tmp_path: Path) -> None:
    folder = tmp_path / "invented"
    shutil.copytree(CONTENT / "invented", folder)
    (folder / "events.yaml").unlink()
    (folder / "places.csv").unlink()
    (folder / "contacts.yaml").write_text("years: {value: 10, source: dreams, status: sure}\n")
    with pytest.raises(ContentError) as caught:
        read_invention(folder)
    said = str(caught.value)
    assert "events.yaml" in said
    assert "places.csv" in said
    assert "dreams" in said
    assert "sure" in said


def test_broken_yaml_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "invented"
    shutil.copytree(CONTENT / "invented", folder)
    (folder / "team.yaml").write_text("roles: {gp: [")
    with pytest.raises(ContentError, match=r"team\.yaml"):
        read_invention(folder)


def test_an_unknown_place_is_refused_with_names_to_try(invention: Invention) -> None:
    with pytest.raises(NotThere, match="kazakhstan"):
        lay_out(invention, "atlantis", 1000)


def test_every_place_has_a_parent_and_a_code_of_its_own(invention: Invention) -> None:
    known = {row["place_id"] for row in invention.places}
    katos = [row["kato"] for row in invention.places]
    assert all(row["parent_id"] in known for row in invention.places if row["parent_id"])
    assert len(set(katos)) == len(katos)
    assert {"merke", "taraz", "shymkent", "zhetysu", "kazakhstan"} <= known


def test_every_country_leaf_is_in_exactly_one_zone(invention: Invention) -> None:
    layout = lay_out(invention, "kazakhstan", 2_000_000)
    assert len(layout.zones) == 20
    covered = [leaf for first, last, _ in layout.zones for leaf in range(first, last + 1)]
    assert covered == list(range(len(layout.leaves)))
    blocks = [layout.zone_of_block(block) for block in range(2000)]
    shares = np.bincount(blocks, minlength=20) / 2000
    ends = layout.edges[[last for _, last, _ in layout.zones]]
    assert abs(shares - np.diff(ends, prepend=0)).max() < 0.005


def test_the_packs_own_codes_are_known_to_its_value_sets() -> None:
    """Conditions that programmes ask about must be written with codes the programmes know."""
    tables = read_tables(CONTENT / "tables", "tables", [])
    invention = read_invention(CONTENT / "invented")
    readings = invention["readings"]["readings"]
    for name, entry in readings.items():
        table = tables[entry.get("table", name)]
        text = str(table.views)
        assert any(str(code) in text or "examination" in entry for code in entry["code"]), name
        assert set(entry.get("columns", {})) <= set(table.columns), name


def test_programmes_named_by_the_figures_are_in_the_pack() -> None:
    invention = read_invention(CONTENT / "invented")
    programmes = {path.name for path in (CONTENT / "programmes").iterdir() if path.is_dir()}
    named = {
        entry["enrolled"]["programme"]
        for entry in invention["conditions"]["conditions"].values()
        if "enrolled" in entry
    } | set(invention["events"]["screenings"]["programmes"])
    assert named <= programmes


def test_the_code_that_draws_names_no_illness_medicine_vaccine_or_programme(
    invention: Invention,
) -> None:
    conditions = invention["conditions"]["conditions"]
    named = set(conditions) | set(invention["events"]["screenings"]["programmes"])
    named |= {code for entry in conditions.values() for code in entry["medicines"]}
    named |= set(invention["events"]["vaccination"]["doses"])
    named |= {code for entry in conditions.values() for code in entry["codes"]}
    for module in (Path(__file__).parents[3] / "qamqor/engine/invented").glob("*.py"):
        words = set(re.findall(r"[\w.-]+", module.read_text()))
        assert not named & words, module.name
