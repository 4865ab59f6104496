"""Names the tables of the people whom a programme may speak about."""

from __future__ import annotations

from qamqor.engine.programmes.schema import Programme


def members(programme: Programme) -> str:
    """The table of the people who ever belonged to a programme or could have."""
    return f"{programme.id}_members_"


def open_members(programme: Programme) -> str:
    """The table of those who do on the day: whom its actions may speak about."""
    return f"{programme.id}_open_members_"
