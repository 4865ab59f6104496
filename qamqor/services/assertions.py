"""Proves a backend service by the assertion it signed with its private key."""

from __future__ import annotations

import json
import urllib.request
from datetime import UTC, datetime
from typing import Any, Final

from jwcrypto import jwk, jwt
from jwcrypto.common import JWException

from qamqor.services import smart
from qamqor.store.smart import Client

KIND: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ALGORITHMS: Final = ("RS384", "ES384")
LONGEST_SECONDS: Final = 300
KEYS_LIVE_SECONDS: Final = 300
MOST_KEY_BYTES: Final = 64 * 1024
LONGEST_WORD: Final = 255
_FETCHED: dict[str, tuple[float, str]] = {}


def application_behind(assertion: str, *, audiences: tuple[str, ...], at: datetime) -> Any | None:
    """The application that signed an assertion; None when anything about it is not right.

    The assertion names itself (``iss`` = ``sub``), is for our token address, lives five minutes at
    most, and works once.

    Source:
        SMART App Launch 2, client authentication with an asymmetric (public key) method.
    """
    client = _named(assertion)
    if client is None:
        return None
    claims = _claims(assertion, client, at)
    if claims is None or not _is_right(claims, client, audiences=audiences, at=at):
        return None
    until = datetime.fromtimestamp(claims["exp"], UTC)
    first = smart.use_once(client.application.client_id, str(claims["jti"]), until=until)
    return client.application if first else None


def _named(assertion: str) -> Client | None:
    """The client an assertion says it comes from, not yet proved."""
    try:
        said = jwt.JWT()
        said.deserialize(assertion)
        issuer = json.loads(said.token.objects["payload"]).get("iss")
    except (JWException, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    if not _is_word(issuer):
        return None
    clients = Client.objects.select_related("application")
    return clients.filter(application__client_id=issuer).first()


def _claims(assertion: str, client: Client, at: datetime) -> dict[str, Any] | None:
    """What it claims, when one of the client's keys signed it."""
    for text in _key_sets(client, at):
        try:
            proved = jwt.JWT(jwt=assertion, key=jwk.JWKSet.from_json(text), algs=list(ALGORITHMS))
            claims: dict[str, Any] = json.loads(proved.claims)
        except (JWException, ValueError, TypeError, RecursionError):
            continue
        return claims
    return None


def _key_sets(client: Client, at: datetime) -> list[str]:
    if client.jwks is not None:
        return [json.dumps(client.jwks)]
    return _published(client.jwks_uri, at) if client.jwks_uri else []


def _published(address: str, at: datetime) -> list[str]:
    """The keys behind an address, read again every five minutes."""
    began, text = _FETCHED.get(address, (0.0, ""))
    now = at.timestamp()
    if now - began > KEYS_LIVE_SECONDS or not text:
        try:
            with urllib.request.urlopen(address, timeout=5) as answer:  # noqa: S310 (registered)
                text = answer.read(MOST_KEY_BYTES).decode()
        except (OSError, ValueError):
            return []
        _FETCHED[address] = (now, text)
    return [text]


def _is_right(
    claims: dict[str, Any], client: Client, *, audiences: tuple[str, ...], at: datetime
) -> bool:
    said = claims.get("aud")
    named = said if isinstance(said, list) else [said]
    for_us = {one for one in named if isinstance(one, str)} & set(audiences)
    now = at.timestamp()
    expires = claims.get("exp")
    return (
        claims.get("iss") == claims.get("sub") == client.application.client_id
        and bool(for_us)
        and isinstance(expires, int | float)
        and now < expires <= now + LONGEST_SECONDS
        and _is_word(claims.get("jti"))
    )


def _is_word(said: Any) -> bool:
    """Whether a claim is a text that can be kept: PostgreSQL takes no NUL, columns have an end."""
    return isinstance(said, str) and 0 < len(said) <= LONGEST_WORD and "\x00" not in said
