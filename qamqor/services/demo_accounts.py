"""One account for each role of the demo, held by somebody the demo invented."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Final

from django.conf import settings

from qamqor.engine.fhir import json_text
from qamqor.errors import NotPossible
from qamqor.services import accounts
from qamqor.services.accounts import NewAccount
from qamqor.store import mentions
from qamqor.store.accounts import ROLES, Account
from qamqor.store.fhir import versions

PASSWORD: Final = "demo-demo-demo"  # noqa: S105 (printed on the page of the demo)
STAND_INS: Final = {
    "gp": "Ахметов Данияр",
    "practice_nurse": "Сәрсенбаева Назгүл",
    "district_nurse": "Қасенова Жанар",
    "midwife": "Жүнісова Мәлика",
    "psychologist": "Қасымова Әсел",
    "social_worker": "Мусина Лаура",
    "resident": "Омарова Гүлмира",
    "registrar": "Тулегенова Дана",
    "lead_nurse": "Сейтқали Айнұр",
    "head": "Калиева Меруерт",
    "region_analyst": "Есенов Марат",
    "ministry_author": "Оспанова Жанар",
    "auditor": "Ким Виктор",
    "administrator": "Әбілов Нұрлан",
}


def ensure() -> int:
    """Make what is missing; how many accounts were made.

    Raises:
        NotPossible: this is not the demo.
    """
    if not settings.QAMQOR.is_demo:
        raise NotPossible("accounts with a known password exist in the demo only (QAMQOR_DEMO=1)")
    # Made while the record was still empty: made again once its people are there.
    homeless = Account.objects.filter(is_demo=True, practitioner_role_id="", patient_id="")
    if _first("PractitionerRole") is not None:
        homeless.filter(organization_id="").delete()
    there = set(Account.objects.filter(is_demo=True).values_list("role", flat=True))
    missing = [role for role in ROLES if role not in there]
    held = _posts() if missing else {}
    for role in missing:
        accounts.create(_wanted(role, held.get(role)))
    return len(missing)


def _wanted(role: str, post: Mapping[str, Any] | None) -> NewAccount:
    patient = _first("Patient") if role == "resident" else None
    name = STAND_INS.get(role) or role
    if post is not None:
        holder = str(post.get("practitioner", {}).get("reference", "")).removeprefix(
            "Practitioner/"
        )
        name = _name(_read("Practitioner", holder)) or name
    elif patient is not None:
        name = _name(patient) or name
    return NewAccount(
        username=f"demo-{role.replace('_', '-')}",
        role=role,
        name=name,
        practitioner_role=str((post or {}).get("id", "")),
        patient=str((patient or {}).get("id", "")),
        organization="" if post else _organisation(),
        password=PASSWORD,
        is_demo=True,
    )


def _posts() -> dict[str, dict[str, Any]]:
    """For each role the first post in the team of the area most people of the record belong to."""
    areas = Counter(area for patient in _some("Patient", 200) for area in _areas(patient))
    found: dict[str, dict[str, Any]] = {}
    for area, _ in areas.most_common():
        for team in mentions.of(area):
            for code, post in _members(json_text.decode(team.content or "{}")):
                found.setdefault(code, post)
    return found


def _members(team: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Role and post of everybody in a team whose post is in the record."""
    for one in team.get("participant", []):
        post = str(one.get("member", {}).get("reference", "")).removeprefix("PractitionerRole/")
        held = _read("PractitionerRole", post)
        for code in (c.get("code") for role in one.get("role", []) for c in role.get("coding", [])):
            if held is not None:
                yield str(code), held


def _areas(patient: Mapping[str, Any]) -> list[str]:
    said = [str(one.get("reference", "")) for one in patient.get("generalPractitioner", [])]
    return [one for one in said if one.startswith("Organization/")]


def _organisation() -> str:
    patient = _first("Patient")
    said = str(((patient or {}).get("managingOrganization") or {}).get("reference", ""))
    return said.removeprefix("Organization/")


def _first(type_: str) -> dict[str, Any] | None:
    return next(_some(type_, 1), None)


def _some(type_: str, most: int) -> Iterator[dict[str, Any]]:
    for count, version in enumerate(versions.current_of_type(type_)):
        if count >= most:
            return
        yield json_text.decode((version.content or "{}").encode())


def _read(type_: str, id_: str) -> dict[str, Any] | None:
    found = versions.read(type_, id_) if id_ else None
    return json_text.decode(found.content.encode()) if found and found.content else None


def _name(resource: Mapping[str, Any] | None) -> str:
    names = (resource or {}).get("name") or [{}]
    return " ".join([str(names[0].get("family", "")), *names[0].get("given", [])]).strip()
