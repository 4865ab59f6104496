"""Reads resources for somebody, who is asked for their right and whose looking is kept."""

from __future__ import annotations

from datetime import datetime

from qamqor.errors import GoneBefore, NotThere
from qamqor.services import audit
from qamqor.services.access import looks
from qamqor.services.access.actor import Actor
from qamqor.services.access.sights import Sights
from qamqor.store.fhir import versions
from qamqor.store.fhir.versions import Version


def one(type_: str, id_: str, *, actor: Actor, at: datetime) -> Version:
    """The current version of a resource; answered once the audit has kept who asked.

    Raises:
        NotThere: never known here, or not the actor's to see. GoneBefore: deleted.
        NotAllowed: the actor may see no resource of this type.
    """
    relation, facts, found = looks.open_one(Sights(actor, at), type_, id_)
    if found is None:
        raise NotThere(f"{type_}/{id_} is not here")
    audit.record(
        actor,
        "read",
        at=at,
        what=[f"{type_}/{id_}/_history/{found.version}"],
        people=facts.people,
        relation=relation,
    )
    if found.content is None:
        raise GoneBefore(f"{type_}/{id_} is deleted")
    return found


def version(type_: str, id_: str, number: int, *, actor: Actor, at: datetime) -> Version:
    """One version by its number; what hides it now or hid it then keeps it hidden.

    Raises:
        NotThere, NotAllowed: as for ``one``. GoneBefore: this version is a deletion.
    """
    sights = Sights(actor, at)
    looks.at_one(sights, type_, id_)
    found = versions.read_version(type_, id_, number)
    if found is None or not looks.at_each(sights, [found], action="history"):
        raise NotThere(f"{type_}/{id_}/_history/{number} is not here")
    looks.keep(sights, "vread", [found])
    if found.content is None:
        raise GoneBefore(f"{type_}/{id_}/_history/{number} is a deletion")
    return found
