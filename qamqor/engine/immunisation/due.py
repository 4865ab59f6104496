"""What a schedule says one person is due, from the facts that a programme selected."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from enum import StrEnum
from functools import cached_property
from typing import Final, NamedTuple

from qamqor.engine.immunisation.one_child.answer import Answer, GroupAnswer, answer
from qamqor.engine.immunisation.one_child.state import Child, GivenDose, Judged, Observed, Standing
from qamqor.engine.immunisation.schedule import Schedule, item_code

SEXES: Final = {"female": "Female", "male": "Male"}
FIRST_DOSE: Final = "first_dose"
NEXT_DOSE: Final = "next_dose"


class Kind(StrEnum):
    """What a fact says.

    ``unfit``: a dose that was out of date or too weak; it is judged, and does not count.
    ``only``: nothing but this group is asked about. ``refused`` and ``exempt`` hold from ``on_day``
    until ``until``, for good without it. ``unclear``: nothing can be said, for the reason in
    ``code``.
    """

    BORN = "born"
    DOSE = "dose"
    UNFIT = "unfit"
    OBSERVED = "observed"
    ONLY = "only"
    REFUSED = "refused"
    EXEMPT = "exempt"
    UNCLEAR = "unclear"


class Fact(NamedTuple):
    """One row of a history: ``code`` is a sex, a CVX code, an observation or a vaccine group."""

    fact: str
    code: str | None
    on_day: date | None
    until: date | None
    evidence: str | None


class Need(NamedTuple):
    """One vaccine group that a dose is needed of; without ``due_on`` the day cannot be known."""

    item: str
    due_on: date | None
    overdue_on: date | None
    reason: str
    evidence: str | None


class JudgedDose(NamedTuple):
    """One dose in one vaccine group; ``valid_number`` is null for a dose that does not count."""

    item: str
    number: int
    valid_number: int | None
    given_on: date
    evidence: str | None


class Hold(NamedTuple):
    """A refusal or an exemption of one vaccine group."""

    group: str
    kind: str
    on_day: date | None
    until: date | None
    evidence: str | None


@dataclass(frozen=True)
class Plan:
    """A schedule asked about a day.

    Attributes:
        late_after: the first day that counts as late of a dose that was put off to a day.
    """

    schedule: Schedule
    as_of: date
    late_after: Callable[[date], date | None]

    @cached_property
    def groups_by_code(self) -> dict[str, tuple[str, ...]]:
        """Vaccine groups by the codes that facts name them with: a group's, a product's, none."""
        groups = self.schedule.groups
        found = {item_code(name): (name,) for name in groups} | {"": tuple(groups)}
        for cvx, links in self.schedule.products.items():
            held = {link.antigen for link in links}
            found[str(cvx)] = tuple(n for n, group in groups.items() if held & {*group.antigens})
        return found

    @cached_property
    def _narrowed(self) -> dict[frozenset[str], Schedule]:
        return {}

    def only(self, groups: frozenset[str]) -> Schedule:
        """The schedule without the antigens and groups that are not asked about.

        Products and conflicts stay: a live vaccine of another group still holds a dose back.
        """
        if groups not in self._narrowed:
            kept = {name: one for name, one in self.schedule.groups.items() if name in groups}
            wanted = {antigen for one in kept.values() for antigen in one.antigens}
            antigens = {n: one for n, one in self.schedule.antigens.items() if n in wanted}
            self._narrowed[groups] = replace(self.schedule, antigens=antigens, groups=kept)
        return self._narrowed[groups]

    def groups(self, code: str | None) -> tuple[str, ...]:
        """The vaccine groups a code stands for; none for a code the schedule does not know."""
        text = code or ""
        return self.groups_by_code.get(text.lstrip("0") if text.isdecimal() else text, ())


@dataclass(slots=True)
class Told:
    """What a schedule says of one person, and from what.

    Attributes:
        child, answer: null where nothing can be worked out.
        asked: the vaccine groups the programme asks about.
    """

    needs: list[Need]
    child: Child | None = None
    answer: Answer | None = None
    asked: frozenset[str] = frozenset()
    holds: list[Hold] = field(default_factory=list)


def tell(plan: Plan, facts: Iterable[Fact]) -> Told:
    """Everything a schedule says of one person; the plain twin of ``needs_of_everyone``.

    Args:
        facts: of one person, in any order.
    """
    known = list(facts)
    unclear = min((f for f in known if f.fact == Kind.UNCLEAR), key=_first, default=None)
    if unclear is not None:
        return Told([Need("", None, None, unclear.code or "", unclear.evidence)])
    births = [f for f in known if f.fact == Kind.BORN and f.on_day and f.on_day <= plan.as_of]
    if not births:
        return Told([])
    child, evidence = _child(plan, known, births)
    asked = _asked(plan, known)
    found = answer(plan.only(asked), child, plan.as_of)
    told = Told([], child, found, asked, list(_holds(plan, known)))
    who = min((f.evidence for f in births if f.evidence), default=None)
    for group in found.groups.values():
        need = _need(plan, told, group, evidence, who)
        if need is not None:
            told.needs.append(need)
    return told


def judged_doses(told: Told) -> Iterator[JudgedDose]:
    """Each dose and vaccine group it was given for, numbered as given and as counted."""
    for group in told.answer.groups.values() if told.answer else ():
        if group.group not in told.asked:
            continue
        counted = 0
        for number, dose in enumerate(group.doses, 1):
            is_valid = dose.judged is Judged.VALID
            counted += is_valid
            yield JudgedDose(
                item_code(group.group),
                number,
                counted if is_valid else None,
                dose.dose.given_on,
                dose.dose.dose_id or None,
            )


def _first(fact: Fact) -> tuple[str, str]:
    return fact.code or "", fact.evidence or ""


def _child(
    plan: Plan, known: list[Fact], births: list[Fact]
) -> tuple[Child, dict[tuple[date, int], str | None]]:
    """The person as the engine takes one, and the record each dose came from."""
    born = min(f.on_day for f in births if f.on_day)
    sex = SEXES.get(min((f.code or "" for f in births), default=""), "Unknown")
    records: dict[tuple[date, int], str | None] = {}
    fit: set[tuple[date, int]] = set()
    given = (f for f in known if f.fact in {Kind.DOSE, Kind.UNFIT})
    for fact in sorted(given, key=lambda f: f.evidence or ""):
        code = fact.code or ""
        if fact.on_day and born <= fact.on_day <= plan.as_of and code.isdecimal():
            records.setdefault((fact.on_day, int(code)), fact.evidence)
            if fact.fact == Kind.DOSE:
                fit.add((fact.on_day, int(code)))
    doses = [
        GivenDose(day, cvx, is_unfit=(day, cvx) not in fit, dose_id=records[day, cvx] or "")
        for day, cvx in sorted(records)
        if cvx in plan.schedule.products
    ]
    seen = [Observed(f.code or "", f.on_day) for f in known if f.fact == Kind.OBSERVED]
    return Child(born, sex, tuple(doses), tuple(seen)), records


def _asked(plan: Plan, known: list[Fact]) -> frozenset[str]:
    only = [f for f in known if f.fact == Kind.ONLY]
    if not only:
        return frozenset(plan.schedule.groups)
    return frozenset(name for f in only if f.code for name in plan.groups(f.code))


def _holds(plan: Plan, known: list[Fact]) -> Iterator[Hold]:
    for fact in known:
        if fact.fact in {Kind.REFUSED, Kind.EXEMPT}:
            for name in plan.groups(fact.code):
                yield Hold(name, fact.fact, fact.on_day, fact.until, fact.evidence)


def _need(
    plan: Plan,
    told: Told,
    group: GroupAnswer,
    evidence: dict[tuple[date, int], str | None],
    who: str | None,
) -> Need | None:
    if group.standing is not Standing.NOT_COMPLETE or group.recommended is None:
        return None
    if group.group not in told.asked or told.child is None:
        return None
    last = _last_dose(plan, told.child, group.group)
    said = evidence[last] if last else who
    reason = FIRST_DOSE if (group.dose_number or 1) <= 1 else NEXT_DOSE
    late = group.past_due + timedelta(1) if group.past_due else None
    item = item_code(group.group)
    hold = _strongest(told.holds, group.group, last[0] if last else None)
    if hold is None or (hold.until is not None and hold.until <= group.recommended):
        return Need(item, group.recommended, late, reason, said)
    said = " ".join(filter(None, (said, hold.evidence))) or None
    if hold.until is None:
        return None if hold.kind == Kind.EXEMPT else Need(item, None, None, hold.kind, said)
    put_off = plan.late_after(hold.until)
    return Need(item, hold.until, max(filter(None, (late, put_off)), default=None), hold.kind, said)


def _last_dose(plan: Plan, child: Child, group: str) -> tuple[date, int] | None:
    """The newest dose of a product that holds an antigen of the group."""
    given = [
        (dose.given_on, dose.cvx) for dose in child.doses if group in plan.groups(str(dose.cvx))
    ]
    return max(given, default=None)


def _strongest(holds: list[Hold], group: str, last: date | None) -> Hold | None:
    """The hold that lasts longest; a dose given since ends a refusal."""
    found = [
        hold
        for hold in holds
        if hold.group == group
        and not (hold.kind == Kind.REFUSED and last and (hold.on_day or date.min) <= last)
    ]
    return min(found, key=rank, default=None)


def rank(hold: Hold) -> tuple[int, bool, str]:
    """What puts the hold that counts first: the longest, an exemption, the first record."""
    until = -(hold.until or date.max).toordinal()
    return until, hold.kind != Kind.EXEMPT, hold.evidence or ""
