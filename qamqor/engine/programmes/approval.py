"""Which programme versions an installation has approved, and whether they are still the same."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import yaml

from qamqor.engine.programmes.marks import Entry, read
from qamqor.engine.programmes.schema import Pack, Programme
from qamqor.errors import InvalidPack

INVENTED_REVIEWER: Final = "An invented reviewer"
_KEYS: Final = ("programme", "version", "sha256", "by", "at", "is_invented")


@dataclass(frozen=True, slots=True)
class Approval:
    """One line of approvals.yaml: somebody took responsibility for one version, as it was.

    Attributes:
        sha256: the version's hash when it was approved; another hash is not approved.
        at: when, with a zone.
        is_invented: made for a demonstration, by nobody real.
    """

    programme: str
    version: str
    sha256: str
    by: str
    at: datetime
    is_invented: bool = False


@dataclass(frozen=True, slots=True)
class Standing:
    """How one version stands: ``approved``, ``changed`` since it was approved, or ``draft``."""

    programme: Programme
    status: str
    approval: Approval | None = None

    @property
    def is_approved(self) -> bool:
        """Whether results may be put on a worklist."""
        return self.status == "approved"


def read_approvals(file: Path) -> tuple[Approval, ...]:
    """The approvals of an installation; none when the file does not exist.

    Raises:
        InvalidPack: the file cannot be used; every problem with its line.
    """
    if not file.exists():
        return ()
    document = read(file, file.name)
    lines = document.value if isinstance(document.value, list) else []
    if document.value is not None and not isinstance(document.value, list):
        document.problem((), "should be a list of approvals", "begin each with `- programme:`")
    entries = [Entry(document, (position,)) for position in range(len(lines))]
    found = [_approval(entry) for entry in entries]
    if document.problems:
        raise InvalidPack(document.problems)
    return tuple(one for one in found if one is not None)


def _approval(entry: Entry) -> Approval | None:
    entry.knows(*_KEYS)
    texts = {key: entry.text(key) for key in _KEYS[:1] + _KEYS[2:4]}
    version = entry.day("version").isoformat()
    at = entry.need("at", datetime, "a moment such as 2026-01-01 09:30:00+05:00", None)
    if at is not None and at.tzinfo is None:
        entry.problem("at", "has no zone", "end it with an offset such as +05:00")
    is_invented = bool(entry.get("is_invented", bool, "true or false", False))
    if at is None:
        return None
    return Approval(version=version, at=at, is_invented=is_invented, **texts)


def approvals_text(approvals: Iterable[Approval]) -> str:
    """approvals.yaml as text, one entry an approval, in the order given."""
    lines: list[Mapping[str, Any]] = [
        {
            "programme": one.programme,
            "version": datetime.fromisoformat(one.version).date(),
            "sha256": one.sha256,
            "by": one.by,
            "at": one.at,
            **({"is_invented": True} if one.is_invented else {}),
        }
        for one in approvals
    ]
    return yaml.safe_dump(lines, allow_unicode=True, sort_keys=False) if lines else ""


def invented_approvals(pack: Pack, at: datetime) -> tuple[Approval, ...]:
    """An approval of every version by somebody who does not exist, for demonstrations only."""
    return tuple(
        Approval(one.id, one.version, one.sha256, INVENTED_REVIEWER, at, is_invented=True)
        for one in pack.programmes
    )


def standing(programme: Programme, approvals: Iterable[Approval]) -> Standing:
    """How a version stands: the newest approval of its present hash counts."""
    own = [
        one
        for one in approvals
        if (one.programme, one.version) == (programme.id, programme.version)
    ]
    same = [one for one in own if one.sha256 == programme.sha256]
    if same:
        return Standing(programme, "approved", max(same, key=lambda one: one.at))
    if own:
        return Standing(programme, "changed", max(own, key=lambda one: one.at))
    return Standing(programme, "draft")


def approved_only(
    programmes: Iterable[Programme], approvals: Iterable[Approval]
) -> tuple[Programme, ...]:
    """The versions that are approved as they are, in the order given."""
    known = tuple(approvals)
    return tuple(one for one in programmes if standing(one, known).is_approved)
