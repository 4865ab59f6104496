"""The bucket of a person: the same in Python, in arrays and in SQL, for ever."""

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qamqor.engine.tables.partition import bucket_of, bucket_sql, buckets_for, buckets_of
from qamqor.errors import ShapeError

IDS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=64)


@pytest.fixture(scope="module")
def duck() -> duckdb.DuckDBPyConnection:
    return duckdb.connect()


@settings(deadline=None)
@given(ids=st.lists(IDS, min_size=1), buckets=st.sampled_from([1, 2, 16, 64, 512]))
def test_python_arrays_and_sql_agree(
    duck: duckdb.DuckDBPyConnection, ids: list[str], buckets: int
) -> None:
    one_by_one = [bucket_of(patient_id, buckets) for patient_id in ids]
    query = f"select {bucket_sql('id', buckets)} from (select unnest($1::text[]) as id)"
    assert buckets_of(ids, buckets).tolist() == one_by_one
    assert [row[0] for row in duck.execute(query, [ids]).fetchall()] == one_by_one


def test_the_hash_never_changes() -> None:
    assert [bucket_of(name, 512) for name in ("abc", "", "Ж-1")] == [
        8250560606382298838 % 512,
        9098107892288553193 % 512,
        12577480511183984509 % 512,
    ]


@pytest.mark.parametrize(
    ("people", "buckets"),
    [(0, 16), (250_000, 16), (250_001, 64), (2_000_000, 64), (2_000_001, 512), (20_000_000, 512)],
)
def test_more_people_get_more_buckets(people: int, buckets: int) -> None:
    assert buckets_for(people) == buckets


def test_people_spread_evenly() -> None:
    counts = [0] * 16
    for number in range(16_000):
        counts[bucket_of(f"person-{number}", 16)] += 1
    assert min(counts) > 850
    assert max(counts) < 1150


@pytest.mark.parametrize("buckets", [0, 3, -4, 100])
def test_a_number_of_buckets_that_is_no_power_of_two_is_refused(buckets: int) -> None:
    with pytest.raises(ShapeError, match="power of two"):
        bucket_of("amina", buckets)
