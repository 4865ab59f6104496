"""Which labels a worker may put on what they write: those that their own role reads."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from qamqor.errors import Issue, Unusable
from qamqor.services.access.labels import rules

FOR_NOTES: Final = ("PSY", "R")
"""Labels offered for support; the others come from diagnoses and tests."""


class Label(NamedTuple):
    """A label with who reads what carries it."""

    code: str
    roles: frozenset[str]


def offered(role: str) -> tuple[Label, ...]:
    """The labels a role may put: nobody hides something from themselves."""
    known = rules().labels.cleared
    return tuple(
        Label(code, known[code]) for code in FOR_NOTES if code in known and role in known[code]
    )


def marked(resource: dict[str, Any], label: str, role: str) -> dict[str, Any]:
    """The resource with a label, or as it is without one.

    Raises:
        Unusable: the role may not put this label.
    """
    if not label:
        return resource
    if label not in {one.code for one in offered(role)}:
        raise Unusable([Issue("value", f"{role} may not put this label", "label")], status=422)
    tags = sorted(tag for tag, own in rules().sensitivity.security.items() if own == label)
    system, _, code = next(tag for tag in tags if tag.endswith(f"|{label}")).partition("|")
    return {**resource, "meta": {"security": [{"system": system, "code": code}]}}
