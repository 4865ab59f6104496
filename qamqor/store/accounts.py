"""Staff, roles, sign-in."""

from __future__ import annotations

from django.contrib.auth.models import AbstractUser
from django.db import models

ROLES = (
    "gp",
    "practice_nurse",
    "district_nurse",
    "midwife",
    "psychologist",
    "social_worker",
    "registrar",
    "lead_nurse",
    "head",
    "region_analyst",
    "ministry_author",
    "auditor",
    "administrator",
    "resident",
)


class Account(AbstractUser):
    """Somebody who signs in: a member of staff, or a resident.

    What the record says of them is a FHIR resource; the account only points to it.
    """

    role = models.CharField(max_length=32, choices=[(role, role) for role in ROLES])
    practitioner_role_id = models.CharField(max_length=64, blank=True, default="")
    patient_id = models.CharField(max_length=64, blank=True, default="")
    organization_id = models.CharField(max_length=64, blank=True, default="")
    language = models.CharField(max_length=2, default="kk")
    is_demo = models.BooleanField(default=False)


class Attempt(models.Model):
    """How often something was tried lately; the table behind Django's cache, shared by workers."""

    cache_key = models.CharField(max_length=255, primary_key=True)
    value = models.TextField()
    expires = models.DateTimeField(db_index=True)

    class Meta:
        db_table = "store_attempt"
