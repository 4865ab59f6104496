"""What can be chosen at a visit, in words: reasons, diagnoses, options, next steps."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext

from qamqor.engine.population.one_person import Due
from qamqor.engine.visit import next_step, offered
from qamqor.services.due import PRESSING
from qamqor.services.visit import content
from qamqor.services.visit import plan as plans
from qamqor.services.visit.known import Known
from qamqor.web.components import reader
from qamqor.web.visit.forms import VisitForm


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing to tick; ``effect`` says what it brings and what it costs."""

    value: str
    label: str
    is_chosen: bool
    effect: str = ""


def programmes(due: Iterable[Due]) -> set[str]:
    """The programmes that say anything about a person."""
    return {one.programme for one in due}


def reasons(form: VisitForm, known: Known) -> list[Choice]:
    """Reasons to come; those of the person's programmes first."""
    chosen, language = form.listed("reasons"), reader.language()
    listed = offered(content.offer().reasons, programmes(known.due))
    return [Choice(one.id, one.words[language], one.id in chosen) for one in listed]


def options(form: VisitForm, known: Known) -> list[Choice]:
    """Ways to go on, to be decided together."""
    chosen, language = str(form["option"].value() or ""), reader.language()
    listed = offered(content.offer().options, programmes(known.due))
    return [
        Choice(one.id, one.words[language], one.id == chosen, one.effect[language])
        for one in listed
    ]


def steps(form: VisitForm, known: Known, role: str) -> list[Choice]:
    """The next step of each treatment that the role may take."""
    chosen, language, found = form.listed("steps"), reader.language(), []
    taken = plans.taken(known.medicines)
    for one in content.offer().protocols:
        number, new = next_step(one, taken)
        if role in one.by and one.programmes & programmes(known.due) and new:
            names = ", ".join(
                gettext("%(medicine)s %(mg)s mg") % {"medicine": m.words[language], "mg": m.mg}
                for m in new
            )
            said = gettext("%(title)s: step %(number)s of the protocol, 30 days") % {
                "title": one.title[language],
                "number": number,
            }
            found.append(Choice(one.id, names, one.id in chosen, said))
    return found


def next_day(owed: Sequence[str], due: Sequence[Due], today: date) -> date | None:
    """When what this visit closes is due again, the earliest; nothing where it closes nothing."""
    now = {f"{one.programme}/{one.action}/{one.item}": one for one in due}
    days = [
        one.due_on
        for name in owed
        if (one := now.get(name)) is not None
        and one.status not in PRESSING
        and one.due_on is not None
        and one.due_on > today
    ]
    return min(days, default=None)
