"""One account for each role of the demo, held by somebody the demo invented."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from django.conf import settings

from qamqor.engine.fhir import json_text
from qamqor.errors import NotPossible
from qamqor.services import accounts
from qamqor.services.accounts import NewAccount
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
    """For each role the first post of an area whose people are in the record."""
    areas = {area for patient in _some("Patient", 50) for area in _areas(patient)}
    found: dict[str, dict[str, Any]] = {}
    for post in _some("PractitionerRole", 20_000):
        place = str(post.get("organization", {}).get("reference", ""))
        for code in (
            c.get("code") for kind in post.get("code", []) for c in kind.get("coding", [])
        ):
            if code not in found or (place in areas and not found[code].get("is_near")):
                found[code] = {**post, "is_near": place in areas}
    return found


def _areas(patient: Mapping[str, Any]) -> list[str]:
    return [str(one.get("reference", "")) for one in patient.get("generalPractitioner", [])]


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
