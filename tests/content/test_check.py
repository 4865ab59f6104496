"""Each construct the rules refuse, in one broken example each, is refused with its reason."""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from qamqor.engine.programmes.case_engines import DuckDB, SQLite, engines
from qamqor.engine.programmes.cases import Query, queries
from qamqor.engine.programmes.load import load_pack
from qamqor.engine.programmes.schema import Pack
from qamqor.engine.programmes.sql_check import check_query
from tests.engine.programmes.small_pack import CHECK, CHECKED, POPULATION, write_pack

Refusals = Callable[..., list[str]]


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Pack:
    folder = tmp_path_factory.mktemp("small")
    write_pack(folder)
    return load_pack(folder)


@pytest.fixture(scope="module")
def both(pack: Pack) -> tuple[DuckDB, SQLite]:
    return engines(pack)


@pytest.fixture(scope="module")
def refusals(pack: Pack, both: tuple[DuckDB, SQLite]) -> Refusals:
    known = {query.name: query for query in queries(pack.programmes[0])}

    def of(sql: str, query: str = "check") -> list[str]:
        asked: Query = replace(known[query], sql=sql)
        return [str(problem) for problem in check_query(pack, asked, both).text.problems]

    return of


def due(value: str = "null", *, source: str = "latest_foot_check as f", tail: str = "") -> str:
    """A due query whose evidence is one expression, over one source."""
    return (
        "-- A question?\n"
        "select f.patient_id, '' as item, f.effective_on as due_on,\n"
        "case when f.is_numb then 'worrying' when f.is_numb is null then 'never'"
        " else 'routine' end as reason,\n"
        f"case when f.patient_id = {value} then null end as evidence\nfrom {source}{tail}"
    )


def where(condition: str) -> str:
    """A due query with one condition."""
    return due("''", tail=f"\nwhere {condition}")


@pytest.mark.parametrize("name", ["check", "checked", "foot_care_population"])
def test_a_good_query_is_not_refused(refusals: Refusals, name: str) -> None:
    text = {"check": CHECK, "checked": CHECKED, "foot_care_population": POPULATION}[name]
    assert refusals(text, name) == []


ONE_ENGINE_LACKS_IT = {
    "date '2025-01-01'": (where("f.effective_on > date '2025-01-01'"), "`date '…'` is refused"),
    "::": (where("f.score::text = 'x'"), "`::` is refused"),
    "extract": (where("extract(year from f.effective_on) = 1"), r"`extract\(\)` is refused"),
    "year()": (where("year(f.effective_on) = $check_months"), r"`year\(\)` is refused"),
    "interval": (where("f.effective_on > $as_of - interval 1 day"), "`interval` is refused"),
    "to_months": (where("f.effective_on + to_months(1) > $as_of"), r"`to_months\(\)` is refused"),
    "qualify": (due("''", tail=" qualify row_number() over () = 1"), "`qualify` is refused"),
    "distinct on": (
        due("''").replace("select", "select distinct on (f.patient_id)"),
        "`distinct on` is refused",
    ),
    "arg_max": (
        due("(select arg_max(observation_id, effective_on) from foot_check)"),
        r"`arg_max\(\)` is refused",
    ),
    "any_value": (due("(select any_value(observation_id) from foot_check)"), r"`any_value\(\)`"),
    "bool_or": (where("exists (select bool_or(is_numb) from foot_check)"), r"use any_true\(\)"),
    "median": (where("(select median(score) from foot_check) > 0"), r"`median\(\)` is refused"),
    "stddev": (where("(select stddev(score) from foot_check) > 0"), r"`stddev\(\)` is refused"),
    "string_agg": (due("(select string_agg(observation_id, ' ') from foot_check)"), "group_concat"),
    "ordered aggregate": (
        due("(select group_concat(observation_id, ' ' order by toes) from foot_check)"),
        "`order by` inside an aggregate",
    ),
    "concat": (due("concat(f.observation_id, 'x')"), r"write a \|\| b"),
    "left": (due("left(f.observation_id, 1)"), r"use substr\(x, 1, n\)"),
    "starts_with": (where("starts_with(f.observation_id, 'a')"), "use glob"),
    "iif": (due("iif(f.is_numb, 'a', 'b')"), "case when"),
    "generate_series": (where("1 in (select generate_series(0, 1))"), "with recursive"),
    "lateral": (due("''", tail=", lateral (select 1 as one) as l"), "`lateral` is refused"),
    "lateral alias": (
        due("item"),
        "`item` is a name this same `select` gives",
    ),
    "bare column": (
        due("''", tail="\ngroup by f.patient_id"),
        "DuckDB refuses it: .*GROUP BY",
    ),
    "double quotes": (where('f.observation_id = "x"'), '"x" is in quotes'),
    "scalar min": (where("min(f.toes, 1) = 1"), r"use least\(\)"),
    "scalar max": (where("max(f.toes, 1) = 1"), r"use greatest\(\)"),
    "range frame": (
        where(
            "1 in (select sum(toes) over (order by toes nulls last range between 1 preceding"
            " and current row) from foot_check)"
        ),
        "a frame over ranges",
    ),
    "ilike": (where("f.observation_id ilike 'a%'"), "`ilike` is refused"),
    "lists": (where("f.toes[1] = 1"), "only one engine has lists"),
    "semi join": (due("''", tail=" semi join foot_check using (patient_id)"), "`semi join`"),
    "natural join": (due("''", tail=" natural join condition"), "`natural join`"),
    "ignore nulls": (
        where(
            "1 in (select first_value(toes ignore nulls) over (order by patient_id)"
            " from foot_check)"
        ),
        "filter the rows first",
    ),
    "grouping sets": (
        where("1 in (select count(*) from foot_check group by rollup(toes))"),
        "`group by` takes only columns",
    ),
    "any_true over": (
        where("exists (select any_true(is_numb) over () from foot_check)"),
        r"`any_true\(\)` takes no `filter` and no `over`",
    ),
    "clock": (where("f.effective_on > current_date"), r"no rule reads the clock"),
    "now": (where("f.effective_on > now()"), r"no rule reads the clock"),
    "unknown function": (where("soundex(f.observation_id) = 'x'"), "is not a function of rules"),
    "other parameter spelling": (where("f.effective_on > :as_of"), r"write `\$name`"),
    "nameless parameter": (where("f.effective_on > ?"), r"write `\$name`"),
    "two statements": (due("''") + ";\nselect 1", "should be one `select`"),
    "not a query": ("-- A question?\ndelete from foot_check", "should be one `select`"),
    "not SQL": ("-- A question?\n-- More.\nselect from where", ":3: cannot be read"),
}

DIFFERENT_IN_SILENCE = {
    "date - date": (where("$as_of - f.effective_on > 0"), "a part of arithmetic is a date"),
    "date + number": (where("f.effective_on + 1 > $as_of"), r"use add_days\(\)"),
    "cast as date": (where("cast(f.observation_id as date) > $as_of"), r"only cast\(x as text\)"),
    "cast as integer": (where("cast(f.score as integer) > 0"), r"only cast\(x as text\)"),
    "cast of a date": (where("cast(f.effective_on as text) > ''"), "cast of a date to text"),
    "cast of a decimal": (where("cast(f.score as text) > ''"), "cast of a double to text"),
    "cast of a boolean": (where("cast(f.is_numb as text) > ''"), "cast of a boolean to text"),
    "nulls in a window": (
        where("1 in (select row_number() over (order by effective_on desc) from foot_check)"),
        "add `nulls last`",
    ),
    "nulls in an ordered subquery": (
        due("(select observation_id from foot_check order by effective_on limit 1)"),
        "add `nulls last`",
    ),
    "nulls from an outer join": (
        where(
            "1 in (select row_number() over (order by b.observation_id) from foot_check as a"
            " left join foot_check as b on a.patient_id = b.patient_id)"
        ),
        "add `nulls last`",
    ),
    "whole division": (where("f.toes / f.toes > 0"), r"write a \* 1.0 / nullif\(b, 0\)"),
    "division by zero": (where("f.toes * 1.0 / f.toes > 0"), r"write a \* 1.0 / nullif\(b, 0\)"),
    "like": (where("f.observation_id like 'a%'"), "`like` is refused"),
    "lower": (where("lower(f.observation_id) = 'x'"), "differ beyond ASCII"),
    "upper": (where("upper(f.observation_id) = 'X'"), "differ beyond ASCII"),
    "equality of decimals": (where("f.score = $worry_score"), "equality of decimals"),
    "decimals in a list": (where("f.score in (0.0, 1.0)"), "equality of decimals"),
    "joining on decimals": (
        due("''", source="foot_check as f join foot_check as g using (patient_id, score)"),
        "equality of decimals",
    ),
    "remainder of decimals": (where("f.score % 1 = 0"), "a part of `%` is a double"),
    "two-row subquery": (due("(select observation_id from foot_check)"), "may give two rows"),
    "two rows by group": (
        due("(select max(observation_id) from foot_check group by toes)"),
        "may give two rows",
    ),
    "limit without order": (
        due("(select observation_id from foot_check limit 1)"),
        "`limit` without `order by`",
    ),
    "text with number": (where("f.observation_id > f.toes"), "compares integer with text"),
    "date with text": (where("f.effective_on > f.observation_id"), "compares a date with text"),
    "date with no date": (where("f.effective_on > '2025-02-30'"), "compares a date with text"),
    "mixed case": (
        due("case when f.is_numb then f.observation_id else f.toes end"),
        "mixes integer and text",
    ),
    "number as condition": (where("f.toes"), "a condition is an integer"),
    "number in a text": (due("'x' || f.toes"), r"a part of `\|\|` is an integer"),
    "is between columns": (where("f.toes is f.toes"), "is not distinct from"),
    "text function of a number": (where("length(f.toes) > 0"), "argument 1 is an integer"),
    "date function of a text": (
        where("add_days(f.observation_id, 1) > $as_of"),
        "argument 1 is a text",
    ),
    "wrong number of arguments": (where("age_years(f.effective_on) > 0"), "takes 2 arguments"),
}

ODD_SHAPES = {
    "columns of an in": (
        where("f.toes in (select toes, is_numb from foot_check)"),
        "`in` compares",
    ),
    "columns of a value": (due("(select max(toes), min(toes) from foot_check)"), "gives 2 columns"),
    "a union as a value": (
        due("(select observation_id from foot_check union select 'x' as observation_id)"),
        "may give two rows",
    ),
    "uneven values": (
        "-- A question?\nwith t(a, b) as (values (1, 1), (0)) " + due("''").split("\n", 1)[1],
        "the rows of `values` differ in length",
    ),
    "group by all": (where("1 in (select count(*) from foot_check group by all)"), "list them"),
    "numbered parameter": (where("f.toes > $1"), "a parameter has no name"),
    "months typed in brackets": (
        where("add_months(f.effective_on, (6 * $check_months)) > $as_of"),
        "the number 6 is typed",
    ),
    "default of a neighbour": (
        where("1 in (select lag(toes, 1, is_numb) over (order by patient_id) from foot_check)"),
        "mixes boolean and integer",
    ),
    "pieces joined by a number": (
        due("(select group_concat(toes, ' ') from foot_check)"),
        r"what group_concat\(\) joins is an integer",
    ),
    "unclosed text": (where("f.observation_id = 'x"), "cannot be read"),
    "unclosed bracket": (where("(f.toes > 0"), "cannot be read"),
}

BREAKS_THE_CONTRACT = {
    "typed-in number": (where("f.toes > 5"), "the number 5 is typed into the query"),
    "typed-in decimal": (where("f.score >= 7.5"), "the number 7.5 is typed into the query"),
    "typed-in number inside a choice": (
        where("f.toes > case when f.is_numb then 4 else 5 end"),
        "the number 4, 5 is typed into the query",
    ),
    "typed-in months": (where("add_months(f.effective_on, 6) > $as_of"), "the number 6 is typed"),
    "typed-in default": (where("coalesce(f.toes, 5) > 0"), "the number 5 is typed"),
    "undeclared parameter": (where("f.toes > $toes"), r"`\$toes` is not a parameter"),
    "period outside a measure": (where("f.effective_on > $period_start"), "is not a parameter"),
    "undeclared table": (due("''", source="hba1c as f"), "`hba1c` is not a declared table"),
    "schema": (due("''", source="main.foot_check as f"), "names a schema"),
    "unknown column": (where("f.heels > 0"), "there is no column `f.heels`"),
    "unknown column alone": (where("heels > 0"), "there is no column `heels`"),
    "ambiguous column": (
        due("''", source="foot_check as f join foot_check as g on f.patient_id = g.patient_id")
        + "\nwhere toes > 0",
        "could come from several tables",
    ),
    "one name twice": (due("''", source="foot_check as f, foot_check as f"), "named twice"),
    "shadowed table": (
        "-- A question?\nwith foot_check as (select patient_id from condition)\n"
        + due("''").split("\n", 1)[1],
        "`foot_check` is already a table",
    ),
    "star": (
        "-- A question?\nselect * from foot_care_population",
        "list the columns",
    ),
    "wrong columns": (
        "-- A question?\nselect patient_id, enrolled_on from foot_care_population",
        "a due query returns patient_id, item, due_on, reason, evidence",
    ),
    "wrong kind": (due("''").replace("f.effective_on as", "f.toes as"), "`due_on` is integer"),
    "undeclared reason": (due("''").replace("'never'", "'perhaps'"), "gives the reason `perhaps`"),
    "reason never given": (
        due("''").replace("'worrying'", "'never'"),
        "never gives the reason `worrying`",
    ),
    "undeclared item": (due("''").replace("'' as item", "'left' as item"), "the item `left`"),
    "two columns of one name": (
        due("''").replace("'' as item", "'' as item, '' as item"),
        "two columns are named `item`",
    ),
    "no header": (due("''").split("\n", 1)[1], "has no header"),
    "too long": (due("''") + "\n" * 120, "120 is the limit"),
    "position": (
        where("1 in (select count(*) from foot_check group by 1)"),
        "a column named by its position",
    ),
    "limit outside": (due("''", tail=" order by f.patient_id limit 1"), "`limit` outside"),
    "sides of a union": (
        where("1 in (select toes from foot_check union all select toes, is_numb from foot_check)"),
        "has 2 columns, the other side 1",
    ),
    "using a missing column": (
        due("''", source="foot_check as f join sore_feet using (system)"),
        "is not on both sides",
    ),
}


def table(examples: dict[str, tuple[str, str]]) -> Any:
    return pytest.mark.parametrize(
        ("sql", "said"), [pytest.param(*example, id=name) for name, example in examples.items()]
    )


@table(ONE_ENGINE_LACKS_IT)
def test_what_one_engine_lacks_is_refused(refusals: Refusals, sql: str, said: str) -> None:
    assert_said(refusals(sql), said)


@table(DIFFERENT_IN_SILENCE)
def test_what_the_engines_read_differently_is_refused(
    refusals: Refusals, sql: str, said: str
) -> None:
    assert_said(refusals(sql), said)


@table(ODD_SHAPES)
def test_odd_shapes_are_refused_not_stumbled_over(refusals: Refusals, sql: str, said: str) -> None:
    assert_said(refusals(sql), said)


@table(BREAKS_THE_CONTRACT)
def test_what_breaks_the_contract_is_refused(refusals: Refusals, sql: str, said: str) -> None:
    assert_said(refusals(sql), said)


def assert_said(problems: list[str], said: str) -> None:
    assert any(re.search(said, problem) for problem in problems), problems or "nothing refused"


ALLOWED = {
    "recursive steps": "with recursive t(n) as (values (1) union all"
    " select n + 1 from t where n < 1)",
    "named windows": "with t as (select row_number() over w as n from foot_check"
    " window w as (partition by patient_id order by effective_on desc nulls last))",
    "filter": "with t as (select count(*) filter (where is_numb) as n from foot_check)",
    "distinct count": "with t as (select count(distinct toes) as n from foot_check)",
    "sum of a condition": "with t as (select sum(score > $worry_score) as n from foot_check)",
    "greatest of booleans": "with t as (select max(is_numb) as n from foot_check)",
    "pairs": "with t as (select toes as n from foot_check"
    " where (patient_id, toes) in (select patient_id, toes from foot_check))",
    "one-row subquery": "with t as (select (select c.code from condition as c"
    " where c.patient_id = f.patient_id order by c.recorded_on desc nulls last limit 1) as n"
    " from foot_check as f)",
    "set operations": "with t as (select toes as n from foot_check except"
    " select toes as n from foot_check)",
    "truth": "with t as (select is_numb is not true as n from foot_check)",
    "distinct from": "with t as (select toes is distinct from 1 as n from foot_check)",
    "ranks as labels": "with t as (select max(case when is_numb then 3 else 2 end) as n"
    " from foot_check group by patient_id), u as (select n = 3 as n from t)",
    "text functions": "with t as (select replace(trim(substr(observation_id, 2, 3)), 'a', 'b')"
    " as n from foot_check where observation_id glob 'a*' and instr(observation_id, 'b') > 0"
    " and length(observation_id) > 0)",
    "number functions": "with t as (select round(abs(score), 2) + floor(score) + ceil(score)"
    " + power(score, 1) + sqrt(score) + ln(score) + log10(score) + exp(score) as n"
    " from foot_check)",
    "whole remainder": "with t as (select toes % 1 as n from foot_check)",
    "safe division": "with t as (select toes * 1.0 / nullif(toes, 0) as n from foot_check)",
    "our functions": "with t as (select add_months(effective_on, 12 * $check_months) as n,"
    " add_days(effective_on, -7 * $check_months) as d, age_years(effective_on, $as_of) as a,"
    " days_between(effective_on, $as_of) as b, date_of(year_of($as_of), 12, 31) as e,"
    " least(effective_on, $as_of) as l, greatest(effective_on, '2025-01-01') as g from foot_check)",
    "any true": "with t as (select any_true(is_numb) as n from foot_check)",
    "an ISO date": "with t as (select toes as n from foot_check"
    " where effective_on >= '2025-01-01')",
    "joins": "with t as (select f.toes as n from foot_check as f full join condition as c"
    " on c.patient_id = f.patient_id cross join sore_feet right join foot_check as p"
    " on p.patient_id = c.patient_id)",
}


@pytest.mark.parametrize("step", [pytest.param(sql, id=name) for name, sql in ALLOWED.items()])
def test_what_both_engines_run_is_allowed(refusals: Refusals, step: str) -> None:
    assert refusals(step.join(["-- Feet?\n", ", " + CHECK.split("with ", 1)[1]])) == []
