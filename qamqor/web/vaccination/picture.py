"""Draws a person's vaccinations along their age, and says the same as lines of a table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.utils.translation import gettext, ngettext
from markupsafe import Markup

from qamqor.engine.calendar import month_later
from qamqor.engine.charts.life import Mark, Row, life
from qamqor.engine.charts.svg import Caption
from qamqor.engine.immunisation.ideal import Coming
from qamqor.engine.immunisation.one_child.answer import GroupAnswer
from qamqor.engine.immunisation.one_child.state import Judged, Standing
from qamqor.services.immunisation_session import Calendar, Session
from qamqor.web.components import dates

CHILD = (0, 2, 3, 4, 6, 12, 15, 18, 24, 30, 72)
GROWING = (0, 4, 12, 18, 24, 72, 108, 132, 144, 192)
GROWN = (0, 24, 72, 132, 192, 312, 432, 552, 672, 792, 912)
"""Ages named along the picture, in months, by how old the person is."""


@dataclass(frozen=True, slots=True)
class Line:
    """One disease as a line of the table: what was given, what is next."""

    name: str
    given: str
    next: str
    state: str
    state_words: str


def drawn(found: Session, known: Calendar, coming: Sequence[Coming], today: date) -> Markup:
    """The picture; nothing where no birth date is known or no dose is on it."""
    if found.forecast.record.child is None or found.forecast.answer is None:
        return Markup("")
    born = found.child.born_on
    months = _ages((today - born).days)
    ages = [((month_later(born, one) - born).days, _age(one, months)) for one in months]
    last = month_later(born, months[-1])
    rows = [
        row
        for name, group in found.forecast.answer.groups.items()
        if (row := _row(found, known, group, [c for c in coming if c.day <= last], today)).marks
    ]
    if not rows:
        return Markup("")
    title = gettext("Vaccinations by age")
    description = gettext(
        "Given, due and to come, a line for each disease; the table below says the same."
    )
    caption = Caption("vaccinations", title, description)
    today_mark = ((today - born).days, gettext("today"))
    # The picture is made of escaped words and numbers alone.
    return Markup(life(caption, ages, rows, today_mark))  # noqa: S704


def _ages(days: int) -> Sequence[int]:
    if days < 6 * 365:
        return CHILD
    return GROWING if days < 16 * 365 else GROWN


def _age(months: int, of: Sequence[int]) -> str:
    """An age over the picture: the unit once for months, then for whole years."""
    if months == 0:
        return gettext("birth")
    if months % 12 == 0 and months >= 24:
        years = months // 12
        return ngettext("%(n)s y", "%(n)s y", years) % {"n": years}
    if months > 24:
        return dates.number(months / 12, 1)
    return gettext("%(n)s mo") % {"n": months} if months == of[1] else str(months)


def _row(
    found: Session, known: Calendar, group: GroupAnswer, coming: Sequence[Coming], today: date
) -> Row:
    born = found.child.born_on
    marks = [_given(known, group, n, born) for n in range(len(group.doses))]
    window = None
    if _is_open(found, group) and group.recommended:
        if group.recommended <= today:
            is_late = group.past_due is not None and group.past_due < today
            words = gettext("overdue") if is_late else gettext("due")
            kind = "overdue" if is_late else "due"
            said = f"{known.words.group(group.group)} {group.dose_number or 1}: {words}"
            marks.append(Mark((today - born).days, kind, "", said))
        if group.recommended <= today + timedelta(92):
            end = group.past_due or group.recommended
            end = max(end, today) if group.recommended <= today else end
            window = ((group.recommended - born).days, (end - born).days)
    marks += _to_come(known, group, coming, born, today)
    return Row(known.words.group(group.group), tuple(marks), window)


def _given(known: Calendar, group: GroupAnswer, n: int, born: date) -> Mark:
    dose = group.doses[n]
    is_good = dose.judged is Judged.VALID
    said = f"{known.words.vaccine(dose.dose.cvx)}, {dates.short(dose.dose.given_on)}"
    if not is_good:
        why = "; ".join(known.words.tell("fault", one) for one in sorted(dose.faults))
        said = f"{said}: {known.words.tell('judged', dose.judged)}. {why}"
    return Mark((dose.dose.given_on - born).days, "done" if is_good else "odd", "", said)


def _to_come(
    known: Calendar, group: GroupAnswer, coming: Sequence[Coming], born: date, today: date
) -> Iterator[Mark]:
    for one in coming:
        for name, number in one.doses:
            if name == group.group and one.day > today:
                said = f"{known.words.vaccine(one.cvx)} {number}: {dates.short(one.day)}"
                yield Mark((one.day - born).days, "soon", str(number), said)


def lines(found: Session, known: Calendar, coming: Sequence[Coming], today: date) -> list[Line]:
    """The same as a table: each disease, its doses with their days, and what is next."""
    answer = found.forecast.answer
    return [_line(found, known, group, today) for group in answer.groups.values()] if answer else []


def _is_open(found: Session, group: GroupAnswer) -> bool:
    """Whether a further dose is needed, and asked about."""
    return group.standing is Standing.NOT_COMPLETE and found.asks([group.group])


def _line(found: Session, known: Calendar, group: GroupAnswer, today: date) -> Line:
    given = [
        dates.short(one.dose.given_on)
        + ("" if one.judged is Judged.VALID else f" ({known.words.tell('judged', one.judged)})")
        for one in group.doses
    ]
    state, day = "done", ""
    words = known.words.tell("standing", group.standing)
    if _is_open(found, group) and group.recommended:
        is_late = group.past_due is not None and group.past_due < today
        state = "overdue" if is_late else "due" if group.recommended <= today else "soon"
        words = {
            "overdue": gettext("overdue"),
            "due": gettext("due"),
            "soon": dates.from_here(group.recommended, today),
        }[state]
        day = f"{group.dose_number or 1}: {dates.short(group.recommended)}"
    elif group.standing is Standing.NOT_COMPLETE:
        state, words = "wait", gettext("may stand on paper")
    elif group.standing not in (Standing.COMPLETE, Standing.IMMUNE):
        state = "wait"
    return Line(known.words.group(group.group), ", ".join(given), day, state, words)
