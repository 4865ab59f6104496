"""Decides for the toolkit what SMART adds to OAuth: scopes, context, signed assertions."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.utils import timezone
from oauth2_provider.models import RefreshToken
from oauth2_provider.oauth2_validators import OAuth2Validator

from qamqor.services import accounts, assertions, smart
from qamqor.services.smart import Context

REFRESHED_BY = frozenset({"offline_access", "online_access"})


class SmartValidator(OAuth2Validator):  # type: ignore[misc]
    oidc_claim_scope = {"sub": "openid", "fhirUser": "fhirUser", "profile": "profile"}

    # Who asks, and for what.

    def authenticate_client(self, request: Any, *args: Any, **named: Any) -> bool:
        """By a signed assertion where one is sent, else by the secret."""
        if not getattr(request, "client_assertion", None):
            return bool(super().authenticate_client(request, *args, **named))
        if getattr(request, "client_assertion_type", None) != assertions.KIND:
            return False
        base = settings.QAMQOR.base_url
        request.client = assertions.application_behind(
            request.client_assertion,
            audiences=(f"{base}/oauth/token", f"{base}/oauth/token/", request.uri.split("?")[0]),
            at=timezone.now(),
        )
        return request.client is not None

    def _load_application(self, client_id: str | None, request: Any) -> Any:
        """The client of an id. PostgreSQL refuses NUL by an error the toolkit does not expect."""
        return (
            None if "\x00" in (client_id or "") else super()._load_application(client_id, request)
        )

    def client_authentication_required(self, request: Any, *args: Any, **named: Any) -> bool:
        if getattr(request, "client_assertion", None):
            return True
        return bool(super().client_authentication_required(request, *args, **named))

    def validate_scopes(
        self, client_id: str, scopes: list[str], client: Any, request: Any, *_: Any, **__: Any
    ) -> bool:
        return bool(scopes) and smart.covers(client, scopes)

    def get_default_scopes(self, client_id: str, request: Any, *_: Any, **__: Any) -> list[str]:
        return []

    def is_pkce_required(self, client_id: str, request: Any) -> bool:
        return True

    # For whom: from the consent to the code, to the tokens, to those that follow.

    def save_authorization_code(
        self, client_id: str, code: Any, request: Any, *a: Any, **n: Any
    ) -> None:
        super().save_authorization_code(client_id, code, request, *a, **n)
        context = getattr(request, "smart_context", None)
        if context is not None and any(context):
            until = timezone.now() + smart.CODE_LIVES
            smart.keep(smart.key_of("code", code["code"]), context, until=until)

    def validate_refresh_token(
        self, refresh_token: str, client: Any, request: Any, *a: Any, **n: Any
    ) -> bool:
        """An ``online_access`` token lives only while its owner is signed in somewhere."""
        if not super().validate_refresh_token(refresh_token, client, request, *a, **n):
            return False
        if not request.user.is_active:
            return False
        held = self.get_original_scopes(refresh_token, request) or []
        scopes = held.split() if isinstance(held, str) else list(held)
        family = request.refresh_token_instance.token_family
        request.smart_context = smart.context_of(f"family:{family}")
        if "offline_access" in scopes:
            return True
        return bool(UserSession.objects.filter(user=request.user).exists())

    def save_bearer_token(self, token: dict[str, Any], request: Any, *a: Any, **n: Any) -> None:
        context = self._context(request)
        if not REFRESHED_BY & set(token.get("scope", "").split()):
            token.pop("refresh_token", None)
        super().save_bearer_token(token, request, *a, **n)
        if any(context):
            self._keep(token, context)
            named = {"patient": context.patient, "encounter": context.encounter}
            token.update({name: value for name, value in named.items() if value})
            token["need_patient_banner"] = False

    def _context(self, request: Any) -> Context:
        if request.grant_type == "authorization_code" and getattr(request, "code", None):
            return smart.context_of(smart.key_of("code", request.code))
        return getattr(request, "smart_context", None) or Context()

    def _keep(self, token: dict[str, Any], context: Context) -> None:
        now = timezone.now()
        lives = timedelta(seconds=settings.OAUTH2_PROVIDER["ACCESS_TOKEN_EXPIRE_SECONDS"])
        smart.keep(smart.key_of("token", token["access_token"]), context, until=now + lives)
        if token.get("refresh_token"):
            checksum = smart.key_of("", token["refresh_token"]).removeprefix(":")
            made = RefreshToken.objects.filter(token_checksum=checksum).first()
            if made is not None:
                until = now + timedelta(
                    seconds=settings.OAUTH2_PROVIDER["REFRESH_TOKEN_EXPIRE_SECONDS"]
                )
                smart.keep(f"family:{made.token_family}", context, until=until)

    # Who signed in.

    def get_additional_claims(self, request: Any) -> dict[str, Any]:
        base = f"{settings.QAMQOR.base_url}/fhir"
        user = f"{base}/{accounts.reference_of(request.user)}"
        return {"fhirUser": user, "profile": user}
