"""Calendar arithmetic shared by every rule: in NumPy, in DuckDB and in SQLite.

One rule everywhere: a day that the target month does not have becomes the first of the
month after (31 January and one month is 1 March), so nothing counts a day early.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import date
from functools import lru_cache
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from qamqor.errors import ShapeError

Dates = npt.NDArray[np.datetime64]
Months = npt.NDArray[np.int64]

DUCKDB_MACROS: Final = """
create or replace macro date_of(y, m, d) as
    case when m between 1 and 12 and d between 1 and 31 then
        make_date(y, m, 1) + cast(least(d, day(last_day(make_date(y, m, 1))) + 1) - 1 as integer)
    end;
create or replace macro add_months(start_on, months) as least(
    cast(date_trunc('month', start_on) + to_months(cast(months as integer)) as date)
        + cast(day(start_on) - 1 as integer),
    cast(date_trunc('month', start_on) + to_months(cast(months as integer) + 1) as date));
create or replace macro add_days(start_on, days) as start_on + cast(days as integer);
create or replace macro days_between(from_, until) as cast(until - from_ as bigint);
create or replace macro year_of(on_day) as year(on_day);
create or replace macro age_years(born_on, on_day) as
    year(on_day) - year(born_on)
        - cast(month(on_day) * 100 + day(on_day) < month(born_on) * 100 + day(born_on) as integer);
create or replace macro any_true(x) as max(x);
"""


def add_months(starts: Dates, months: Months) -> Dates:
    """Move each date by whole calendar months; a missing day becomes the first of the next month.

    Args:
        starts: shape ``(n,)``, ``datetime64[D]``; ``NaT`` stays ``NaT``.
        months: whole months, shape ``(n,)`` or ``(1,)``; negative moves back.

    Returns:
        Dates, shape ``(n,)``, ``datetime64[D]``.

    Raises:
        ShapeError: ``months`` is neither one value nor one for each date.

    Source:
        CDC CDSi Logic Specification, date rule CALCDT-5.
    """
    if months.shape not in {(1,), starts.shape}:
        raise ShapeError(f"{starts.shape[0]} dates but {months.shape[0]} month counts")
    month = starts.astype("datetime64[M]")
    day = starts - month.astype("datetime64[D]")
    target = month + months.astype("timedelta64[M]")
    same_day: Dates = target.astype("datetime64[D]") + day
    month_after: Dates = (target + np.timedelta64(1, "M")).astype("datetime64[D]")
    return np.where(same_day > month_after, month_after, same_day)


def month_later(start: date, months: int) -> date:
    """``add_months`` for one date."""
    return date_of(*divmod(start.year * 12 + start.month - 1 + months, 12), start.day)


def date_of(year: int, month_index: int, day: int) -> date:
    """The date of a year, a month counted from 0, and a day, 1 to 31, the month may not have."""
    try:
        return date(year, month_index + 1, day)
    except ValueError:
        return date(*((year, month_index + 2) if month_index < 11 else (year + 1, 1)), 1)


def age_years(born: date, on_day: date) -> int:
    """Completed years; a person born on 29 February turns on 1 March of a short year."""
    return on_day.year - born.year - ((on_day.month, on_day.day) < (born.month, born.day))


def register_duckdb(connection: Any) -> None:
    """Teach a DuckDB connection the functions that rules may use."""
    connection.execute(DUCKDB_MACROS)


@lru_cache(maxsize=65536)
def _parsed(text: str) -> date:
    return date.fromisoformat(text[:10])


def _on_dates(function: Callable[..., Any], dates: int) -> Callable[..., Any]:
    """A function of ISO texts and numbers that is null as soon as one argument is."""

    @lru_cache(maxsize=65536)
    def of_text(*arguments: Any) -> Any:
        if None in arguments:
            return None
        parsed = [_parsed(argument) for argument in arguments[:dates]]
        try:
            result = function(*parsed, *(int(argument) for argument in arguments[dates:]))
        except (ValueError, OverflowError):  # outside the years 1 to 9999
            return None
        return result.isoformat() if isinstance(result, date) else result

    return of_text


def _ignoring_nulls(choose: Callable[[list[Any]], Any]) -> Callable[..., Any]:
    def chosen(*arguments: Any) -> Any:
        known = [argument for argument in arguments if argument is not None]
        return choose(known) if known else None

    return chosen


def _possible_date_of(year: int, month: int, day: int) -> date | None:
    """``date_of`` with the month from 1; null for a month or a day that no year has."""
    possible = 1 <= month <= 12 and 1 <= day <= 31
    return date_of(year, month - 1, day) if possible else None


class _AnyTrue:
    """The aggregate ``any_true``: null over nothing, else whether one was true."""

    def __init__(self) -> None:
        self.found: int | None = None

    def step(self, value: Any) -> None:
        if value is not None:
            self.found = max(self.found or 0, int(bool(value)))

    def finalize(self) -> int | None:
        return self.found


_SQLITE: Final[dict[str, tuple[int, Callable[..., Any]]]] = {
    "add_months": (2, _on_dates(month_later, 1)),
    "add_days": (2, _on_dates(lambda day, n: date.fromordinal(day.toordinal() + n), 1)),
    "days_between": (2, _on_dates(lambda a, b: (b - a).days, 2)),
    "age_years": (2, _on_dates(age_years, 2)),
    "year_of": (1, _on_dates(lambda day: day.year, 1)),
    "date_of": (3, _on_dates(_possible_date_of, 0)),
    "least": (-1, _ignoring_nulls(min)),
    "greatest": (-1, _ignoring_nulls(max)),
}


def register_sqlite(connection: sqlite3.Connection) -> None:
    """Teach an SQLite connection the same functions; dates are ISO text there."""
    for name, (arguments, function) in _SQLITE.items():
        connection.create_function(name, arguments, function, deterministic=True)
    connection.create_aggregate("any_true", 1, _AnyTrue)  # type: ignore[arg-type]
