"""Flattening NDJSON: the cells are the same first, then how fast beside DuckDB alone and pysof."""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import zstandard

from qamqor.engine.tables import rows, sql
from qamqor.engine.tables.definition import read_view
from qamqor.engine.tables.view import View

COPIES = {"Observation": 4, "Condition": 25, "Patient": 60}
PEER_LINES = 20_000
CONTENT = Path(__file__).parents[1] / "content/tables"
FIVE = ["blood_pressure", "hba1c", "weight", "ldl_cholesterol", "creatinine"]

FLAT: dict[str, dict[str, Any]] = {
    "Observation": {
        "id": "id",
        "subject": "subject.reference",
        "code": "code.coding.first().code",
        "amount": "value.ofType(Quantity).value",
        "unit": "value.ofType(Quantity).unit",
        "effective": "effective.ofType(dateTime)",
        "issued": "issued",
    },
    "Condition": {
        "id": "id",
        "subject": "subject.reference",
        "code": "code.coding.first().code",
        "onset": "onset.ofType(dateTime)",
        "recorded": "recordedDate",
    },
    "Patient": {
        "id": "id",
        "gender": "gender",
        "born": "birthDate",
        "family": "name.first().family",
        "city": "address.first().city",
    },
}
NATIVE = {
    "Observation": (
        """id, subject.reference as subject, code.coding[1].code as code,
           valueQuantity."value" as amount, valueQuantity.unit as unit,
           effectiveDateTime as effective, issued""",
        {
            "resourceType": "VARCHAR",
            "id": "VARCHAR",
            "subject": "STRUCT(reference VARCHAR)",
            "code": "STRUCT(coding STRUCT(code VARCHAR)[])",
            "valueQuantity": 'STRUCT("value" DOUBLE, unit VARCHAR)',
            "effectiveDateTime": "VARCHAR",
            "issued": "VARCHAR",
        },
    ),
    "Condition": (
        """id, subject.reference as subject, code.coding[1].code as code,
           onsetDateTime as onset, recordedDate as recorded""",
        {
            "resourceType": "VARCHAR",
            "id": "VARCHAR",
            "subject": "STRUCT(reference VARCHAR)",
            "code": "STRUCT(coding STRUCT(code VARCHAR)[])",
            "onsetDateTime": "VARCHAR",
            "recordedDate": "VARCHAR",
        },
    ),
    "Patient": (
        "id, gender, birthDate as born, name[1].family as family, address[1].city as city",
        {
            "resourceType": "VARCHAR",
            "id": "VARCHAR",
            "gender": "VARCHAR",
            "birthDate": "VARCHAR",
            "name": "STRUCT(family VARCHAR)[]",
            "address": "STRUCT(city VARCHAR)[]",
        },
    ),
}


def definition(resource: str) -> dict[str, Any]:
    columns = [{"name": name, "path": path} for name, path in FLAT[resource].items()]
    return {
        "resourceType": "ViewDefinition",
        "status": "active",
        "name": f"flat_{resource.lower()}",
        "resource": resource,
        "select": [{"column": columns}],
    }


def unpacked(resource: str, folder: Path, conformance: Path) -> Path:
    """Both Synthea sets of one resource type behind one another, several times over."""
    file = folder / f"{resource}.ndjson"
    with file.open("wb") as out:
        for _ in range(COPIES[resource]):
            for packed in sorted(conformance.glob(f"synthea/*/{resource}.ndjson.zst")):
                with packed.open("rb") as source:
                    zstandard.ZstdDecompressor().copy_stream(source, out)
    return file


def fastest(
    *runs: Callable[[], object], times: int = 5, clock: Callable[[], float] = time.process_time
) -> list[float]:
    """The shortest time of each, in turns; processor time, so that other work does not count."""
    best = [float("inf")] * len(runs)
    for _ in range(times):
        for number, run in enumerate(runs):
            began = clock()
            run()
            best[number] = min(best[number], clock() - began)
    return best


def native(resource: str, file: Path) -> str:
    cells, types = NATIVE[resource]
    columns = ", ".join(f"'{name}': '{kind}'" for name, kind in types.items())
    return (
        f"select {cells} from read_json('{file}', format = 'newline_delimited',"
        f" columns = {{{columns}}}) where resourceType = '{resource}'"
    )


def same_cells(left: pa.Table, right: pa.Table) -> None:
    assert left.column_names == right.column_names
    order = [(name, "ascending") for name in left.column_names]
    assert left.sort_by(order).combine_chunks().equals(right.sort_by(order).combine_chunks())


def beside_duckdb(connection: duckdb.DuckDBPyConnection, resource: str, file: Path) -> None:
    view, text = read_view(definition(resource)), native(resource, file)
    ours = sql.flatten(connection, [view], [file])[view.name]
    same_cells(ours, connection.sql(text).to_arrow_table())
    plainly(view, file, ours)
    alone, here = fastest(
        lambda: connection.sql(text).to_arrow_table(),
        lambda: sql.flatten(connection, [view], [file]),
    )
    size = file.stat().st_size / 1e6
    print(
        f"{resource}: {size:.0f} MB, {ours.num_rows:,} rows, cells equal;"
        f" {alone / here:.2f} of DuckDB's own typed read (aim 0.8;"
        f" {size / here:.0f} MB a processor second)"
    )


def plainly(view: View, file: Path, fast: pa.Table) -> None:
    """The first lines in the plain engine too."""
    with file.open() as stream:
        lines = [
            json.loads(line, parse_float=Decimal)
            for line, _ in zip(stream, range(2000), strict=False)
        ]
    slow = [row for line in lines for row in rows.rows(view, line)]
    quick = {row["id"]: row for row in fast.to_pylist()}
    assert all(quick[row["id"]] == row for row in slow)


def five_views(connection: duckdb.DuckDBPyConnection, file: Path) -> None:
    views = [read_view(json.loads((CONTENT / f"{name}.json").read_text())) for name in FIVE]
    together = sql.flatten(connection, views, [file])
    for view in views:
        same_cells(together[view.name], sql.flatten(connection, [view], [file])[view.name])
    one, five = fastest(
        lambda: sql.flatten(connection, views[:1], [file]),
        lambda: sql.flatten(connection, views, [file]),
    )
    print(f"five views of Observation: {five / one:.2f} x one of them (aim at most 1.5)")


PEER = """
import json, sys, time
import pysof
view, source, target = json.loads(sys.argv[1]), sys.argv[2], sys.argv[3]
began = time.perf_counter()
pysof.process_ndjson_to_file(view, source, target, "ndjson", chunk_size=5000, fhir_version="R4")
print(time.perf_counter() - began)
"""


def importable_peer(folder: Path) -> dict[str, str] | None:
    """An environment in which pysof can be imported; its own OpenSSL may want a newer system.

    The copy's libraries are links to the system's, where the system has them.
    """
    packages = Path(sysconfig.get_paths()["platlib"])
    for name in ("pysof", "pysof.libs"):
        if (packages / name).is_dir():
            shutil.copytree(packages / name, folder / name)
    for bundled in (folder / "pysof.libs").glob("lib*.so*"):
        stem = bundled.name.split("-")[0]
        found = sorted(Path("/usr/lib").rglob(f"{stem}.so.3")) if stem != bundled.name else []
        if found:
            bundled.unlink()
            bundled.symlink_to(found[0])
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    tried = subprocess.run(
        [sys.executable, "-c", "import pysof._pysof"], env=environment, capture_output=True
    )
    if tried.returncode:
        print("pysof skipped:", tried.stderr.decode().strip().splitlines()[-1])
        return None
    return environment


def beside_pysof(connection: duckdb.DuckDBPyConnection, resource: str, file: Path) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        environment = importable_peer(folder)
        if environment is None:
            return
        few, out = folder / "few.ndjson", folder / "peer.ndjson"
        with file.open("rb") as source, few.open("wb") as target:
            target.writelines(line for line, _ in zip(source, range(PEER_LINES), strict=False))
        raw = definition(resource)
        run = [sys.executable, "-c", PEER, json.dumps(raw), str(few), str(out)]
        seconds = float(subprocess.check_output(run, env=environment, cwd=folder))
        view = read_view(raw)
        peer_cells(sql.flatten(connection, [view], [few])[view.name], out)
        (here,) = fastest(lambda: sql.flatten(connection, [view], [file]), clock=time.perf_counter)
        ratio = (file.stat().st_size / here) / (few.stat().st_size / seconds)
        speed = few.stat().st_size / seconds / 1e6
        print(f"{resource}: cells equal; {ratio:.0f} x pysof (aim 25; pysof {speed:.0f} MB/s)")


def peer_cells(ours: pa.Table, file: Path) -> None:
    """The peer's rows, numbers as numbers, are ours."""

    def cell(value: Any, name: str) -> Any:
        return None if value is None else float(value) if name == "amount" else value

    theirs = [json.loads(line) for line in file.read_text().splitlines()]
    names = ours.column_names
    left = sorted(repr([cell(row[name], name) for name in names]) for row in ours.to_pylist())
    right = sorted(repr([cell(row.get(name), name) for name in names]) for row in theirs)
    assert left == right, next((a, b) for a, b in zip(left, right, strict=False) if a != b)


def run() -> None:
    conformance = os.environ.get("QAMQOR_CONFORMANCE")
    if not conformance:
        print("skipped: QAMQOR_CONFORMANCE names no folder with the Synthea sets")
        return
    with tempfile.TemporaryDirectory() as name, duckdb.connect() as connection:
        for resource in FLAT:
            file = unpacked(resource, Path(name), Path(conformance))
            beside_duckdb(connection, resource, file)
            beside_pysof(connection, resource, file)
            if resource == "Observation":
                five_views(connection, file)
            file.unlink()
