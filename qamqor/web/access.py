"""Which role may open which room, and who is behind a page."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Final

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from qamqor.errors import OtherRole, PostEnded
from qamqor.services.access.policy import CONFIRM_EXPORTS
from qamqor.services.accounts import actor_for
from qamqor.store.accounts import Account

STAFF: Final = frozenset(
    {
        "gp",
        "practice_nurse",
        "district_nurse",
        "midwife",
        "psychologist",
        "social_worker",
        "lead_nurse",
        "head",
    }
)
DESK: Final = STAFF | {"registrar"}
"""Who finds and registers people: those who care for them, and the registry."""
SECOND: Final = frozenset(CONFIRM_EXPORTS)
"""Who lets an export of everybody begin that an application asked for."""
View = Callable[..., HttpResponse]


def staff(view: View) -> View:
    """A page for those who care for people; it gets the actor behind the request.

    Raises:
        OtherRole: somebody else is signed in. PostEnded: their post has ended.
    """
    return _open_to(STAFF, view)


def desk(view: View) -> View:
    """A page for staff and the registry, as ``staff``."""
    return _open_to(DESK, view)


def second_person(view: View) -> View:
    """A page for those who may confirm an export of everybody, as ``staff``."""
    return _open_to(SECOND, view)


def _open_to(roles: frozenset[str], view: View) -> View:
    @login_required
    @wraps(view)
    def opened(request: HttpRequest, *args: Any, **named: Any) -> HttpResponse:
        account = request.user
        actor = actor_for(account, timezone.now()) if isinstance(account, Account) else None
        if getattr(account, "role", "") not in roles:
            raise OtherRole(roles)
        if actor is None:
            raise PostEnded("the post has ended or the account is closed")
        return view(request, actor, *args, **named)

    return opened
