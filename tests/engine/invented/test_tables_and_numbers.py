"""Arrow tables and the dealing out of ids."""

import re

import duckdb
import numpy as np
import pytest

from qamqor.engine.invented.arrow import Batch, patient_ids, to_table
from qamqor.engine.invented.block import Block, Recipe, make_block
from qamqor.engine.invented.numbering import block_size, blocks_of, numbers_by_block
from qamqor.engine.programmes.table_files import read_tables
from qamqor.engine.tables.partition import bucket_of
from tests.engine.invented.conftest import CONTENT, SIZE


def test_ids_are_the_letter_and_eight_digits() -> None:
    assert patient_ids(np.array([0, 42, 12345678])).to_pylist() == [
        "p00000000",
        "p00000042",
        "p12345678",
    ]


@pytest.mark.parametrize(("people", "buckets"), [(5_000, 16), (260_000, 64)])
def test_everybody_in_a_block_falls_into_the_blocks_bucket(people: int, buckets: int) -> None:
    with duckdb.connect() as connection:
        numbers = numbers_by_block(connection, people)
    assert sum(len(own) for own in numbers.values()) == people
    for block, own in numbers.items():
        ids = patient_ids(own[:40]).to_pylist()
        assert {bucket_of(each, buckets) for each in ids} == {block % buckets}
        assert (np.diff(own) > 0).all()
    assert len(np.unique(np.concatenate(list(numbers.values())))) == people


def test_later_blocks_of_a_bucket_have_larger_numbers() -> None:
    with duckdb.connect() as connection:
        numbers = numbers_by_block(connection, 40_000)
    assert numbers[0].max() < numbers[16].min()


def test_ids_of_a_block_do_not_depend_on_how_many_follow() -> None:
    with duckdb.connect() as connection:
        few, many = numbers_by_block(connection, 20_000), numbers_by_block(connection, 90_000)
    for block in range(19):
        assert (few[block] == many[block]).all()


def test_only_the_last_block_is_smaller() -> None:
    assert blocks_of(2_500) == [(0, 1024), (1, 1024), (2, 452)]
    assert block_size(20_000_000) == 8192


def test_tables_have_the_columns_of_the_views_sorted_by_person_and_date(
    recipe: Recipe, blocks: list[Block]
) -> None:
    tables = read_tables(CONTENT / "tables", "tables", [])
    numbers = np.arange(2 * SIZE)
    ids = patient_ids(numbers)
    parts: dict[str, list] = {}
    for place, block in enumerate(blocks[:2]):
        for rows in block.rows:
            parts.setdefault(rows.table, []).append((place * SIZE, rows))
    # Nobody invented has been booked or given to another worker.
    about_people = {name for name, table in tables.items() if table.has_patient}
    assert set(parts) == about_people - {"assignment", "booking", "booking_need"}
    with duckdb.connect() as connection:
        for name, rows in parts.items():
            described = tables[name]
            made = to_table(Batch(rows), described.columns, described.known_on, numbers, ids)
            assert made.column_names == list(described.columns)
            assert made.num_rows == sum(len(part) for _, part in rows)
            order = described.known_on or "patient_id"
            connection.register("made", made)
            wrong = connection.execute(
                f"""select count(*) from (
                    select patient_id, {order} as on_day,
                        lag(patient_id) over () as before, lag({order}) over () as day_before
                    from made)
                where patient_id < before or (patient_id = before and on_day < day_before)"""
            ).fetchall()
            assert wrong == [(0,)], name
            for key in described.keys:
                values = made.column(key).to_pylist()
                assert all(values), f"{name}.{key} has gaps"
                if key.endswith("_id"):
                    assert all(re.fullmatch(r"[A-Za-z0-9.-]{1,64}", value) for value in values)


def test_a_block_of_few_people_works(recipe: Recipe) -> None:
    block = make_block(recipe, 7, np.arange(100))
    assert len(block.people) == 100
