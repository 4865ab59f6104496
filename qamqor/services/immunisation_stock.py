"""How many doses of each vaccine each area will need, month by month, from the forecast."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import duckdb
import pyarrow as pa
import yaml

from qamqor.engine.calendar import month_later
from qamqor.engine.immunisation.everyone.due import Asked
from qamqor.engine.immunisation.everyone.stock import doses_to_come
from qamqor.engine.population.evaluate import evaluate, schedules_asked
from qamqor.engine.population.questions import Questions, ask
from qamqor.engine.population.sight import PERSON
from qamqor.engine.programmes.scheduled import plan_of
from qamqor.engine.programmes.schema import Action, Pack
from qamqor.errors import NotPossible
from qamqor.services.immunisation import OpenSchedule, schedule_in_force
from qamqor.services.immunisation_words import ImmunisationWords
from qamqor.services.population import Choice, Place
from qamqor.services.population_groups import register
from qamqor.store.warehouse import Warehouse

FILE: Final = "stock.yaml"
MOST_MONTHS: Final = 24
MOST_PEOPLE: Final = 250_000


@dataclass(frozen=True, slots=True)
class Losses:
    """The share of doses taken from stock that is not given, by product.

    Attributes:
        source, status: of the numbers; null where the schedule gives none and nothing is added.
    """

    usual: Fraction = Fraction(0)
    products: Mapping[int, Fraction] = field(default_factory=dict)
    source: str | None = None
    status: str | None = None

    def to_order(self, cvx: int, doses: int) -> int:
        """Doses to have so that some can be given, rounded up."""
        lost = self.products.get(cvx, self.usual)
        return math.ceil(doses / (1 - lost))


@dataclass(frozen=True, slots=True)
class Line:
    """What one area needs of one product in one month.

    Attributes:
        doses: to be given; ``late``: of these, how many close what was late on the day asked.
        to_order: with what is usually lost.
    """

    area_id: str | None
    month: str
    cvx: int
    doses: int
    late: int
    to_order: int


@dataclass(frozen=True, slots=True)
class Stock:
    """The need of every area, and on what it rests."""

    opened: OpenSchedule
    losses: Losses
    lines: tuple[Line, ...]
    people: int


def stock(place: Place, pack: Pack, choice: Choice, *, as_of: date, months: int) -> Stock:
    """The doses of the months to come, each person coming once in a month of need.

    The first month is what is left of the month of the day; what is overdue falls into it.
    Children to be born are not counted: they are not on the register.

    Raises:
        NotThere: there is no warehouse.
        NotPossible: no programme that may be asked asks a schedule, or too many months.
    """
    if not 1 <= months <= MOST_MONTHS:
        raise NotPossible(f"cannot look {months} months ahead: choose 1 to {MOST_MONTHS}")
    asking = [one for one in choice.programmes if one.doses_table is not None]
    if not asking:
        raise NotPossible("no programme in force and approved here asks a vaccination schedule")
    warehouse = Warehouse.open(place.warehouse)
    questions = ask(pack, as_of, programmes=asking)
    days = [month_later(as_of.replace(day=1), n + 1) - timedelta(days=1) for n in range(months)]
    counted: Counter[tuple[str | None, int, int, bool]] = Counter()
    people: set[tuple[int, int]] = set()
    for number, buckets in enumerate(_shares(warehouse)):
        with duckdb.connect(config={"threads": place.workers}) as connection:
            register(connection, warehouse, pack.tables.values(), buckets)
            for found in _count(connection, questions, days, place.workers):
                counted[found[1:]] += 1
                people.add((number, found[0]))
    return _stock(pack, questions, counted, days, len(people))


def _shares(warehouse: Warehouse) -> list[list[int]]:
    count = min(warehouse.buckets, -(-warehouse.rows("patient") // MOST_PEOPLE) or 1)
    return [list(range(start, warehouse.buckets, count)) for start in range(count)]


def _count(
    connection: duckdb.DuckDBPyConnection, questions: Questions, days: Sequence[date], threads: int
) -> list[tuple[int, str | None, int, int, bool]]:
    """Person, area, month, product and whether late, one line an injection."""
    evaluate(connection, questions)
    lines: list[tuple[int, str | None, int, int, bool]] = []
    for facts, query in schedules_asked(questions):
        asked = Asked(connection, facts, plan_of(questions.pack, query, questions.as_of), threads)
        ids = pa.table({"patient_id": asked.who["patient_id"], "place": asked.who["place"]})
        connection.register("who_found_", ids)
        areas = dict(
            connection.execute(
                f"select place, area_id from who_found_ join {PERSON} using (patient_id)"
            ).fetchall()
        )
        connection.unregister("who_found_")
        lines += [
            (one.place, areas.get(one.place), one.month, one.cvx, one.is_late)
            for one in doses_to_come(asked, days, threads=threads)
        ]
    return lines


def _stock(
    pack: Pack,
    questions: Questions,
    counted: Mapping[tuple[str | None, int, int, bool], int],
    days: Sequence[date],
    people: int,
) -> Stock:
    action = next(q.owner for q in questions.due if q.kind == "schedule")
    if not isinstance(action, Action) or action.schedule is None:
        raise AssertionError("the action asks no schedule")
    opened = schedule_in_force(pack, action.schedule, questions.as_of)
    losses = read_losses(opened.folder)
    keys = sorted({key[:3] for key in counted}, key=lambda key: (key[0] or "", *key[1:]))
    lines = []
    for area, month, cvx in keys:
        late = counted.get((area, month, cvx, True), 0)
        doses = late + counted.get((area, month, cvx, False), 0)
        to_order = losses.to_order(cvx, doses)
        lines.append(Line(area, f"{days[month]:%Y-%m}", cvx, doses, late, to_order))
    return Stock(opened, losses, tuple(lines), people)


def read_losses(folder: Path) -> Losses:
    """What is usually lost, from ``stock.yaml`` beside the schedule; nothing where there is none.

    Raises:
        NotPossible: a share is not at least 0 and less than 1.
    """
    file = folder / FILE
    if not file.is_file():
        return Losses()
    read = yaml.safe_load(file.read_text(encoding="utf-8"))
    shares = {int(cvx): Fraction(str(share)) for cvx, share in read.get("products", {}).items()}
    usual = Fraction(str(read.get("usual", 0)))
    for share in (usual, *shares.values()):
        if not 0 <= share < 1:
            raise NotPossible(f"{file}: {share} is not a share of doses; write 0.25 for a quarter")
    return Losses(usual, shares, str(read.get("source", "")), str(read.get("status", "")))


def stock_json(found: Stock, words: ImmunisationWords, as_of: date) -> dict[str, Any]:
    """The need for machines."""
    return {
        "as_of": as_of.isoformat(),
        "schedule": found.opened.title,
        "status": found.opened.status,
        "losses": {"source": found.losses.source, "status": found.losses.status},
        "people": found.people,
        "lines": [
            {
                "area_id": one.area_id,
                "month": one.month,
                "cvx": one.cvx,
                "vaccine": words.vaccine(one.cvx),
                "doses": one.doses,
                "late": one.late,
                "to_order": one.to_order,
            }
            for one in found.lines
        ],
    }


def stock_rows(
    found: Stock, words: ImmunisationWords, areas: Mapping[str, str]
) -> tuple[list[str], list[list[str]]]:
    """Heads and rows to read."""
    heads = [words.say(f"stock_{name}") for name in ("area", "month", "vaccine", "doses", "late")]
    return [*heads, words.say("stock_to_order")], [
        [
            areas.get(one.area_id or "", one.area_id or words.say("none")),
            one.month,
            words.vaccine(one.cvx),
            str(one.doses),
            str(one.late),
            str(one.to_order),
        ]
        for one in found.lines
    ]
