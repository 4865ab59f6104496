"""Reads resources for somebody, who is asked for their right and whose looking is kept."""

from __future__ import annotations

from datetime import datetime

from qamqor.errors import GoneBefore, NotThere
from qamqor.services.access.actor import Actor
from qamqor.store.fhir import versions
from qamqor.store.fhir.versions import Version


def one(type_: str, id_: str, *, actor: Actor, at: datetime) -> Version:
    """The current version of a resource.

    Raises:
        NotThere: never known here. GoneBefore: deleted.
    """
    found = versions.read(type_, id_)
    if found is None:
        raise NotThere(f"{type_}/{id_} is not here")
    if found.content is None:
        raise GoneBefore(f"{type_}/{id_} is deleted")
    return found
