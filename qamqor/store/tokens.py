"""What a bearer token stands for, asked on every call of the FHIR API."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime
from typing import Final, NamedTuple

from qamqor.store import quick


class Token(NamedTuple):
    """A token that is kept: ``account`` None for a system's own; ``patient`` it was started for."""

    application: int
    account: int | None
    scope: str
    expires: datetime
    patient: str | None = None


_BY_CHECKSUM: Final = """select t.application_id, t.user_id, t.scope, t.expires, c.patient_id
    from oauth2_provider_accesstoken t left join store_launchcontext c on c.key = %s
    where t.token_checksum = %s"""


def by_checksum(checksum: str) -> Token | None:
    """The token of a SHA-256 checksum; by plain SQL, since models take ten times as long."""
    rows = quick.prepared(_BY_CHECKSUM, [f"token:{checksum}", checksum])
    row = rows[0] if rows else None
    return None if row is None else Token(row[0], row[1], row[2], _moment(row[3]), row[4] or None)


def by_checksums(checksums: Collection[str]) -> dict[str, Token]:
    """As ``by_checksum``, for several at once, but not for whom an account's token was started."""
    marks = ", ".join(["%s"] * len(checksums))
    rows = quick.prepared(
        f"""select token_checksum, application_id, user_id, scope, expires
        from oauth2_provider_accesstoken where token_checksum in ({marks})""",
        [*checksums],
    )
    return {row[0]: Token(row[1], row[2], row[3], _moment(row[4])) for row in rows}


def _moment(said: datetime | str) -> datetime:
    """SQLite keeps a moment as text in UTC."""
    found = datetime.fromisoformat(said) if isinstance(said, str) else said
    return found if found.tzinfo else found.replace(tzinfo=UTC)
