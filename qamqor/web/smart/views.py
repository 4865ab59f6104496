"""Asking for consent, choosing the person, starting an application, and what clients look up."""

from __future__ import annotations

import hashlib
import json
from typing import Any
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_POST
from oauth2_provider.models import Application
from oauth2_provider.views import AuthorizationView, IntrospectTokenView
from oauth2_provider.views.mixins import OAuthLibMixin

from qamqor.errors import NotThere
from qamqor.services import smart
from qamqor.services.smart import Context
from qamqor.services.smart_configuration import configuration
from qamqor.store.accounts import Account
from qamqor.store.smart import Client
from qamqor.web import errors
from qamqor.web.smart import people, scopes


def well_known(request: HttpRequest) -> JsonResponse:
    answer = JsonResponse(configuration())
    answer.headers["Access-Control-Allow-Origin"] = "*"
    answer.headers["Cache-Control"] = "max-age=3600"
    return answer


class Authorize(AuthorizationView):  # type: ignore[misc]
    """The toolkit's authorisation page with SMART's parameters: ``aud``, ``launch``, context."""

    template_name = "smart/authorize.html"

    def get(self, request: HttpRequest, *args: Any, **named: Any) -> HttpResponse:
        refused = self._refuse(request)
        if refused is not None:
            return refused
        asked = request.GET.get("scope", "").split()
        key = _key(request.GET)
        if "launch" in request.GET:
            context = smart.take_launch(
                request.GET["launch"], _account(request).pk, at=timezone.now()
            )
            if context is None and key not in request.session.get("smart", {}):
                return errors.page(request, "smart.launch-over")
            if context is not None:
                _choose(request, key, context)
        elif "launch/patient" in asked and key not in request.session.get("smart", {}):
            if _account(request).patient_id:
                _choose(request, key, Context(patient=_account(request).patient_id))
            else:
                return people.pick(request, key)
        response: HttpResponse = super().get(request, *args, **named)
        return response

    def post(self, request: HttpRequest, *args: Any, **named: Any) -> HttpResponse:
        if "pick" in request.POST or "find" in request.POST:
            return people.pick(request, _key(request.GET))
        response: HttpResponse = super().post(request, *args, **named)
        return response

    def create_authorization_response(
        self, request: HttpRequest, scopes: str, credentials: dict[str, Any], allow: bool
    ) -> Any:
        chosen = request.session.get("smart", {}).get(_key(credentials))
        credentials = {**credentials, "smart_context": Context(*(chosen or ()))}
        return super().create_authorization_response(request, scopes, credentials, allow)

    def get_context_data(self, **named: Any) -> dict[str, Any]:
        said: dict[str, Any] = super().get_context_data(**named)
        uri = str(said.get("redirect_uri") or "")
        parts = urlsplit(uri)
        # A browser would stop the answer to this form from leaving for the client's own address.
        self.request.form_may_reach = f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""
        chosen = self.request.session.get("smart", {}).get(_key(said))
        said["in_words"] = scopes.in_words(said.get("scopes", []))
        said["person"] = people.shown(self.request, chosen[0]) if chosen and chosen[0] else None
        return said

    def error_response(self, error: Any, application: Any, **named: Any) -> HttpResponse:
        redirect, response = OAuthLibMixin.error_response(self, error, **named)
        if redirect:
            back: HttpResponse = self.redirect(response["url"], application)
            return back
        return errors.page(self.request, "request.wrong")

    def _refuse(self, request: HttpRequest) -> HttpResponse | None:
        """SMART's own conditions, asked before the toolkit's."""
        if request.GET.get("code_challenge_method") != "S256":
            return errors.page(request, "smart.no-pkce")
        audience = request.GET.get("aud", "").rstrip("/")
        if audience != f"{settings.QAMQOR.base_url}/fhir":
            return errors.page(request, "smart.other-audience")
        return None


@csrf_exempt
def authorize(request: HttpRequest) -> HttpResponse:
    """Where an application sends people, by GET or, from a form of its own, by POST.

    What comes by POST without the token of our own form only says what is asked for; it is asked
    again by GET, which is also when the cookie of the session comes along.
    """
    if request.method == "POST" and "csrfmiddlewaretoken" not in request.POST:
        asked = f"{request.path}?{request.POST.urlencode()}"
        return HttpResponseRedirect(asked, status=303)
    answer: HttpResponse = csrf_protect(Authorize.as_view())(request)
    return answer


def _account(request: HttpRequest) -> Account:
    """Who is signed in; these pages are for nobody else."""
    account = request.user
    if not isinstance(account, Account):
        raise NotThere("nobody is signed in")
    return account


def _key(said: Any) -> str:
    """Names one request of one application, so that two open at once do not mix their people."""
    parts = [str(said.get(name) or "") for name in ("client_id", "state", "code_challenge")]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]


def _choose(request: HttpRequest, key: str, context: Context) -> None:
    request.session["smart"] = {**request.session.get("smart", {}), key: list(context)}


@login_required
@require_POST
def start(request: HttpRequest, client_id: str) -> HttpResponse:
    """Start an application from the workspace for the person (and visit) on the page."""
    found = Client.objects.filter(application__client_id=client_id).first()
    if found is None or not found.launch_url:
        raise NotThere("no such application")
    context = Context(request.POST.get("patient", ""), request.POST.get("encounter", ""))
    if context.patient:
        people.shown(request, context.patient)
    token = smart.open_launch(_account(request).pk, context, at=timezone.now())
    said = urlencode({"iss": f"{settings.QAMQOR.base_url}/fhir", "launch": token})
    join = "&" if urlsplit(found.launch_url).query else "?"
    return HttpResponseRedirect(f"{found.launch_url}{join}{said}")


@login_required
def applications(request: HttpRequest) -> HttpResponse:
    """Which applications may go on in my name; each can be ended here."""
    if request.method == "POST":
        smart.end(_account(request).pk, request.POST.get("client_id", ""))
        return HttpResponseRedirect(request.path)
    held = Application.objects.filter(accesstoken__user=request.user).distinct()
    return render(request, "smart/applications.html", {"applications": held})


class Introspect(IntrospectTokenView):  # type: ignore[misc]
    """The toolkit's introspection, with the context of the launch."""

    @staticmethod
    def get_token_response(token_value: str | None = None) -> JsonResponse:
        answer: JsonResponse = IntrospectTokenView.get_token_response(token_value)
        return answer if token_value is None else _with_context(answer, token_value)


def _with_context(answer: JsonResponse, token: str) -> JsonResponse:
    said = json.loads(answer.content)
    if said.get("active"):
        context = smart.context_of(smart.key_of("token", token))
        said.update({k: v for k, v in context._asdict().items() if v})
    return JsonResponse(said, status=answer.status_code)
