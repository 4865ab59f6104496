"""The head of a person's page: who they are, allergies first, and how to speak to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from qamqor.services.person import content
from qamqor.services.person.page import Page
from qamqor.web.components import dates, people, reader

NONE_KNOWN: Final = frozenset({"716186003", "no_known_allergy", "409137002", "428607008"})
"""Codes that say that somebody asked and there is none."""
COVERS: Final[dict[str, str | Promise]] = {
    "osms": _("Insured (OSMS)"),
    "gobmp": _("Guaranteed free care"),
}
SUPPORT: Final = frozenset({"psychologist", "social_worker"})
CONTACT: Final = frozenset({"contact", "sms", "messages", "message"})


@dataclass(frozen=True, slots=True)
class Act:
    """A button of the banner."""

    label: str
    href: str
    icon: str
    kind: str


@dataclass(frozen=True, slots=True)
class Short:
    """Who a page is about, for the pages beside the person's own."""

    patient: str
    name: str
    line: str
    language: str


@dataclass(frozen=True, slots=True)
class Banner:
    """Who a person is.

    Attributes:
        allergies: in words; empty where there are none to name.
        asked: whether somebody asked about allergies; none known and not asked differ.
        may_know: whether the reader may see allergies at all; else nothing is said of them.
        died: in words where the person is dead.
    """

    patient: str
    name: str
    line: str
    born: str
    allergies: tuple[str, ...]
    asked: bool
    may_know: bool
    speaks: str
    phone: str
    consent: str
    matters: str
    address: str
    cover: str
    is_sensitive: bool
    died: str
    relation: str
    acts: tuple[Act, ...]
    more: tuple[Act, ...]


def short(person: Mapping[str, Any], today: date) -> Short:
    """The name and one line."""
    return Short(
        patient=str(person.get("id", "")),
        name=people.name_of(person),
        line=people.who(person, today),
        language=people.language_code(person),
    )


def of(page: Page) -> Banner:
    """Everything the banner says."""
    person, found = page.person, page.resources
    named, asked = _allergies(found.get("AllergyIntolerance", ()))
    return Banner(
        patient=page.patient,
        name=people.name_of(person),
        line=people.who(person, page.as_of),
        born=dates.long(people.born_on(person)),
        allergies=named,
        asked=asked,
        may_know="read AllergyIntolerance" in page.may,
        speaks=people.speaks(person),
        phone=people.phone_of(person),
        consent=_consent(found.get("Consent", ()), page.as_of),
        matters=_matters(found.get("Goal", ())),
        address=people.address_of(person),
        cover=_cover(page.rows.get("coverage", ()), page.as_of),
        is_sensitive=bool(page.labels),
        died=_died(person),
        relation=page.relation,
        acts=tuple(_acts(page)),
        more=tuple(_more(page)),
    )


def _died(person: Mapping[str, Any]) -> str:
    day = str(person.get("deceasedDateTime", ""))[:10]
    if len(day) == 10:
        return gettext("Died: %(day)s") % {"day": dates.long(date.fromisoformat(day))}
    return gettext("Died") if person.get("deceasedBoolean") else ""


def _allergies(found: Sequence[Mapping[str, Any]]) -> tuple[tuple[str, ...], bool]:
    named = []
    for one in found:
        if _is_off(one):
            continue
        codings = (one.get("code") or {}).get("coding") or ()
        if any(coding.get("code") in NONE_KNOWN for coding in codings):
            continue
        named.append(_allergy(one))
    return tuple(dict.fromkeys(filter(None, named))), bool(found)


def _is_off(one: Mapping[str, Any]) -> bool:
    said = [
        str(coding.get("code"))
        for field in ("clinicalStatus", "verificationStatus")
        for coding in (one.get(field) or {}).get("coding") or ()
    ]
    return bool({"inactive", "resolved", "refuted", "entered-in-error"} & set(said))


def _allergy(one: Mapping[str, Any]) -> str:
    language = reader.language()
    to = content.said(one.get("code"), language)
    shows = [
        content.said(sign, language)
        for reaction in one.get("reaction") or ()
        for sign in reaction.get("manifestation") or ()
    ]
    return ", ".join(filter(None, [to, *shows]))


def _consent(found: Sequence[Mapping[str, Any]], today: date) -> str:
    """Whether the person agreed to messages: the newest answer, or that nobody asked."""
    for one in found:
        codes = {
            str(coding.get("code"))
            for kind in one.get("category") or ()
            for coding in kind.get("coding") or ()
        }
        if not codes & CONTACT or one.get("status") != "active":
            continue
        end = str(((one.get("provision") or {}).get("period") or {}).get("end") or "9")[:10]
        if end < today.isoformat():
            continue
        permits = (one.get("provision") or {}).get("type", "permit") == "permit"
        return gettext("agrees to messages") if permits else gettext("no messages, please")
    return gettext("consent to messages not asked")


def _matters(found: Sequence[Mapping[str, Any]]) -> str:
    """What the person said matters to them: the newest goal in their own words."""
    for one in found:
        by = str((one.get("expressedBy") or {}).get("reference", ""))
        live = one.get("lifecycleStatus") in (
            "proposed",
            "planned",
            "accepted",
            "active",
            "on-hold",
        )
        if live and by.startswith("Patient/"):
            return str((one.get("description") or {}).get("text") or "")
    return ""


def _cover(rows: Sequence[Mapping[str, Any]], today: date) -> str:
    day = today.isoformat()
    kinds = [
        str(row.get("kind"))
        for row in rows
        if str(row.get("from_on") or "") <= day <= str(row.get("until") or "9")
    ]
    return next((str(said) for kind, said in COVERS.items() if kind in kinds), "")


def address(name: str, patient: str) -> str:
    """Where a page of this person is; empty while that page does not exist here."""
    try:
        return reverse(name, kwargs={"patient": patient})
    except NoReverseMatch:
        return ""


def _acts(page: Page) -> list[Act]:
    """What a worker comes to do, one filled button: by role the visit or the needs."""
    visit = (gettext("Start the visit"), "visit", "", "create Encounter")
    asked = (gettext("Assess needs"), "needs", "heart", "create QuestionnaireResponse")
    rest = (
        (gettext("Vaccinate"), "vaccinate", "syringe", "create Immunization"),
        (gettext("Refer"), "refer", "arrow", "create ServiceRequest"),
    )
    wished = (asked, visit) if page.role in SUPPORT else (visit, *rest)
    found: list[Act] = []
    for label, name, icon, right in wished:
        if right in page.may and (href := address(name, page.patient)):
            found.append(Act(label, href, icon, "" if found else "primary"))
    if phone := people.phone_of(page.person):
        found.insert(min(1, len(found)), Act(gettext("Call"), f"tel:{phone}", "phone", ""))
    return found


def _more(page: Page) -> list[Act]:
    wished = [
        (gettext("Book"), "book", "create Appointment"),
        (gettext("Needs and support"), "needs", ""),
        (gettext("Change the details"), "person_edit", "update Patient"),
        (gettext("Consents"), "person_consent", "update Patient"),
        (gettext("Household"), "person_household", "update Patient"),
        (gettext("Bring to the conference"), "conference_bring", "create Task"),
        (gettext("Print and letters"), "print", ""),
        (gettext("Vaccinations"), "vaccinations", ""),
    ]
    return [
        Act(label, href, "", "")
        for label, name, right in wished
        if (not right or right in page.may) and (href := address(name, page.patient))
    ]
