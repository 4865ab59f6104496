"""A questionnaire whose answers are kept while they are given, and go on where they were left.

begun = drafted.begun(patient, form, actor=actor, at=now)         # the page, opened
begun = drafted.again(request, patient, form, actor=actor, at=now)  # the page, sent
drafted.keep(...)                                                 # what the script sends
drafted.end(...)                                                  # the answers are in the record
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest

from qamqor.engine.forms.form import Form
from qamqor.services import forms
from qamqor.services.access.actor import Actor
from qamqor.services.visit import drafts
from qamqor.services.visit.drafts import Draft
from qamqor.web.components import questionnaire, reader

VISIT = "visit"
"""Name of the field that says at which visit it is asked; kept with the answers."""


@dataclass(frozen=True, slots=True)
class Begun:
    """Answers as far as they are given.

    Attributes:
        typed: id of the question → text.
        visit: id of the Encounter they are asked at, or empty.
        elsewhere: question, answer here, answer there, where another window went on; in words.
        is_elsewhere: another window went on, or saved them.
    """

    typed: Mapping[str, str]
    draft: Draft
    visit: str = ""
    elsewhere: tuple[tuple[str, str, str], ...] = ()
    is_elsewhere: bool = False


def begun(patient: str, form: Form, *, actor: Actor, at: datetime) -> Begun:
    """The actor's unfinished answers about a person, or none."""
    kept = drafts.own(patient, actor, _kind(form))
    if kept is not None and forms.is_kept(form, kept.key):
        # Saved, and cut off before the draft went.
        end(patient, kept.key, actor=actor, at=at)
        kept = None
    kept = kept or drafts.new(actor, at)
    fields = dict(kept.fields)
    return Begun(fields, kept, fields.pop(VISIT, ""))


def again(request: HttpRequest, patient: str, form: Form, *, actor: Actor, at: datetime) -> Begun:
    """What the page sent, and what another window kept meanwhile."""
    typed = questionnaire.typed(form, request.POST)
    standing = drafts.standing(patient, str(request.POST.get("key", "")), actor=actor, at=at)
    is_elsewhere = str(standing.version) != request.POST.get("version", "0")
    there = {one.id: standing.fields.get(one.id, "") for one in form.questions}
    rows = _differences(form, typed, there) if is_elsewhere and standing.version else ()
    visit = str(request.POST.get(VISIT, ""))
    return Begun(typed, standing, visit, rows, is_elsewhere)


def keep(
    request: HttpRequest, patient: str, form: Form, *, actor: Actor, at: datetime
) -> Draft | None:
    """Keep what is given so far; None where another window went on.

    Raises:
        NotThere, NotAllowed: as ``drafts.keep``.
    """
    fields = {name: text for name, text in questionnaire.typed(form, request.POST).items() if text}
    if visit := str(request.POST.get(VISIT, ""))[:64]:
        fields[VISIT] = visit
    seen = str(request.POST.get("version", "0"))
    number = int(seen) if seen.isdecimal() and len(seen) < 9 else 0
    kept = drafts.keep(patient, str(request.POST.get("key", "")), fields, seen=number, actor=actor,
                       at=at, kind=_kind(form))  # fmt: skip
    return None if kept.is_stale else kept.draft


def end(patient: str, key: str, *, actor: Actor, at: datetime) -> None:
    """Forget what was kept: it is in the record."""
    drafts.throw_away(patient, key, actor=actor, at=at)


def _kind(form: Form) -> str:
    return f"form/{form.id}"


def _differences(
    form: Form, here: Mapping[str, str], there: Mapping[str, str]
) -> tuple[tuple[str, str, str], ...]:
    language = reader.language()
    return tuple(
        (
            one.words[language],
            questionnaire.answer_of(one, here.get(one.id, ""), language),
            questionnaire.answer_of(one, there.get(one.id, ""), language),
        )
        for one in form.questions
        if here.get(one.id, "") != there.get(one.id, "")
    )
