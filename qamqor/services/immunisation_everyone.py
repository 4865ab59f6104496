"""Works out the vaccinations of everyone in the warehouse on a day, and keeps the answers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from qamqor.engine.fhir.names import CVX
from qamqor.engine.immunisation.due import Plan
from qamqor.engine.immunisation.everyone import layout as at
from qamqor.engine.immunisation.everyone.arrays import (
    EPOCH,
    SEX,
    UNKNOWN_SEX,
    Codes,
    People,
    compile_schedule,
    day_number,
)
from qamqor.engine.immunisation.everyone.run import Results, answer_everyone
from qamqor.engine.immunisation.one_child.state import Standing
from qamqor.services.immunisation import OpenSchedule
from qamqor.services.population import Place
from qamqor.store.results import new_results, write_summary
from qamqor.store.warehouse import Warehouse

FOLDER: Final = "immunisation"
PART: Final = "groups"
MOST_PEOPLE: Final = 250_000  # to a group of buckets; their doses and answers fit in a gigabyte
COVERAGE: Final = ("complete", "up_to_date", "due", "overdue", "exempt", "other")
Ints = npt.NDArray[np.int32]

# A dose may carry codes of several systems; it is one dose, with the CVX code if it has one.
_DOSES: Final = """
with person as (
    select patient_id, row_number() over (order by patient_id) - 1 as place, born_on
    from read_parquet($patient)
    where is_active and (died_on is null or died_on > $as_of) and born_on <= $as_of
),
dose as (
    select
        patient_id, immunization_id, min(given_on) as given_on, min(status) as status,
        min(try_cast(code as integer)) filter (where system = $cvx) as cvx,
        bool_or(coalesce(is_subpotent, false) or coalesce(expires_on < given_on, false)) as is_unfit
    from read_parquet($immunisation)
    group by patient_id, immunization_id
),
named as (
    select
        dose.*, person.place, person.born_on,
        row_number() over (
            partition by patient_id, given_on, cvx, status order by is_unfit, immunization_id
        ) as again
    from dose join person using (patient_id)
)
select
    place, given_on - $epoch as day, cvx, is_unfit,
    case
        when status <> 'completed' then 'not done'
        when given_on is null then 'no date'
        when cvx is null then 'no vaccine code'
        when given_on < born_on then 'before birth'
        when given_on > $as_of then 'after the day'
        when again > 1 then 'duplicate'
        else ''
    end as outcome
from named
order by place, given_on, immunization_id
"""
# The newest of each code: no schedule asks how often something was seen.
_SEEN: Final = """
with person as (
    select patient_id, row_number() over (order by patient_id) - 1 as place
    from read_parquet($patient)
    where is_active and (died_on is null or died_on > $as_of) and born_on <= $as_of
)
select place, code, max(observed_on) - $epoch as day
from read_parquet($seen) join person using (patient_id)
where (observed_on is null or observed_on <= $as_of) and (until is null or until > $as_of)
group by place, code order by place, code
"""
# Medical exemptions that hold on the day.
_EXEMPT: Final = """
with person as (
    select patient_id, row_number() over (order by patient_id) - 1 as place
    from read_parquet($patient)
    where is_active and (died_on is null or died_on > $as_of) and born_on <= $as_of
)
select distinct place, vaccine_group
from read_parquet($exemption) join person using (patient_id)
where (from_on is null or from_on <= $as_of) and (until is null or until > $as_of)
"""
_PEOPLE: Final = """
select patient_id, born_on - $epoch as born, sex from read_parquet($patient)
where is_active and (died_on is null or died_on > $as_of) and born_on <= $as_of
order by patient_id
"""


@dataclass(slots=True)
class Coverage:
    """How many people stand how, by vaccine group, and what became of doses left out.

    Who needs a dose but is exempt from it for a medical reason counts as exempt, not as due.
    """

    people: int
    not_counted: int
    groups: dict[str, Counter[str]]
    left_out: Counter[str]
    folder: Path


def evaluate_all(place: Place, opened: OpenSchedule, *, as_of: date) -> Coverage:
    """Judge and forecast for everyone on the register and keep one row a person and group.

    The results lie in ``results/immunisation/DAY`` and are put in place whole or not at all.
    People who died, are not active or have no birth date are counted apart. Indications,
    contraindications and signs of immunity are those coded for the schedule.

    Raises:
        NotThere: there is no warehouse.
    """
    warehouse = Warehouse.open(place.warehouse)
    tables, codes = compile_schedule(opened.schedule)
    coverage = Coverage(0, 0, {name: Counter() for name in codes.groups}, Counter(), place.results)
    with new_results(place.results / FOLDER, as_of.isoformat(), parts=(PART,)) as folder:
        for number, buckets in enumerate(_shares(warehouse)):
            ids, people, held = _read(warehouse, buckets, codes, as_of, coverage.left_out)
            results = answer_everyone(tables, people, as_of, threads=place.workers)
            is_exempt = _exempt(held, len(ids), Plan(opened.schedule, as_of, lambda _: None))
            _count(coverage, codes, results, is_exempt, as_of)
            coverage.people += len(ids)
            pq.write_table(
                _table(ids, codes, results, is_exempt),
                folder / PART / f"{number:04d}.parquet",
                compression="zstd",
            )
        coverage.not_counted = warehouse.rows("patient") - coverage.people
        write_summary(folder, summary(coverage, opened, as_of))
    coverage.folder = place.results / FOLDER / as_of.isoformat()
    return coverage


def summary(coverage: Coverage, opened: OpenSchedule, as_of: date) -> dict[str, Any]:
    """What a machine is told of the results."""
    return {
        "as_of": as_of.isoformat(),
        "schedule": opened.title,
        "status": opened.status,
        "people": coverage.people,
        "not_counted": coverage.not_counted,
        "groups": {
            name: {head: found[head] for head in COVERAGE}
            for name, found in coverage.groups.items()
        },
        "doses_left_out": dict(sorted(coverage.left_out.items())),
    }


def _shares(warehouse: Warehouse) -> list[list[int]]:
    count = min(warehouse.buckets, -(-warehouse.rows("patient") // MOST_PEOPLE) or 1)
    return [list(range(start, warehouse.buckets, count)) for start in range(count)]


def _read(
    warehouse: Warehouse, buckets: Sequence[int], codes: Codes, as_of: date, left: Counter[str]
) -> tuple[pa.Array, People, pa.Table | None]:
    """The people of some buckets as the engine takes them, and their exemptions.

    Doses left out are counted.
    """
    files = {
        name: [str(file) for file in warehouse.files(name, buckets)]
        for name in ("patient", "immunisation", "vaccination_observation", "exemption")
        if name in warehouse.tables
    }
    given = {"epoch": EPOCH, "as_of": as_of}
    with duckdb.connect() as connection:
        asked = {**given, "patient": files.get("patient")}
        persons = (
            connection.sql(_PEOPLE, params=asked).to_arrow_table() if asked["patient"] else None
        )
        doses = seen = held = None
        if persons is not None and files.get("immunisation"):
            told = {**asked, "immunisation": files["immunisation"], "cvx": CVX}
            doses = connection.sql(_DOSES, params=told).to_arrow_table()
        if persons is not None and files.get("vaccination_observation"):
            told = {**asked, "seen": files["vaccination_observation"]}
            seen = connection.sql(_SEEN, params=told).to_arrow_table()
        if persons is not None and files.get("exemption"):
            told = {"as_of": as_of, "patient": asked["patient"], "exemption": files["exemption"]}
            held = connection.sql(_EXEMPT, params=told).to_arrow_table()
    none = np.zeros(0, np.int32)
    if persons is None:
        return pa.array([], pa.string()), _people(none, [], none, none, none, none), None
    born = persons["born"].to_numpy().astype(np.int32)
    sexes = [SEX.get(str(sex).capitalize(), UNKNOWN_SEX) for sex in persons["sex"].to_pylist()]
    found = _usable(doses, codes, left) if doses is not None else (none, none, none, none)
    people = _people(born, sexes, *found)
    if seen is not None:
        people = _with_observations(people, seen, codes)
    return persons["patient_id"].combine_chunks(), people, held


def _exempt(held: pa.Table | None, people: int, plan: Plan) -> npt.NDArray[np.bool_]:
    """Who is exempt from which vaccine group on the day (n, G)."""
    groups = list(plan.schedule.groups)
    found = np.zeros((people, len(groups)), bool)
    if held is not None:
        named = zip(held["place"].to_pylist(), held["vaccine_group"].to_pylist(), strict=True)
        for place, code in named:
            for name in plan.groups(code):
                found[place, groups.index(name)] = True
    return found


def _usable(doses: pa.Table, codes: Codes, left: Counter[str]) -> tuple[Ints, Ints, Ints, Ints]:
    """Person, day, product and unfitness of the doses that can be used."""
    cvx = doses["cvx"].to_numpy(zero_copy_only=False)
    outcome = doses["outcome"].to_pylist()
    product = np.array([codes.products.get(int(c), -1) if c == c else -1 for c in cvx], np.int32)
    outcome = [
        one or ("" if rank >= 0 else "vaccine code unknown")
        for one, rank in zip(outcome, product, strict=True)
    ]
    left.update(one for one in outcome if one)
    kept = np.array([not one for one in outcome], bool)
    places, days, unfit = (
        doses[name].to_numpy(zero_copy_only=False)[kept].astype(np.int32)
        for name in ("place", "day", "is_unfit")
    )
    return places, days, product[kept], unfit


def _people(
    born: Ints, sexes: Sequence[int], places: Ints, days: Ints, products: Ints, unfit: Ints
) -> People:
    n, d = len(born), len(places)
    counts = np.bincount(places, minlength=n)
    starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    none = np.zeros(0, np.int32)
    return People(
        born,
        np.asarray(sexes, np.int32),
        np.full(n, -1, np.int32),
        starts,
        days,
        products,
        np.full(d, at.NOTHING, np.int32),
        unfit.astype(np.uint8),
        np.zeros(n + 1, np.int64),
        none,
        none,
    )


def _with_observations(people: People, seen: pa.Table, codes: Codes) -> People:
    """The people with what was seen of them; a code the schedule does not ask about is -1."""
    places = seen["place"].to_numpy().astype(np.int32)
    counts = np.bincount(places, minlength=len(people.born))
    known = [codes.observations.get(code, -1) for code in seen["code"].to_pylist()]
    return people._replace(
        observation_from=np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        observation=np.array(known, np.int32),
        observation_day=np.asarray(seen["day"].fill_null(at.NOTHING).to_numpy(), np.int32),
    )


def _count(
    coverage: Coverage,
    codes: Codes,
    results: Results,
    is_exempt: npt.NDArray[np.bool_],
    as_of: date,
) -> None:
    """Complete, or a dose needed: not yet, now, or late by the day; exempt from it."""
    today = day_number(as_of)
    needs = results.standing == at.NOT_COMPLETE
    is_open = needs & ~is_exempt
    is_late = is_open & (results.past_due != at.NOTHING) & (results.past_due < today)
    is_due = is_open & ~is_late & (results.recommended <= today)
    for g, name in enumerate(codes.groups):
        found = {
            "complete": int((results.standing[:, g] == at.COMPLETE).sum()),
            "overdue": int(is_late[:, g].sum()),
            "due": int(is_due[:, g].sum()),
            "exempt": int((needs & is_exempt)[:, g].sum()),
        }
        found["up_to_date"] = int(is_open[:, g].sum()) - found["overdue"] - found["due"]
        found["other"] = len(is_open) - sum(found.values())
        coverage.groups[name].update(found)


def _table(
    ids: pa.Array, codes: Codes, results: Results, is_exempt: npt.NDArray[np.bool_]
) -> pa.Table:
    """One row a person and vaccine group, people in order."""
    n, groups = results.standing.shape
    standings = pa.array([str(one) for one in Standing])
    number = results.number.ravel()
    return pa.table(
        {
            "patient_id": ids.take(pa.array(np.repeat(np.arange(n), groups))),
            "vaccine_group": pa.array(list(codes.groups)).take(
                pa.array(np.tile(np.arange(groups), n))
            ),
            "standing": standings.take(pa.array(results.standing.ravel())),
            "dose_number": pa.array(number, mask=number == 0),
            "earliest_on": _dates(results.earliest),
            "recommended_on": _dates(results.recommended),
            "past_due_on": _dates(results.past_due),
            "is_exempt": pa.array(is_exempt.ravel()),
        }
    )


def _dates(days: Ints) -> pa.Array:
    flat = days.ravel()
    is_none = flat == at.NOTHING
    since_1970 = np.where(is_none, 0, flat - (date(1970, 1, 1) - EPOCH).days)
    return pa.array(since_1970.astype(np.int32), mask=is_none).cast(pa.date32())
