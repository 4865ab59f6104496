"""Choosing the person an application is started for, as far as the chooser may see people."""

from __future__ import annotations

from typing import Any, NamedTuple

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone

from qamqor.errors import NotThere
from qamqor.services import accounts
from qamqor.services.access import open_record
from qamqor.services.access.actor import Actor
from qamqor.services.registration import find


class Person(NamedTuple):
    """Somebody to choose: number and birth date tell namesakes apart."""

    id: str
    name: str
    born_on: str
    iin_end: str


def pick(request: HttpRequest, key: str) -> HttpResponse:
    """The page where a person is looked for and chosen; nothing typed stands in an address."""
    if request.method == "POST" and request.POST.get("pick"):
        shown(request, request.POST["pick"])
        chosen = {**request.session.get("smart", {}), key: [request.POST["pick"], ""]}
        request.session["smart"] = chosen
        return HttpResponseRedirect(request.get_full_path())
    typed = request.POST.get("find", "").strip()
    found = _find(request, typed) if typed else []
    return render(request, "smart/pick.html", {"found": found, "typed": typed})


def shown(request: HttpRequest, patient: str) -> Person:
    """A person as the consent page names them.

    Raises:
        NotThere: nobody of this id, or not open to whoever is signed in.
    """
    record = open_record(patient, _actor(request), "TREAT", timezone.now())
    names = record.patient.get("name") or [{}]
    said = " ".join([str(names[0].get("family", "")), *names[0].get("given", [])]).strip()
    return Person(patient, said or patient, str(record.patient.get("birthDate", "")), "")


def _find(request: HttpRequest, typed: str) -> list[Person]:
    actor, now = _actor(request), timezone.now()
    digits = "".join(letter for letter in typed if letter.isdigit())
    if len(digits) == 12:
        one = find.find_by_iin(digits, actor=actor, at=now)
        return [_card(one)] if one is not None else []
    return [_card(one) for one in find.find_by_name(typed, actor=actor, at=now, limit=20)]


def _card(found: Any) -> Person:
    name = found.names[0] if found.names else None
    parts = (name.family, name.given, name.patronymic) if name else (found.patient_id,)
    return Person(
        found.patient_id, " ".join(p for p in parts if p), str(found.born_on), found.iin_end
    )


def _actor(request: HttpRequest) -> Actor:
    actor = accounts.actor_for(request.user, timezone.now())  # type: ignore[arg-type]
    if actor is None:
        raise NotThere("this account is closed")
    return actor
