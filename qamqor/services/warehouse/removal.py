"""Says what taking records out would do, before it is done."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import duckdb
import msgspec

from qamqor.engine.fhir.definitions import is_resource
from qamqor.engine.fhir.envelope import ID
from qamqor.errors import NotPossible
from qamqor.services.warehouse.bundles import Deletion
from qamqor.store.warehouse import Warehouse
from qamqor.store.warehouse_index import newest_sql


class Removal(msgspec.Struct, frozen=True):
    """What a deletion would do.

    Attributes:
        here: named resources that are in the warehouse.
        absent: named ones that are not; they stay out if they come later in an older version.
        referring: resources that are about a named patient and are not named themselves.
    """

    here: list[str]
    absent: list[str]
    referring: list[str]


def deletions(names: Sequence[str], stamp: int) -> list[Deletion]:
    """The deletions that ``Type/id`` names ask for, as of a moment in microseconds.

    Raises:
        NotPossible: a name is not of that form, or FHIR R4 has no such type.
    """
    found = []
    for name in dict.fromkeys(names):
        kind, _, identity = name.partition("/")
        if not is_resource(kind) or not ID.fullmatch(identity):
            raise NotPossible(f"{name!r} names no resource; write Type/id, as in Patient/a1")
        found.append(Deletion(kind, identity, stamp))
    return found


def look_ahead(named: Sequence[Deletion], into: Path) -> Removal:
    """What deleting these resources would do.

    Raises:
        NotThere: there is no warehouse.
    """
    warehouse = Warehouse.open(into / "warehouse")
    wanted: dict[str, set[str]] = {}
    for deletion in named:
        wanted.setdefault(deletion.resource_type, set()).add(deletion.id)
    with duckdb.connect() as db:
        known = {
            f"{kind}/{identity}"
            for kind, ids in wanted.items()
            for identity in _ids(db, warehouse, kind, "id in (select unnest($1))", sorted(ids))
        }
        patients = sorted(wanted.get("Patient", ()))
        referring = [
            f"{kind}/{identity}"
            for kind in sorted(warehouse.manifest.index if patients else ())
            if kind != "Patient"
            for identity in _ids(db, warehouse, kind, "list_has_any(patients, $1)", patients)
        ]
    names = [f"{deletion.resource_type}/{deletion.id}" for deletion in named]
    return Removal(
        here=[name for name in names if name in known],
        absent=[name for name in names if name not in known],
        referring=[name for name in referring if name not in set(names)],
    )


def _ids(
    db: duckdb.DuckDBPyConnection, warehouse: Warehouse, kind: str, which: str, of: list[str]
) -> list[str]:
    query = f"select id from ({newest_sql(warehouse, kind)}) where not removed and {which}"
    return [row[0] for row in db.execute(f"{query} order by id", [of]).fetchall()]
