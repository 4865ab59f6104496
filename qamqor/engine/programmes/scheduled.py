"""The schedule that an action asks in place of a query of its own."""

from __future__ import annotations

from datetime import date

from qamqor.engine.immunisation.due import Plan
from qamqor.engine.immunisation.read_yaml import schedule_of
from qamqor.engine.programmes.cases import Query
from qamqor.engine.programmes.schema import Action, Pack
from qamqor.engine.programmes.status import overdue_on
from qamqor.errors import ContentError, Problem


def plan_of(pack: Pack, query: Query, as_of: date) -> Plan:
    """The schedule of an action as of a day; what is put off is late after the action's allowance.

    Raises:
        ContentError: no version of the schedule is in force on the day.
    """
    action, programme = query.owner, query.programme
    if not isinstance(action, Action) or action.schedule is None:
        raise AssertionError(f"{query.name} asks no schedule")
    file = pack.schedule(action.schedule, as_of)
    if file is None:
        what = f"no schedule `{action.schedule}` is in force on {as_of}"
        raise ContentError([Problem(query.where, what, "ask about a later day")])
    return Plan(
        schedule_of(file.text, file.where), as_of, lambda day: overdue_on(day, action, programme)
    )
