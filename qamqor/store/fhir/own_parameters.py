"""Search parameters a node added to R4: their numbers, and how far each is indexed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from qamqor.engine.fhir.search.parameters import Parameter
from qamqor.store import quick
from qamqor.store.fhir.search_index import TABLES
from qamqor.store.node import Transaction

READY: Final = -1
"""``filled_to`` of a parameter by which everything stored is indexed."""
_COLUMNS: Final = "number, resource_type, code, type, path, targets, url, filled_to"


class Row(NamedTuple):
    """One parameter of one type.

    Attributes:
        targets: resource types a reference may point to, spaces between; empty = any.
        filled_to: resources up to this key are indexed by it; ``READY`` = all are.
    """

    number: int
    resource_type: str
    code: str
    type: str
    path: str
    targets: str
    url: str
    filled_to: int

    def parameter(self) -> Parameter:
        """The row as search uses it."""
        return Parameter(
            number=self.number,
            resource_type=self.resource_type,
            code=self.code,
            type=self.type,
            path=self.path,
            targets=tuple(self.targets.split()),
            url=self.url or "urn:qamqor:own",
            is_ready=self.filled_to == READY,
        )


def generation() -> int:
    """A number that is another one whenever the parameters are others."""
    found = quick.rows("select value from node_counter where name = 'parameters'", [])
    return int(found[0][0])


def listed() -> list[Row]:
    """Every parameter of the node's own, the oldest first."""
    return [
        Row(*row) for row in quick.rows(f"select {_COLUMNS} from search_own order by number", [])
    ]


def next_number(tx: Transaction, *, first: int) -> int:
    """A number nobody had: what is left of a removed parameter never answers for a new one."""
    tx.execute(
        """update node_counter set value = case when value < %s then %s else value + 1 end
        where name = 'parameter-number'""",
        [first, first],
    )
    return int(tx.rows("select value from node_counter where name = 'parameter-number'")[0][0])


def add(tx: Transaction, rows: Sequence[Row]) -> None:
    """Keep new parameters."""
    tx.executemany(
        f"insert into search_own ({_COLUMNS}) values (%s, %s, %s, %s, %s, %s, %s, %s)", rows
    )


def remove(tx: Transaction, numbers: Iterable[int]) -> None:
    """Forget parameters and everything indexed by them."""
    for number in numbers:
        tx.execute("delete from search_own where number = %s", [number])
        for table in TABLES.values():
            tx.execute(f"delete from {table.name} where param = %s", [number])


def filled(tx: Transaction, numbers: Iterable[int], *, to: int) -> None:
    """Say how far the index of some parameters has come."""
    for number in numbers:
        tx.execute("update search_own set filled_to = %s where number = %s", [to, number])


def changed(tx: Transaction) -> None:
    """Tell every process and thread that the parameters are others now."""
    tx.execute("update node_counter set value = value + 1 where name = 'parameters'")
    tx.parameters_changed()


def count(types: Iterable[str], *, most: int) -> int:
    """How many resources of some types there are, counted no further than ``most``."""
    listed = list(types)
    marks = ", ".join(["%s"] * len(listed))
    found = quick.rows(
        f"""select count(*) from (select 1 from fhir_resource where type in ({marks})
        and is_deleted = 0 limit %s) as counted""",
        [*listed, most],
    )
    return int(found[0][0])


def keys(types: Iterable[str], after: int, *, limit: int) -> list[int]:
    """The keys of the next resources of some types, in order."""
    listed = list(types)
    marks = ", ".join(["%s"] * len(listed))
    found = quick.rows(
        f"""select key from fhir_resource where type in ({marks}) and is_deleted = 0
        and key > %s order by key limit %s""",
        [*listed, after, limit],
    )
    return [int(row[0]) for row in found]
