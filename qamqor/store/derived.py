"""What follows from the record and can be made again: each person's rows and what they are due."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from itertools import groupby
from typing import Any, Final, NamedTuple

import msgspec
from django.db import connection

from qamqor.engine.population.one_person import Due
from qamqor.store import many
from qamqor.store.node import Transaction

Rows = dict[str, list[dict[str, Any]]]
SLICE: Final = 200
_ROWS: Final = many.table("person_rows", "patient_id:text content:text")
_DECODE: Final = msgspec.json.Decoder(Rows).decode
DUE_COLUMNS: Final = tuple(name for name in Due._fields if name != "as_of")
_KEY: Final = ("patient_id", "programme", "action", "item")
_NAMES: Final = ", ".join(DUE_COLUMNS)
_DUE_ON: Final = DUE_COLUMNS.index("due_on")
_OVERDUE_ON: Final = DUE_COLUMNS.index("overdue_on")
_IS_RURAL: Final = DUE_COLUMNS.index("is_rural")
_PUT_DUE: Final = f"""insert into due ({_NAMES}) values ({", ".join(["%s"] * len(DUE_COLUMNS))})
    on conflict (patient_id, programme, action, item) do update set
    {", ".join(f"{n} = excluded.{n}" for n in DUE_COLUMNS if n not in _KEY)}"""


class State(NamedTuple):
    """As of when a person's due rows hold.

    Attributes:
        as_of: the day, ISO; empty before the first time.
        asked: which programmes and tables were asked, as a digest.
        sequence: the newest change they know; 0 = something changed since.
    """

    as_of: str
    asked: str
    sequence: int

    def holds_for(self, as_of: str, asked: str) -> bool:
        """Whether the rows are those of a day and of what is asked, and nothing came since."""
        return self.sequence > 0 and (self.as_of, self.asked) == (as_of, asked)


def replace_rows(
    tx: Transaction, changes: Mapping[int, tuple[bool, Mapping[str, str]]]
) -> set[str]:
    """Bring the rows of some resources up to their new state.

    Args:
        changes: the key of each resource → whether it had none before, and for each person its
            rows as JSON ``{table: [{column: value}]}``; nobody where it gives none now.

    Returns:
        The ids of the people for whom something changed.
    """
    old: dict[tuple[str, int], str] = {}
    for some in sliced([key for key, (is_first, _) in changes.items() if not is_first]):
        for patient_id, key, content in tx.rows(
            f"select patient_id, key, content from person_rows where key in ({_marks(some)})", some
        ):
            old[patient_id, key] = content
    new = {
        (patient_id, key): content
        for key, (_, people) in changes.items()
        for patient_id, content in people.items()
    }
    gone = [pair for pair in old if pair not in new]
    come = [(*pair, content) for pair, content in new.items() if old.get(pair) != content]
    tx.executemany("delete from person_rows where patient_id = %s and key = %s", gone)
    tx.executemany(
        """insert into person_rows (patient_id, key, content) values (%s, %s, %s)
        on conflict (patient_id, key) do update set content = excluded.content""",
        come,
    )
    return {pair[0] for pair in gone} | {one[0] for one in come}


def add_rows(tx: Transaction, rows: list[tuple[str, str, int]], *, first: int) -> None:
    """Keep the rows of resources new to the record: person, JSON, key less ``first``."""
    many.insert(tx, _ROWS, rows, first=first)


def rows_of(patient_ids: Sequence[str]) -> dict[str, Rows]:
    """Each person's rows of every table, dates as ISO text, what is unknown left out."""
    found: dict[str, Rows] = {one: {} for one in patient_ids}
    for some in sliced(patient_ids):
        for patient_id, content in _all(
            f"""select patient_id, content from person_rows where patient_id in ({_marks(some)})
            order by patient_id, key""",
            some,
        ):
            person = found[patient_id]
            for table, rows in _DECODE(content).items():
                person.setdefault(table, []).extend(rows)
    return found


def replace_entries(
    tx: Transaction, key: int, entries: Sequence[tuple[str, str, str]], *, is_first: bool
) -> None:
    """What a shared resource says for everybody: kind, code, value."""
    if not is_first:
        tx.execute("delete from directory_entry where key = %s", [key])
    tx.executemany(
        "insert into directory_entry (kind, code, value, key) values (%s, %s, %s, %s)",
        [(*entry, key) for entry in entries],
    )


def entries(kind: str, codes: Iterable[str]) -> dict[str, list[str]]:
    """The values of some codes, in order."""
    found: dict[str, list[str]] = {}
    for some in sliced(sorted(set(codes))):
        for code, value in _all(
            f"""select code, value from directory_entry where kind = %s and code in ({_marks(some)})
            order by code, value""",
            [kind, *some],
        ):
            found.setdefault(code, []).append(value)
    return found


def move_areas(tx: Transaction, above: Mapping[str, str | None]) -> None:
    """Say in every due row of an area which organisation now stands above it."""
    tx.executemany(
        "update due set organization_id = %s where area_id = %s",
        [(organization, area) for area, organization in above.items()],
    )


def replace_due(tx: Transaction, due: Mapping[str, Sequence[Due]]) -> None:
    """Put each person's due rows in place of those before; what is the same is not written."""
    old: dict[tuple[Any, ...], tuple[Any, ...]] = {}
    for some in sliced(list(due)):
        for row in tx.rows(f"select {_NAMES} from due where patient_id in ({_marks(some)})", some):
            old[_key_of(row)] = row
    new = {_key_of(row): row for rows in due.values() for row in map(_written, rows)}
    tx.executemany(
        "delete from due where patient_id = %s and programme = %s and action = %s and item = %s",
        [key for key in old if key not in new],
    )
    tx.executemany(_PUT_DUE, [row for key, row in new.items() if old.get(key) != row])


def _key_of(row: Sequence[Any]) -> tuple[Any, ...]:
    return (row[0], row[1], row[3], row[4])


def _written(due: Due) -> tuple[Any, ...]:
    row: list[Any] = list(due[1:])
    for date_column in (_DUE_ON, _OVERDUE_ON):
        row[date_column] = None if row[date_column] is None else row[date_column].isoformat()
    row[_IS_RURAL] = None if row[_IS_RURAL] is None else int(row[_IS_RURAL])
    return tuple(row)


def read_due(row: Sequence[Any], as_of: date) -> Due:
    """A due row as the engine gives it, from its columns in the order of ``DUE_COLUMNS``."""
    values = list(row)
    for date_column in (_DUE_ON, _OVERDUE_ON):
        text = values[date_column]
        values[date_column] = None if text is None else date.fromisoformat(text)
    values[_IS_RURAL] = None if values[_IS_RURAL] is None else bool(values[_IS_RURAL])
    return Due(as_of, *values)


def put_states(tx: Transaction, states: Mapping[str, State]) -> None:
    """Say as of when some people's due rows hold."""
    tx.executemany(
        """insert into due_state (patient_id, as_of, asked, sequence) values (%s, %s, %s, %s)
        on conflict (patient_id) do update set as_of = excluded.as_of, asked = excluded.asked,
            sequence = excluded.sequence""",
        [(patient_id, *state) for patient_id, state in states.items()],
    )


def mark_stale(tx: Transaction, patient_ids: Iterable[str]) -> None:
    """Say that some people's due rows no longer hold, until somebody works them out again."""
    tx.executemany(
        """insert into due_state (patient_id, as_of, asked, sequence) values (%s, '', '', 0)
        on conflict (patient_id) do update set sequence = 0""",
        [(one,) for one in patient_ids],
    )


def states(patient_ids: Sequence[str]) -> dict[str, State]:
    """As of when the due rows of some people hold; nothing for who is unknown."""
    return {
        row[0]: State(*row[1:])
        for some in sliced(patient_ids)
        for row in _all(
            f"""select patient_id, as_of, asked, sequence from due_state
            where patient_id in ({_marks(some)})""",
            some,
        )
    }


def stale(as_of: str, asked: str, *, after: str, limit: int) -> list[str]:
    """Ids, in order, of people whose due rows are not those of a day and of what is asked."""
    rows = _all(
        """select patient_id from due_state
        where patient_id > %s and not (as_of = %s and asked = %s and sequence > 0)
        order by patient_id limit %s""",
        [after, as_of, asked, limit],
    )
    return [row[0] for row in rows]


def count_stale(as_of: str, asked: str) -> tuple[int, int]:
    """How many people's due rows are not those of a day, and of how many people."""
    fresh = _all(
        "select count(*) from due_state where as_of = %s and asked = %s and sequence > 0",
        [as_of, asked],
    )
    every = _all("select count(*) from due_state", [])
    return int(every[0][0]) - int(fresh[0][0]), int(every[0][0])


def due_of(patient_ids: Sequence[str]) -> Iterator[tuple[str, list[tuple[Any, ...]]]]:
    """Each person's due rows as kept, in columns of ``DUE_COLUMNS``, by programme and action."""
    for some in sliced(patient_ids):
        rows = _all(
            f"""select {_NAMES} from due where patient_id in ({_marks(some)})
            order by patient_id, programme, action, item""",
            some,
        )
        yield from ((one, list(own)) for one, own in groupby(rows, key=lambda row: row[0]))


def people_due(
    where: str, values: Sequence[Any], *, offset: int, limit: int
) -> list[tuple[str, int]]:
    """Who has a due row that meets a condition, the most pressing first, with how many.

    Args:
        where: SQL over the columns of ``due``; made by ``services.due`` only, from fixed words.
    """
    return [
        (row[0], int(row[1]))
        for row in _all(
            f"""select patient_id, count(*) from due where {where} group by patient_id
            order by min(case status when 'overdue' then 0 when 'due' then 1
                when 'unknown' then 2 else 3 end), min(urgency), min(coalesce(due_on, '9999')),
                patient_id limit %s offset %s""",
            [*values, limit, offset],
        )
    ]


def count_due(where: str, values: Sequence[Any]) -> tuple[int, int]:
    """How many people and rows meet a condition, as for ``people_due``."""
    row = _all(f"select count(distinct patient_id), count(*) from due where {where}", values)[0]
    return int(row[0]), int(row[1])


def made_by() -> int:
    """By which tables of care the rows were made, as a number; 0 = nobody knows."""
    return int(_all("select value from node_counter where name = 'tables'", [])[0][0])


def say_made_by(tables: int, tx: Transaction) -> None:
    """Say by which tables of care all rows are made from now on."""
    tx.execute("update node_counter set value = %s where name = 'tables'", [tables])


def clear(tx: Transaction) -> None:
    """Forget everything that can be made again."""
    for table in ("person_rows", "directory_entry", "due", "due_state"):
        tx.execute(f"delete from {table}")


def sliced(listed: Sequence[Any], size: int = SLICE) -> Iterator[list[Any]]:
    """A list in pieces that fit into one statement."""
    return (list(listed[start : start + size]) for start in range(0, len(listed), size))


def _marks(values: Sequence[Any]) -> str:
    return ", ".join(["%s"] * len(values))


def _all(sql: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        found: list[tuple[Any, ...]] = cursor.fetchall()
    return found
