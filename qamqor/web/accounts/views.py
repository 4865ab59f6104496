"""One's own account, help for those who cannot sign in, and the roles of the demo."""

from __future__ import annotations

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_POST

from qamqor.errors import NotThere
from qamqor.services import accounts
from qamqor.web.accounts import limits


@login_required
def home(request: HttpRequest) -> HttpResponse:
    return render(
        request,
        "accounts/home.html",
        {"has_second_factor": limits.has_second_factor(request.user)},  # type: ignore[arg-type]
    )


def cannot_sign_in(request: HttpRequest) -> HttpResponse:
    return render(request, "accounts/help.html")


@require_POST
def enter_demo(request: HttpRequest) -> HttpResponse:
    """Sign in as one of the demo's people; there is no such page outside the demo."""
    if not settings.QAMQOR.is_demo:
        raise NotThere("this is not the demo")
    account = accounts.one(request.POST.get("username", ""))
    if not account.is_demo or not account.is_active:
        raise NotThere("not an account of the demo")
    account.backend = settings.AUTHENTICATION_BACKENDS[0]
    get_adapter(request).login(request, account)
    return HttpResponseRedirect(settings.LOGIN_REDIRECT_URL)
