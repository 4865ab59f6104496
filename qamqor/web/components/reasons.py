"""Says why something is due by the fact it rests on, before the words of the rule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final, NamedTuple

from django.utils.translation import gettext

from qamqor.web.components import dates, facts, reader

Resource = Mapping[str, Any]
FITS: Final = 40
"""Letters that stand in two lines of a column of the list."""
LEAST: Final = 12
"""Letters without which a gist says nothing: «Day», of "Day agreed on, …"."""
_IN_BED: Final = ("IMP", "EMER")
_SILENT: Final = ("Patient", "Group", "EpisodeOfCare", "Goal")
"""What says nothing of itself: that somebody is registered, lives somewhere, is in a programme."""


class _Fact(NamedTuple):
    """One record as a reason.

    Attributes:
        is_measured: it has a value. says_why: alone, it needs no words of the rule.
    """

    text: str
    on: date | None
    is_measured: bool = False
    says_why: bool = False


def short(reason: str) -> str:
    """The gist of a reason; what follows a colon, or a comma late in it, is told elsewhere.

    A word or two before the first comma say nothing alone: then it ends at the next one.
    """
    gist = reason.partition(":")[0].partition(";")[0]
    if len(gist) <= FITS:
        return gist
    said, *others = gist.split(",")
    while others and len(said) < LEAST:
        said = f"{said},{others.pop(0)}"
    return said


def in_short(reason: str, found: Sequence[Resource], today: date) -> str:
    """A reason in one cell: the fact first, the words of the rule after it where they fit.

    What was measured says most and stands alone where there is no room; of several values as many
    as fit, and how many more there are. A record that says less only goes before the words.

    Args:
        reason: in words of the programme; may be empty.
        found: the records the reader may see, in the order of the rule.
    """
    language = reader.language()
    told = [
        _fact(one, language)
        for one in found
        if one.get("resourceType") not in _SILENT and one.get("status") != "entered-in-error"
    ]
    said, words = _said(told, today), short(reason)
    if not said:
        return words
    both = f"{said} · {words}" if words else said
    if len(both) <= FITS:
        return both
    return said if not words or _stands_alone(told, said) else words


def missing(reason: str, found: Sequence[Resource], today: date) -> str:
    """A reason that says what is not known: since when, where it was known once.

    Args:
        reason: in words of the programme. found: as of ``in_short``; only what was observed tells.
    """
    language = reader.language()
    seen = [
        facts.line(one, language)
        for one in found
        if one.get("resourceType") == "Observation" and one.get("status") != "entered-in-error"
    ]
    last = max((one for one in seen if one.on), key=lambda one: one.on or today, default=None)
    if last is not None and last.on is not None:
        when = dates.from_here(last.on, today)
        return gettext("%(what)s: last time %(when)s") % {"what": last.title, "when": when}
    if len(reason) <= FITS:
        return reason
    lacking = reason.partition(":")[2].strip()
    return lacking[:1].upper() + lacking[1:] if 0 < len(lacking) <= FITS else short(reason)


def _said(told: Sequence[_Fact], today: date) -> str:
    measured = [one for one in told if one.is_measured]
    if len(measured) > 1:
        return _together([one.text for one in measured])
    best = sorted(told, key=lambda one: (not one.is_measured, not one.says_why))[:1]
    return "".join(_with_day(one, today) for one in best)


def _together(values: Sequence[str]) -> str:
    fitting = [values[0]]
    for value in values[1:]:
        if len(", ".join([*fitting, value])) <= FITS:
            fitting.append(value)
    more = len(values) - len(fitting)
    return ", ".join(fitting) + (f" +{more}" if more else "")


def _with_day(one: _Fact, today: date) -> str:
    return f"{one.text}, {_day(one.on, today)}" if one.on else one.text


def _day(on: date, today: date) -> str:
    """Without the year where nobody would take it for another."""
    is_near = on.year == today.year or abs((today - on).days) < 180
    return dates.without_year(on) if is_near else dates.short(on)


def _stands_alone(told: Sequence[_Fact], said: str) -> bool:
    is_only = len(told) == 1 and told[0].says_why and len(said) <= FITS
    return is_only or any(one.is_measured for one in told)


def _fact(record: Resource, language: str) -> _Fact:
    line = facts.line(record, language)
    type_ = str(record.get("resourceType"))
    if type_ == "Observation":
        return _observed(record, line)
    if type_ == "Communication":
        outcome = facts.outcome_of(record, "statusReason")
        return _Fact(f"{line.title}: {outcome}" if outcome else line.title, line.on)
    if type_ == "Condition":
        return _Fact(line.title, line.on, says_why=True)
    if type_ == "Encounter":
        code = str((record.get("class") or {}).get("code", ""))
        return _Fact(line.title, line.on, says_why=code in _IN_BED)
    if type_ == "Immunization":
        return _Fact(line.detail, line.on, says_why=record.get("status") == "not-done")
    return _Fact(line.detail or line.title, line.on, says_why=type_ == "Procedure")


def _observed(record: Resource, line: facts.Line) -> _Fact:
    """A pair of pressures needs no name; a code that has no words is no value."""
    if record.get("component") and line.detail:
        return _Fact(line.detail.partition(" ")[0], line.on, is_measured=True)
    codings = (record.get("valueCodeableConcept") or {}).get("coding") or ()
    if not line.detail or line.detail in [str(one.get("code", "")) for one in codings]:
        return _Fact(line.title, line.on)
    if codings:
        return _Fact(line.detail, line.on, is_measured=True)
    return _Fact(f"{line.title} {line.detail}", line.on, is_measured=True)
