"""Who is calling: a bearer token or a signed-in page, made into an Actor."""

from __future__ import annotations

import hashlib

from django.http import HttpRequest
from django.utils import timezone

from qamqor.services.access.actor import Actor
from qamqor.store import tokens
from qamqor.web.fhir.outcomes import NobodyKnown


def actor_of(request: HttpRequest) -> Actor:
    """The actor behind a request.

    Raises:
        NobodyKnown: nobody is signed in and no valid token came with the request.
    """
    said = request.headers.get("Authorization", "")
    if said.startswith("Bearer "):
        return _behind_token(said.removeprefix("Bearer ").strip())
    raise NobodyKnown("sign in, or send a bearer token")


def _behind_token(token: str) -> Actor:
    checksum = hashlib.sha256(token.encode()).hexdigest()
    found = tokens.by_checksum(checksum)
    if found is None or found.expires <= timezone.now():
        raise NobodyKnown("this token is unknown or has expired")
    return Actor(
        account=found.account,
        reference=f"Device/{found.application}",
        role="system",
        scopes=frozenset(found.scope.split()),
        client=str(found.application),
    )
