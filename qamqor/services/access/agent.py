"""Decides in one place how the record names who acts, and who cannot be named.

A post, a person and a device are resources that may be referred to. An account without a post is
none: the trace of what it decided names it by its number and name. What care is made of refers to a
post, so that such an account cannot write it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from qamqor.engine.fhir.agent import WITHOUT_POST, named
from qamqor.errors import NoPost
from qamqor.services.access.actor import Actor
from qamqor.store.accounts import Account


def who(actor: Actor) -> dict[str, Any]:
    """Who decided something, as ``Provenance.agent.who`` holds it; with the name if it is known."""
    account = Account.objects.filter(pk=actor.account).first() if actor.account else None
    name = account.get_full_name() if account else ""
    return {**named(actor.reference), **({"display": name} if name else {})}


def need_post(actor: Actor) -> None:
    """Nothing, where the record may refer to the actor.

    Raises:
        NoPost: they act through an account without a post.
    """
    if actor.reference.startswith(WITHOUT_POST):
        raise NoPost("this account has no post, by which the record could name who did this")


def must_be_nameable(actor: Actor, made: Iterable[Mapping[str, Any] | None]) -> None:
    """Nothing, where no resource that is made refers to an actor to whom it may not.

    Raises:
        NoPost: one of them does.
    """
    if actor.reference.startswith(WITHOUT_POST) and any(
        _refers(one, actor.reference) for one in made
    ):
        need_post(actor)


def _refers(part: Any, reference: str) -> bool:
    if isinstance(part, Mapping):
        return part.get("reference") == reference or any(
            _refers(value, reference) for value in part.values()
        )
    return isinstance(part, list) and any(_refers(value, reference) for value in part)
