"""Everyone at once in DuckDB, and each alone in SQLite, are due the same, rule by rule."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qamqor.engine.population.evaluate import evaluate
from qamqor.engine.population.one_person import Counted, Due, OnePerson
from qamqor.engine.population.questions import Questions, ask
from qamqor.engine.programmes.schema import Kind, Table
from qamqor.services.demo import Wish, invent_tables
from qamqor.services.population import directory, person_rows
from qamqor.services.population_groups import register
from qamqor.store.warehouse import Warehouse
from tests.engine.population.made_up import connection, shipped

AS_OF = date(2026, 11, 20)
Rows = Mapping[str, Sequence[Mapping[str, Any]]]


def invented(people: int, folder: Path) -> duckdb.DuckDBPyConnection:
    """Invented people, evaluated; schema ``warehouse`` holds what is known of them."""
    invent_tables(Wish(Path("content"), people, "merke", 11, AS_OF), folder, processes=2)
    warehouse = Warehouse.open(folder / "warehouse")
    duck = duckdb.connect(config={"threads": 2})
    register(duck, warehouse, shipped().tables.values(), None)
    return duck


def of_everyone(duck: duckdb.DuckDBPyConnection, asked: Questions) -> dict[str, list[Due]]:
    evaluate(duck, asked)
    found: dict[str, list[Due]] = {}
    for row in duck.execute("from due order by all").fetchall():
        found.setdefault(row[1], []).append(Due(*row))
    return found


def counted_of_everyone(duck: duckdb.DuckDBPyConnection, asked: Questions) -> set[Any]:
    """What each measure says of each person, before it is added up."""
    found = set()
    for number, query in enumerate(asked.measures):
        rows = duck.execute(
            f"""select person_.id, in_numerator, excluded_because, evidence from m{number}
            join person_ using (patient_id)
            where patient_id in (select patient_id from {query.programme.id}_members_)"""
        ).fetchall()
        found |= {
            (who, Counted(query.programme.id, query.name, bool(counts), because, None))
            for who, counts, because, _ in rows
        }
    return found


def assert_agreement(duck: duckdb.DuckDBPyConnection, asked: Questions) -> int:
    """Every person and rule; the number of due rows compared."""
    everyone = of_everyone(duck, asked)
    counted = counted_of_everyone(duck, asked)
    asker, alone = OnePerson(asked, **directory(duck)), set()
    people = [row[0] for row in duck.execute("select patient_id from warehouse.patient").fetchall()]
    for start in range(0, len(people), 5000):
        rows = person_rows(duck, asked.pack, people[start : start + 5000])
        for who, known in rows.items():
            answer = asker.answer(known, with_measures=True)
            assert sorted(answer.due, key=repr) == sorted(everyone.get(who, []), key=repr), who
            alone |= {(who, one._replace(evidence=None)) for one in answer.counted}
    assert alone == counted
    return sum(map(len, everyone.values()))


def test_five_hundred_people_are_due_the_same_in_both_engines(tmp_path: Path) -> None:
    with invented(500, tmp_path) as duck:
        assert assert_agreement(duck, ask(shipped(), AS_OF)) > 500


def test_replay_is_the_same_in_both_engines(tmp_path: Path) -> None:
    asked = ask(shipped(), date(2025, 12, 31), known_at=date(2025, 12, 24))
    with invented(500, tmp_path) as duck:
        assert assert_agreement(duck, asked) > 500


@pytest.mark.long
@pytest.mark.parametrize("as_of", [date(2025, 12, 31), date(2026, 2, 28), AS_OF])
def test_a_whole_district_is_due_the_same_in_both_engines(as_of: date, tmp_path: Path) -> None:
    with invented(17_000, tmp_path) as duck:
        rows = assert_agreement(duck, ask(shipped(), as_of))
    print(f"{rows:,} due rows agree as of {as_of}")


# Records nobody would invent: any code at any time, nulls everywhere, doubles, ties.
DAYS = st.dates(date(2014, 1, 1), AS_OF + timedelta(60))
BIRTHDAYS = st.dates(date(1925, 1, 1), AS_OF)
KEYS = st.integers(1, 4).map(lambda n: f"k{n}")
_WORDS = {
    "sex": ["male", "female", "other", "unknown"],
    "status": ["active", "onhold", "finished", "completed", "cancelled"],
    "class": ["AMB", "HH", "VR", "FLD", "IMP", "EMER"],
    "role": ["gp", "practice_nurse", "district_nurse", "midwife"],
    "setting": ["clinic", "home", "phone", "remote"],
    "result": ["invited", "in_progress", "normal", "abnormal", "closed_normal", "closed_refused"],
    "source_type": ["Observation", "Procedure"],
    "outcome": ["agreed", "later", "no_answer", "refused", "wrong", "done_elsewhere"],
    "medium": ["phone", "message"],
    "unit": ["mm[Hg]", "%", "mmol/L"],
    "kato": ["311000000"],
    "action": ["gp_visit", "nurse_contact", "phone_contact"],
}


def codes(column: str) -> st.SearchStrategy[Any]:
    every = [pair for codes in shipped().value_sets.values() for pair in codes]
    return st.sampled_from(every)


def value(column: str, kind: Kind) -> st.SearchStrategy[Any]:
    if column == "born_on":
        return st.none() | BIRTHDAYS
    kinds: dict[Kind, st.SearchStrategy[Any]] = {
        "date": DAYS,
        "double": st.floats(1, 300, allow_nan=False).map(lambda number: round(number, 1)),
        "integer": st.integers(0, 30),
        "boolean": st.booleans(),
        "text": st.sampled_from(_WORDS.get(column, ["a", "b"])),
    }
    if column == "programme":
        return st.sampled_from([one.id for one in shipped().programmes])
    return st.none() | kinds[kind]


@st.composite
def row_of(draw: st.DrawFn, table: Table) -> dict[str, Any]:
    found = {column: draw(value(column, kind)) for column, kind in table.columns.items()}
    found["patient_id"] = "amina"
    if table.key and table.key != "patient_id":
        found[table.key] = draw(KEYS)
    if {"system", "code"} <= set(table.columns):
        found["system"], found["code"] = draw(codes("code"))
    return found


@st.composite
def record(draw: st.DrawFn) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for table in shipped().tables.values():
        if table.name == "patient":
            found[table.name] = [draw(row_of(table))]
        elif table.has_patient:
            rows = draw(st.lists(row_of(table), max_size=4))
            key = table.key or ""
            found[table.name] = list({row[key]: row for row in rows}.values())
    return found


@pytest.mark.long
@given(records=st.lists(record(), min_size=1, max_size=8), as_of=st.sampled_from([AS_OF]))
@settings(deadline=None, max_examples=150, suppress_health_check=list(HealthCheck))
def test_records_nobody_would_invent_are_due_the_same(
    records: list[dict[str, list[dict[str, Any]]]], as_of: date
) -> None:
    together = merged(records)
    asked = ask(shipped(), as_of)
    with connection(together) as duck:
        assert_agreement(duck, asked)


def merged(records: Sequence[Rows]) -> dict[str, list[dict[str, Any]]]:
    """The records as those of so many people."""
    together: dict[str, list[dict[str, Any]]] = {}
    for number, known in enumerate(records):
        for table, rows in known.items():
            together.setdefault(table, []).extend({**r, "patient_id": f"p{number}"} for r in rows)
    return together
