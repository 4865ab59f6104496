"""Systems that read together are answered, refused and kept as each would be alone."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from oauth2_provider.models import AccessToken

from qamqor.errors import QamqorError
from qamqor.services.access.actor import of_system
from qamqor.services.fhir import read, read_together
from qamqor.services.fhir.write import Change, save
from qamqor.store import audit, tokens
from qamqor.store.audit import Wanted
from qamqor.store.fhir.versions import Version
from qamqor.web.fhir.gate import checksum_of
from tests.services.access.village import AT, PLATFORM, people
from tests.tokens import account, token

pytestmark = pytest.mark.django_db(transaction=True)
SCOPES = (
    "system/*.cruds label/*",
    "system/*.rs",
    "system/Patient.rs",
    "system/Observation.s",
    "system/Observation.rs?code=http://loinc.org|29463-7",
    "patient/Observation.rs",
)
NAMES = (
    ("Patient", "amina"),
    ("Observation", "amina-weight"),
    ("Observation", "amina-hiv"),
    ("Observation", "bolat-weight"),
    ("Observation", "never-here"),
    ("AuditEvent", "1"),
)


@pytest.fixture(autouse=True)
def _people() -> Iterator[None]:
    people()
    save([Change("DELETE", "Observation", "bolat-weight")], actor=PLATFORM, at=AT)
    yield
    read_together.forget()


def remembered(scopes: str = SCOPES[0], **said: Any) -> str:
    checksum = checksum_of(token(scopes, **said))
    read_together.remember(checksum)
    return checksum


def plainly(checksum: str, type_: str, id_: str, at: datetime) -> Version:
    found = tokens.by_checksum(checksum)
    assert found is not None
    return read.one(type_, id_, actor=of_system(found.application, found.scope), at=at)


def ended(work: Any, *asked: Any, **named: Any) -> object:
    """What it gives, or how it refuses."""
    try:
        return work(*asked, **named)
    except QamqorError as refusal:
        return type(refusal), str(refusal)


def kept() -> list[tuple[Any, ...]]:
    """What the audit says since the people came, without numbers and hashes, oldest first."""
    rows = audit.find(Wanted(), limit=1000)
    return [(r.at, r.action, r.outcome, r.agent, r.entry) for r in reversed(rows)]


@pytest.mark.parametrize("scopes", SCOPES)
def test_together_is_as_alone(scopes: str) -> None:
    checksum, at = remembered(scopes), timezone.now()
    before = len(kept())
    alone = [ended(plainly, checksum, *name, at) for name in NAMES]
    lines_alone = kept()[before:]
    together = [ended(read_together.one, checksum, *name, at=at) for name in NAMES]
    lines_together = kept()[before + len(lines_alone) :]

    if scopes in SCOPES[:4]:
        assert together == alone
        assert lines_together == lines_alone
    else:  # a query, or a person's application: the plain way decides
        assert [one for one in together if one is not None] == [
            there for one, there in zip(together, alone, strict=True) if one is not None
        ]


def test_a_token_that_has_ended_reads_nothing_from_then_on() -> None:
    checksum, at = remembered(), timezone.now()
    assert read_together.one(checksum, "Patient", "amina", at=at) is not None
    before = kept()

    AccessToken.objects.filter(token_checksum=checksum).delete()

    assert read_together.one(checksum, "Patient", "amina", at=at) is None
    assert kept() == before


def test_a_token_reads_until_it_expires() -> None:
    checksum, at = remembered(lives=timedelta(minutes=5)), timezone.now()
    before = kept()

    assert read_together.one(checksum, "Patient", "amina", at=at + timedelta(minutes=6)) is None
    assert kept() == before


def test_a_person_is_never_answered_this_way() -> None:
    checksum = remembered("user/*.rs", account=account("gp"))
    before = kept()

    assert read_together.one(checksum, "Patient", "amina", at=timezone.now()) is None
    assert kept() == before


def test_a_token_nobody_has_looked_up_goes_the_plain_way() -> None:
    checksum = checksum_of(token())

    assert read_together.one(checksum, "Patient", "amina", at=timezone.now()) is None


def test_many_who_come_together_are_each_answered_and_kept() -> None:
    checksums, at = [remembered(SCOPES[n % 3]) for n in range(6)], timezone.now()
    asked = [(checksums[n % 6], *NAMES[n % 5]) for n in range(240)]
    expected = {one: ended(plainly, *one, at) for one in set(asked)}
    before = len(kept())

    def look(one: tuple[str, str, str]) -> object:
        try:
            return ended(read_together.one, *one, at=at)
        finally:
            connection.close()

    with ThreadPoolExecutor(16) as threads:
        answers = list(threads.map(look, asked))

    assert answers == [expected[one] for one in asked]
    unseen = [one for one in asked if expected[one] == NEVER]
    assert len(kept()) - before == len(asked) - len(unseen)


NEVER = ended(lambda: (_ for _ in ()).throw(read.NotThere("Observation/never-here is not here")))
