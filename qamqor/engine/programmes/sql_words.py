"""The words of SQL a rule may use, and for those it may not, what to write instead."""

from __future__ import annotations

from typing import Final

OURS: Final = frozenset(
    {
        *("add_months", "add_days", "days_between", "age_years", "year_of", "date_of"),
        *("least", "greatest", "any_true"),
    }
)

FUNCTIONS: Final = OURS | {
    *("count", "sum", "min", "max", "avg", "group_concat"),
    *("coalesce", "nullif", "cast", "substr", "length", "replace", "trim", "instr", "glob"),
    *("abs", "round", "floor", "ceil", "power", "sqrt", "ln", "log10", "exp"),
    *("row_number", "rank", "dense_rank", "percent_rank", "cume_dist", "ntile"),
    *("lag", "lead", "first_value", "last_value", "nth_value"),
}

KEYWORDS_BEFORE_PARENTHESIS: Final = frozenset(
    {
        *("in", "over", "values", "exists", "filter", "as", "using", "and", "or", "not", "on"),
        *("where", "when", "then", "else", "case", "select", "from", "join", "having", "by"),
        *("between", "is", "union", "all", "except", "intersect", "distinct", "materialized"),
        *("group by", "order by", "partition by", "limit"),
    }
)

_DATES: Final = "use add_months(), add_days(), days_between(), year_of() or date_of()"
_ORDERED: Final = "number the rows with row_number() and keep the first"
_CASE: Final = "write case when … then … else … end"
_CLOCK: Final = "no rule reads the clock: use $as_of"

REFUSED_FUNCTIONS: Final = {
    **dict.fromkeys(
        ("extract", "year", "month", "day", "date_part", "strftime", "julianday"), _DATES
    ),
    **dict.fromkeys(
        ("date", "datetime", "date_trunc", "date_diff", "datediff", "date_add"), _DATES
    ),
    **dict.fromkeys(("to_months", "to_days", "to_years", "make_date", "last_day", "age"), _DATES),
    **dict.fromkeys(("now", "today", "current_date", "get_current_timestamp"), _CLOCK),
    **dict.fromkeys(
        ("arg_max", "arg_min", "max_by", "min_by", "any_value", "first", "last"), _ORDERED
    ),
    **dict.fromkeys(("iif", "if", "ifnull", "nvl"), f"{_CASE}, or coalesce()"),
    **dict.fromkeys(("rollup", "cube", "grouping"), "`group by` takes only columns here"),
    "bool_or": "use any_true()",
    "bool_and": "write not any_true(not …)",
    "string_agg": "use group_concat(x, ' ')",
    "listagg": "use group_concat(x, ' ')",
    "concat": "write a || b",
    "concat_ws": "write a || ' ' || b",
    "left": "use substr(x, 1, n)",
    "right": "use substr()",
    "starts_with": "use glob 'x*', or substr()",
    "ends_with": "use glob '*x'",
    "contains": "use instr(x, y) > 0",
    "substring": "write substr()",
    "char_length": "write length()",
    "pow": "write power()",
    "ceiling": "write ceil()",
    "log": "write ln() or log10()",
    "median": "only one engine has it; the engine works out such figures from sums",
    "stddev": "only one engine has it; the engine works out such figures from sums",
    "quantile_cont": "only one engine has it; the engine works out such figures from sums",
    "generate_series": "use `with recursive`",
    "range": "use `with recursive`",
    "unnest": "use a table, or `with recursive`",
    "lower": "the engines differ beyond ASCII: compare codes as they are",
    "upper": "the engines differ beyond ASCII: compare codes as they are",
    "try_cast": "only cast(x as text)",
    "random": "a rule answers the same each time",
    "total": "use sum()",
}

REFUSED_TOKENS: Final = {
    "::": "only cast(x as text)",
    "interval": _DATES,
    "qualify": _ORDERED,
    "like": "the engines differ on capital letters: use glob, or substr() =",
    "ilike": "use glob, or substr() =",
    "current_date": _CLOCK,
    "current_time": _CLOCK,
    "current_timestamp": _CLOCK,
    "lateral": "join a subquery, or correlate it with `exists`",
    "collate": "texts compare as written",
    "?": "write `$name`",
    ":": "write `$name`",
    "@": "write `$name`",
    "->": "only one engine has it",
    "->>": "only one engine has it",
}

REFUSED_NODES: Final = {
    "Interval": _DATES,
    "Extract": _DATES,
    "Like": "the engines differ on capital letters: use glob, or substr() =",
    "Qualify": _ORDERED,
    "Lateral": "join a subquery, or correlate it with `exists`",
    "IgnoreNulls": "only one engine has it: filter the rows first",
    "Offset": "only for pages, not for rules",
    "GroupingSets": "`group by` takes only columns here",
    "Rollup": "`group by` takes only columns here",
    "Cube": "`group by` takes only columns here",
    "TableSample": "a rule answers for everyone",
    "Bracket": "only one engine has lists",
}

NODES: Final = frozenset(
    {
        *("Select", "From", "Join", "Where", "Group", "Having", "Order", "Ordered", "Limit"),
        *("With", "CTE", "TableAlias", "Table", "Subquery", "Union", "Except", "Intersect"),
        *("Values", "Tuple", "Paren", "Alias", "Column", "Identifier", "Star", "Literal"),
        *("Boolean", "Null", "Placeholder", "And", "Or", "Not", "EQ", "NEQ", "GT", "GTE", "LT"),
        *("LTE", "Is", "In", "Between", "Exists", "NullSafeEQ", "NullSafeNEQ", "Glob", "Case"),
        *("If", "Coalesce", "Nullif", "Add", "Sub", "Mul", "Div", "Mod", "Neg", "DPipe", "Cast"),
        *("DataType", "Distinct", "Filter", "Window", "WindowSpec", "Count", "Sum", "Min", "Max"),
        *("Avg", "GroupConcat", "Substring", "Length", "Replace", "Trim", "StrPosition", "Abs"),
        *("Round", "Floor", "Ceil", "Pow", "Sqrt", "Ln", "Log", "Exp", "AddMonths", "Anonymous"),
        *("Least", "Greatest", "RowNumber", "Rank", "DenseRank", "PercentRank", "CumeDist"),
        *("Ntile", "Lag", "Lead", "FirstValue", "LastValue", "NthValue"),
    }
)
