"""Makes accounts, and ends everything of an account at once when its owner leaves."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, NamedTuple, Protocol

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.contrib.sessions.models import Session
from django.core.exceptions import ValidationError
from django.db import transaction
from oauth2_provider.models import AccessToken, Grant, RefreshToken

from qamqor.engine.fhir import json_text
from qamqor.engine.fhir.agent import WITHOUT_POST
from qamqor.engine.fhir.names import CODES
from qamqor.errors import NotPossible, NotThere
from qamqor.services import audit
from qamqor.services.access.actor import PLATFORM, Actor
from qamqor.services.access.glass import carried
from qamqor.services.access.sights import zone
from qamqor.store import mentions
from qamqor.store.accounts import ROLES, Account
from qamqor.store.fhir import versions
from qamqor.store.node import Transaction

PASSWORD_BYTES: Final = 15


@dataclass(frozen=True, slots=True)
class NewAccount:
    """Who gets an account.

    Attributes:
        username: what they sign in with. name: surname and given name, as shown.
        practitioner_role: id of the post they hold; patient: id of the resident they are.
        organization: id of the organisation they act for; empty = that of the post.
        password: empty = one is made.
    """

    username: str
    role: str
    name: str = ""
    email: str = ""
    practitioner_role: str = ""
    patient: str = ""
    organization: str = ""
    language: str = "kk"
    password: str = ""
    is_demo: bool = False


def create(wanted: NewAccount) -> tuple[Account, str]:
    """An account and its first password, which nobody can read again.

    Raises:
        NotPossible: the name is taken, the role unknown, the password too short or too common.
    """
    if wanted.role not in ROLES:
        raise NotPossible(f"the role {wanted.role!r} is none of {', '.join(ROLES)}")
    if Account.objects.filter(username__iexact=wanted.username).exists():
        raise NotPossible(f"an account named {wanted.username!r} exists already")
    password = wanted.password or secrets.token_urlsafe(PASSWORD_BYTES)
    last, _, first = wanted.name.partition(" ")
    account = Account(
        username=wanted.username,
        email=wanted.email,
        first_name=first,
        last_name=last,
        role=wanted.role,
        practitioner_role_id=wanted.practitioner_role,
        patient_id=wanted.patient,
        organization_id=wanted.organization or organisation_of(wanted.practitioner_role),
        language=wanted.language,
        is_demo=wanted.is_demo,
    )
    if not wanted.is_demo:
        _check(password, account)
    account.set_password(password)
    account.save()
    return account, password


def _check(password: str, account: Account) -> None:
    try:
        validate_password(password, account)
    except ValidationError as error:
        raise NotPossible("; ".join(error.messages)) from error


def new_password(username: str, *, at: datetime) -> str:
    """A new password for somebody who lost theirs; second factors go, sessions and tokens end.

    Whoever asks for this has seen the person and their identity document.
    """
    account = one(username)
    password = secrets.token_urlsafe(PASSWORD_BYTES)
    account.set_password(password)
    with transaction.atomic():
        account.save(update_fields=["password"])
        Authenticator.objects.filter(user=account).delete()
        _end([account.pk])
    audit.record(PLATFORM, "operation", at=at, detail=f"account {account.pk} given a new password")
    return password


def deactivate(username: str, *, at: datetime) -> Account:
    """Close an account: no sign-in, and every session and token of it ends now."""
    account = one(username)
    with transaction.atomic():
        Account.objects.filter(pk=account.pk).update(is_active=False)
        _end([account.pk])
    audit.record(PLATFORM, "operation", at=at, detail=f"account {account.pk} deactivated")
    account.refresh_from_db()
    return account


def one(username: str) -> Account:
    """The account of a name.

    Raises:
        NotThere: nobody has it.
    """
    found = Account.objects.filter(username__iexact=username).first()
    if found is None:
        raise NotThere(f"no account is named {username!r}")
    return found


def everyone(role: str = "") -> list[Account]:
    """All accounts, or those of one role, by name."""
    found = Account.objects.order_by("username")
    return list(found.filter(role=role) if role else found)


def _end(accounts: Sequence[int]) -> None:
    """End sessions and tokens; refresh tokens and codes go too, so nothing can come back."""
    keys = UserSession.objects.filter(user_id__in=accounts).values_list("session_key", flat=True)
    Session.objects.filter(session_key__in=list(keys)).delete()
    UserSession.objects.filter(user_id__in=accounts).delete()
    for kind in (RefreshToken, AccessToken, Grant):
        kind.objects.filter(user_id__in=accounts).delete()


class Stored(Protocol):
    """What a change became, as the writing of resources tells it."""

    @property
    def version(self) -> Any: ...
    @property
    def resource(self) -> dict[str, Any] | None: ...


def follow(tx: Transaction, stored: Iterable[Stored], actor: object, at: datetime) -> None:
    """A post that ended takes the accounts of its holder along, in the same transaction."""
    posts = [done for done in stored if done.version.type == "PractitionerRole"]
    ended = [done.version.id for done in posts if not is_held(done.resource, at)]
    if ended:
        accounts = Account.objects.filter(practitioner_role_id__in=ended)
        numbers = list(accounts.values_list("pk", flat=True))
        accounts.update(is_active=False)
        _end(numbers)


def is_held(post: Mapping[str, Any] | None, at: datetime) -> bool:
    """Whether somebody holds this post at a moment."""
    if post is None or post.get("active") is False:
        return False
    end = str(post.get("period", {}).get("end", ""))[:10]
    return not end or end >= at.date().isoformat()


def post_of(practitioner_role: str) -> dict[str, Any] | None:
    """The PractitionerRole of an account as it stands."""
    return _read("PractitionerRole", practitioner_role)


def organisation_of(practitioner_role: str) -> str:
    """The organisation somebody acts for: that of the post, or the one its area belongs to."""
    place = _place_of(practitioner_role)
    return _reference(place, "partOf") if _is_area(place) else str((place or {}).get("id", ""))


TEAM_KIND: Final = f"{CODES}/team_kind"
COVER: Final = "cover"
AWAY: Final = "away"
"""In a CareTeam of the kind ``COVER``, who is away has this role; the other one covers."""


def is_cover(team: Mapping[str, Any]) -> bool:
    """Whether a CareTeam says who has whose list for a time."""
    return any(
        coding.get("system") == TEAM_KIND and coding.get("code") == COVER
        for kind in team.get("category", ())
        for coding in kind.get("coding", ())
    )


def areas_of(practitioner_role: str, day: date | None = None) -> frozenset[str]:
    """The GP areas whose people are theirs: that of the post, and those of the teams it is in.

    A psychologist and a social worker are shared, and stand in the teams of several areas. Who
    covers for somebody stands in their team for a time, and only that long.

    Args:
        day: on which a period of membership must hold; None: membership at any time counts.
    """
    return _place_in_teams(practitioner_role, day).areas


class _Place(NamedTuple):
    """The areas of a post, the posts whose lists it has, and whether a colleague has its own."""

    areas: frozenset[str] = frozenset()
    covers: frozenset[str] = frozenset()
    is_away: bool = False


def _place_in_teams(practitioner_role: str, day: date | None) -> _Place:
    if not practitioner_role:
        return _Place()
    place = _place_of(practitioner_role)
    areas = {str(place["id"])} if place and _is_area(place) else set()
    covers: set[str] = set()
    is_away = False
    member = f"PractitionerRole/{practitioner_role}"
    for version in mentions.of(member):
        team = json_text.decode(version.content or "{}")
        if _is_in(team, member, day):
            areas |= _ids(team.get("managingOrganization", []), "Organization")
            gone = _away(team) if is_cover(team) else set()
            covers |= gone - {practitioner_role}
            is_away |= practitioner_role in gone
    return _Place(frozenset(areas), frozenset(covers), is_away)


def _is_in(team: Mapping[str, Any], member: str, day: date | None) -> bool:
    """Whether somebody is in a team without a person of its own, while it works, on a day."""
    if team.get("subject") or team.get("status", "active") != "active":
        return False
    own = [
        one
        for one in team.get("participant", [])
        if (one.get("member") or {}).get("reference") == member
    ]
    return day is None or any(_holds(one.get("period") or {}, day) for one in own)


def _away(team: Mapping[str, Any]) -> set[str]:
    """The posts that are away in a cover."""
    gone = [
        one["member"]
        for one in team.get("participant", [])
        if any(c.get("code") == AWAY for r in one.get("role", []) for c in r.get("coding", []))
    ]
    return _ids(gone, "PractitionerRole")


def _ids(references: Sequence[Mapping[str, Any]], type_: str) -> set[str]:
    held = [str(one.get("reference", "")) for one in references]
    return {one.removeprefix(f"{type_}/") for one in held if one.startswith(f"{type_}/")}


def _holds(period: Mapping[str, Any], day: date) -> bool:
    """Whether a day is within a period, its first and last day included."""
    start, end = str(period.get("start", ""))[:10], str(period.get("end", ""))[:10]
    # A period may say a month or a year only: then all of it.
    return start <= day.isoformat() and (not end or day.isoformat()[: len(end)] <= end)


def _place_of(practitioner_role: str) -> dict[str, Any] | None:
    return _read("Organization", _reference(post_of(practitioner_role), "organization"))


def _is_area(place: Mapping[str, Any] | None) -> bool:
    kinds = (place or {}).get("type", [])
    return any(
        coding.get("code") == "gp_area" for kind in kinds for coding in kind.get("coding", [])
    )


def _reference(resource: Mapping[str, Any] | None, field: str) -> str:
    said = str(((resource or {}).get(field) or {}).get("reference", ""))
    return said.removeprefix("Organization/") if said.startswith("Organization/") else ""


def _read(type_: str, id_: str) -> dict[str, Any] | None:
    found = versions.read(type_, id_) if id_ else None
    return json_text.decode(found.content.encode()) if found and found.content else None


def actor_for(
    account: Account,
    at: datetime,
    *,
    scopes: frozenset[str] | None = None,
    client: str | None = None,
    context: str | None = None,
) -> Actor | None:
    """Who acts through an account; None when it is closed or its post has ended."""
    if not account.is_active:
        return None
    post = post_of(account.practitioner_role_id)
    if account.practitioner_role_id and post is not None and not is_held(post, at):
        return None
    place = _place_in_teams(account.practitioner_role_id, at.astimezone(zone()).date())
    actor = Actor(
        account=account.pk,
        reference=reference_of(account),
        role=account.role,
        organization=account.organization_id
        or organisation_of(account.practitioner_role_id)
        or None,
        areas=place.areas,
        covers=place.covers,
        is_away=place.is_away,
        patient=account.patient_id or None,
        context=context,
        scopes=scopes,
        client=client,
    )
    return carried(actor, at)


def is_session_open(session: Mapping[str, Any], at: datetime) -> bool:
    """Whether a session has passed its second step and is neither idle nor older than a shift."""
    now = at.timestamp()
    return (
        bool(session.get("second_step"))
        and now - float(session.get("seen", 0)) <= settings.SESSION_IDLE_SECONDS
        and now - float(session.get("began", 0)) <= settings.SESSION_COOKIE_AGE
    )


def reference_of(account: Account) -> str:
    """How resources name the owner of an account."""
    if account.practitioner_role_id:
        return f"PractitionerRole/{account.practitioner_role_id}"
    if account.patient_id:
        return f"Patient/{account.patient_id}"
    return f"{WITHOUT_POST}{account.pk}"
