"""Dates and moments in SQL: the twin of ``engine.fhir.fhirpath.moments`` and ``tables.dates``."""

from __future__ import annotations

from datetime import timedelta

from qamqor.engine.fhir.fhirpath.moments import MOMENT, TIME
from qamqor.engine.tables.needs import bound, text_literal

# RE2 knows no named groups without P, and the same pattern text keeps the engines together.
IS_MOMENT = text_literal(MOMENT.pattern)
IS_TIME = text_literal(TIME.pattern)


def business_date(text: str, zone: timedelta) -> str:
    """The calendar day as written; a moment ending in Z is first moved to the zone.

    The text is a FHIR date or moment, as ``shape`` makes sure, so no pattern is tried here.
    """
    minutes = int(zone.total_seconds() // 60)
    return bound(text, lambda it: _business_date(it, minutes))


def _business_date(text: str, minutes: int) -> str:
    moved = f"cast(try_cast(left({text}, 19) as timestamp) + to_minutes({minutes}) as date)"
    filled = f"left({text} || substr('0000-01-01', length({text}) + 1), 10)"
    return f"(case when {text} like '%Z' then {moved} else try_cast({filled} as date) end)"


def precision(text: str) -> str:
    """``year``, ``month`` or ``day``."""
    return bound(text, _precision)


def _precision(text: str) -> str:
    return (
        f"(case length({text}) when 4 then 'year' when 7 then 'month' else"
        f" case when {text} is not null then 'day' end end)"
    )


def compared(left: str, right: str, kind: str) -> str:
    """-1, 0, 1 or NULL, as ``moments.compared``."""
    each = _time_key("it") if kind == "time" else _parts("it")
    both = f"list_transform([{left}, {right}], lambda it: {each})"
    pair = both if kind == "time" else _moment_keys(both)
    return (
        f"list_transform([{pair}], lambda k: case"
        " when k[1] is null or k[2] is null then null"
        " when left(k[1], length(k[2])) < left(k[2], length(k[1])) then -1"
        " when left(k[1], length(k[2])) > left(k[2], length(k[1])) then 1"
        " when length(k[1]) = length(k[2]) then 0 end)[1]"
    )


def _padded(clock: str) -> str:
    return (
        f"(case when length({clock}) < 8 then {clock} else left({clock}, 8) || '.' ||"
        f" rpad(substr({clock}, 10, 6), 6, '0') end)"
    )


def _time_key(text: str) -> str:
    return f"case when regexp_full_match({text}, {IS_TIME}) then {_padded(text)} end"


def _moment_keys(both: str) -> str:
    """Both as written, or both in UTC when both have a time and a zone."""
    return (
        f"list_transform([{both}], lambda m: case"
        " when m[1].clock = '' or m[2].clock = '' then [m[1].written, m[2].written]"
        " when (m[1].zone = '') <> (m[2].zone = '') then null"
        " else [m[1].utc, m[2].utc] end)[1]"
    )


def _parts(text: str) -> str:
    """A struct of clock, zone, the value as written and in UTC; NULLs when it is no moment."""
    date = f"left({text}, 10)"
    clock = f"regexp_extract({text}, 'T([0-9:.]+)', 1)"
    zone = f"regexp_extract({text}, 'T[0-9:.]+(Z|[+-].*)$', 1)"
    valid = f"regexp_full_match({text}, {IS_MOMENT})"
    rest = f"substr('00:00:00.000000', length({_padded(clock)}) + 1)"
    filled = f"({date} || ' ' || {_padded(clock)} || {rest})"
    offset = (
        f"(case when {zone} in ('Z', '') then 0 else"
        f" (case when left({zone}, 1) = '-' then -1 else 1 end) *"
        f" (cast(substr({zone}, 2, 2) as integer) * 60"
        f" + cast(substr({zone}, 5, 2) as integer)) end)"
    )
    utc = (
        f"left(replace(strftime(try_cast({filled} as timestamp) - to_minutes({offset}),"
        f" '%Y-%m-%d %H:%M:%S.%f'), ' ', 'T'), 11 + length({_padded(clock)}))"
    )
    return (
        f"case when {valid} then {{'clock': {clock}, 'zone': {zone},"
        f" 'written': {date} || case when {clock} = '' then '' else 'T' || {_padded(clock)} end,"
        f" 'utc': case when {clock} <> '' then {utc} end}} end"
    )


def boundary(text: str, kind: str, *, high: bool) -> str:
    """The first or last moment a date, dateTime or time may mean."""
    return bound(text, lambda it: _boundary(it, kind, high=high))


def _boundary(text: str, kind: str, *, high: bool) -> str:
    if kind == "time":
        end = _clock_boundary(text, high=high)
        return f"(case when regexp_full_match({text}, {IS_TIME}) then {end} end)"
    day = _day_boundary(text, high=high)
    if kind == "date":
        return f"(case when regexp_full_match({text}, {IS_MOMENT}) then {day} end)"
    clock = f"regexp_extract({text}, 'T([0-9:.]+)', 1)"
    zone = f"regexp_extract({text}, 'T[0-9:.]+(Z|[+-].*)$', 1)"
    default = "-12:00" if high else "+14:00"
    return (
        f"(case when regexp_full_match({text}, {IS_MOMENT}) then {day} || 'T' ||"
        f" {_clock_boundary(clock, high=high)} ||"
        f" (case when {zone} = '' then '{default}' else {zone} end) end)"
    )


def _clock_boundary(clock: str, *, high: bool) -> str:
    end = "23:59:59.999" if high else "00:00:00.000"
    kept = f"left({clock}, 12)"
    return f"({kept} || substr('{end}', length({kept}) + 1))"


def _day_boundary(text: str, *, high: bool) -> str:
    year, month = ("-12-31", "") if high else ("-01-01", "-01")
    month_end = (
        f"cast(last_day(cast({text} || '-01' as date)) as varchar)"
        if high
        else f"{text} || '{month}'"
    )
    return (
        f"(case when left({text}, 4) = '0000' and length({text}) < 10 then null"
        f" when length({text}) = 4 then {text} || '{year}'"
        f" when length({text}) = 7 then {month_end} else left({text}, 10) end)"
    )


def decimal_boundary(text: str, *, high: bool) -> str:
    """Half a unit of the last written digit up or down, of a decimal kept as text."""
    return bound(text, lambda it: _decimal_boundary(it, high=high))


def _decimal_boundary(text: str, *, high: bool) -> str:
    places = f"length(regexp_extract({text}, '[.]([0-9]*)$', 1))"
    half = f"cast('0.' || repeat('0', {places}) || '5' as decimal(38, 18))"
    sign = "+" if high else "-"
    return (
        f"(case when regexp_full_match({text}, '-?[0-9]{{1,19}}([.][0-9]{{1,17}})?') then"
        f" cast(cast({text} as decimal(38, 18)) {sign} {half} as double) end)"
    )
