"""What pages of referrals ask of the database does not grow with what is on them."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone

from qamqor.services.referral import write
from qamqor.store.accounts import Account
from tests.services.access.village import actor
from tests.services.test_derived import AT, put
from tests.services.worklist.test_today import villager
from tests.web.referrals.test_referrals import WISH, hospital

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "sqlite", reason="counts by a callback of SQLite"),
]
__all__ = ["hospital"]


def asked(client: Any, path: str) -> int:
    seen: list[str] = []
    connection.ensure_connection()
    connection.connection.set_trace_callback(seen.append)
    assert client.get(path).status_code == 200
    connection.connection.set_trace_callback(None)
    return len(seen)


def test_a_list_of_more_referrals_asks_hardly_more(hospital: None, client: Any) -> None:
    account = Account.objects.create_user(
        "nurse-1", role="practice_nurse", practitioner_role_id="nurse",
        organization_id="centre", is_demo=True,
    )  # fmt: skip
    client.force_login(account, backend=settings.AUTHENTICATION_BACKENDS[0])
    session = client.session
    session["began"] = session["seen"] = timezone.now().timestamp()
    session.save()
    nurse = actor("practice_nurse", reference="PractitionerRole/nurse")

    def send(who: str) -> str:
        return write.send(who, WISH, actor=nurse, at=AT, key=str(uuid.uuid4()))

    one = send("amina")
    first, alone = asked(client, "/referrals"), asked(client, f"/referrals/{one}")
    for number in range(20):
        put(villager(f"p{number}", "north"))
    plain = WISH.__class__(WISH.service, WISH.priority, WISH.performer, WISH.question)
    for number in range(20):
        write.send(f"p{number}", plain, actor=nurse, at=AT, key=str(uuid.uuid4()))
    many = asked(client, "/referrals")
    assert first <= 40
    assert alone <= 45
    assert many - first <= 2, f"{first} for one, {many} for 21"
