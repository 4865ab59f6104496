"""Opens a person's record for a page: decides, keeps that it was opened, hands out what is open."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from qamqor.engine.fhir import json_text
from qamqor.errors import GoneBefore, NotThere
from qamqor.services import audit
from qamqor.services.access import looks
from qamqor.services.access.actor import Actor
from qamqor.services.access.sights import Sights
from qamqor.store import access
from qamqor.store.fhir import versions


@dataclass(frozen=True, slots=True)
class Record:
    """One person's record, opened: everything read from it is kept in the audit.

    Attributes:
        patient: the person's Patient resource.
        relation: by which relation it is open.
    """

    person: str
    patient: dict[str, Any]
    relation: str
    sights: Sights

    def resources(self, *types: str, newest: int | None = None) -> dict[str, list[dict[str, Any]]]:
        """What is open of the types asked for, newest change first; a closed type is empty.

        Args:
            newest: how many of each type at most; None = all.
        """
        found: dict[str, list[dict[str, Any]]] = {}
        shown: list[versions.Version] = []
        for type_ in types:
            view = self.sights.of("read", type_)
            keys = access.keys_of_person(self.person, type_, view, limit=newest) if view else []
            open_ = self.sights.answering(type_, view, keys) if view else set()
            by_key = versions.read_by_keys(keys)
            there = [by_key[key] for key in keys if key in open_]
            shown += there
            found[type_] = [json_text.decode((v.content or "").encode()) for v in there]
        looks.keep(self.sights, "read", shown, relation=self.relation, query=_asked(types))
        return found

    def one(self, type_: str, id_: str) -> dict[str, Any]:
        """One resource of this record.

        Raises:
            NotThere: it is not here, not of this person, or not open. GoneBefore: it is deleted.
        """
        relation, facts, found = looks.open_one(self.sights, type_, id_)
        if found is None or self.person not in facts.people:
            raise NotThere(f"{type_}/{id_} is not here")
        if found.content is None:
            raise GoneBefore(f"{type_}/{id_} is deleted")
        looks.keep(self.sights, "read", [found], relation=relation)
        resource: dict[str, Any] = json_text.decode(found.content.encode())
        return resource


def open_record(person: str, actor: Actor, purpose: str, at: datetime) -> Record:
    """Open a person's record.

    Args:
        person: id of the Patient.
        purpose: v3-ActReason code: why it is opened (TREAT, HOPERAT, PATRQT ...).
    Raises:
        NotThere: nobody of this id, or not open to this actor, in the same words.
        NotAllowed: the actor's role opens no records at all.
    """
    sights = Sights(replace(actor, purpose=purpose), at)
    relation, facts, found = looks.open_one(sights, "Patient", person)
    if found is None or found.content is None:
        raise NotThere(f"Patient/{person} is not here")
    audit.record(
        sights.actor,
        "read",
        at=at,
        what=[f"Patient/{person}/_history/{found.version}"],
        people=facts.people,
        relation=relation,
    )
    return Record(person, json_text.decode(found.content.encode()), relation, sights)


def _asked(types: Iterable[str]) -> str:
    return " ".join(types)
