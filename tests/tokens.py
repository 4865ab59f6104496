"""Tokens for tests that call the FHIR API: an application and its token, in the database."""

from __future__ import annotations

import itertools
import secrets
from datetime import timedelta

from django.utils import timezone
from oauth2_provider.models import AccessToken, Application, set_token_value

from qamqor.store.accounts import Account

NUMBERS = itertools.count(1)


def token(
    scopes: str = "system/*.cruds label/*",
    *,
    account: Account | None = None,
    lives: timedelta = timedelta(hours=1),
) -> str:
    """A bearer token with these SMART scopes; without an account it is a backend service's own."""
    said = secrets.token_urlsafe(30)
    made = AccessToken(
        application=application(account=account),
        user=account,
        scope=scopes,
        expires=timezone.now() + lives,
    )
    set_token_value(made, said)
    made.save()
    return said


def bearer(scopes: str = "system/*.cruds label/*", **named: object) -> dict[str, str]:
    """The header that carries such a token, for ``httpx`` and ``client.get(..., headers=...)``."""
    return {"Authorization": f"Bearer {token(scopes, **named)}"}  # type: ignore[arg-type]


def application(*, account: Account | None = None) -> Application:
    """A registered client: of people when there is an account, else a backend service."""
    of_people = account is not None
    return Application.objects.create(
        name=f"test application {next(NUMBERS)}",
        hash_client_secret=False,
        client_type=Application.CLIENT_PUBLIC if of_people else Application.CLIENT_CONFIDENTIAL,
        authorization_grant_type=(
            Application.GRANT_AUTHORIZATION_CODE
            if of_people
            else Application.GRANT_CLIENT_CREDENTIALS
        ),
        redirect_uris="http://localhost/callback" if of_people else "",
    )


def account(role: str = "gp", **named: object) -> Account:
    """Somebody who can sign in, with a name nobody else in this run has."""
    return Account.objects.create_user(
        username=f"{role}-{next(NUMBERS)}", role=role, password="a long test password", **named
    )
