"""The components page: what designers and testers look at."""

from __future__ import annotations

from datetime import timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from qamqor.web.components import dates, icons
from qamqor.web.preview.forms import Example

PEOPLE = (("Ахметова Айгүл Серікқызы", 45 * 365 + 200), ("Омарова Раяна", 430), ("Әбіш Қуаныш", 12))


def show(request: HttpRequest) -> HttpResponse:
    today = timezone.localdate()
    born = [(name, today - timedelta(days=days)) for name, days in PEOPLE]
    said = {
        "wrong": "310",
        "systolic": "168",
        "answer": "later",
        "name": "Ахметова Айгүл Серікқызы",
    }
    context = {
        "form": Example(said),
        "today": today,
        "now": timezone.now(),
        "people": [[name, dates.age(day, today), dates.short(day)] for name, day in born],
        "days": [
            ("urgent", today),
            ("overdue", today - timedelta(days=22)),
            ("due", today + timedelta(days=6)),
            ("soon", today + timedelta(days=115)),
        ],
        "icon_names": list(icons.PATHS),
    }
    return render(request, "preview/show.html", context)
