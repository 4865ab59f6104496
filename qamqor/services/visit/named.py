"""Names of what one visit saves: they follow from its key, so that sending twice saves once."""

from __future__ import annotations

import uuid

from qamqor.errors import Issue, Unusable


def id_of(key: str, what: str) -> str:
    """The id of one thing a visit saves.

    Raises:
        Unusable: the key is no UUID.
    """
    try:
        return str(uuid.uuid5(uuid.UUID(key), what))
    except ValueError:
        raise Unusable(
            [Issue("value", "the key of a visit is a UUID", "key")], status=422
        ) from None


def reference(key: str) -> str:
    """Reference of the visit's Encounter."""
    return f"Encounter/{id_of(key, 'encounter')}"
