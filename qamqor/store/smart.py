"""What SMART App Launch remembers beside OAuth: clients' keys, launches, used assertions."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class Client(models.Model):
    """What a registered application may ask for and how it proves who it is."""

    application = models.OneToOneField(
        settings.OAUTH2_PROVIDER_APPLICATION_MODEL,
        on_delete=models.CASCADE,
        related_name="smart",
    )
    scopes = models.TextField(blank=True, default="")
    launch_url = models.URLField(blank=True, default="")
    jwks = models.JSONField(null=True, blank=True)
    jwks_uri = models.URLField(blank=True, default="")


class LaunchContext(models.Model):
    """For whom an application was started: held by a launch, then by its code and its tokens.

    ``key`` is ``launch:``, ``code:`` or ``token:`` and the SHA-256 of the secret, or ``family:``
    and the id of a family of refresh tokens.
    """

    key = models.CharField(max_length=80, primary_key=True)
    account_id = models.BigIntegerField(null=True)
    patient_id = models.CharField(max_length=64, blank=True, default="")
    encounter_id = models.CharField(max_length=64, blank=True, default="")
    expires_at = models.DateTimeField(db_index=True)


class UsedAssertion(models.Model):
    """A signed client assertion that was used once and never works again."""

    client_id = models.CharField(max_length=255)
    jti = models.CharField(max_length=255)
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["client_id", "jti"], name="assertion_used_once"),
        )
