"""Marks for tests that ask what only one of the databases has."""

import pytest

from qamqor.store import quick

ON_SQLITE = pytest.mark.skipif(not quick.is_sqlite(), reason="PostgreSQL counts no steps")
ON_POSTGRESQL = pytest.mark.skipif(quick.is_sqlite(), reason="SQLite has nobody to ask together")
