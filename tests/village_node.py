"""The small village on a node of its own, which a test may kill and start again, and its record."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings as django_settings
from playwright.sync_api import Browser, BrowserContext

from tests.browser import new_context
from tests.web.fhir import serving

MAKE: str = """
import sys, json
from qamqor import settings
settings.load_django()
from django.conf import settings as django_settings
from django.test import Client
from django.utils import timezone
from qamqor.store.accounts import Account
from tests.pages import make_village
if sys.argv[1] == "village":
    make_village()
account = Account.objects.create_user(
    sys.argv[1], role="practice_nurse", practitioner_role_id="nurse", organization_id="centre",
    first_name="Назгүл", last_name="Сарсенбаева", is_demo=True,
)
client = Client()
client.force_login(account, backend=django_settings.AUTHENTICATION_BACKENDS[0])
session = client.session
session["began"] = session["seen"] = timezone.now().timestamp()
session.save()
print("COOKIE", client.cookies[django_settings.SESSION_COOKIE_NAME].value)
"""


@dataclass
class VillageNode:
    """A running node with three people and a nurse.

    Attributes:
        cookie: of the nurse's session; it lives in the database, so it outlives the process.
    """

    folder: Path
    port: int
    cookie: str
    process: subprocess.Popen[bytes]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def kill(self) -> None:
        """As a power cut would."""
        serving.kill(self.process)

    def start(self) -> None:
        """Begin again on the same folder and port."""
        self.process = serving.start(self.folder, self.port, is_demo=True)

    def context(self, browser: Browser) -> BrowserContext:
        """A browser in which the nurse is signed in."""
        context = new_context(browser)
        name = django_settings.SESSION_COOKIE_NAME
        context.add_cookies([{"name": name, "value": self.cookie, "url": self.url}])
        return context

    def record(self, type_: str, holding: str = "") -> list[dict[str, Any]]:
        """What is in the record of a type now, if its text holds some words."""
        database = sqlite3.connect(self.folder / "qamqor.sqlite3")
        try:
            rows = database.execute(
                """select content from fhir_change as one where type = ? and content is not null
                and version = (select max(version) from fhir_change as other
                               where other.type = one.type and other.id = one.id)""",
                [type_],
            )
            return [json.loads(content) for (content,) in rows if holding in content]
        finally:
            database.close()


@contextmanager
def village_node(folder: Path) -> Iterator[VillageNode]:
    """A node with the village, ended with the block."""
    port = serving.free_port()
    process = serving.start(folder, port, is_demo=True)
    made = subprocess.run(
        [sys.executable, "-c", MAKE, "village"],
        env=serving.environment(folder, is_demo=True),
        capture_output=True,
        text=True,
        check=False,
    )
    node = VillageNode(folder, port, "", process)
    try:
        assert "COOKIE " in made.stdout, made.stderr[-3000:]
        node.cookie = made.stdout.split("COOKIE ")[1].strip()
        yield node
    finally:
        node.kill()
