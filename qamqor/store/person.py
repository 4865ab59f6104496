"""Reads what a person's page needs in few statements: what there is first, then some of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple

import msgspec

from qamqor.store import quick
from qamqor.store.derived import DUE_COLUMNS
from qamqor.store.fhir.versions import Version

_ROWS: Final = msgspec.json.Decoder(dict[str, list[dict[str, Any]]]).decode
_COLUMNS: Final = "c.sequence, c.type, c.id, c.version, c.method, c.at, c.content"


class Entry(NamedTuple):
    """One record that speaks of a person: where it stands, and its labels."""

    key: int
    type: str
    id: str
    sequence: int
    version: int
    labels: frozenset[str]


def entries(patient: str) -> list[Entry]:
    """Every record of a person that is not deleted, the newest change first."""
    rows = quick.rows(
        """select r.key, r.type, r.id, r.sequence, r.version, l.label
        from access_subject p join fhir_resource r on r.key = p.key
            left join access_label l on l.key = r.key
        where p.patient = %s and r.is_deleted = 0 order by r.sequence desc, r.key""",
        [patient],
    )
    found: dict[int, Entry] = {}
    for key, type_, id_, sequence, version, label in rows:
        labels = found[key].labels if key in found else frozenset()
        own = labels if label is None else labels | {label}
        found[key] = Entry(key, type_, id_, sequence, version, own)
    return list(found.values())


def named(names: Iterable[tuple[str, str]]) -> dict[tuple[str, str], tuple[int, Version]]:
    """Key and current version of resources of any types by type and id, where they are here."""
    wanted = sorted(set(names))
    found: dict[tuple[str, str], tuple[int, Version]] = {}
    for start in range(0, len(wanted), 200):
        of_type: dict[str, list[str]] = {}
        for type_, id_ in wanted[start : start + 200]:
            of_type.setdefault(type_, []).append(id_)
        # SQLite looks up each alternative by its index, and would scan for pairs of values.
        either = " or ".join(
            f"(r.type = %s and r.id in ({', '.join(['%s'] * len(ids))}))"
            for ids in of_type.values()
        )
        rows = quick.rows(
            f"""select r.key, {_COLUMNS} from fhir_resource r
            join fhir_change c on c.sequence = r.sequence
            where r.is_deleted = 0 and ({either})""",
            [part for type_, ids in of_type.items() for part in (type_, *ids)],
        )
        found |= {(row[2], row[3]): (row[0], Version(*row[1:])) for row in rows}
    return found


def due_with_state(patient: str) -> tuple[tuple[Any, ...] | None, list[tuple[Any, ...]]]:
    """As of when a person's due rows hold (as ``derived.State``), and the rows themselves."""
    columns = ", ".join(f"d.{name}" for name in DUE_COLUMNS)
    rows = quick.rows(
        f"""select s.as_of, s.asked, s.sequence, {columns} from due_state s
        left join due d on d.patient_id = s.patient_id where s.patient_id = %s
        order by d.programme, d.action, d.item""",
        [patient],
    )
    if not rows:
        return None, []
    return rows[0][:3], [row[3:] for row in rows if row[3] is not None]


def pressing_of(patients: Sequence[str]) -> dict[str, tuple[int, int]]:
    """For each of some people how many needs are overdue and how many are due."""
    if not patients:
        return {}
    marks = ", ".join(["%s"] * len(patients))
    rows = quick.rows(
        f"""select patient_id, sum(case status when 'overdue' then 1 else 0 end),
            sum(case status when 'due' then 1 else 0 end)
        from due where patient_id in ({marks}) and status in ('overdue', 'due')
        group by patient_id""",
        list(patients),
    )
    return {row[0]: (int(row[1]), int(row[2])) for row in rows}


def rows(patient: str) -> list[tuple[int, dict[str, list[dict[str, Any]]]]]:
    """A person's rows of every table, with the key of the record each comes from."""
    found = quick.rows(
        "select key, content from person_rows where patient_id = %s order by key", [patient]
    )
    return [(key, _ROWS(content)) for key, content in found]


def moments(patient: str) -> dict[int, int]:
    """When each record of a person was, in microseconds since 1970: what it says, else its change.

    From the dates that search knows, the latest of each record.
    """
    found = quick.rows(
        """select r.key, coalesce((select max(d.low) from search_date d
            where d.key = r.key and r.type <> 'Patient'), r.at)
        from access_subject p join fhir_resource r on r.key = p.key
        where p.patient = %s and r.is_deleted = 0""",
        [patient],
    )
    return {row[0]: int(row[1]) for row in found}
