"""Finds bookings by person, by worker and day, and wishes for a day, in the search index."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

from qamqor.engine.fhir.search.folding import code
from qamqor.engine.fhir.search.parameters import parameters
from qamqor.store import quick
from qamqor.store.fhir.versions import Version
from qamqor.store.node import Transaction

MOST_WISHES: Final = 300
_COLUMNS: Final = "r.key, c.sequence, c.type, c.id, c.version, c.method, c.at, c.content"
_CONTENT: Final = """join fhir_resource r on r.key = a.key and r.is_deleted = 0
    join fhir_change c on c.sequence = r.sequence"""
Rows = Callable[[str, Sequence[Any]], list[tuple[Any, ...]]]


class Found(NamedTuple):
    """One Appointment: its key and how it stands."""

    key: int
    version: Version


def of_person(patient: str, tx: Transaction | None = None) -> list[Found]:
    """Every booking of a person, the newest change last.

    Args:
        tx: a transaction that is about to change them.
    """
    return _found(
        f"""select {_COLUMNS} from search_reference a {_CONTENT}
        where a.param = %s and a.id = %s and a.type = 'Patient' order by c.sequence""",
        [_number("patient"), patient],
        tx,
    )


def of_workers(
    workers: Sequence[str], since: int, before: int, tx: Transaction | None = None
) -> list[Found]:
    """The bookings of some posts that begin in a time, the earliest first.

    Args:
        workers: ids of PractitionerRoles.
        since, before: moments in microseconds from 1970, half-open.
    """
    if not workers:
        return []
    marks = ", ".join(["%s"] * len(workers))
    return _found(
        f"""select distinct {_COLUMNS}, d.low from search_date d
        join search_reference a on a.key = d.key and a.param = %s
            and a.type = 'PractitionerRole' and a.id in ({marks})
        {_CONTENT} where d.param = %s and d.low >= %s and d.low < %s order by d.low, r.key""",
        [_number("actor"), *workers, _number("date"), since, before],
        tx,
    )


def wishes_of(workers: Sequence[str]) -> list[Found]:
    """Days wished for with some posts to which no time is given yet, the newest wish first."""
    if not workers:
        return []
    marks = ", ".join(["%s"] * len(workers))
    return _found(
        f"""select distinct {_COLUMNS} from search_reference a
        join search_token t on t.key = a.key and t.param = %s and t.code = %s
        {_CONTENT} where a.param = %s and a.type = 'PractitionerRole' and a.id in ({marks})
        order by r.key desc limit {MOST_WISHES}""",
        [_number("status"), code("proposed"), _number("actor"), *workers],
    )


def _number(name: str) -> int:
    return parameters("Appointment")[name].number


def _found(sql: str, values: Sequence[Any], tx: Transaction | None = None) -> list[Found]:
    ask: Rows = quick.rows if tx is None else tx.rows
    return [Found(row[0], Version(*row[1:8])) for row in ask(sql, values)]
