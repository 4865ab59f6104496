"""Results and residents invented for the report's tests: whatever programmes a pack has."""

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from qamqor.engine.programmes.schema import Action, Pack
from qamqor.store.warehouse import Warehouse

AS_OF = date(2026, 11, 24)
AREAS = 10
PLACES = (("merke", False), ("oital", True), ("sarymoldaev", True), ("akaral", True))
AGE_BANDS = ((0, "0"), (1, "1-4"), (5, "5-17"), (18, "18-39"), (40, "40-59"), (60, "60-74"))
EPOCH = date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class Sample:
    """Where a sample lies."""

    results: Path
    warehouse: Warehouse


def write_sample(folder: Path, pack: Pack, people: int = 17000, *, seed: int = 7) -> Sample:
    """Write due, measures and a warehouse of residents; returns where they lie."""
    draw = np.random.default_rng(seed)
    residents = _residents(people, draw)
    results = folder / "results"
    for name in ("due", "measures"):
        (results / name).mkdir(parents=True, exist_ok=True)
    due = [
        _due(residents, programme.id, programme.version, action, draw)
        for programme in pack.in_force(AS_OF)
        for action in programme.actions.values()
    ]
    pq.write_table(pa.concat_tables(due), results / "due" / "0.parquet")
    measures = [
        _measure(residents, f"{programme.id}.{name}", programme.version, months, draw)
        for programme in pack.in_force(AS_OF)
        for name in programme.measures
        for months in (24, 12, 0)
    ]
    pq.write_table(pa.concat_tables(measures), results / "measures" / "0.parquet")
    return Sample(results, _warehouse(folder / "warehouse", residents))


def _residents(people: int, draw: np.random.Generator) -> dict[str, np.ndarray]:
    area = draw.choice(AREAS, people, p=np.linspace(0.6, 1.4, AREAS) / AREAS)
    place = draw.choice(len(PLACES), people, p=[0.5, 0.3, 0.17, 0.03])
    age = np.minimum(draw.gamma(2.1, 15, people).astype(int), 97)
    return {
        "id": np.array([f"p{number:07}" for number in range(people)]),
        "area": area,
        "place": place,
        "age": age,
        "sex": draw.choice(["female", "male"], people),
        "born": np.datetime64(AS_OF) - (age * 365.25 + draw.integers(1, 360, people)).astype(int),
    }


def _due(
    residents: dict[str, np.ndarray],
    programme: str,
    version: str,
    action: Action,
    draw: np.random.Generator,
) -> pa.Table:
    share = 0.02 + draw.random() * 0.16
    risk = share * np.clip((residents["age"] - 15) / 30, 0, 2.2)
    who = np.flatnonzero(draw.random(len(risk)) < risk)
    reasons = np.array(list(action.reasons))
    weights = np.linspace(0.3, 1, len(reasons))
    reason = draw.choice(reasons, len(who), p=weights / weights.sum())
    late = np.where(draw.random(len(who)) < 0.45, -draw.exponential(120, len(who)), 40)
    due = late.astype(int) - residents["area"][who] * 2 + draw.integers(-12, 160, len(who))
    days = np.datetime64(AS_OF) + due.astype("timedelta64[D]")
    allowance = np.timedelta64(14, "D")
    now = np.datetime64(AS_OF)
    status = np.select([now > days + allowance, now >= days], ["overdue", "due"], "not_due")
    status = np.where(draw.random(len(who)) < 0.04, "unknown", status)
    return pa.table(
        {
            "as_of": pa.array([AS_OF] * len(who)),
            "patient_id": residents["id"][who],
            "programme": [programme] * len(who),
            "version": [version] * len(who),
            "action": [action.name] * len(who),
            "item": [""] * len(who),
            "role": [action.role] * len(who),
            "channel": [action.channel] * len(who),
            "urgency": pa.array([action.urgency[one] for one in reason], pa.int8()),
            "due_on": pa.array(days),
            "overdue_on": pa.array(days + allowance),
            "status": status,
            "reason": reason,
            "evidence": [""] * len(who),
            "organization_id": ["clinic"] * len(who),
            "area_id": [f"area{one}" for one in residents["area"][who]],
            "place_id": [PLACES[one][0] for one in residents["place"][who]],
            "is_rural": [PLACES[one][1] for one in residents["place"][who]],
            "sex": residents["sex"][who],
            "age_years": pa.array(residents["age"][who], pa.int32()),
        }
    )


def _measure(
    residents: dict[str, np.ndarray],
    measure: str,
    version: str,
    months_ago: int,
    draw: np.random.Generator,
) -> pa.Table:
    steady = np.random.default_rng(len(measure))
    centre, size = steady.uniform(0.35, 0.9), steady.uniform(0.02, 0.3)
    who = np.flatnonzero(draw.random(len(residents["age"])) < size * (residents["age"] > 25))
    rural = np.array([PLACES[one][1] for one in residents["place"][who]])
    chance = centre - 0.07 * rural + 0.03 * (residents["sex"][who] == "female")
    chance = chance - 0.003 * months_ago - 0.14 * (residents["area"][who] == 3)
    done = draw.random(len(who)) < chance
    end = AS_OF - timedelta(days=round(30.44 * months_ago))
    band = np.searchsorted([low for low, _ in AGE_BANDS], residents["age"][who], side="right") - 1
    return pa.table(
        {
            "measure": [measure] * len(who),
            "version": [version] * len(who),
            "period_start": pa.array([end - timedelta(days=365)] * len(who)),
            "period_end": pa.array([end] * len(who)),
            "place_id": [PLACES[one][0] for one in residents["place"][who]],
            "area_id": [f"area{one}" for one in residents["area"][who]],
            "sex": residents["sex"][who],
            "age_band": [AGE_BANDS[one][1] for one in band],
            "is_rural": rural,
            "numerator": pa.array(done.astype(int), pa.int64()),
            "denominator": pa.array(np.ones(len(who), int), pa.int64()),
            "excluded": pa.array(np.zeros(len(who), int), pa.int64()),
        }
    )


def _warehouse(folder: Path, residents: dict[str, np.ndarray]) -> Warehouse:
    count = len(residents["id"])
    places = residents["place"]
    patient = {
        "patient_id": residents["id"],
        "born_on": pa.array(residents["born"].astype("datetime64[D]")),
        "sex": residents["sex"],
        "died_on": pa.array([None] * count, pa.date32()),
        "is_active": [True] * count,
        "kato": [f"k{one}" for one in places],
        "is_rural": [PLACES[one][1] for one in places],
    }
    attachment = {
        "patient_id": residents["id"],
        "episode_of_care_id": residents["id"],
        "organization_id": [f"area{one}" for one in residents["area"]],
        "from_on": pa.array([date(2020, 1, 1)] * count),
        "left_on": pa.array([None] * count, pa.date32()),
    }
    areas = [f"area{one}" for one in range(AREAS)]
    numbers = [str(one + 1) for one in range(AREAS)]
    organisation = {
        "id": [*areas, "clinic"],
        "parent_id": ["clinic"] * AREAS + [None],
        "kind": ["gp_area"] * AREAS + ["polyclinic"],
        "name_kk": [f"№{one} учаске" for one in numbers] + ["Меркі аудандық емханасы"],
        "name_ru": [f"Участок №{one}" for one in numbers] + ["Меркенская районная поликлиника"],
        "name_en": [f"GP area {one}" for one in numbers] + ["Merke district polyclinic"],
    }
    territory = {
        "place_id": [name for name, _ in PLACES],
        "parent_id": ["merke_district"] * len(PLACES),
        "kato": [f"k{one}" for one in range(len(PLACES))],
        "is_rural": [rural for _, rural in PLACES],
    }
    tables = {
        "patient": patient,
        "attachment": attachment,
        "organisation": organisation,
        "territory": territory,
    }
    shared = ("organisation", "territory")
    house = Warehouse.create(folder, tables=tables, people=count, shared=shared)
    parts = {}
    for name, columns in tables.items():
        path = house.new_file(name, 0)
        pq.write_table(pa.table(columns), path)
        parts[name, 0] = [path]
    return house.replace(parts)
