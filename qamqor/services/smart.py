"""Lets other applications in: registers them, starts them for a person, proves who they are."""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

from django.db import IntegrityError, transaction
from oauth2_provider.generators import generate_client_secret
from oauth2_provider.models import AccessToken, Application, Grant, RefreshToken

from qamqor.errors import NotPossible
from qamqor.services.access import scopes
from qamqor.store.smart import Client, LaunchContext, UsedAssertion

LAUNCH_LIVES: Final = timedelta(minutes=5)
CODE_LIVES: Final = timedelta(minutes=5)
PLAIN_SCOPES: Final = frozenset(
    {
        "openid",
        "fhirUser",
        "profile",
        "launch",
        "launch/patient",
        "launch/encounter",
        "offline_access",
        "online_access",
    }
)


@dataclass(frozen=True, slots=True)
class NewClient:
    """An application to register.

    Attributes:
        scopes: what it may ask for at most. redirects: exact addresses; none = a backend service.
        launch_url: address that starts it from the workspace.
        is_confidential: keeps a secret on a server; else only PKCE protects it.
        jwks: its public keys as JSON text; jwks_uri: where they are published.
    """

    name: str
    scopes: tuple[str, ...]
    redirects: tuple[str, ...] = ()
    launch_url: str = ""
    is_confidential: bool = False
    jwks: str | None = None
    jwks_uri: str = ""


class Registered(NamedTuple):
    """What an application is told once; the secret is empty where it has none."""

    client_id: str
    client_secret: str


def register(wanted: NewClient) -> Registered:
    """Register an application.

    Raises:
        NotPossible: a scope, address or key cannot be used, with the reason.
    """
    _check(wanted)
    is_backend = not wanted.redirects
    has_keys = wanted.jwks is not None or bool(wanted.jwks_uri)
    with_secret = wanted.is_confidential and not has_keys
    secret = generate_client_secret() if with_secret else ""
    with transaction.atomic():
        application = Application.objects.create(
            name=wanted.name,
            client_type=(
                Application.CLIENT_CONFIDENTIAL
                if is_backend or has_keys or wanted.is_confidential
                else Application.CLIENT_PUBLIC
            ),
            authorization_grant_type=(
                Application.GRANT_CLIENT_CREDENTIALS
                if is_backend
                else Application.GRANT_AUTHORIZATION_CODE
            ),
            redirect_uris=" ".join(wanted.redirects),
            algorithm=Application.RS256_ALGORITHM,
            client_secret=secret or secrets.token_urlsafe(48),
        )
        Client.objects.create(
            application=application,
            scopes=" ".join(wanted.scopes),
            launch_url=wanted.launch_url,
            jwks=None if wanted.jwks is None else json.loads(wanted.jwks),
            jwks_uri=wanted.jwks_uri,
        )
    return Registered(application.client_id, secret)


def name_of(client: str) -> str:
    """The name of a registered application, by its number; the number where there is none."""
    found = Application.objects.filter(pk=client).first() if client.isdigit() else None
    return client if found is None else str(found.name)


def _check(wanted: NewClient) -> None:
    is_backend = not wanted.redirects
    for scope in wanted.scopes:
        if scope not in PLAIN_SCOPES and scopes.parse(scope) is None:
            raise NotPossible(f"{scope!r} is no SMART scope, such as patient/Observation.rs")
        if is_backend and not scope.startswith("system/"):
            raise NotPossible(f"{scope!r}: a backend service has system/ scopes only")
        if not is_backend and scope.startswith("system/"):
            raise NotPossible(f"{scope!r}: system/ scopes are for backend services (no redirect)")
    for address in (*wanted.redirects, wanted.launch_url, wanted.jwks_uri):
        if address and not _is_safe(address):
            raise NotPossible(f"{address!r}: write an https address without a fragment")
    if is_backend and wanted.jwks is None and not wanted.jwks_uri:
        raise NotPossible("a backend service proves itself by keys: give --jwks or --jwks-uri")
    if wanted.jwks is not None:
        _keys(wanted.jwks)


def _is_safe(address: str) -> bool:
    parts = urlsplit(address)
    is_here = parts.hostname in {"localhost", "127.0.0.1", "::1"}
    has_scheme = parts.scheme == "https" or (parts.scheme == "http" and is_here)
    return has_scheme and bool(parts.netloc) and not parts.fragment


def _keys(text: str) -> list[dict[str, Any]]:
    try:
        keys = json.loads(text)["keys"]
    except (ValueError, KeyError, TypeError) as error:
        raise NotPossible('the keys are no JSON Web Key Set: {"keys": [...]}') from error
    if any("d" in key for key in keys):
        raise NotPossible("the key set holds a private key; register the public keys only")
    return list(keys)


def covers(application: Any, wanted: list[str]) -> bool:
    """Whether an application was registered for everything it asks for."""
    held = Client.objects.filter(application=application).values_list("scopes", flat=True).first()
    registered = (held or "").split()
    return all(any(_within(scope, one) for one in registered) for scope in wanted)


def _within(scope: str, registered: str) -> bool:
    if scope == registered:
        return True
    asked, may = scopes.parse(scope), scopes.parse(registered)
    if asked is None or may is None or asked.level != may.level:
        return False
    is_type = may.type in {"*", asked.type}
    return is_type and set(asked.letters) <= set(may.letters) and may.query in {"", asked.query}


# ---- For whom an application was started -------------------------------------------------------


class Context(NamedTuple):
    """The patient and the visit an application was started for; empty where it was for neither."""

    patient: str = ""
    encounter: str = ""


def open_launch(account: int, context: Context, *, at: datetime) -> str:
    """A launch token that hands this context to the application the account opens next."""
    token = secrets.token_urlsafe(24)
    keep(f"launch:{_hash(token)}", context, until=at + LAUNCH_LIVES, account=account)
    return token


def take_launch(token: str, account: int, *, at: datetime) -> Context | None:
    """The context of a launch token, once, for the account it was made for; None otherwise."""
    key = f"launch:{_hash(token)}"
    with transaction.atomic():
        held = LaunchContext.objects.filter(pk=key, account_id=account, expires_at__gt=at).first()
        LaunchContext.objects.filter(pk=key).delete()
    return None if held is None else Context(held.patient_id, held.encounter_id)


def keep(key: str, context: Context, *, until: datetime, account: int | None = None) -> None:
    """Keep a context under a key; an empty one is not kept."""
    LaunchContext.objects.update_or_create(
        pk=key,
        defaults={
            "account_id": account,
            "patient_id": context.patient,
            "encounter_id": context.encounter,
            "expires_at": until,
        },
    )


def context_of(key: str) -> Context:
    """The context kept under a key, empty where there is none."""
    held = LaunchContext.objects.filter(pk=key).first()
    return Context() if held is None else Context(held.patient_id, held.encounter_id)


def key_of(kind: str, secret: str) -> str:
    """The key of a code or token; the secret itself is not kept."""
    return f"{kind}:{_hash(secret)}"


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def end(account: int, client_id: str) -> None:
    """End everything an application may do in somebody's name."""
    for kind in (RefreshToken, AccessToken, Grant):
        kind.objects.filter(user_id=account, application__client_id=client_id).delete()


def forget(*, at: datetime) -> None:
    """Remove contexts and used assertions whose time is over."""
    LaunchContext.objects.filter(expires_at__lt=at).delete()
    UsedAssertion.objects.filter(expires_at__lt=at).delete()


def use_once(client_id: str, jti: str, *, until: datetime) -> bool:
    """Whether this assertion is used for the first time."""
    try:
        with transaction.atomic():
            UsedAssertion.objects.create(client_id=client_id, jti=jti, expires_at=until)
    except IntegrityError:
        return False
    return True
