"""Who is due for what, since when, for whom to do, and on what evidence."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from qamqor.engine.population.members import open_members
from qamqor.engine.population.questions import Questions
from qamqor.engine.population.sight import PERSON
from qamqor.engine.programmes.cases import Query
from qamqor.engine.programmes.schema import Action, Kind
from qamqor.engine.programmes.status import STATUS_SQL, overdue_on_sql

DUE_COLUMNS: Final[dict[str, Kind]] = {
    "as_of": "date",
    "patient_id": "text",
    "programme": "text",
    "version": "text",
    "action": "text",
    "item": "text",
    "role": "text",
    "channel": "text",
    "urgency": "integer",
    "due_on": "date",
    "overdue_on": "date",
    "status": "text",
    "reason": "text",
    "evidence": "text",
    "organization_id": "text",
    "area_id": "text",
    "place_id": "text",
    "is_rural": "boolean",
    "sex": "text",
    "age_years": "integer",
}
LEAST_URGENT: Final = 4
SQL_TYPES: Final[dict[Kind, str]] = {
    "text": "varchar",
    "date": "date",
    "double": "double",
    "integer": "integer",
    "boolean": "boolean",
}
# Most evidence is one to three references, each another: telling that costs a third of removing
# doubles. ``nullif`` comes a step later because DuckDB works out its first argument twice.
_SPLIT: Final = """case when contains(evidence, ' ')
    then list_sort(string_split(evidence, ' ')) end"""
_SORTED: Final = """case
    when parts_ is null then evidence
    when parts_[1] <> '' and parts_[1] < parts_[2]
        and (len(parts_) = 2 or len(parts_) = 3 and parts_[2] < parts_[3])
        then array_to_string(parts_, ' ')
    else ltrim(array_to_string(list_sort(list_distinct(parts_)), ' '))
end"""


def due_query(questions: Questions, asked: Iterable[tuple[str, Query]]) -> str:
    """SQL of the due table, MODEL section 5, over the results of the actions' queries.

    Args:
        asked: the table that holds each query's result, and the query.
    """
    branches = [_branch(table, query) for table, query in asked]
    if not branches:
        empty = ", ".join(f"cast(null as {SQL_TYPES[k]}) as {c}" for c, k in DUE_COLUMNS.items())
        return f"select {empty} where false"
    day = f"date '{questions.as_of}'"
    chosen = {
        "as_of": f"{day} as as_of",
        "patient_id": f"{PERSON}.id as patient_id",
        "status": f"{STATUS_SQL.replace('$as_of', day)} as status",
        "evidence": f"{_evidence(questions)} as evidence",
    }
    columns = ", ".join(chosen.get(column, column) for column in DUE_COLUMNS)
    return f"""
        select {columns}
        from (select *, nullif(text_, '') as sorted_
            from (select *, {_SORTED} as text_
                from (select *, {_SPLIT} as parts_ from ({" union all ".join(branches)}))))
            as found_
        join {PERSON} on {PERSON}.patient_id = found_.patient_id"""


def _evidence(questions: Questions) -> str:
    """The references, with the number that stood for the person put back to the id."""
    if not questions.only_joins_people:
        return "sorted_"
    number = f"'Patient/' || {PERSON}.patient_id"
    return (
        f"case when contains(sorted_, 'Patient/-') then"
        f" replace(sorted_, {number}, 'Patient/' || {PERSON}.id) else sorted_ end"
    )


def _branch(table: str, query: Query) -> str:
    action = query.owner
    if not isinstance(action, Action):
        raise AssertionError(f"{query.name} is not an action")
    texts = {
        "programme": query.programme.id,
        "version": query.programme.version,
        "action": action.name,
        "role": action.role,
        "channel": action.channel,
    }
    constants = ", ".join(f"'{value}' as {name}" for name, value in texts.items())
    return f"""
        select patient_id, coalesce(item, '') as item,
            cast(due_on as date) as due_on, reason, evidence, {constants},
            cast({_urgency(action)} as integer) as urgency,
            cast({_overdue_on(query, action)} as date) as overdue_on
        from {table}
        where patient_id in (select patient_id from {open_members(query.programme)})"""


def _urgency(action: Action) -> str:
    cases = "".join(f" when '{reason}' then {n}" for reason, n in action.urgency.items())
    return f"case reason{cases} else {LEAST_URGENT} end" if cases else str(LEAST_URGENT)


def _overdue_on(query: Query, action: Action) -> str:
    if action.schedule is not None:
        return "overdue_on"
    allowance = action.overdue_after_months or action.overdue_after_days or ""
    length = query.programme.parameters[allowance].value
    return overdue_on_sql(action).replace(f"${allowance}", str(length))
