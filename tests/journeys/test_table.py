"""The table of journeys in the docs says what the tests hold the pages to."""

from tests.journeys.table import PAGE, table


def test_the_table_in_the_docs_is_the_one_that_is_tested() -> None:
    assert PAGE.read_text() == table(), "run: python -m tests.journeys.table"
