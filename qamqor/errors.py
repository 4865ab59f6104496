"""Every error the platform raises on purpose.

QamqorError                     anything below; the code says which
├── ContentError                a content pack cannot be used as written; carries every problem
│   ├── InvalidView             a ViewDefinition is refused before any data is read
│   ├── InvalidPack             a pack, programme, value set or approval is wrong
│   └── MissingColumns          a query does not return what its kind promises
├── BadInput                    input was kept apart and the caller asked to be strict
├── ShapeError                  arrays that should line up do not
└── NotPossible                 somebody asked for something the data do not allow
    ├── NotThere                the thing asked about does not exist here
    ├── GoneBefore              it was here and is deleted
    ├── VersionConflict         somebody changed the resource since the caller saw it
    ├── NotAllowed              the actor may not do this to this record
    │   ├── OtherRole           a room for other roles; carries which
    │   ├── NoPost              the account has no post, by which the record names who did it
    │   └── PostEnded           who is signed in holds no post here any more
    ├── TooMany                 more was asked than one may in a time; carries when to come again
    ├── AttachedAlready         the person is attached to an area
    ├── NotInUse                the person's record is out of use, or the person has died
    ├── TwinFound               registering somebody who is here already; carries who
    ├── TooLate                 a referral is beyond the step somebody wants to take
    ├── BookingOver             a booking has ended, was cancelled or missed, and stays so
    ├── CannotMerge             two records that cannot become one, or a merge that cannot be undone
    └── Unusable                what was sent breaks a rule; carries the issues found

``str(error)`` is English, for developers and logs, and holds record ids at most.
The words a person reads are chosen from ``error.code``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with content: where, what, and what to do about it."""

    where: str
    what: str
    fix: str = ""
    line: int | None = None

    def __str__(self) -> str:
        place = f"{self.where}:{self.line}" if self.line else self.where
        return f"{place}: {self.what}" + (f" ({self.fix})" if self.fix else "")


class QamqorError(Exception):
    """The root: ``code`` is stable for ever, ``exit_code`` is what a command ends with."""

    code: ClassVar[str] = "unexpected"
    exit_code: ClassVar[int] = 1


class ContentError(QamqorError):
    """Content that cannot be used, with every problem found, not only the first."""

    code = "content"
    exit_code = 4

    def __init__(self, problems: Sequence[Problem] | str) -> None:
        self.problems = (
            (Problem("content", problems),) if isinstance(problems, str) else tuple(problems)
        )
        super().__init__("\n".join(str(problem) for problem in self.problems))


class InvalidView(ContentError):
    """A ViewDefinition that breaks the standard or names what FHIR R4 does not have."""

    code = "tables.invalid-view"


class InvalidPack(ContentError):
    """A content pack with at least one problem."""

    code = "programmes.invalid-pack"


class MissingColumns(ContentError):
    """A query whose columns are not those of its kind."""

    code = "programmes.missing-columns"


class BadInput(QamqorError):
    """Some input went to quarantine and ``--strict`` was asked for."""

    code = "input.quarantined"
    exit_code = 5


class ShapeError(QamqorError):
    """Arrays that should line up do not."""

    code = "engine.shape"


class NotPossible(QamqorError):
    """A request the data do not allow in their present state."""

    code = "not-possible"
    exit_code = 3


class NotThere(NotPossible):
    """The person, table or result asked about is not here."""

    code = "not-there"


class GoneBefore(NotThere):
    """A resource that was here and is deleted; its history remains."""

    code = "fhir.gone"


class VersionConflict(NotPossible):
    """Somebody changed the resource since the caller read it."""

    code = "fhir.version-conflict"

    def __init__(self, type_: str, id_: str, *, seen: int) -> None:
        self.type, self.id, self.seen = type_, id_, seen
        super().__init__(f"{type_}/{id_} is no longer version {seen}; read it again")


class NotAllowed(NotPossible):
    """The rules of access do not let this actor do this."""

    code = "access.not-allowed"


class OtherRole(NotAllowed):
    """A room that is for other roles: which ones is no secret, as a record's being here would be.

    Attributes:
        roles: who may, as codes of roles.
    """

    code = "access.other-role"

    def __init__(self, roles: Iterable[str]) -> None:
        self.roles = tuple(sorted(roles))
        super().__init__(f"this is for {', '.join(self.roles)}")


class PostEnded(NotAllowed):
    """The post of who is signed in has ended, or their account is closed."""

    code = "access.post-ended"


class NoPost(NotAllowed):
    """The record must name who did this by their post, and the account has none."""

    code = "access.no-post"


class TooMany(NotPossible):
    """More was asked in a short time than one account or application may."""

    code = "access.too-many"

    def __init__(self, what: str, *, seconds: int) -> None:
        self.seconds = seconds
        super().__init__(f"too many {what} in a short time; come again in {seconds} s")


class AttachedAlready(NotPossible):
    """The person is attached to this area, or to another one from which they must be moved."""

    code = "empanelment.attached-already"


class NotInUse(NotPossible):
    """The person's record is out of use, or the person has died."""

    code = "empanelment.not-in-use"


class TwinFound(NotPossible):
    """Somebody to be registered is here already, as far as anyone can tell.

    Attributes:
        twins: the records found (``services.registration.find.Found``), the likeliest first.
    """

    code = "registration.twin-found"

    def __init__(self, twins: Sequence[Any]) -> None:
        self.twins = tuple(twins)
        found = ", ".join(f"Patient/{twin.patient_id}" for twin in twins)
        super().__init__(f"already here as {found}; open that record, or say why not")


class BookingOver(NotPossible):
    """A booking that was kept, missed or cancelled cannot take this step any more."""

    code = "booking.over"


class TooLate(NotPossible):
    """A referral is in a state from which the step asked for does not follow."""

    code = "referral.too-late"


class CannotMerge(NotPossible):
    """Two records that cannot become one, or a merge that cannot be taken back.

    Attributes:
        why: ``same-record``, ``replaced-already``, ``out-of-use``, ``not-merged``,
            ``merged-on`` (a later merge must be undone first).
    """

    code = "merge.cannot"

    def __init__(self, why: str, text: str) -> None:
        self.why = why
        super().__init__(text)


@dataclass(frozen=True, slots=True)
class Issue:
    """One thing wrong with a resource or request, as an OperationOutcome issue says it.

    Attributes:
        code: FHIR issue type (``structure``, ``required``, ``value``, ``invalid`` ...).
        text: what is wrong and what to do, in English.
        expression: FHIRPath of the element, such as ``Patient.contact[0].name``; empty = the whole.
        severity: fatal, error, warning or information.
    """

    code: str
    text: str
    expression: str = ""
    severity: str = "error"


class Unusable(NotPossible):
    """A request or resource that breaks a rule; nothing was changed.

    Attributes:
        issues: everything found wrong.
        status: the HTTP status that says it best.
    """

    code = "fhir.unusable"

    def __init__(self, issues: Sequence[Issue], *, status: int = 400) -> None:
        self.issues, self.status = tuple(issues), status
        super().__init__("; ".join(f"{i.expression}: {i.text}" for i in self.issues))
