"""Who is calling: a bearer token or a signed-in page, made into an Actor."""

from __future__ import annotations

import hashlib

from django.http import HttpRequest
from django.utils import timezone

from qamqor.services import accounts
from qamqor.services.access.actor import Actor, of_system
from qamqor.services.fhir import read_together
from qamqor.store import tokens
from qamqor.store.accounts import Account
from qamqor.web.fhir.outcomes import NobodyKnown


def actor_of(request: HttpRequest) -> Actor:
    """The actor behind a request.

    Raises:
        NobodyKnown: nobody is signed in and no valid token came with the request.
    """
    token = token_of(request)
    if token is not None:
        return _behind_token(token)
    account = getattr(request, "user", None)
    if isinstance(account, Account):
        return _behind_page(request, account)
    raise NobodyKnown("sign in, or send a bearer token")


def token_of(request: HttpRequest) -> str | None:
    """The bearer token that came with a request, whatever it is worth."""
    said: str = request.META.get("HTTP_AUTHORIZATION", "")
    return said.removeprefix("Bearer ").strip() if said.startswith("Bearer ") else None


def checksum_of(token: str) -> str:
    """By what a token is kept and looked up."""
    return hashlib.sha256(token.encode()).hexdigest()


def _behind_token(token: str) -> Actor:
    """One question to the database, asked on every call, so that an ended token ends now."""
    now = timezone.now()
    checksum = checksum_of(token)
    found = tokens.by_checksum(checksum)
    if found is None or found.expires <= now:
        raise NobodyKnown("this token is unknown or has expired")
    scopes, client = frozenset(found.scope.split()), str(found.application)
    if found.account is None:
        read_together.remember(checksum)
        return of_system(found.application, found.scope)
    account = Account.objects.filter(pk=found.account).first()
    actor = account and accounts.actor_for(
        account, now, scopes=scopes, client=client, context=found.patient
    )
    if not actor:
        raise NobodyKnown("the account behind this token is closed")
    return actor


def _behind_page(request: HttpRequest, account: Account) -> Actor:
    now = timezone.now()
    actor = accounts.actor_for(account, now)
    if actor is None or not accounts.is_session_open(request.session, now):
        raise NobodyKnown("the session is over; sign in again")
    return actor
