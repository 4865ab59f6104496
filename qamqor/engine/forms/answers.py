"""Which questions to show, what is missing, and what the answers add up to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from qamqor.engine.forms.form import Alert, Answers, Band, Form, Question, may_be
from qamqor.errors import Issue


@dataclass(frozen=True, slots=True)
class Score:
    """What the answers add up to.

    Attributes:
        total: None while a question that counts is unanswered: half a score misleads.
        alerts: of the answers given so far.
    """

    total: int | None
    band: Band | None
    alerts: tuple[Alert, ...]


def shown(form: Form, answers: Answers) -> tuple[Question, ...]:
    """The questions to ask, given what was answered; one that is not shown counts as unanswered."""
    seen: dict[str, Question] = {}
    for one in form.questions:
        conditions = (one.shown_when or {}).items()
        if all(name in seen and answers.get(name) in wanted for name, wanted in conditions):
            seen[one.id] = one
    return tuple(seen.values())


def problems(form: Form, answers: Answers) -> tuple[Issue, ...]:
    """What stands between these answers and a finished form."""
    asked = {one.id: one for one in shown(form, answers)}
    known = {one.id for one in form.questions}
    found = [
        Issue("not-found", f"{name} is no question of this form", name)
        for name in answers
        if name not in known
    ]
    for one in asked.values():
        answer = answers.get(one.id)
        if answer is None and one.is_required:
            found.append(Issue("required", f"{one.id} is not answered", one.id))
        elif answer is not None and not may_be(one, answer):
            found.append(Issue("value", f"{one.id} cannot be answered like that", one.id))
    return tuple(found)


def score(form: Form, answers: Answers) -> Score:
    """What the answers add up to, and which of them need somebody now."""
    asked = shown(form, answers)
    values = [_counted(one, answers.get(one.id)) for one in asked if one.counts]
    total = None if None in values or not values else sum(v for v in values if v is not None)
    band = None
    if total is not None:
        band = next((b for b in reversed(form.bands) if b.from_ <= total), None)
    given = {one.id for one in asked}
    alerts = tuple(
        a for a in form.alerts if a.question in given and answers.get(a.question) in a.answers
    )
    return Score(total, band, alerts)


def _counted(question: Question, answer: Any) -> int | None:
    if answer is None:
        return None
    if question.kind == "choice":
        return next((o.counts or 0 for o in question.options if o.code == answer), None)
    return int(answer) if isinstance(answer, int) else 0
