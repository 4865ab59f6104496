"""Reviews the register for people who are there twice, makes one record of two, and two again."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_POST

from qamqor.services.access.actor import Actor
from qamqor.services.registration import pairs
from qamqor.web.access import desk as at_desk
from qamqor.web.registration import presenters

BOTH = ["GET", "HEAD", "POST"]


@require_http_methods(BOTH)
@at_desk
def review(request: HttpRequest, actor: Actor) -> HttpResponse:
    """The pairs of the last look through the register; a POST looks through it now."""
    now, today = timezone.now(), timezone.localdate()
    if request.method == "POST":
        found = pairs.look_through(actor=actor, at=now)
        request.session["twins"] = {"at": now.isoformat(), "people": found.people,
                                    "pairs": found.ids}  # fmt: skip
        return redirect("twins")
    kept = request.session.get("twins")
    shown = pairs.shown(kept["pairs"] if kept else [], actor=actor, at=now)
    context = {
        "kept": kept,
        "looked_at": timezone.datetime.fromisoformat(kept["at"]) if kept else None,  # type: ignore[attr-defined]
        "pairs": [presenters.cards(pair, today, actor.role) for pair in shown],
        "messages": messages.get_messages(request),
        "undo": request.session.get("merged"),
    }
    return render(request, "registration/twins.html", context)


@require_http_methods(BOTH)
@at_desk
def pair(request: HttpRequest, actor: Actor, one: str, other: str) -> HttpResponse:
    """Two records side by side, and what would follow; a POST makes one of them."""
    now = timezone.now()
    if request.method == "POST":
        stays = other if request.POST.get("stays") == other else one
        goes = one if stays == other else other
        reason = request.POST.get("reason", "")[:300]
        pairs.make_one(goes, stays, actor=actor, at=now, reason=reason)
        request.session["merged"] = goes
        messages.success(request, gettext("One record was made of two. It can be taken back."))
        return redirect("twins")
    both = pairs.side_by_side(one, other, actor=actor, at=now)
    rows = presenters.both(both.particulars[0], both.particulars[1])
    context = {
        "one": one,
        "other": other,
        "names": [presenters.name_of(who) for who in both.particulars],
        "rows": rows,
        "reasons": list(presenters.said(both.likeness.reasons)),
        "linked": both.linked,
        "ended": len(both.ended),
    }
    return render(request, "registration/pair.html", context)


@require_POST
@at_desk
def undo(request: HttpRequest, actor: Actor, loser: str) -> HttpResponse:
    """Take a merge back."""
    done = pairs.make_two(loser, actor=actor, at=timezone.now())
    request.session.pop("merged", None)
    messages.success(request, gettext("Taken back: there are two records again."))
    if done.new_since:
        messages.success(
            request, gettext("What was written since stays with the record that stayed.")
        )
    return redirect("twins")
