"""How signing in differs from allauth's own way: no sign-up, a log, words, second factors kept."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from cryptography.fernet import Fernet
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from qamqor.services import accounts, audit
from qamqor.services.access.actor import Actor
from qamqor.store.accounts import Account
from qamqor.web import errors
from qamqor.web.accounts import limits

MISMATCH = _("The name or the password is not right. Check both and try again.")
NOBODY = Actor(account=None, reference="Device/sign-in", role="resident")


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "username_password_mismatch": MISMATCH,
        "email_password_mismatch": MISMATCH,
        "account_inactive": _("This account is closed. Ask the administrator."),
        "enter_current_password": _("Enter your current password."),
        "incorrect_password": _("The password is not right."),
        "too_many_login_attempts": _("Too many attempts. Wait a minute and try again."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def add_message(self, *args: Any, **named: Any) -> None:
        """Pages say themselves what was done."""

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        from allauth.core.exceptions import ImmediateHttpResponse
        from django.core.exceptions import ValidationError

        try:
            super().pre_authenticate(request, **credentials)
        except ValidationError as error:
            audit.record(NOBODY, "sign_in", at=timezone.now(), outcome="refused", detail="limit")
            raise ImmediateHttpResponse(errors.too_many(request)) from error

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        audit.record(NOBODY, "sign_in", at=timezone.now(), outcome="refused", detail="password")

    def login(self, request: HttpRequest, user: Account) -> None:
        super().login(request, user)
        limits.begin(request)
        actor = accounts.actor_for(user, timezone.now())
        audit.record(actor or NOBODY, "sign_in", at=timezone.now())

    def logout(self, request: HttpRequest) -> None:
        if request.user.is_authenticated:
            actor = accounts.actor_for(request.user, timezone.now())
            audit.record(actor or NOBODY, "sign_out", at=timezone.now())
        super().logout(request)

    def respond_user_inactive(self, request: HttpRequest, user: Account) -> HttpResponse:
        return errors.page(request, "access.not-allowed")


class SecondFactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": _("This code is not right or was used already. Wait for the next one."),
        "cannot_delete_authenticator": _("This is your last second step. Add another one first."),
    }

    def encrypt(self, text: str) -> str:
        return _cipher().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return _cipher().decrypt(encrypted_text.encode()).decode()

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        if not limits.needs_second_factor(authenticator.user):
            return True
        kinds = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
        others = Authenticator.objects.filter(user=authenticator.user, type__in=kinds)
        return authenticator.type not in kinds or others.exclude(pk=authenticator.pk).exists()

    def generate_authenticator_name(self, user: Account, type: Authenticator.Type) -> str:  # noqa: A002
        there = Authenticator.objects.filter(user=user, type=type).count()
        return str(_("Passkey %(number)s")) % {"number": there + 1}


def _cipher() -> Fernet:
    key = hashlib.sha256(b"second factors:" + settings.SECRET_KEY.encode()).digest()
    return Fernet(base64.urlsafe_b64encode(key))
