"""What a schedule says everyone is due, from one table of facts: the compiled twin of ``due``."""

from __future__ import annotations

from datetime import date
from functools import cached_property
from typing import Any, Final

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from qamqor.engine.immunisation.due import FIRST_DOSE, NEXT_DOSE, Hold, Kind, Plan, rank
from qamqor.engine.immunisation.everyone import layout as at
from qamqor.engine.immunisation.everyone.arrays import (
    EPOCH,
    SEX,
    UNKNOWN_SEX,
    Codes,
    Ints,
    People,
    compile_schedule,
    date_of_day,
    day_number,
)
from qamqor.engine.immunisation.everyone.run import Results, answer_everyone
from qamqor.engine.immunisation.schedule import item_code

COLUMNS: Final = ("patient_id", "item", "due_on", "reason", "evidence", "overdue_on")
_WHO: Final = """
select row_number() over (order by patient_id) - 1 as place, * from (
    select patient_id, min(on_day) - $epoch as born, min(code) as sex, min(evidence) as evidence
    from {facts} where fact = 'born' and on_day <= $as_of
        and patient_id not in (select patient_id from {facts} where fact = 'unclear')
    group by patient_id)
"""
_DOSES: Final = """
select place, on_day - $epoch as day, try_cast(code as integer) as cvx,
    min(facts_.evidence) as evidence, bool_and(fact = 'unfit') as is_unfit
from {facts} as facts_ join {who} as who_ using (patient_id)
where fact in ('dose', 'unfit') and on_day between $epoch::date + who_.born::integer and $as_of
    and try_cast(code as integer) is not null
group by all order by place, day, cvx
"""
_OBSERVED: Final = """
select place, code, on_day - $epoch as day
from {facts} join {who} as who_ using (patient_id) where fact = 'observed' order by place
"""
_REST: Final = """
select place, fact, code, on_day, until, facts_.evidence
from {facts} as facts_ join {who} as who_ using (patient_id)
where fact in ('only', 'refused', 'exempt')
"""
_UNCLEAR: Final = """
select patient_id, '' as item, cast(null as date) as due_on, said_[1] as reason,
    nullif(said_[2], '') as evidence, cast(null as date) as overdue_on
from (select patient_id, min([coalesce(code, ''), coalesce(evidence, '')]) as said_
    from {facts} where fact = 'unclear' group by patient_id)
"""


def needs_of_everyone(
    connection: duckdb.DuckDBPyConnection, facts: str, plan: Plan, *, threads: int = 1
) -> pa.Table:
    """What everyone in a table of facts is due, as ``due.tell`` would say of each alone.

    Args:
        facts: a table on the connection with ``patient_id`` and the columns of a Fact.

    Returns:
        A table with ``COLUMNS``; ``patient_id`` is of the kind it had.
    """
    return Asked(connection, facts, plan, threads).all_needs()


class Asked:
    """Everyone in a table of facts, asked and answered; ``n`` people, ``d`` doses, ``G`` groups."""

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, facts: str, plan: Plan, threads: int = 1
    ) -> None:
        self.connection, self.facts, self.plan = connection, facts, plan
        tables, self.codes = compile_schedule(plan.schedule)
        self.groups = list(self.codes.groups)
        connection.execute(
            f"create or replace temp table {facts}who_ as {self._sql(_WHO)}", _epoch(plan, _WHO)
        )
        self.who = connection.sql(f"from {facts}who_ order by place").to_arrow_table()
        self.doses = self._ask(_DOSES)
        self.people = _people(self.who, self.doses, self._ask(_OBSERVED), self.codes)
        self.results: Results = answer_everyone(tables, self.people, plan.as_of, threads=threads)

    def _sql(self, text: str) -> str:
        return text.format(facts=self.facts, who=f"{self.facts}who_")

    def _ask(self, text: str) -> pa.Table:
        return self.connection.sql(self._sql(text), params=_epoch(self.plan, text)).to_arrow_table()

    def all_needs(self) -> pa.Table:
        """What everyone needs, and of whom nothing can be said."""
        return pa.concat_tables([self.needs(), self.unclear()], promote_options="permissive")

    def judged_doses(self) -> pa.Table:
        """One row for each dose and vaccine group it was given for, as ``due.judged_doses``."""
        group, dose = np.nonzero(self.results.judged.T)
        place = self._place_of_dose()[dose]
        is_asked, _ = self._rest
        kept = is_asked[place, group]
        group, dose, place = group[kept], dose[kept], place[kept]
        is_valid = self.results.judged[dose, group] == at.VALID
        is_first = np.ones(len(dose), bool)
        is_first[1:] = (group[1:] != group[:-1]) | (place[1:] != place[:-1])
        first = np.maximum.accumulate(np.where(is_first, np.arange(len(dose)), 0))
        so_far = np.cumsum(is_valid)
        before = (so_far - is_valid)[first] if len(dose) else so_far
        return pa.table(
            {
                "patient_id": self.who["patient_id"].take(pa.array(place)),
                "item": _named([item_code(name) for name in self.groups], group),
                "number": pa.array((np.arange(len(dose)) - first + 1).astype(np.int32)),
                "valid_number": pa.array((so_far - before).astype(np.int32), mask=~is_valid),
                "given_on": dates(self.people.dose_day[dose]),
                "evidence": self.doses["evidence"].take(pa.array(dose)),
            }
        )

    def _place_of_dose(self) -> npt.NDArray[np.int64]:
        return np.repeat(np.arange(len(self.people.born)), np.diff(self.people.dose_from))

    def unclear(self) -> pa.Table:
        """One row for each person of whom nothing can be said."""
        return self._ask(_UNCLEAR)

    def needs(self) -> pa.Table:
        """One row a person and vaccine group that needs a dose."""
        last = self._last_doses
        is_asked, holds = self._rest
        found = self.results
        is_open = (found.standing == at.NOT_COMPLETE) & (found.recommended != at.NOTHING) & is_asked
        place, group = np.nonzero(is_open)
        due, late = found.recommended[place, group], found.past_due[place, group]
        late = np.where(late == at.NOTHING, at.NOTHING, late + 1)
        reason = np.where(found.number[place, group] <= 1, 0, 1).astype(np.int8)
        evidence = self._evidence(place, last[place, group])
        rows = (
            {
                (int(p), int(g)): r
                for r, (p, g) in enumerate(zip(place, group, strict=True))
                if (int(p), int(g)) in holds
            }
            if holds
            else {}
        )
        kept = np.ones(len(place), bool)
        told: dict[int, str | None] = {}
        for key, row in rows.items():
            self._put_off(holds[key], row, due, late, reason, kept, told)
        said = evidence.to_pylist() if told else []
        for row, more in told.items():
            said[row] = " ".join(filter(None, (said[row], more))) or None
        if told:
            evidence = pa.array(said, pa.string())
        table = pa.table(
            {
                "patient_id": self.who["patient_id"].take(pa.array(place)),
                "item": _named([item_code(name) for name in self.groups], group),
                "due_on": dates(due),
                "reason": _named([FIRST_DOSE, NEXT_DOSE, Kind.REFUSED, Kind.EXEMPT], reason),
                "evidence": evidence,
                "overdue_on": dates(late),
            }
        )
        return table.filter(pa.array(kept))

    def _put_off(  # noqa: PLR0913
        self,
        hold: Hold,
        row: int,
        due: Ints,
        late: Ints,
        reason: npt.NDArray[np.int8],
        kept: npt.NDArray[np.bool_],
        told: dict[int, str | None],
    ) -> None:
        """Let a refusal or an exemption move one row, as ``due.tell`` does."""
        until = None if hold.until is None else day_number(hold.until)
        if until is not None and until <= due[row]:
            return
        told[row] = hold.evidence
        reason[row] = 3 if hold.kind == Kind.EXEMPT else 2
        if hold.until is None or until is None:
            kept[row] = hold.kind != Kind.EXEMPT
            due[row] = late[row] = at.NOTHING
            return
        due[row] = until
        late[row] = max(late[row], day_number(self.plan.late_after(hold.until)))

    def allowed(self, day: date) -> tuple[npt.NDArray[np.bool_], dict[tuple[int, int], Hold]]:
        """Which groups may be offered on a day: asked about, neither refused nor exempt (n, G)."""
        is_asked, holds = self._rest[0].copy(), self._rest[1]
        for key, hold in holds.items():
            if hold.until is None or hold.until > day:
                is_asked[key] = False
        return is_asked, holds

    @cached_property
    def _last_doses(self) -> npt.NDArray[np.int64]:
        """The newest dose of each person in each group, -1 where there is none (n, G)."""
        n = len(self.people.born)
        last = np.full((n, len(self.groups)), -1, np.int64)
        place = self._place_of_dose()
        for g, name in enumerate(self.groups):
            holds = np.zeros(len(self.codes.products) + 1, bool)
            for cvx, position in self.codes.products.items():
                holds[position] = name in self.plan.groups(str(cvx))
            mine = np.flatnonzero(holds[self.people.product])
            last[place[mine], g] = mine
        return last

    @cached_property
    def _rest(self) -> tuple[npt.NDArray[np.bool_], dict[tuple[int, int], Hold]]:
        """Which groups are asked about, and what puts off the doses of some people (n, G)."""
        last = self._last_doses
        is_asked = np.ones(last.shape, bool)
        rest = self._ask(_REST)
        fact, code = rest["fact"].to_pylist(), rest["code"].to_pylist()
        place = rest["place"].to_numpy()
        only = np.array([one == Kind.ONLY for one in fact], bool)
        is_asked[place[only]] = False
        holds: dict[tuple[int, int], Hold] = {}
        more = zip(*(rest[c].to_pylist() for c in ("on_day", "until", "evidence")), strict=True)
        for who, kind, named, (day, until, record) in zip(place, fact, code, more, strict=True):
            if kind == Kind.ONLY:
                for name in self.plan.groups(named) if named else ():
                    is_asked[who, self.groups.index(name)] = True
                continue
            for name in self.plan.groups(named):
                key, hold = (
                    (int(who), self.groups.index(name)),
                    Hold(name, kind, day, until, record),
                )
                if not self._is_over(hold, last[key]) and (
                    key not in holds or rank(hold) < rank(holds[key])
                ):
                    holds[key] = hold
        return is_asked, holds

    def _is_over(self, hold: Hold, dose: int) -> bool:
        """Whether a dose given since ended a refusal."""
        if hold.kind != Kind.REFUSED or dose < 0:
            return False
        return (hold.on_day or date.min) <= (date_of_day(self.people.dose_day[dose]) or date.max)

    def _evidence(self, place: Any, dose: Any) -> pa.Array:
        """The record of the newest dose; of who has none the person's own."""
        n = len(self.who)
        records = pa.chunked_array(
            [*self.who["evidence"].chunks, *self.doses["evidence"].chunks], pa.string()
        )
        return records.take(pa.array(np.where(dose >= 0, n + dose, place))).combine_chunks()


def _epoch(plan: Plan, text: str) -> dict[str, Any]:
    given = {"epoch": EPOCH, "as_of": plan.as_of}
    return {name: value for name, value in given.items() if f"${name}" in text}


def _named(names: list[str], positions: Any) -> pa.Array:
    return pa.array(list(map(str, names)), pa.string()).take(pa.array(positions))


def dates(days: Ints) -> pa.Array:
    """Day numbers as dates; ``NOTHING`` is null."""
    is_none = days == at.NOTHING
    since_1970 = np.where(is_none, 0, days - (date(1970, 1, 1) - EPOCH).days)
    return pa.array(since_1970.astype(np.int32), mask=is_none).cast(pa.date32())


def _numbers(column: pa.ChunkedArray, missing: int = at.NOTHING) -> Ints:
    return np.asarray(column.fill_null(missing).to_numpy(), np.int32)


def _starts(places: Ints, n: int) -> npt.NDArray[np.int64]:
    return np.concatenate([[0], np.cumsum(np.bincount(places, minlength=n))]).astype(np.int64)


def _people(who: pa.Table, doses: pa.Table, observed: pa.Table, codes: Codes) -> People:
    n, d = len(who), len(doses)
    sexes = {name.lower(): number for name, number in SEX.items()}
    found = who["sex"].combine_chunks().dictionary_encode()
    numbers = np.array(
        [*(sexes.get(s, UNKNOWN_SEX) for s in found.dictionary.to_pylist()), UNKNOWN_SEX]
    )
    named = found.indices.fill_null(len(numbers) - 1).to_numpy(zero_copy_only=False)
    products = np.full(65536, -1, np.int32)
    for product, position in codes.products.items():
        products[product] = position
    cvx = _numbers(doses["cvx"], 0)
    is_usual = (cvx >= 0) & (cvx < len(products))
    code = observed["code"].to_pylist()
    return People(
        _numbers(who["born"]),
        numbers[named].astype(np.int32),
        np.full(n, -1, np.int32),
        _starts(_numbers(doses["place"]), n),
        _numbers(doses["day"]),
        np.where(is_usual, products[np.where(is_usual, cvx, 0)], -1).astype(np.int32),
        np.full(d, at.NOTHING, np.int32),
        doses["is_unfit"].to_numpy(zero_copy_only=False).astype(np.uint8),
        _starts(_numbers(observed["place"]), n),
        np.array([codes.observations.get(one, -1) for one in code], np.int32),
        _numbers(observed["day"]),
    )
