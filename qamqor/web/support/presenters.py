"""Needs, plans, steps and the conference in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext, ngettext

from qamqor.engine.forms.form import Form
from qamqor.services import forms
from qamqor.services.person.page import Member
from qamqor.services.support.plans import Needs
from qamqor.services.support.sensitive import Label, offered
from qamqor.services.support.steps import OPEN, Found, until
from qamqor.web.components import dates, facts, people, reader, words


@dataclass(frozen=True, slots=True)
class FormRow:
    """A questionnaire with its last answers.

    Attributes:
        answers: question and answer, of the newest time; only what was answered.
    """

    title: str
    day: str
    ago: str
    score: str
    href: str
    answers: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class StepRow:
    """A step: who does what by when, and how it stands."""

    id: str
    what: str
    who: str
    by: str
    state: str
    person: str
    href: str
    why: str


@dataclass(frozen=True, slots=True)
class PlanRow:
    """A plan with its goals and steps."""

    id: str
    title: str
    version: int
    goals: tuple[str, ...]
    steps: tuple[StepRow, ...]
    review: str
    is_late: bool
    is_active: bool
    label: str


@dataclass(frozen=True, slots=True)
class NoteRow:
    """A note, or a decision of the conference."""

    text: str
    by: str
    day: str
    label: str


def label_words(code: str, roles: Iterable[str]) -> str:
    """Who reads what carries a label."""
    listed = ", ".join(sorted(words.role(one).lower() for one in roles))
    return gettext("only: %(roles)s") % {"roles": listed}


def labels(role: str) -> list[tuple[str, str]]:
    """The labels somebody may put, with who reads them; none at all comes first or, for sensitive
    work, last.
    """
    found = [(one.code, label_words(one.code, one.roles)) for one in offered(role)]
    return [("", gettext("the whole team")), *found]


def _label_of(code: str, role: str) -> str:
    known: dict[str, Label] = {one.code: one for one in offered(role)}
    return label_words(code, known[code].roles) if code in known else gettext("sensitive")


def form_rows(found: Needs, today: date, *, may_score: bool) -> list[FormRow]:
    """The questionnaires this role may ask, each with its last answers."""
    language = reader.language()
    rows = []
    for form in forms.forms():
        if form.score_code and not may_score:
            continue
        last = next((one for one in found.answers if _is_of(one, form)), None)
        score = found.scores.get(form.id)
        on = facts.day_of(last) if last else None
        rows.append(
            FormRow(
                title=form.title[language],
                day=dates.short(on),
                ago=dates.from_here(on, today) if on else "",
                score=_scored(form, score, language) if last and score is not None else "",
                href=reverse("needs_ask", kwargs={"patient": found.patient, "form_id": form.id}),
                answers=tuple(_answers(last, form, language)) if last else (),
            )
        )
    return rows


def _is_of(one: Mapping[str, Any], form: Form) -> bool:
    address = str(one.get("questionnaire", ""))
    return address.partition("|")[0].endswith(f"/{form.id}") or address.endswith(f"|{form.id}")


def _scored(form: Form, score: int, language: str) -> str:
    band = next((one for one in reversed(form.bands) if one.from_ <= score), None)
    points = ngettext("%(num)d point", "%(num)d points", score) % {"num": score}
    return f"{points}: {band.words[language].lower()}" if band else points


def _answers(one: Mapping[str, Any], form: Form, language: str) -> Iterable[tuple[str, str]]:
    asked = {question.id: question for question in form.questions}
    for item in one.get("item") or ():
        question = asked.get(str(item.get("linkId", "")))
        for answer in item.get("answer") or ():
            if question is None:
                continue
            code = (answer.get("valueCoding") or {}).get("code")
            option = next((o for o in question.options if o.code == code), None)
            if option is not None:
                yield question.words[language], option.words[language]
            elif "valueBoolean" in answer:
                said = gettext("Yes") if answer["valueBoolean"] else gettext("No")
                yield question.words[language], said
            else:
                text = answer.get("valueString", answer.get("valueInteger", ""))
                yield question.words[language], str(text)


def plan_rows(found: Needs, role: str, today: date) -> list[PlanRow]:
    """The plans, active ones first."""
    goals = {f"Goal/{one['id']}": _text(one) for one in found.goals}
    team = _names(found.team)
    rows = []
    for plan in found.plans:
        reference = f"CarePlan/{plan['id']}"
        own = [one for one in found.steps if _based_on(one) == reference]
        end = str((plan.get("period") or {}).get("end") or "")[:10]
        review = date.fromisoformat(end) if len(end) == 10 else None
        active = plan.get("status") == "active"
        label = found.labels.get(reference, "")
        listed = [goals.get(str(g.get("reference")), "") for g in plan.get("goal") or ()]
        rows.append(
            PlanRow(
                id=str(plan["id"]),
                title=str(plan.get("title") or gettext("Care plan")),
                version=int((plan.get("meta") or {}).get("versionId", 1)),
                goals=tuple(filter(None, listed)),
                steps=tuple(_step(one, team, {}, today) for one in own),
                review=dates.short(review),
                is_late=active and review is not None and review < today,
                is_active=active,
                label=_label_of(label, role) if label else "",
            )
        )
    return sorted(rows, key=lambda row: not row.is_active)


def _based_on(task: Mapping[str, Any]) -> str:
    return next((str(one.get("reference", "")) for one in task.get("basedOn") or ()), "")


def other_steps(found: Needs, today: date) -> list[StepRow]:
    """Steps that follow from no plan: agreed at a conference."""
    team = _names(found.team)
    return [_step(one, team, {}, today) for one in found.steps if not _based_on(one)]


def _text(goal: Mapping[str, Any]) -> str:
    return str((goal.get("description") or {}).get("text") or "")


def _names(team: Iterable[Member]) -> dict[str, str]:
    return {one.reference: one.name or words.role(one.role) for one in team}


def _step(
    task: Mapping[str, Any], team: Mapping[str, str], person: Mapping[str, Any], today: date
) -> StepRow:
    day = until(dict(task))
    status = str(task.get("status"))
    state = {"completed": "done", "failed": "wait"}.get(status, "due")
    if status in OPEN and day is not None:
        state = "overdue" if day < today else "due" if (day - today).days <= SOON else "soon"
    owner = str((task.get("owner") or {}).get("reference", ""))
    who = str(person.get("id", ""))
    return StepRow(
        id=str(task["id"]),
        what=str(task.get("description") or ""),
        who=team.get(owner, ""),
        by=dates.short(day),
        state=state,
        person=people.name_of(person) if person else "",
        href=reverse("needs", kwargs={"patient": who}) if who else "",
        why=str((task.get("statusReason") or {}).get("text") or ""),
    )


SOON = 7


def steps(found: Sequence[Found], today: date) -> list[StepRow]:
    """Steps of a list, each with its person."""
    return [_step(one.task, {}, one.person, today) for one in found]


def note_rows(found: Needs, role: str) -> list[NoteRow]:
    """The notes in sight, the newest first."""
    team = _names(found.team)
    rows = []
    for one in found.notes:
        label = found.labels.get(f"Communication/{one['id']}", "")
        said = [str(part.get("contentString", "")) for part in one.get("payload") or ()]
        by = team.get(str((one.get("sender") or {}).get("reference", "")), "")
        day = dates.short(facts.day_of(one))
        rows.append(NoteRow("\n".join(said), by, day, _label_of(label, role) if label else ""))
    return rows


def team_choices(team: Iterable[Member]) -> list[tuple[str, str]]:
    """Who may get a step."""
    return [
        (one.reference, f"{one.name or gettext('no name')}, {words.role(one.role).lower()}")
        for one in team
    ]


@dataclass(frozen=True, slots=True)
class BroughtRow:
    """Somebody to talk about, or who was talked about."""

    id: str
    person: str
    line: str
    href: str
    question: str
    decision: str
    day: str


def brought(found: Sequence[Found], today: date) -> list[BroughtRow]:
    """People of the conference."""
    return [
        BroughtRow(
            id=str(one.task["id"]),
            person=people.name_of(one.person),
            line=", ".join(
                filter(None, [people.sex_of(one.person), people.age_of(one.person, today)])
            ),
            href=reverse("person", kwargs={"patient": str(one.person["id"])}),
            question=str(one.task.get("description") or ""),
            decision=next(
                (str(out.get("valueString", "")) for out in one.task.get("output") or ()), ""
            ),
            day=dates.short(_moved(one.task)),
        )
        for one in found
    ]


def _moved(task: Mapping[str, Any]) -> date | None:
    text = str(task.get("lastModified") or task.get("authoredOn") or "")[:10]
    return date.fromisoformat(text) if len(text) == 10 else None
