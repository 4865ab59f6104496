"""Small records, small tables and a small clinic, for tests of the warehouse."""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from qamqor.engine.programmes.schema import Table
from qamqor.engine.programmes.table_files import read_tables
from qamqor.services.warehouse.delivery import NO_LIMITS, Limits
from qamqor.services.warehouse.load import load
from qamqor.services.warehouse.quarantine import Entry, read
from qamqor.services.warehouse.summary import Summary
from qamqor.store.warehouse import Warehouse

MONDAY = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
KEY = [{"name": "qamqor/role", "value": "key"}]
KNOWN = [{"name": "ansi/type", "value": "DATE"}, {"name": "qamqor/role", "value": "known_on"}]


def column(name: str, path: str, kind: str = "string", tag: Any = None) -> dict[str, Any]:
    return {"name": name, "path": path, "type": kind} | ({"tag": tag} if tag else {})


def in_unit(unit: str, path: str) -> dict[str, Any]:
    return {
        "forEach": f"value.ofType(Quantity).where(code = '{unit}')",
        "column": [column("weight_kg", path, "decimal")],
    }


VIEWS: dict[str, dict[str, Any]] = {
    "patient": {
        "resource": "Patient",
        "select": [
            {
                "column": [
                    column("patient_id", "getResourceKey()", tag=KEY),
                    column("born_on", "birthDate", "date", KNOWN[:1]),
                    column("sex", "gender", "code"),
                ]
            }
        ],
    },
    "weight": {
        "resource": "Observation",
        "constant": [{"name": "code", "valueString": "29463-7"}],
        "where": [{"path": "code.coding.where(code = %code).exists()"}],
        "select": [
            {
                "column": [
                    column("patient_id", "subject.getReferenceKey(Patient)"),
                    column("observation_id", "getResourceKey()", tag=KEY),
                    column("effective_on", "effective.ofType(dateTime)", "date", KNOWN),
                ]
            },
            {"unionAll": [in_unit("kg", "value"), in_unit("g", "value * 0.001")]},
        ],
    },
    "height": {
        "resource": "Observation",
        "constant": [{"name": "code", "valueString": "8302-2"}],
        "where": [{"path": "code.coding.where(code = %code).exists()"}],
        "select": [
            {
                "column": [
                    column("patient_id", "subject.getReferenceKey(Patient)"),
                    column("observation_id", "getResourceKey()", tag=KEY),
                ]
            },
            {
                "forEach": "value.ofType(Quantity).where(code = 'cm')",
                "column": [column("height_cm", "value", "decimal")],
            },
        ],
    },
    "household_member": {
        "resource": "Group",
        "select": [
            {
                "forEach": "member",
                "column": [
                    column("patient_id", "entity.getReferenceKey(Patient)"),
                    column("from_on", "period.start", "date", KNOWN),
                ],
            },
            {"column": [column("group_id", "getResourceKey()", tag=KEY)]},
        ],
    },
    "organisation": {
        "resource": "Organization",
        "select": [{"column": [column("id", "getResourceKey()", tag=KEY), column("name", "name")]}],
    },
    "outcome.task": {
        "name": "outcome",
        "resource": "Task",
        "select": [
            {
                "column": [
                    column("patient_id", "for.getReferenceKey(Patient)"),
                    column("request_id", "focus.getReferenceKey(ServiceRequest)", tag=KEY),
                    column("said_on", "authoredOn", "date", KNOWN),
                ]
            }
        ],
    },
    "outcome.service_request": {
        "name": "outcome",
        "resource": "ServiceRequest",
        "select": [
            {
                "column": [
                    column("patient_id", "subject.getReferenceKey(Patient)"),
                    column("request_id", "getResourceKey()", tag=KEY),
                    column("said_on", "authoredOn", "date", KNOWN),
                ]
            }
        ],
    },
}


def small_tables(folder: Path) -> list[Table]:
    """The tables of VIEWS, read as those of a pack are."""
    folder.mkdir(parents=True, exist_ok=True)
    for stem, view in VIEWS.items():
        whole = {"resourceType": "ViewDefinition", "status": "active", "name": stem, **view}
        (folder / f"{stem}.json").write_text(json.dumps(whole))
    problems: list[Any] = []
    tables = read_tables(folder, "tables", problems)
    assert not problems
    return list(tables.values())


def patient(identity: str, **more: Any) -> dict[str, Any]:
    return {"resourceType": "Patient", "id": identity, "birthDate": "1970-01-01", **more}


def weight(identity: str, of: str | None, kg: float = 70, **more: Any) -> dict[str, Any]:
    about = {"subject": {"reference": f"Patient/{of}"}} if of else {}
    return {
        "resourceType": "Observation",
        "id": identity,
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "29463-7"}]},
        **about,
        "effectiveDateTime": "2026-01-05",
        "valueQuantity": {"value": kg, "code": "kg"},
        **more,
    }


def household(identity: str, *members: str) -> dict[str, Any]:
    return {
        "resourceType": "Group",
        "id": identity,
        "type": "person",
        "actual": True,
        "member": [{"entity": {"reference": f"Patient/{one}"}} for one in members],
    }


def deletion(*names: str, **more: Any) -> dict[str, Any]:
    entries = [{"request": {"method": "DELETE", "url": name}} for name in names]
    return {"resourceType": "Bundle", "type": "transaction", "entry": entries, **more}


def ndjson(lines: Iterable[Mapping[str, Any] | str | bytes]) -> bytes:
    texts = [line if isinstance(line, str | bytes) else json.dumps(line) for line in lines]
    return b"".join((text.encode() if isinstance(text, str) else text) + b"\n" for text in texts)


class Clinic:
    """One data folder with the small tables, and whatever is delivered to it."""

    def __init__(self, folder: Path, *, limits: Limits = NO_LIMITS) -> None:
        self.folder, self.limits = folder, limits
        self.tables = small_tables(folder / "tables")
        self.into = folder / "data"
        self._deliveries = 0

    def load(self, *lines: Mapping[str, Any] | str | bytes, is_strict: bool = False) -> Summary:
        """Load these lines as one file."""
        self._deliveries += 1
        return self.load_file(f"{self._deliveries}.ndjson", ndjson(lines), is_strict=is_strict)

    def load_file(self, name: str, content: bytes, *, is_strict: bool = False) -> Summary:
        path = self.folder / "delivered" / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
        return self.load_path(path, is_strict=is_strict)

    def load_path(self, *paths: Path, is_strict: bool = False) -> Summary:
        summary = load(
            paths,
            self.into,
            tables=self.tables,
            at=MONDAY,
            is_strict=is_strict,
            limits=self.limits,
        )
        assert summary.accounted == summary.read
        return summary

    @property
    def warehouse(self) -> Warehouse:
        return Warehouse.open(self.into / "warehouse")

    @property
    def manifest(self) -> bytes:
        return (self.into / "warehouse/manifest.json").read_bytes()

    def rows(self, table: str) -> list[tuple[Any, ...]]:
        """All rows of a table, in order."""
        return rows_of(self.warehouse, table)

    def all_rows(self) -> dict[str, list[tuple[Any, ...]]]:
        return {table: self.rows(table) for table in self.warehouse.tables}

    def quarantine(self) -> list[Entry]:
        return list(read(self.into / "quarantine.ndjson"))


def rows_of(warehouse: Warehouse, table: str) -> list[tuple[Any, ...]]:
    files = [str(path) for path in warehouse.files(table)]
    if not files:
        return []
    with duckdb.connect() as db:
        return db.execute(
            "select * from read_parquet($1, union_by_name = true) order by all", [files]
        ).fetchall()
