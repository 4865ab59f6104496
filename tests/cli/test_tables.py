"""The tables commands print rows that a machine can use and problems that a person can."""

import json
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet
import pytest
from typer.testing import CliRunner, Result

from qamqor.cli.tables import app
from qamqor.errors import InvalidView

VIEW = {
    "resource": "Patient",
    "name": "people",
    "select": [
        {
            "column": [
                {"name": "id", "path": "id"},
                {"name": "born_on", "path": "birthDate",
                 "tag": [{"name": "ansi/type", "value": "DATE"}]},
                {"name": "given", "path": "name.given", "collection": True},
            ]
        }
    ],
}  # fmt: skip
PEOPLE = [
    {"resourceType": "Patient", "id": "a", "birthDate": "1980-05", "name": [{"given": ["Әсел"]}]},
    {"resourceType": "Patient", "id": "b"},
]
Run = Callable[..., Result]


@pytest.fixture
def here(tmp_path: Path) -> Path:
    (tmp_path / "view.json").write_text(json.dumps(VIEW))
    lines = [json.dumps(person, ensure_ascii=False) for person in PEOPLE]
    (tmp_path / "Patient.ndjson").write_text("\n".join(lines))
    return tmp_path


@pytest.fixture
def tables(here: Path) -> Run:
    def run(*words: str) -> Result:
        return CliRunner().invoke(app, [word.replace("HERE", str(here)) for word in words])

    return run


@pytest.mark.parametrize("engine", [(), ("--plain",)], ids=["sql", "rows"])
def test_every_row_has_every_column_in_order(tables: Run, engine: tuple[str, ...]) -> None:
    result = tables("run", "HERE/view.json", "--resources", "HERE", *engine)

    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        '{"id": "a", "born_on": "1980-05-01", "given": ["Әсел"]}',
        '{"id": "b", "born_on": null, "given": []}',
    ]


def test_csv_writes_lists_as_json(tables: Run) -> None:
    result = tables("run", "HERE/view.json", "--resources", "HERE", "--format", "csv")

    assert result.stdout.splitlines()[:2] == [
        '"id","born_on","given"',
        '"a",1980-05-01,"[""Әсел""]"',
    ]


def test_parquet_goes_to_a_file(tables: Run, here: Path) -> None:
    out = "HERE/people.parquet"
    result = tables(
        "run", "HERE/view.json", "--resources", "HERE", "--format", "parquet", "--out", out
    )

    assert result.exit_code == 0
    assert pyarrow.parquet.read_table(here / "people.parquet")["id"].to_pylist() == ["a", "b"]


def test_a_line_left_out_is_named(tables: Run, here: Path) -> None:
    with (here / "Patient.ndjson").open("a") as stream:
        stream.write('\n{"resourceType": "Patient", "id": "c", "birthDate": 5}\n')

    result = tables("run", "HERE/view.json", "--resources", "HERE/Patient.ndjson")

    assert "Patient.ndjson:3: birthDate: expected text, found a number" in result.stderr
    assert "1 line(s) left out." in result.stderr
    assert len(result.stdout.splitlines()) == 2


def test_check_names_the_columns_and_the_risks(tables: Run, here: Path) -> None:
    (here / "risky.json").write_text(
        json.dumps(
            {"resource": "Patient", "select": [{"column": [{"name": "f", "path": "name.family"}]}]}
        )
    )

    words = tables("check", "HERE/view.json", "HERE/risky.json")
    machine = json.loads(tables("check", "HERE/view.json", "--json").stdout)

    assert "people, 3 columns" in words.stdout
    assert "'name.family' may find several values" in words.stdout
    assert machine["views"][0]["columns"][1] == {"name": "born_on", "type": "DATE"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "is not JSON"),
        ('{"resource": "Pacient"}', "FHIR R4 has no resource"),
        (None, "cannot be read"),
    ],
)
def test_a_wrong_view_is_an_error_with_its_file(
    tables: Run, here: Path, text: str | None, said: str
) -> None:
    if text is not None:
        (here / "wrong.json").write_text(text)

    result = tables("check", "HERE/wrong.json", "HERE/view.json")

    assert isinstance(result.exception, InvalidView)
    assert "wrong.json" in str(result.exception)
    assert said in str(result.exception)
