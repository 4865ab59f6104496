"""How resources name who acted, as far as FHIR lets an element refer to them."""

from __future__ import annotations

from typing import Any, Final

from qamqor.engine.fhir.names import IDENTIFIERS

WITHOUT_POST: Final = "Person/"
"""What an account without a post is known by; no element may refer to it as to who acted."""
ACCOUNTS: Final = f"{IDENTIFIERS}/account"


def named(agent: str) -> dict[str, Any]:
    """A Reference to who is known as this, by a number where FHIR lets no element refer to them.

    Args:
        agent: ``PractitionerRole/x``, ``Patient/x``, ``Device/x``, or ``Person/7`` for account 7.
    """
    if agent.startswith(WITHOUT_POST):
        return {"identifier": {"system": ACCOUNTS, "value": agent.removeprefix(WITHOUT_POST)}}
    return {"reference": agent}
