"""Passwords that hash at once: what is tested is who may come in, not how long a guess takes."""

from typing import Any

import pytest
from django.test import Client


@pytest.fixture(autouse=True)
def _quick_passwords(settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def client() -> Client:
    return Client(headers={"accept-language": "en"})
