"""What tests of pages begin with: a small village, and a browser in which somebody is signed in."""

from __future__ import annotations

import secrets

from django.conf import settings as django_settings
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Browser, BrowserContext

from qamqor.engine.fhir import json_text
from qamqor.store.accounts import Account
from qamqor.store.fhir import versions
from tests.browser import new_context
from tests.services.test_derived import put
from tests.services.worklist.test_today import household, resident

PEOPLE = {
    "amina": ("Ахметова", "Айгүл", "ул. Абая, 27"),
    "bolat": ("Әбіш", "Қуаныш", "ул. Абая, 27"),
    "dana": ("Жұмағұлова-Сейтқалиева", "Гүлбаршын", "с. Ойтал, ул. Школьная, 3"),
}


def make_village() -> None:
    """Area `north` of polyclinic `centre`, its nurse, and three people, two of one household."""
    put(
        {
            "resourceType": "Organization",
            "id": "north",
            "type": [
                {
                    "coding": [
                        {
                            "system": "http://qamqor.invalid/fhir/CodeSystem/organisation_kind",
                            "code": "gp_area",
                        }
                    ]
                }
            ],
            "name": "Area 4",
            "partOf": {"reference": "Organization/centre"},
        },
        {
            "resourceType": "PractitionerRole",
            "id": "nurse",
            "active": True,
            "organization": {"reference": "Organization/north"},
        },
    )
    for who, (family, given, street) in PEOPLE.items():
        resident(who, systolic=190 if who == "dana" else 150)
        person = json_text.decode(versions.read("Patient", who).content or "")  # type: ignore[union-attr]
        put(
            {
                **person,
                "name": [{"use": "official", "family": family, "given": [given]}],
                "address": [{"use": "home", "text": street}],
                "telecom": [{"system": "phone", "value": "+77010001427"}],
            }
        )
    household("amina", "bolat")


def signed_in(browser: Browser, url: str, *, language: str = "en", size: str = "desk",
              role: str = "practice_nurse", post: str = "nurse",
              organization: str = "centre") -> BrowserContext:  # fmt: skip
    """A browser in which somebody of this role is signed in, reading in this language."""
    account = Account.objects.create_user(
        f"{role}-{language}-{size}-{secrets.token_hex(2)}",
        role=role,
        practitioner_role_id=post,
        organization_id=organization,
        is_demo=True,
        first_name="Назгүл",
        last_name="Сарсенбаева",
    )
    client = Client()
    client.force_login(account, backend=django_settings.AUTHENTICATION_BACKENDS[0])
    session = client.session
    session["began"] = session["seen"] = timezone.now().timestamp()
    session.save()
    context = new_context(browser, language, size)
    name = django_settings.SESSION_COOKIE_NAME
    context.add_cookies(
        [
            {"name": name, "value": client.cookies[name].value, "url": url},
            {"name": "qamqor_density", "value": "compact", "url": url},
            {"name": django_settings.LANGUAGE_COOKIE_NAME, "value": language, "url": url},
        ]
    )
    return context
