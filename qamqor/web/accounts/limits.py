"""How long a session lasts, and that staff pass a second step before they see anything."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final
from urllib.parse import urlencode

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone

from qamqor.store.accounts import Account

WRITE_EVERY_SECONDS: Final = 60
# What an open page asks by itself: nobody sits there because of it.
ASKED_BY_ITSELF: Final = frozenset({"/today/changed"})
# Where somebody may go before a second step is set up.
OPEN_WITHOUT: Final = (
    "/accounts/",
    "/language",
    "/static/",
    "/health",
    "/ready",
    "/fhir",
    "/oauth/token",
)


def begin(request: HttpRequest) -> None:
    """Note when a session began; its second step is asked about afresh."""
    now = timezone.now().timestamp()
    request.session["began"] = request.session["seen"] = now
    request.session["second_step"] = False
    # Whoever signed in just now need not prove it again to set up a second step.
    for step in request.session.get("account_authentication_methods", []):
        step["reauthenticated"] = True


def signed_in_safely(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Middleware that ends old sessions and sends staff without a second step to set one up."""

    def answer(request: HttpRequest) -> HttpResponseBase:
        if settings.SESSION_COOKIE_NAME in request.COOKIES and request.user.is_authenticated:
            if _is_over(request):
                logout(request)
                return _to_sign_in(request)
            if not _may_go_on(request):
                return HttpResponseRedirect(reverse("mfa_index"))
        return get_response(request)

    return answer


def _is_over(request: HttpRequest) -> bool:
    now = timezone.now().timestamp()
    seen = request.session.get("seen", 0)
    began = request.session.get("began", 0)
    if now - seen > settings.SESSION_IDLE_SECONDS or now - began > settings.SESSION_COOKIE_AGE:
        return True
    if now - seen > WRITE_EVERY_SECONDS and request.path not in ASKED_BY_ITSELF:
        request.session["seen"] = now
    return False


def _to_sign_in(request: HttpRequest) -> HttpResponseRedirect:
    """To sign in again, told why; back here afterwards where that does no harm."""
    shown = request.method == "GET"
    told = {"ended": "page" if shown else "form"} | ({"next": request.path} if shown else {})
    return HttpResponseRedirect(f"{reverse('account_login')}?{urlencode(told)}")


def _may_go_on(request: HttpRequest) -> bool:
    if request.session.get("second_step") or request.path.startswith(OPEN_WITHOUT):
        return True
    account = request.user
    if isinstance(account, Account) and _lacks_second_factor(account):
        return False
    request.session["second_step"] = True
    return True


def _lacks_second_factor(account: Account) -> bool:
    return needs_second_factor(account) and not has_second_factor(account)


def needs_second_factor(account: Account) -> bool:
    """All staff; the accounts of the demo only while this is the demo."""
    return account.role != "resident" and not (account.is_demo and settings.QAMQOR.is_demo)


def has_second_factor(account: Account) -> bool:
    """Whether an authenticator app or a passkey is set up."""
    kinds = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
    return bool(Authenticator.objects.filter(user=account, type__in=kinds).exists())
