"""Who waits for a reply to a referral, since when, and whose reply is late."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Final

import yaml

from qamqor.engine.referral import WAITING, Referrals, read_referrals
from qamqor.services import installed
from qamqor.store import referrals
from qamqor.store.referrals import Way

STATES: Final = tuple(str(state) for state in WAITING)


@dataclass(frozen=True, slots=True)
class Waiting:
    """What one person waits for.

    Attributes:
        since: the day the oldest referral without a reply was sent.
        reply_by: the earliest day by which a reply should be here.
        late: how many replies are late on the day asked about.
        requests: ids of the ServiceRequests, the oldest first.
    """

    since: date
    reply_by: date
    late: int
    requests: tuple[str, ...]


def waiting(areas: Sequence[str], *, as_of: date) -> dict[str, Waiting]:
    """By id of the Patient, everybody of some areas with a referral that nobody answered yet.

    One query, however many people. Whoever calls has decided that the areas are the reader's, and
    keeps in the audit whom they show.

    Args:
        areas: ids of GP areas. as_of: the day on which replies are late or not.
    """
    by_person: dict[str, list[tuple[Way, date, date]]] = {}
    for way in referrals.of_areas(sorted(areas), STATES):
        sent_on = day(way.sent_on)
        if sent_on is not None:
            by_person.setdefault(way.patient_id, []).append((way, sent_on, reply_by(way, sent_on)))
    return {
        patient: Waiting(
            since=ways[0][1],
            reply_by=min(by for _, _, by in ways),
            late=sum(by < as_of for _, _, by in ways),
            requests=tuple(way.request_id for way, _, _ in ways),
        )
        for patient, ways in by_person.items()
    }


def reply_by(way: Way, sent_on: date) -> date:
    """By when the reply to a referral should be here."""
    return content().reply_by(sent_on, way.priority, day(way.booked_on))


def day(text: str) -> date | None:
    """A day as the index keeps it; None where it is not known to the day."""
    return date.fromisoformat(text) if len(text) == 10 else None


def content() -> Referrals:
    """What is referred for here, and how long a reply may take: the site's own, or shipped."""
    return _content(installed.folders())


@cache
def _content(folders: tuple[Path, ...]) -> Referrals:
    files = [folder / "referrals/referrals.yaml" for folder in reversed(folders)]
    file = next(one for one in files if one.is_file())
    return read_referrals(yaml.safe_load(file.read_text(encoding="utf-8")), file.name)
