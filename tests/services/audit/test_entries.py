"""Readers who wait together are told together, also when their commit fails."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError, connection

from qamqor.errors import NotPossible
from qamqor.services.access.actor import PLATFORM
from qamqor.services.audit import checkpoints, events, record
from qamqor.services.audit.entries import Entry, entry, keep_answered
from qamqor.store import audit
from qamqor.store.audit import Wanted
from tests.services.access.village import AT, actor


@pytest.mark.django_db(transaction=True)
def test_nobody_is_answered_when_the_entry_cannot_be_kept() -> None:
    with connection.cursor() as cursor:
        cursor.execute("alter table audit_entry rename to audit_entry_gone")

    def look(number: int) -> str:
        try:
            record(actor("gp"), "read", at=AT, people=[f"p{number}"])
        except DatabaseError:
            return "refused"
        finally:
            connection.close()
        return "answered"

    try:
        with ThreadPoolExecutor(8) as threads:
            assert set(threads.map(look, range(24))) == {"refused"}
    finally:
        with connection.cursor() as cursor:
            cursor.execute("alter table audit_entry_gone rename to audit_entry")
    assert audit.find(Wanted(), limit=1) == []
    record(actor("gp"), "read", at=AT)
    assert audit.find(Wanted(), limit=1)[0].number == 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("action", "type_code", "subtype"),
    [
        ("sign_in", "110114", "110122"),
        ("sign_out", "110114", "110123"),
        ("export", "110106", "export"),
        ("break_glass", "110113", "110127"),
        ("operation", "rest", "operation"),
        ("history", "rest", "history-instance"),
    ],
)
def test_an_event_names_what_was_done(action: str, type_code: str, subtype: str) -> None:
    record(actor("gp", client="app"), action, at=AT, detail="words")
    event = events.event(audit.find(Wanted(), limit=1)[0])

    assert event["type"]["code"] == type_code
    assert event["subtype"][0]["code"] == subtype
    assert event["outcomeDesc"] == "words"
    assert event["agent"][2]["who"] == {"identifier": {"value": "app"}}


@pytest.mark.django_db(transaction=True)
def test_what_is_kept_while_readers_are_answered_stays_beside_their_lines() -> None:
    def answer(_: object) -> list[Entry]:
        record(actor("gp"), "operation", at=AT)
        return [entry(actor("gp"), "read", at=AT)]

    before = audit.counted()[0]
    keep_answered("anything", answer)

    assert audit.counted()[0] == before + 2
    assert {row.action for row in audit.find(Wanted(), limit=2)} == {"operation", "read"}


@pytest.mark.django_db
def test_a_key_that_cannot_sign_is_named(tmp_path: Path, settings: Any) -> None:
    import dataclasses

    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

    file = tmp_path / "key.pem"
    file.write_bytes(
        X25519PrivateKey.generate().private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    settings.QAMQOR = dataclasses.replace(settings.QAMQOR, audit_key=file)

    with pytest.raises(NotPossible, match="no Ed25519 private key"):
        record(PLATFORM, "read", at=AT)


@pytest.mark.django_db
def test_a_key_is_made_once_and_read_by_its_owner_only(tmp_path: Path, settings: Any) -> None:
    import dataclasses

    settings.QAMQOR = dataclasses.replace(settings.QAMQOR, audit_key=tmp_path / "new" / "key.pem")
    first = checkpoints.public_pem()

    assert checkpoints.public_pem() == first
    assert checkpoints.key_file().stat().st_mode & 0o077 == 0


@pytest.mark.django_db
def test_nothing_is_signed_before_there_is_something() -> None:
    assert checkpoints.sign_now(at=1) is None
