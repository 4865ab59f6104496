"""Files as people have them: folders, Bundles, compressed, mixed, and partly broken."""

# The tables of cases read better with long lines.
# ruff: noqa: E501

import gzip
import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
import zstandard

from qamqor.engine.tables import rows, sql
from qamqor.engine.tables.definition import read_view
from qamqor.engine.tables.run import run
from qamqor.engine.tables.view import View
from qamqor.errors import BadInput, InvalidView, NotThere

ENGINES = pytest.mark.parametrize("plain", [False, True], ids=["sql", "rows"])


@pytest.fixture(scope="module")
def duck() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(config={"threads": 1}) as connection:
        yield connection


def view_of(resource: str, select: list[dict[str, Any]], **rest: Any) -> View:
    return read_view({"resource": resource, "name": "v", "select": select, **rest})


def columns(resource: str, **paths: str) -> View:
    listed = [{"name": name, "path": path} for name, path in paths.items()]
    return view_of(resource, [{"column": listed}])


IDS = columns("Patient", id="id", family="name.family.first()")
AIGUL: dict[str, Any] = {"resourceType": "Patient", "id": "a", "name": [{"family": "Омарова"}]}
BOLAT: dict[str, Any] = {"resourceType": "Patient", "id": "b"}
WARD: dict[str, Any] = {"resourceType": "Organization", "id": "w", "name": "Ward"}
BOTH = [{"id": "a", "family": "Омарова"}, {"id": "b", "family": None}]


def ndjson(*resources: dict[str, Any]) -> bytes:
    return b"".join(json.dumps(r, ensure_ascii=False).encode() + b"\n" for r in resources)


def bundle(*resources: dict[str, Any]) -> bytes:
    entries = [{"fullUrl": "urn:uuid:1", "resource": r} for r in resources]
    return json.dumps({"resourceType": "Bundle", "entry": [*entries, {}]}, indent=1).encode()


FILES: dict[str, Callable[[], bytes]] = {
    "p.ndjson": lambda: ndjson(AIGUL, BOLAT),
    "p.jsonl": lambda: ndjson(AIGUL, BOLAT),
    "p.ndjson.gz": lambda: gzip.compress(ndjson(AIGUL, BOLAT)),
    "p.ndjson.zst": lambda: zstandard.compress(ndjson(AIGUL, BOLAT)),
    "mixed.ndjson": lambda: ndjson(WARD, AIGUL, WARD, BOLAT),
    "gaps.ndjson": lambda: b"\n" + ndjson(AIGUL) + b"  \n\n" + ndjson(BOLAT)[:-1],
    "bundle.json": lambda: bundle(AIGUL, WARD, BOLAT),
    "bundle.json.gz": lambda: gzip.compress(bundle(AIGUL, BOLAT)),
}


@ENGINES
@pytest.mark.parametrize("name", FILES)
def test_every_way_of_packing_gives_the_same_rows(
    name: str, plain: bool, tmp_path: Path, duck: duckdb.DuckDBPyConnection
) -> None:
    file = tmp_path / name
    file.write_bytes(FILES[name]())

    found = run(duck, IDS, [file], plain=plain)

    assert sorted(found.table.to_pylist(), key=lambda row: row["id"]) == BOTH
    assert found.kept_apart == []


@ENGINES
def test_a_folder_is_read_but_not_the_files_of_other_types(
    plain: bool, tmp_path: Path, duck: duckdb.DuckDBPyConnection
) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "Patient.000.ndjson").write_bytes(ndjson(AIGUL))
    (tmp_path / "deep/rest.json").write_bytes(json.dumps(BOLAT).encode())
    (tmp_path / "Observation.ndjson").write_bytes(b"broken\n")
    (tmp_path / "notes.txt").write_bytes(b"broken\n")

    found = run(duck, IDS, [tmp_path], plain=plain)

    assert sorted(found.table.to_pylist(), key=lambda row: row["id"]) == BOTH


@ENGINES
def test_a_broken_line_is_named_and_the_rest_is_used(
    plain: bool, tmp_path: Path, duck: duckdb.DuckDBPyConnection
) -> None:
    file = tmp_path / "p.ndjson"
    wrong = {**BOLAT, "name": "Bolat"}
    file.write_bytes(b"\xef\xbb\xbf" + ndjson(AIGUL, wrong) + b'{"resour\n' + ndjson(BOLAT))

    found = run(duck, IDS, [file], plain=plain)

    assert sorted(found.table.to_pylist(), key=lambda row: row["id"]) == BOTH
    assert [problem.line for problem in found.kept_apart] == [2, 3]
    assert "name: expected a list, found text" in str(found.kept_apart[0])


@ENGINES
def test_no_input_gives_the_columns_without_rows(
    plain: bool, tmp_path: Path, duck: duckdb.DuckDBPyConnection
) -> None:
    (tmp_path / "empty.ndjson").write_bytes(b"")

    found = run(duck, IDS, [tmp_path / "empty.ndjson"], plain=plain)

    assert (found.table.num_rows, found.table.column_names) == (0, ["id", "family"])


def test_a_missing_source_is_said(tmp_path: Path, duck: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(NotThere, match="there is no such file"):
        run(duck, IDS, [tmp_path / "nowhere"])


@ENGINES
def test_several_values_where_one_is_needed_stop_the_run(
    plain: bool, tmp_path: Path, duck: duckdb.DuckDBPyConnection
) -> None:
    file = tmp_path / "p.ndjson"
    file.write_bytes(ndjson({**AIGUL, "name": [{"family": "A"}, {"family": "B"}]}))

    with pytest.raises(BadInput, match=r"Patient/a: .* values where one is needed"):
        run(duck, columns("Patient", family="name.family"), [file], plain=plain)


def test_flatten_names_the_lines_it_cannot_use(
    tmp_path: Path, duck: duckdb.DuckDBPyConnection
) -> None:
    file = tmp_path / "p.ndjson"
    file.write_bytes(ndjson(AIGUL) + b"{\n" * 7)

    with pytest.raises(BadInput, match=r"p.ndjson:2: not JSON(?s:.*)and 2 more"):
        sql.flatten(duck, [IDS], [file])


def test_a_twin_key_is_named_too(tmp_path: Path, duck: duckdb.DuckDBPyConnection) -> None:
    file = tmp_path / "p.ndjson"
    file.write_bytes(b'{"resourceType": "Patient", "id": "a", "id": "b"}\n')

    with pytest.raises(BadInput, match="'id' stands twice"):
        sql.flatten(duck, [IDS], [file])


def test_views_of_several_types_share_one_call_and_one_name_adds_up(
    tmp_path: Path, duck: duckdb.DuckDBPyConnection
) -> None:
    file = tmp_path / "all.ndjson"
    file.write_bytes(ndjson(AIGUL, WARD, BOLAT))
    views = [columns("Patient", id="id"), columns("Organization", id="id")]
    named = [columns("Patient", gender="gender"), columns("Patient", x="'x'")]

    assert sorted(sql.flatten(duck, views, [file])["v"]["id"].to_pylist()) == ["a", "b", "w"]
    with pytest.raises(InvalidView, match="views of Patient and Patient that differ"):
        sql.flatten(duck, named, [file])
    assert sql.flatten(duck, views, [])["v"].num_rows == 0


def test_lines_in_memory_need_no_file(duck: duckdb.DuckDBPyConnection) -> None:
    lines = ndjson(AIGUL, WARD, BOLAT).splitlines()

    assert sql.flatten_lines(duck, [IDS], lines)["v"].to_pylist() == BOTH


def both(view: View, text: str, duck: duckdb.DuckDBPyConnection, file: Path) -> Any:
    """The rows, which must be the same in both engines."""
    file.write_text(text + "\n")
    slow = rows.rows(view, json.loads(text, parse_float=Decimal))
    assert sql.flatten(duck, [view], [file])["v"].to_pylist() == slow
    return slow


def cell(path: str, text: str, duck: duckdb.DuckDBPyConnection, file: Path) -> Any:
    resource = json.loads(text)["resourceType"]
    (row,) = both(columns(resource, c=path), text, duck, file)
    return row["c"]


CELLS = {
    "exact decimal": ("value.ofType(Quantity).value.lowBoundary()", '"valueQuantity": {"value": 1.50}', 1.495),
    "exact whole": ("value.ofType(Quantity).value.highBoundary()", '"valueQuantity": {"value": 7}', 7.5),
    "exact and number": ("value.ofType(Quantity).value * 2 + value.ofType(Quantity).value.lowBoundary()", '"valueQuantity": {"value": 1.0}', 2.95),
    "too exact": ("value.ofType(Quantity).value.lowBoundary()", '"valueQuantity": {"value": 0.123456789012345678}', None),
    "extension of a simple value": ("issued.extension('u').value.ofType(string).first()", '"_issued": {"extension": [{"url": "u", "valueString": "x"}]}', "x"),
    "a value that is not there": ("issued.exists()", '"_issued": {"extension": [{"url": "u"}]}', False),
    "contained": ("contained.ofType(Patient).name.family.first()", '"contained": [{"resourceType": "Device"}, {"resourceType": "Patient", "name": [{"family": "F"}]}]', "F"),
    "any choice": ("value.exists()", '"valueRange": {"low": {"value": 1}}', True),
    "which choice": ("value is Quantity", '"valueString": "x"', False),
    "no choice": ("value is Quantity", '"status": "final"', None),
    "part of a choice": ("value.unit", '"valueQuantity": {"unit": "mg"}', "mg"),
    "division by nothing": ("value.ofType(integer) / 0", '"valueInteger": 5', None),
    "whole division": ("value.ofType(integer) div 2", '"valueInteger": -5', -2),
    "remainder": ("value.ofType(integer) mod 2", '"valueInteger": -5', -1),
    "too large": ("value.ofType(integer) * value.ofType(integer)", '"valueInteger": 2147483647', None),
    "zone apart": ("effective.ofType(dateTime) = @2020-01-01T00:00:00+05:00", '"effectiveDateTime": "2019-12-31T19:00:00Z"', True),
    "zone missing": ("effective.ofType(dateTime) < @2020-01-01T00:00:00Z", '"effectiveDateTime": "2019-12-31T19:00:00"', None),
    "part of a day": ("effective.ofType(dateTime) < @2020-01-02", '"effectiveDateTime": "2020-01-01T19:00:00Z"', True),
    "same day": ("effective.ofType(dateTime) < @2020-01-01", '"effectiveDateTime": "2020-01-01T19:00:00Z"', None),
    "times": ("value.ofType(time) >= @T08:00", '"valueTime": "08:00:00"', None),
    "end of February": ("effective.ofType(dateTime).highBoundary()", '"effectiveDateTime": "2024-02"', "2024-02-29T23:59:59.999-12:00"),
    "end of a second": ("effective.ofType(dateTime).highBoundary()", '"effectiveDateTime": "2024-02-01T08:00:00Z"', "2024-02-01T08:00:00.999Z"),
    "end of a tenth": ("effective.ofType(dateTime).highBoundary()", '"effectiveDateTime": "2024-02-01T08:00:00.5Z"', "2024-02-01T08:00:00.599Z"),
    "end of a time": ("value.ofType(time).highBoundary()", '"valueTime": "08:00:00"', "08:00:00.999"),
    "either of many": ("extension.value.unit.join('+')", '"extension": [{"url": "u", "valueQuantity": {"unit": "a"}}, {"url": "u", "valueAge": {"unit": "b"}}]', "a+b"),
    "part of each": ("component.select(value.ofType(Quantity).unit).join('+')", '"component": [{"valueQuantity": {"unit": "a"}}, {"valueString": "b"}]', "a"),
    "lists of each": ("component.select(interpretation.text).join('+')", '"component": [{"interpretation": [{"text": "a"}, {"text": "b"}]}]', "a+b"),
    "some of many": ("note.skip(1).take(1).text.join()", '"note": [{"text": "a"}, {"text": "b"}, {"text": "c"}]', "b"),
    "none of many": ("note.take(0).exists()", '"note": [{"text": "a"}]', False),
    "second of one": ("code[1].text", '"code": {"text": "a"}', None),
    "nothing of one": ("code.tail().text", '"code": {"text": "a"}', None),
    "all of none": ("note.all(text = 'a')", '"status": "final"', True),
    "all of no resource": ("where(status = 'b').select(note.all(text = 'a'))", '"status": "a"', None),
    "all of the resource": ("where(status = 'a').select(note.all(text = 'a'))", '"status": "a"', True),
    "all of some": ("note.all(text = 'a')", '"note": [{"text": "a"}, {}]', False),
    "among": ("status in category.text", '"status": "a", "category": [{"text": "b"}, {"text": "a"}]', True),
    "numbers among": ("2 in component.value.ofType(integer)", '"component": [{"valueInteger": 2}]', True),
    "nothing among": ("{} in category.text", '"category": [{"text": "a"}]', None),
    "lists alike": ("category.text = category.text", '"category": [{"text": "a"}, {"text": "b"}]', True),
    "numbers alike": ("component.value.ofType(integer) = 2.0", '"component": [{"valueInteger": 2}]', True),
    "times of one kind": ("value.ofType(time) = @T08:00:00.0", '"valueTime": "08:00:00"', True),
    "against nothing": ("status = {}", '"status": "a"', None),
    "order with nothing": ("status < {}", '"status": "a"', None),
    "sum with nothing": ("value.ofType(integer) + {}", '"valueInteger": 1', None),
    "text with nothing": ("status & {}", '"status": "a"', "a"),
    "less than nothing": ("-value.ofType(integer)", '"valueInteger": 3', -3),
    "plus": ("+value.ofType(integer)", '"valueInteger": 3', 3),
    "numbers of both": ("(value.ofType(integer) | 3.0 | 4).count()", '"valueInteger": 3', 2),
    "once of one": ("(status.distinct())", '"status": "a"', "a"),
    "none or other": ("({} | status).join()", '"status": "a"', "a"),
    "numbers once": ("component.value.ofType(integer).distinct().count()", '"component": [{"valueInteger": 3}, {"valueInteger": 3}]', 1),
    "join of one": ("status.join(',')", '"status": "a"', "a"),
    "ends of a number written": ("1.50.lowBoundary()", '"status": "a"', 1.495),
    "ends of a result": ("(value.ofType(integer) / 4).lowBoundary()", '"valueInteger": 5', 1.245),
    "value of a simple one": ("status.hasValue()", '"status": "a"', True),
    "as": ("(value as Quantity).unit", '"valueQuantity": {"unit": "a"}', "a"),
    "implies": ("status = 'a' implies status = 'b'", '"status": "a"', False),
    "xor": ("(status = 'a') xor (status = 'b')", '"status": "a"', True),
    "one contained": ("contained.ofType(Patient).exists()", '"status": "a"', False),
    "quote": ("value.ofType(string) = 'it\\'s'", '"valueString": "it\'s"', True),
    "each once": ("(note.text | note.text).join('+')", '"note": [{"text": "b"}, {"text": "a"}, {"text": "b"}]', "b+a"),
    "absolute reference": ("subject.getReferenceKey(Patient)", '"subject": {"reference": "https://x.test/fhir/Patient/1/_history/2"}', "1"),
    "reference by search": ("subject.getReferenceKey()", '"subject": {"reference": "Patient?identifier=1"}', None),
    "the resource inside": ("component.where(code.text = %resource.status).exists()", '"status": "final", "component": [{"code": {"text": "final"}}]', True),
}  # fmt: skip


@pytest.mark.parametrize(("path", "text", "expected"), CELLS.values(), ids=CELLS)
def test_both_engines_find(
    path: str, text: str, expected: Any, duck: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    whole = f'{{"resourceType": "Observation", "id": "o", {text}}}'

    assert cell(path, whole, duck, tmp_path / "o.ndjson") == expected


DAYS = [
    ("2020", "2020-01-01", "year"),
    ("2020-05", "2020-05-01", "month"),
    ("2020-05-17", "2020-05-17", "day"),
    ("2020-05-17T23:30:00+06:00", "2020-05-17", "day"),
    ("2020-05-17T18:59:59Z", "2020-05-17", "day"),
    ("2020-05-17T19:00:00Z", "2020-05-18", "day"),
    ("2020-12-31T19:00:00.123Z", "2021-01-01", "day"),
]


@pytest.mark.parametrize(("written", "day", "exact"), DAYS, ids=[day[0] for day in DAYS])
def test_a_business_date_is_the_day_as_written(
    written: str, day: str, exact: str, duck: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    path = "effective.ofType(dateTime)"
    view = view_of(
        "Observation",
        [
            {
                "column": [
                    {"name": "d", "path": path, "tag": [{"name": "ansi/type", "value": "DATE"}]},
                    {"name": "p", "path": path,
                     "tag": [{"name": "qamqor/as", "value": "precision"}]},
                ]
            }
        ],
    )  # fmt: skip
    text = f'{{"resourceType": "Observation", "effectiveDateTime": "{written}"}}'

    (row,) = both(view, text, duck, tmp_path / "o.ndjson")

    assert (str(row["d"]), row["p"]) == (day, exact)


def test_another_zone_moves_another_way() -> None:
    tag = [{"name": "ansi/type", "value": "DATE"}]
    view = view_of("Observation", [{"column": [{"name": "d", "path": "issued", "tag": tag}]}])
    resource = {"resourceType": "Observation", "issued": "2020-05-17T01:00:00Z"}

    (row,) = rows.rows(view, resource, zone=timedelta(hours=-3))

    assert str(row["d"]) == "2020-05-16"


def test_the_plain_engine_says_which_resources_a_view_wants() -> None:
    view = view_of("Patient", [{"column": [{"name": "id", "path": "id"}]}],
                   where=[{"path": "active"}])  # fmt: skip

    assert rows.passes(view, {"resourceType": "Patient", "active": True})
    assert not rows.passes(view, {"resourceType": "Patient"})
    assert not rows.passes(view, {"resourceType": "Group", "active": True})
    path = "name.family > 'x'"
    risky = view_of("Patient", [{"column": [{"name": "id", "path": "id"}]}], where=[{"path": path}])
    with pytest.raises(BadInput):
        rows.passes(risky, {**AIGUL, "name": [{"family": "A"}, {"family": "B"}]})


def test_a_query_alone_is_enough_to_read_files(
    tmp_path: Path, duck: duckdb.DuckDBPyConnection
) -> None:
    (tmp_path / "q.ndjson").write_text(
        '{"resourceType": "Questionnaire", "item": [{"linkId": "1", "item": [{"linkId": "2"}]}]}\n'
    )
    walk = {"repeat": ["item"], "column": [{"name": "link", "path": "linkId"}]}
    (tmp_path / "p.ndjson").write_bytes(ndjson(AIGUL))
    tree = sql.query(view_of("Questionnaire", [walk]), [tmp_path / "q.ndjson"])

    assert sorted(duck.execute(tree).fetchall()) == [("1",), ("2",)]
    assert duck.execute(sql.query(IDS, [tmp_path / "p.ndjson"])).fetchall() == [("a", "Омарова")]
