"""How the list is ordered: the points, what each does, and what other points would change."""

from __future__ import annotations

from typing import Any, Final

import yaml
from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from qamqor.engine.worklist import Points
from qamqor.services.access.actor import Actor
from qamqor.services.worklist import ordering
from qamqor.services.worklist.settings import points
from qamqor.services.worklist.today import LEADING
from qamqor.web.access import staff
from qamqor.web.worklist import presenters

MOST: Final = 100_000
URGENCIES: Final[dict[int, str | Promise]] = {
    1: _("Needed today"),
    2: _("Needed soon: a result out of its limits, or not known"),
    3: _("Needed within weeks"),
    4: _("Routine"),
}
WAITS: Final[dict[int, str | Promise]] = {
    1: _("Needed today: days it may wait for a booking made for something else (not points)"),
    2: _("Needed soon: days it may wait for a booking made for something else (not points)"),
    3: _("Needed within weeks: days it may wait for a booking for something else (not points)"),
    4: _("Routine: days it may wait for a booking made for something else (not points)"),
}
OTHERS: Final[dict[str, str | Promise]] = {
    "week_overdue": _("Each full week late, of the need that has waited longest"),
    "most_weeks": _(
        "Weeks that count at most, so that an old routine never outweighs a red result"
    ),
    "need": _("Each need after the first: one contact closes several"),
    "failed_attempt": _("Each try in vain since somebody was last reached"),
    "visit_after_attempts": _("Tries in vain after which the next step is a visit (not points)"),
}


class PointsForm(forms.Form):
    """Other points to try; nothing is saved."""

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        for name, label in rows():
            self.fields[name] = forms.IntegerField(label=str(label), min_value=0, max_value=MOST)

    def clean(self) -> dict[str, Any]:
        said: dict[str, Any] = super().clean() or {}
        ladder = [said.get(f"urgency_{number}") for number in URGENCIES]
        if not self.errors and ladder != sorted(ladder, reverse=True, key=int):  # type: ignore[arg-type]
            self.add_error("urgency_1", _("What is more urgent must not count less."))
        waits = [said.get(f"may_wait_days_{number}") for number in WAITS]
        if not self.errors and waits != sorted(waits, key=int):  # type: ignore[arg-type]
            self.add_error("may_wait_days_1", _("What is more urgent must not wait longer."))
        return said

    def points(self) -> Points:
        """What was typed, as points."""
        said = self.cleaned_data
        return Points(
            urgency={number: said[f"urgency_{number}"] for number in URGENCIES},
            may_wait_days={number: said[f"may_wait_days_{number}"] for number in WAITS},
            **{name: said[name] for name in OTHERS},
        )


def rows() -> list[tuple[str, str | Promise]]:
    """Every number by its name, with what it does."""
    return [
        *((f"urgency_{number}", label) for number, label in URGENCIES.items()),
        *OTHERS.items(),
        *((f"may_wait_days_{number}", label) for number, label in WAITS.items()),
    ]


def _as_typed(own: Points) -> dict[str, int]:
    ladder = {f"urgency_{number}": own.urgency[number] for number in URGENCIES}
    waits = {f"may_wait_days_{number}": own.may_wait_days[number] for number in WAITS}
    return ladder | waits | {name: getattr(own, name) for name in OTHERS}


@require_GET
@staff
def order(request: HttpRequest, actor: Actor) -> HttpResponse:
    """The page; whoever leads may try other numbers and sees what they would change."""
    own, may_try = _as_typed(points()), actor.role in LEADING
    is_tried = may_try and any(name in request.GET for name in own)
    form = PointsForm(request.GET if is_tried else None, initial=own)
    effect, text = [], ""
    if is_tried and form.is_valid():
        other = form.points()
        effect = [
            (presenters.TABS[one.tab], one)
            for one in ordering.effect(actor, other, as_of=timezone.localdate())
        ]
        text = yaml.safe_dump(
            {
                "urgency": dict(other.urgency),
                **{name: getattr(other, name) for name in OTHERS},
                "may_wait_days": dict(other.may_wait_days),
            },
            sort_keys=False,
        )
    context = {
        "form": form,
        "rows": [(label, own[name], form[name]) for name, label in rows()],
        "may_try": may_try,
        "is_tried": is_tried,
        "effect": effect,
        "text": text,
    }
    return render(request, "worklist/order.html", context, status=422 if form.errors else 200)
