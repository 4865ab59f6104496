"""Questionnaires in use here: what is asked; answers go into the record with their score."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

from qamqor.engine.fhir import json_text
from qamqor.engine.forms.answers import Score, problems, score, shown
from qamqor.engine.forms.form import Answers, Form, Question
from qamqor.engine.forms.read import read_form
from qamqor.engine.forms.resources import items, response, score_observation
from qamqor.errors import Issue, NotThere, Unusable
from qamqor.services import installed
from qamqor.services.access import looks
from qamqor.services.access.actor import Actor
from qamqor.services.access.sights import Sights, zone
from qamqor.services.fhir.valid import must_be
from qamqor.services.fhir.write import Change, Stored, save
from qamqor.store.fhir import versions

SAID: Final = ("item", "valueInteger", "valueQuantity", "interpretation")
"""What a form says, in its response and its score; the rest is who and when."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A form as far as it is answered.

    Attributes:
        answers: of the questions that are shown.
        shown: ids of the questions to ask now.
        missing: what stands between these answers and a finished form.
    """

    form: Form
    answers: Answers
    shown: tuple[str, ...]
    missing: tuple[Issue, ...]
    score: Score


def forms() -> tuple[Form, ...]:
    """Every questionnaire of the pack; the installation's own in place of a shipped one."""
    return _forms(installed.folders())


def form(id_: str) -> Form:
    """One questionnaire.

    Raises:
        NotThere: there is none of this id.
    """
    found = next((one for one in forms() if one.id == id_), None)
    if found is None:
        raise NotThere("there is no such questionnaire")
    return found


@cache
def _forms(folders: tuple[Path, ...]) -> tuple[Form, ...]:
    files = {
        file.stem: file for folder in folders for file in sorted((folder / "forms").glob("*.yaml"))
    }
    return tuple(
        read_form(yaml.safe_load(file.read_text(encoding="utf-8")), file.name)
        for file in files.values()
    )


def asked(form: Form, typed: Mapping[str, str]) -> Asked:
    """What is answered and what is missing.

    Args:
        typed: id of the question → text as a page sends it; ``true`` and ``false`` for yes and no.
    """
    given = {
        one.id: answer
        for one in form.questions
        if (text := typed.get(one.id, "").strip()) and (answer := _answer(one, text)) is not None
    }
    now = shown(form, given)
    answers = {one.id: given[one.id] for one in now if one.id in given}
    return Asked(
        form, answers, tuple(one.id for one in now), problems(form, answers), score(form, answers)
    )


def _answer(question: Question, text: str) -> Any:
    if question.kind == "boolean":
        return {"true": True, "false": False}.get(text, text)
    if question.kind == "integer":
        return int(text) if text.isdecimal() and len(text) < 9 else text
    return text


def keep(
    patient: str,
    found: Asked,
    *,
    actor: Actor,
    at: datetime,
    key: str,
    encounter: str | None = None,
) -> list[Stored]:
    """Keep a finished form: a QuestionnaireResponse and, where it has a score, its Observation.

    Args:
        key: made by the page once; the same answers again change nothing, others amend them.
        encounter: reference of the visit it was asked at, where there is one.

    Raises:
        Unusable: something is not answered, or cannot be answered so.
        NotThere, NotAllowed: not a person of the actor's, or not the actor's to write.
    """
    if found.missing:
        raise Unusable(found.missing, status=422)
    looks.at_one(Sights(actor, at), "Patient", patient)
    changes = _changes(patient, found, actor, at, _space(key), encounter)
    new = [*_new(changes, actor)]
    return save(new, actor=actor, at=at) if new else []


def is_kept(form: Form, key: str, said: Asked | None = None) -> bool:
    """Whether the answers of a page's key are in the record and stand; ``said``: just these."""
    found = versions.read(*_names(form.id, _space(key))[0])
    there = json_text.decode(found.content) if found and found.content else None
    if there is None or there["status"] == "entered-in-error":
        return False
    if said is None:
        return True
    return not said.missing and bool(there.get("item") == items(form, said.answers))


def _new(changes: Iterable[Change], actor: Actor) -> Iterator[Change]:
    """What is not in the record yet; other answers under the same key amend those there."""
    for change in changes:
        there = versions.read(change.type, change.id)
        if there is None or there.content is None:
            yield change
            continue
        before, now = json_text.decode(there.content), change.resource or {}
        by = before.get("author") or before["performer"][0]
        if (before["subject"], by["reference"]) != (now["subject"], actor.reference):
            raise NotThere("this key is another form's")
        is_wrong = before["status"] == "entered-in-error"
        if is_wrong or any(before.get(name) != now.get(name) for name in SAID):
            amended = {**now, "status": "amended"}
            yield Change("PUT", change.type, change.id, amended, if_version=there.version)


def take_back(patient: str, form_id: str, *, actor: Actor, at: datetime, key: str) -> int:
    """Take answers back: they stay in the history as entered in error.

    Raises:
        NotThere: nothing of this key is here, or it is another person's or another worker's.
    """
    looks.at_one(Sights(actor, at), "Patient", patient)
    changes = []
    for type_, id_ in _names(form_id, _space(key)):
        found = versions.read(type_, id_)
        if found is None or found.content is None:
            continue
        resource = json_text.decode(found.content)
        by = resource.get("author") or resource["performer"][0]
        about = resource["subject"]["reference"]
        if (about, by["reference"]) != (f"Patient/{patient}", actor.reference):
            raise NotThere("there is nothing to take back")
        wrong = {**resource, "status": "entered-in-error"}
        changes.append(Change("PUT", type_, id_, wrong, if_version=found.version))
    if not changes:
        raise NotThere("there is nothing to take back")
    return len(save(changes, actor=actor, at=at))


def _space(key: str) -> uuid.UUID:
    try:
        return uuid.UUID(key)
    except ValueError:
        raise Unusable([Issue("value", "the key of a form is a UUID", "key")], status=422) from None


def _names(form_id: str, space: uuid.UUID) -> tuple[tuple[str, str], tuple[str, str]]:
    return (
        ("QuestionnaireResponse", str(uuid.uuid5(space, form_id))),
        ("Observation", str(uuid.uuid5(space, f"{form_id}/score"))),
    )


def _changes(
    patient: str,
    found: Asked,
    actor: Actor,
    at: datetime,
    space: uuid.UUID,
    encounter: str | None,
) -> list[Change]:
    (answered, answered_id), (scored, score_id) = _names(found.form.id, space)
    about, here = f"Patient/{patient}", at.astimezone(zone()).replace(microsecond=0)
    said = response(
        found.form,
        found.answers,
        patient=about,
        author=actor.reference,
        encounter=encounter,
        at=here,
    )
    changes = [Change("PUT", answered, answered_id, {**said, "id": answered_id})]
    counted = score_observation(
        found.form,
        found.score,
        patient=about,
        performer=actor.reference,
        derived_from=f"{answered}/{answered_id}",
        at=here,
    )
    if counted is not None:
        within = {"encounter": {"reference": encounter}} if encounter else {}
        changes.append(Change("PUT", scored, score_id, {**counted, **within, "id": score_id}))
    for change in changes:
        must_be(change.resource, type_=change.type)
    return changes
