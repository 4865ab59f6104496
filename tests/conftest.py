"""How generated tests draw: the same examples in every short run, new ones in every long run."""

import os
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import settings

settings.register_profile("same examples", derandomize=True, deadline=None)
settings.register_profile("new examples", deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same examples"))


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None) -> Iterator[None]:
    """The committer lets go of the test database before it is removed."""
    from qamqor.store import node

    yield
    node.stop()


@pytest.fixture(autouse=True)
def _empty_record_afterwards(
    request: pytest.FixtureRequest, django_db_blocker: Any
) -> Iterator[None]:
    """Tests with real transactions leave nothing in the tables that Django's models do not know."""
    yield
    _forget_own_parameters()
    marked = request.node.get_closest_marker("django_db")
    if marked is not None and marked.kwargs.get("transaction"):
        with django_db_blocker.unblock():
            _empty_record()


def _forget_own_parameters() -> None:
    """What a test added to R4's search parameters went with its transaction."""
    loaded = sys.modules.get("qamqor.services.fhir.own_parameters")
    if loaded is not None:
        loaded.forget()


def _empty_record() -> None:
    from django.db import connection

    from qamqor.store import audit

    audit.unprotect()
    known = {*connection.introspection.django_table_names(), "django_migrations"}
    with connection.cursor() as cursor:
        tables = {table.name for table in connection.introspection.get_table_list(cursor)}
        texts = {name for name in tables if name.startswith("search_text")}  # true of any record
        for table in tables - known - texts - {"node_counter"}:
            cursor.execute(f"delete from {table}")
        cursor.execute("update node_counter set value = 0")
    audit.protect()


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """The one browser of a run: a process holds one driver at a time."""
    from tests.browser import chromium

    with chromium() as started:
        yield started


@pytest.fixture
def village(settings: Any) -> None:
    """The small village of ``tests.pages`` in the record of the test, in a demo installation."""
    from dataclasses import replace

    from django.conf import settings as django_settings

    from tests.pages import make_village

    settings.QAMQOR = replace(django_settings.QAMQOR, is_demo=True)
    make_village()
