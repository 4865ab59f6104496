"""Which products close which vaccine groups in the fewest injections on one day."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from qamqor.engine.immunisation.one_child.answer import Answer, GroupAnswer
from qamqor.engine.immunisation.one_child.state import Child, Course, Standing
from qamqor.engine.immunisation.schedule import Schedule, SeriesDose, after, is_within


@dataclass(frozen=True, slots=True)
class Injection:
    """One product and the vaccine groups it closes the present dose of."""

    cvx: int
    groups: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Visit:
    """The injections of one day; ``later`` are groups that are due and fit no product with them."""

    injections: tuple[Injection, ...]
    later: tuple[str, ...]


class _Option(NamedTuple):
    cvx: int
    closes: frozenset[str]
    antigens: frozenset[str]
    is_preferred: bool


class _Plan(NamedTuple):
    """The better of two plans is the smaller, field by field."""

    left: int
    injections: int
    less_preferred: int
    spare: int
    products: tuple[int, ...]


def one_visit(schedule: Schedule, child: Child, answer: Answer, on_day: date) -> Visit:
    """What to give on a day so that the most groups are served by the fewest injections.

    Only groups whose dose is recommended by the day take part. No two products of a plan hold the
    same antigen, and one that is merely accepted is used only if all it holds is needed now.

    Args:
        answer: the forecast of ``child`` as of ``on_day``.
    """
    due = {name: group for name, group in answer.groups.items() if _is_due(group, on_day)}
    options = list(_options(schedule, child, due, on_day))
    plan = _best(options, due)
    chosen = [option for option in options if option.cvx in plan.products]
    closed = {group for option in chosen for group in option.closes}
    injections = tuple(
        Injection(option.cvx, tuple(name for name in due if name in option.closes))
        for option in chosen
    )
    return Visit(injections, tuple(name for name in due if name not in closed))


def _is_due(group: GroupAnswer, on_day: date) -> bool:
    if group.standing is not Standing.NOT_COMPLETE or group.earliest is None:
        return False
    return group.earliest <= on_day and (group.recommended or group.earliest) <= on_day


def _open(group: GroupAnswer) -> list[Course]:
    return [c for c in group.courses if c.standing is Standing.NOT_COMPLETE and c.earliest]


def _options(
    schedule: Schedule, child: Child, due: Mapping[str, GroupAnswer], on_day: date
) -> Iterable[_Option]:
    """Every product that closes a group; in the order of the schedule."""
    needed = frozenset(antigen for group in due.values() for antigen in group.antigens)
    courses = {name: _open(group) for name, group in due.items()}
    for cvx, links in schedule.products.items():
        born = child.born_on
        antigens = frozenset(
            a.antigen for a in links if is_within(after(born, a.begin), after(born, a.end), on_day)
        )
        preferred = frozenset(name for name, group in due.items() if cvx in group.vaccines)
        closes = frozenset(
            name
            for name, some in courses.items()
            if all(_fits(course.target().dose, cvx, child, on_day) for course in some)
            and set(due[name].antigens) <= antigens
        )
        if closes and (preferred & closes or antigens <= needed):
            yield _Option(cvx, closes, antigens, closes <= preferred)


def _fits(dose: SeriesDose, cvx: int, child: Child, on_day: date) -> bool:
    """Whether the schedule would count the product for this dose at this age."""
    return any(
        rule.cvx == cvx
        and is_within(after(child.born_on, rule.begin), after(child.born_on, rule.end), on_day)
        for rule in (*dose.preferable, *dose.allowable)
    )


def _best(options: list[_Option], due: Mapping[str, GroupAnswer]) -> _Plan:
    """The best plan for every set of antigens that can be given together, product by product."""
    needed = {antigen for group in due.values() for antigen in group.antigens}
    plans: dict[frozenset[str], tuple[_Plan, frozenset[str]]] = {
        frozenset(): (_Plan(len(due), 0, 0, 0, ()), frozenset())
    }
    for option in options:
        for given, (plan, closed) in list(plans.items()):
            if given & option.antigens:
                continue
            now = closed | option.closes
            longer = _Plan(
                len(due) - len(now),
                plan.injections + 1,
                plan.less_preferred + (not option.is_preferred),
                plan.spare + len(option.antigens - needed),
                (*plan.products, option.cvx),
            )
            known = plans.get(given | option.antigens)
            if known is None or longer < known[0]:
                plans[given | option.antigens] = (longer, now)
    return min(plan for plan, _ in plans.values())
