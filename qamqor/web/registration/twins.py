"""Reviews the register for people who are there twice, makes one record of two, and two again."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_POST

from qamqor.services.access.actor import Actor
from qamqor.services.registration import apart, pairs
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
                                    "pairs": found.ids + found.apart}  # fmt: skip
        return redirect("twins")
    kept = request.session.get("twins")
    shown = pairs.shown(kept["pairs"] if kept else [], actor=actor, at=now)
    context = {
        "kept": kept,
        "looked_at": timezone.datetime.fromisoformat(kept["at"]) if kept else None,  # type: ignore[attr-defined]
        "pairs": [presenters.cards(pair, today, actor.role) for pair, said in shown if not said],
        "apart": [
            (*presenters.cards(pair, today, actor.role), said) for pair, said in shown if said
        ],
        "messages": messages.get_messages(request),
        "undo": request.session.get("merged"),
    }
    return render(request, "registration/twins.html", context)


@require_http_methods(BOTH)
@at_desk
def pair(request: HttpRequest, actor: Actor, one: str, other: str) -> HttpResponse:
    """Two records side by side, and what would follow; a POST makes one of them."""
    now = timezone.now()
    reason = request.POST.get("reason", "")[:300]
    is_apart, wrong = "apart" in request.POST, ""
    if is_apart and reason.strip():
        apart.decide(one, other, reason, actor=actor, at=now)
        messages.success(request, gettext("Kept: they are two people. It can be taken back below."))
        return redirect("twins")
    if is_apart:
        wrong = gettext("Write why they are two people.")
    elif request.method == "POST":
        stays = other if request.POST.get("stays") == other else one
        goes = one if stays == other else other
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
        "decided": both.decided,
        "wrong": wrong,
    }
    return render(request, "registration/pair.html", context, status=422 if wrong else 200)


@require_POST
@at_desk
def reopen(request: HttpRequest, actor: Actor, one: str, other: str) -> HttpResponse:
    """Take back that two records are two people: the pair is asked about again."""
    apart.take_back(one, other, actor=actor, at=timezone.now())
    messages.success(request, gettext("Taken back: the pair is on the list again."))
    return redirect("twins")


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
