"""Which vaccines everyone will need in the months to come, one visit a month and person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from qamqor.engine.immunisation.everyone import layout as at
from qamqor.engine.immunisation.everyone.arrays import (
    SEX,
    Codes,
    Ints,
    People,
    compile_schedule,
    date_of_day,
    day_number,
)
from qamqor.engine.immunisation.everyone.due import Asked
from qamqor.engine.immunisation.everyone.run import Results, answer_everyone
from qamqor.engine.immunisation.one_child.answer import answer
from qamqor.engine.immunisation.one_child.state import Child, GivenDose, Observed
from qamqor.engine.immunisation.one_visit import one_visit
from qamqor.engine.immunisation.schedule import Schedule

Bools = npt.NDArray[np.bool_]


class Dose(NamedTuple):
    """One injection to come: whose (a position in ``Asked.who``), in which month, of what.

    ``is_late``: it closes a dose that was late already on the day asked about.
    """

    place: int
    month: int
    cvx: int
    is_late: bool


def doses_to_come(asked: Asked, months: Sequence[date], *, threads: int = 1) -> list[Dose]:
    """What everyone will need, if everyone comes on the last day of each month they are due in.

    Each visit gives the fewest injections that close most vaccine groups; doses that do not fit
    are given a month later. Children not yet born are not on the register.

    Args:
        months: the last day of each month, in order.
    """
    groups, _ = asked.allowed(months[-1])
    found = asked.results
    last = day_number(months[-1])
    is_due = (found.standing == at.NOT_COMPLETE) & (found.recommended <= last) & groups
    who = np.flatnonzero(is_due.any(axis=1))
    today = day_number(asked.plan.as_of)
    was_late = is_due & (found.past_due != at.NOTHING) & (found.past_due < today)
    ahead = _Ahead(asked.plan.schedule, asked.codes, _some(asked.people, who), was_late[who])
    coming: list[Dose] = []
    for number, day in enumerate(months):
        allowed, _ = asked.allowed(day)
        coming += ahead.month(number, day, allowed[who], threads)
    return [one._replace(place=int(who[one.place])) for one in coming]


@dataclass(slots=True)
class _Ahead:
    """Some people on their way through the months; what is given is added to their doses."""

    schedule: Schedule
    codes: Codes
    people: People
    was_late: Bools
    visits: dict[tuple[object, ...], tuple[tuple[int, tuple[int, ...]], ...]] = field(
        default_factory=dict
    )

    def month(self, number: int, day: date, allowed: Bools, threads: int) -> list[Dose]:
        tables, _ = compile_schedule(self.schedule)
        found = answer_everyone(tables, self.people, day, threads=threads)
        today = day_number(day)
        is_due = (found.standing == at.NOT_COMPLETE) & (found.recommended <= today) & allowed
        given: list[Dose] = []
        for place in np.flatnonzero(is_due.any(axis=1)).tolist():
            due = np.flatnonzero(is_due[place])
            for cvx, closes in self._visit(place, due, found, day):
                is_late = bool(self.was_late[place, list(closes)].any())
                given.append(Dose(place, number, cvx, is_late))
                self.was_late[place, list(closes)] = False
        self._give(given, today)
        return given

    def _visit(
        self, place: int, due: npt.NDArray[np.int64], found: Results, day: date
    ) -> tuple[tuple[int, tuple[int, ...]], ...]:
        """Product and groups of each injection; people alike in what they need share the plan."""
        age = (day_number(day) - int(self.people.born[place])) // 30
        needs = tuple((int(g), int(found.number[place, g])) for g in due)
        key = (needs, age, int(self.people.sex[place]))
        if key not in self.visits:
            child = self._child(place)
            told = answer(self.schedule, child, day)
            names = {self.codes.groups[g] for g in due}
            told.groups = {name: one for name, one in told.groups.items() if name in names}
            visit = one_visit(self.schedule, child, told, day)
            self.visits[key] = tuple(
                (one.cvx, tuple(self.codes.groups.index(name) for name in one.groups))
                for one in visit.injections
            )
        return self.visits[key]

    def _child(self, place: int) -> Child:
        people = self.people
        cvx = {position: code for code, position in self.codes.products.items()}
        codes = {position: code for code, position in self.codes.observations.items()}
        sexes = {number: name for name, number in SEX.items()}
        given = range(int(people.dose_from[place]), int(people.dose_from[place + 1]))
        seen = range(int(people.observation_from[place]), int(people.observation_from[place + 1]))
        return Child(
            _date(people.born[place]),
            sexes.get(int(people.sex[place]), "Unknown"),
            tuple(
                GivenDose(_date(people.dose_day[d]), cvx[int(people.product[d])])
                for d in given
                if people.product[d] >= 0
            ),
            tuple(
                Observed(codes[int(people.observation[o])], date_of_day(people.observation_day[o]))
                for o in seen
                if people.observation[o] >= 0
            ),
        )

    def _give(self, given: Sequence[Dose], today: int) -> None:
        """Add the doses of a visit behind those each person has."""
        old = self.people
        n = len(old.born)
        place = np.repeat(np.arange(n), np.diff(old.dose_from))
        whose = np.concatenate([place, np.array([one.place for one in given], np.int64)])
        order = np.argsort(whose, kind="stable")
        more = len(given)
        products = np.array([self.codes.products[one.cvx] for one in given], np.int32)
        self.people = old._replace(
            dose_from=np.concatenate([[0], np.cumsum(np.bincount(whose, minlength=n))]),
            dose_day=np.concatenate([old.dose_day, np.full(more, today, np.int32)])[order],
            product=np.concatenate([old.product, products])[order],
            maker=np.concatenate([old.maker, np.full(more, at.NOTHING, np.int32)])[order],
            is_unfit=np.concatenate([old.is_unfit, np.zeros(more, np.uint8)])[order],
        )


def _date(number: int) -> date:
    return date_of_day(int(number)) or date.min


def _some(people: People, who: npt.NDArray[np.int64]) -> People:
    """Only the people at some positions."""
    doses, dose_from = _rows(people.dose_from, who)
    seen, seen_from = _rows(people.observation_from, who)
    return People(
        people.born[who],
        people.sex[who],
        people.country[who],
        dose_from,
        people.dose_day[doses],
        people.product[doses],
        people.maker[doses],
        people.is_unfit[doses],
        seen_from,
        people.observation[seen],
        people.observation_day[seen],
    )


def _rows(
    starts: npt.NDArray[np.int64], who: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """The rows of some people, and where each one's begin."""
    counts: Ints = np.diff(starts)[who]
    begins = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    rows = np.arange(begins[-1]) + np.repeat(starts[who] - begins[:-1], counts)
    return rows.astype(np.int64), begins
