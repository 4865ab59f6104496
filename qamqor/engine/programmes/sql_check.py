"""Checks one query of a programme: text, kinds, contract, then both engines."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from qamqor.engine.immunisation.due import Kind as Facts
from qamqor.engine.programmes.binding import ALWAYS, for_duckdb
from qamqor.engine.programmes.case_engines import DuckDB, EngineError, SQLite
from qamqor.engine.programmes.cases import Query
from qamqor.engine.programmes.filters import state_queries
from qamqor.engine.programmes.schema import (
    DOSE_COLUMNS,
    POPULATION_COLUMNS,
    STATE_COLUMNS,
    VALUE_SET_COLUMNS,
    Action,
    Kind,
    Measure,
    Pack,
    Programme,
    State,
    Value,
)
from qamqor.engine.programmes.sql_kinds import KINDS
from qamqor.engine.programmes.sql_text import Text, parse
from qamqor.engine.programmes.sql_types import Type, Typing

_ANY_DAY: Final = date(2026, 1, 1)
_DUCKDB_TYPES: Final[dict[str, tuple[str, ...]]] = {
    "text": ("VARCHAR",),
    "date": ("DATE",),
    "boolean": ("BOOLEAN",),
}
_AT_LINE: Final = re.compile(r"LINE (\d+):")


@dataclass(frozen=True, slots=True)
class Checked:
    """What one query reads, names and gives.

    Attributes:
        texts: column → the texts it can be, when all are written in the query.
    """

    text: Text
    read: frozenset[str]
    named: frozenset[str]
    texts: Mapping[str, frozenset[str] | None]


def check_query(pack: Pack, query: Query, both: tuple[DuckDB, SQLite]) -> Checked:
    """Check a query in the order of the rules; a later step runs only if the earlier ones pass."""
    text = parse(query.sql, query.where)
    if text.tree is None:
        return Checked(text, frozenset(), frozenset(), {})
    typing = Typing(
        text,
        tables_of(pack, query),
        _never_null(pack),
        parameters_of(query),
        KINDS,
    )
    columns = typing.columns()
    _check_contract(text, query, columns)
    if not text.problems:
        for engine in both:
            _prepare(text, query, engine)
    texts = {name: column.texts for name, column in columns.items()}
    return Checked(text, frozenset(typing.read), frozenset(typing.named), texts)


def tables_of(pack: Pack, query: Query) -> dict[str, Mapping[str, Kind]]:
    """Every table a query may read: those its programme declares, its own people and states."""
    programme = query.programme
    people = {name for one in pack.programmes for name in people_tables(one)}
    found: dict[str, Mapping[str, Kind]] = {}
    for name in programme.tables:
        table = pack.tables.get(name) or pack.tables.get(name.removeprefix("latest_"))
        if name in people:
            found[name] = POPULATION_COLUMNS
        elif table is not None and (name == table.name or table.has_latest):
            found[name] = table.columns
    found |= {name: VALUE_SET_COLUMNS for name in programme.value_sets if name in pack.value_sets}
    own = people_tables(programme)
    if query.kind == "population":
        own = own[: own.index(query.name)]
    if query.kind in {"due", "schedule"}:
        found |= dict.fromkeys(state_queries(programme), STATE_COLUMNS)
    if query.kind == "measure" and programme.doses_table is not None:
        found[programme.doses_table] = DOSE_COLUMNS
    return found | dict.fromkeys(own, POPULATION_COLUMNS)


def people_tables(programme: Programme) -> list[str]:
    """The tables a programme's people make, in the order they are made."""
    eligible = [programme.eligible_table] if programme.eligible_file is not None else []
    return [*eligible, programme.population_table]


def parameters_of(query: Query) -> dict[str, Kind]:
    """Every name a query may bind, with its kind."""
    found = {name: kind_of(one.value) for name, one in query.programme.parameters.items()}
    found["as_of"] = "date"
    if query.kind == "measure":
        found |= {"period_start": "date", "period_end": "date"}
    return found


def kind_of(value: Value) -> Kind:
    """The kind of a parameter's value."""
    kinds: tuple[tuple[type, Kind], ...] = (
        (bool, "boolean"),
        (int, "integer"),
        (float, "double"),
        (date, "date"),
    )
    return next((kind for python, kind in kinds if isinstance(value, python)), "text")


def _never_null(pack: Pack) -> dict[str, Iterable[str]]:
    found: dict[str, Iterable[str]] = {}
    for table in pack.tables.values():
        found[table.name] = found[table.latest] = ("patient_id", *table.keys)
    for programme in pack.programmes:
        for name in people_tables(programme):
            found[name] = ("patient_id",)
        for name in state_queries(programme):
            found[name] = ("patient_id", "state")
        if programme.doses_table is not None:
            found[programme.doses_table] = ("patient_id", "item", "number", "given_on")
    return found | {name: tuple(VALUE_SET_COLUMNS) for name in pack.value_sets}


def _check_contract(text: Text, query: Query, columns: Mapping[str, Type]) -> None:
    promised = query.columns
    if list(columns) != list(promised):
        what = f"returns {', '.join(columns) or 'nothing'}; a {query.kind} query returns"
        text.problem(text.tree, f"{what} {', '.join(promised)}", "in this order, these names")
        return
    for name, kind in promised.items():
        found = columns[name].kind
        if found not in {kind, "null", "unknown"}:
            text.problem(_last_select(text, name), f"`{name}` is {found}, not {kind}")
    _check_codes(text, query, columns)


def _last_select(text: Text, name: str) -> Any:
    """The projection of the final select that gives a column."""
    tree = text.tree
    while tree.args.get("expression") is not None and not tree.expressions:
        tree = tree.expression
    return next((one for one in tree.expressions if one.alias_or_name == name), text.tree)


def _check_codes(text: Text, query: Query, columns: Mapping[str, Type]) -> None:
    """Codes written in a query are declared, and the declared ones are given."""
    for column, codes, where in _declared(query):
        written = columns[column].texts
        if written is None:
            continue
        node = _last_select(text, column)
        for code in sorted(written - set(codes)):
            text.problem(node, f"gives the {column} `{code}`, which is not declared", where)
        for code in sorted(set(codes) - written) if column != "fact" else ():
            what = f"never gives the {column} `{code}`, which is declared"
            text.problem(node, what, f"take it from {where.removeprefix('write it under ')}")


def _declared(query: Query) -> list[tuple[str, Iterable[str], str]]:
    place = f"{query.owner.name} in programme.yaml" if query.owner is not None else ""
    if isinstance(query.owner, Action) and query.owner.schedule is not None:
        return [("fact", list(map(str, Facts)), "a schedule knows these facts only")]
    if isinstance(query.owner, Action):
        items = query.owner.items or {"": ""}
        return [
            ("reason", query.owner.reasons, f"write it under `reasons` of {place}"),
            ("item", items, f"write it under `items` of {place}"),
        ]
    if isinstance(query.owner, State):
        return [("state", query.owner.values, f"write it under `values` of {place}")]
    if isinstance(query.owner, Measure):
        codes = query.owner.exclusions
        return [("excluded_because", codes, f"write it under `exclusions` of {place}")]
    return []


def _prepare(text: Text, query: Query, engine: DuckDB | SQLite) -> None:
    """Run on empty tables: the engine plans it, and DuckDB says the types."""
    values = query.programme.values() | dict.fromkeys(ALWAYS, _ANY_DAY)
    sql = query.sql.strip().rstrip(";")
    try:
        if isinstance(engine, DuckDB):
            _check_types(text, query, engine, values)
        else:
            engine.run(sql, values)
    except EngineError as error:
        said = str(error).splitlines()
        at = _AT_LINE.search(str(error))
        what = f"{engine.name} refuses it: {said[0]}"
        text.problem(int(at[1]) if at else None, what, "see the rules' SQL in the documentation")


def _check_types(text: Text, query: Query, engine: DuckDB, values: Mapping[str, Value]) -> None:
    sql = query.sql.strip().rstrip(";")
    cursor = engine.connection.execute(sql, for_duckdb(sql, values))
    described = {column[0]: str(column[1]) for column in cursor.description}
    cursor.fetchall()
    for name, kind in query.columns.items():
        wanted = _DUCKDB_TYPES[kind]
        if described.get(name) not in (*wanted, "INTEGER", '"NULL"'):
            node = _last_select(text, name)
            text.problem(node, f"DuckDB reads `{name}` as {described.get(name)}, not {wanted[0]}")
