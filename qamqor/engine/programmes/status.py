"""Says whether something is due, overdue, not yet due or unknown: the only place that decides."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

from qamqor.engine.calendar import month_later
from qamqor.engine.programmes.schema import Action, Programme
from qamqor.errors import ContentError

STATUSES: Final = ("overdue", "due", "not_due", "unknown")


def overdue_on_sql(action: Action) -> str:
    """SQL of the first day that counts as overdue, from a column ``due_on`` and a parameter.

    An allowance of 3 days after Monday lets Tuesday to Thursday pass: Friday is overdue.
    An allowance of 12 months after 1 January lets the whole year pass: the next 1 January is.
    """
    if action.overdue_after_months is not None:
        return f"add_months(due_on, ${action.overdue_after_months})"
    return f"add_days(due_on, ${action.overdue_after_days} + 1)"


STATUS_SQL: Final = """case
    when due_on is null then 'unknown'
    when due_on > $as_of then 'not_due'
    when overdue_on <= $as_of then 'overdue'
    else 'due'
end"""


def overdue_on(due_on: date | None, action: Action, programme: Programme) -> date | None:
    """``overdue_on_sql`` for one date."""
    if due_on is None:
        return None
    allowance = action.overdue_after_months or action.overdue_after_days or ""
    length = programme.parameters[allowance].value
    if not isinstance(length, int):
        raise ContentError(f"{allowance} of {programme.id} is not a whole number")
    if action.overdue_after_months is not None:
        return month_later(due_on, length)
    return due_on + timedelta(days=length + 1)


def status(due_on: date | None, overdue_from: date | None, as_of: date) -> str:
    """``STATUS_SQL`` for one row: ``due``, ``overdue``, ``not_due`` or ``unknown``."""
    if due_on is None:
        return "unknown"
    if due_on > as_of:
        return "not_due"
    return "overdue" if overdue_from is not None and overdue_from <= as_of else "due"
