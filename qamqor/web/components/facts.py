"""Any record of a person in one line: what it is, what it says, and when it was."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from qamqor.engine.fhir.names import UCUM
from qamqor.engine.programmes import words as programme_words
from qamqor.services import installed
from qamqor.services.booking import reading
from qamqor.services.person import content
from qamqor.web.components import bookings, dates, reader, words

Resource = Mapping[str, Any]
CLASSES: Final[dict[str, str | Promise]] = {
    "AMB": _("Visit at the clinic"),
    "HH": _("Home visit"),
    "VR": _("Conversation by phone or video"),
    "FLD": _("Outreach visit"),
    "IMP": _("Hospital stay"),
    "EMER": _("Ambulance call"),
}
CALLS: Final[dict[str, str | Promise]] = {
    "agreed": _("will come"),
    "later": _("asked for later"),
    "no_answer": _("no answer"),
    "refused": _("refused"),
    "wrong": _("the list was wrong"),
    "done_elsewhere": _("done elsewhere"),
}
OUTCOMES: Final[dict[str, str | Promise]] = {
    **CALLS,
    "sent": _("sent"),
    "booked": _("day set"),
    "seen": _("seen"),
    "replied": _("reply came"),
    "closed": _("closed"),
    "advice": _("advice given instead"),
}
MEDIA: Final[dict[str, str | Promise]] = {
    "PHONE": _("Phone call"),
    "phone": _("Phone call"),
    "SMSWRIT": _("Message"),
    "sms": _("Message"),
    "VIDEOCONF": _("Video call"),
    "FACE": _("Conversation"),
}
KINDS: Final[dict[str, str | Promise]] = {
    "AllergyIntolerance": _("Allergy"),
    "Appointment": _("Booking"),
    "CarePlan": _("Care plan"),
    "CareTeam": _("Care team"),
    "Communication": _("Message"),
    "Condition": _("Condition"),
    "Consent": _("Consent"),
    "Coverage": _("Insurance"),
    "DiagnosticReport": _("Conclusion"),
    "DocumentReference": _("Document"),
    "Encounter": _("Visit or contact"),
    "EpisodeOfCare": _("Attachment or programme"),
    "Flag": _("Alert"),
    "Goal": _("Goal"),
    "Group": _("Household"),
    "Immunization": _("Vaccination"),
    "MedicationRequest": _("Prescription"),
    "MedicationStatement": _("Medicine taken"),
    "Observation": _("Measurement or finding"),
    "Patient": _("Registration"),
    "Procedure": _("Procedure"),
    "Provenance": _("Signature"),
    "QuestionnaireResponse": _("Questionnaire"),
    "RelatedPerson": _("Relative"),
    "ServiceRequest": _("Referral"),
    "Task": _("Agreement or task"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One record in words.

    Attributes:
        title: what it is. detail: what it says; may be empty. on: the day it is about.
        reference: ``Type/id``. english: the title of a diagnosis that has no words of its own in
            the reader's language; shown beside ``title`` and marked as English.
    """

    title: str
    detail: str
    on: date | None
    reference: str
    english: str = ""


def line(resource: Resource, language: str = "") -> Line:
    """A record in one line, in the reader's language or another."""
    language = language or reader.language()
    type_ = str(resource.get("resourceType", ""))
    title, detail = _SAYS.get(type_, _plain)(resource, language)
    if resource.get("status") == "entered-in-error":
        detail = gettext("entered by mistake")
    reference = f"{type_}/{resource.get('id', '')}"
    english = content.english_of(resource.get("code"), language) if type_ == "Condition" else ""
    return Line(title, detail, day_of(resource), reference, english)


def marked(said: Line, *, with_code: bool = False) -> SafeString:
    """The title of a diagnosis as HTML, with the English one marked as English where it has to be.

    Args:
        with_code: whether the code follows in brackets.
    """
    code = f" ({said.detail})" if with_code and said.detail else ""
    if not said.english:
        return format_html("{}{}", said.title, code)
    return format_html('{}{} <span lang="en">{}</span>', said.title, code, said.english)


def kind(type_: str) -> str:
    """What records of a type are called."""
    return str(KINDS.get(type_, type_))


def day_of(resource: Resource) -> date | None:
    """The day a record is about: when it happened, else when it was written."""
    for name in _DAYS:
        value = resource.get(name)
        if isinstance(value, Mapping):
            value = value.get("start") or value.get("end")
        text = str(value or "")[:10]
        if len(text) == 10:
            return date.fromisoformat(text)
    return None


_DAYS: Final = (
    "effectiveDateTime", "effectivePeriod", "occurrenceDateTime", "performedDateTime",
    "performedPeriod", "sent", "start", "authoredOn", "authored", "dateTime", "onsetDateTime",
    "period", "startDate", "statusDate", "date", "created", "recordedDate", "birthDate",
)  # fmt: skip


def _plain(resource: Resource, language: str) -> tuple[str, str]:
    text = content.said(resource.get("code"), language) or str(resource.get("description") or "")
    return kind(str(resource.get("resourceType", ""))), text


def _bare(resource: Resource, language: str) -> tuple[str, str]:
    return kind(str(resource.get("resourceType", ""))), ""


def _observation(resource: Resource, language: str) -> tuple[str, str]:
    codings = (resource.get("code") or {}).get("coding") or [{}]
    title = content.said(resource.get("code"), language)
    programme = _programme_title(codings[0], language)
    return programme or title, _value(resource, language)


def _programme_title(coding: Mapping[str, Any], language: str) -> str:
    if str(coding.get("system", "")).endswith("/CodeSystem/programme"):
        found = [p for p in installed.pack().programmes if p.id == coding.get("code")]
        return programme_words.title(found[-1], language) if found else ""
    return ""


def _value(resource: Resource, language: str) -> str:
    known = sorted(resource.get("component") or (), key=_place)
    parts = [value for one in known if (value := _one(one, language))]
    if parts:
        return "/".join([*(part.split(" ")[0] for part in parts[:-1]), parts[-1]])
    return _one(resource, language)


def _place(component: Resource) -> int:
    """Where content puts a part of a panel: the upper pressure comes first."""
    codes = [str(one.get("code", "")) for one in (component.get("code") or {}).get("coding") or ()]
    order = content.parts()
    return min((order.index(code) for code in codes if code in order), default=len(order))


def _one(resource: Resource, language: str) -> str:
    quantity = resource.get("valueQuantity")
    if quantity is not None and quantity.get("value") is not None:
        unit = str(quantity.get("code") or quantity.get("unit") or "")
        shown = content.name_of(UCUM, unit, language) or str(quantity.get("unit") or unit)
        shown = "" if shown.startswith("{") else shown  # {score}: a remark, not a unit
        return f"{number(float(quantity['value']))} {shown}".strip()
    if resource.get("valueInteger") is not None:
        return number(float(resource["valueInteger"]))
    if resource.get("valueBoolean") is not None:
        return gettext("yes") if resource["valueBoolean"] else gettext("no")
    concept = resource.get("valueCodeableConcept")
    return content.said(concept, language) if concept else str(resource.get("valueString") or "")


def number(value: float) -> str:
    """A number with as many decimals as it has, at most two."""
    digits = next((n for n in (0, 1) if round(value, n) == value), 2)
    return dates.number(value, digits)


def _condition(resource: Resource, language: str) -> tuple[str, str]:
    codings = (resource.get("code") or {}).get("coding") or [{}]
    return content.said(resource.get("code"), language), str(codings[0].get("code", ""))


def _encounter(resource: Resource, language: str) -> tuple[str, str]:
    code = str((resource.get("class") or {}).get("code", ""))
    roles = [
        words.role(str(coding.get("code")))
        for one in resource.get("participant") or ()
        for kinds in one.get("type") or ()
        for coding in kinds.get("coding") or ()
        if coding.get("code")
    ]
    reasons = [content.said(one, language) for one in resource.get("reasonCode") or ()]
    detail = ", ".join([*dict.fromkeys(roles), *filter(None, reasons)])
    return str(CLASSES.get(code, gettext("Visit or contact"))), detail


def _immunization(resource: Resource, language: str) -> tuple[str, str]:
    name = content.vaccine(resource.get("vaccineCode"), language)
    done = resource.get("status") != "not-done"
    return gettext("Vaccination"), name if done else f"{name}: {gettext('not given')}"


def _medication(resource: Resource, language: str) -> tuple[str, str]:
    name = content.said(resource.get("medicationCodeableConcept"), language)
    doses = [str(one.get("text", "")) for one in resource.get("dosageInstruction") or ()]
    return gettext("Prescription"), ", ".join(filter(None, [name, *doses]))


def _statement(resource: Resource, language: str) -> tuple[str, str]:
    name = content.said(resource.get("medicationCodeableConcept"), language)
    return gettext("Medicine taken"), name


def _referral(resource: Resource, language: str) -> tuple[str, str]:
    return gettext("Referral"), content.said(resource.get("code"), language)


def outcome_of(resource: Resource, field: str) -> str:
    """How something ended, in words; empty where the record does not say."""
    for coding in (resource.get(field) or {}).get("coding") or ():
        return str(OUTCOMES.get(str(coding.get("code", "")), ""))
    return ""


def _task(resource: Resource, language: str) -> tuple[str, str]:
    title = str(resource.get("description") or "") or _action(resource.get("code"), language)
    why = str((resource.get("statusReason") or {}).get("text") or "")
    detail = ": ".join(filter(None, [outcome_of(resource, "businessStatus"), why]))
    return title or gettext("Agreement or task"), detail


def _action(concept: Resource | None, language: str) -> str:
    """The title of a programme's action; a task says only the code."""
    codes = [str(one.get("code", "")) for one in (concept or {}).get("coding") or ()]
    for programme in installed.pack().programmes:
        for code in codes:
            if code in programme.actions:
                return programme_words.action_title(programme, code, language)
    return str((concept or {}).get("text") or "")


def _communication(resource: Resource, language: str) -> tuple[str, str]:
    media = [
        str(MEDIA[str(coding.get("code"))])
        for one in resource.get("medium") or ()
        for coding in one.get("coding") or ()
        if coding.get("code") in MEDIA
    ]
    about = _action(resource.get("topic"), language)
    detail = ", ".join(filter(None, [about, outcome_of(resource, "statusReason")]))
    return (media[0] if media else gettext("Message")), detail


def _form(resource: Resource, language: str) -> tuple[str, str]:
    name = str(resource.get("questionnaire", "")).partition("|")
    last = (name[2] or name[0]).rsplit("/", 1)[-1]
    title = FORMS.get(last) or FORMS.get(name[0].rsplit("/", 1)[-1])
    return gettext("Questionnaire"), str(title or last)


FORMS: Final[dict[str, str | Promise]] = {
    "phq9": "PHQ-9",
    "gad7": "GAD-7",
    "audit": "AUDIT",
    "findrisc": "FINDRISC",
    "social_needs": _("Social needs"),
}


def _episode(resource: Resource, language: str) -> tuple[str, str]:
    for kinds in resource.get("type") or ():
        for coding in kinds.get("coding") or ():
            if title := _programme_title(coding, language):
                return gettext("Programme"), title
    return gettext("Attachment to the area"), ""


def _goal(resource: Resource, language: str) -> tuple[str, str]:
    return gettext("Goal"), str((resource.get("description") or {}).get("text") or "")


def _appointment(resource: Resource, language: str) -> tuple[str, str]:
    services = [content.said(one, language) for one in resource.get("serviceType") or ()]
    own = reading.of_resource(resource)
    known = [bookings.clock_of(own), bookings.where(own, language), *bookings.what_for(own)]
    said = [*services, *known, str(bookings.STATES.get(own.status, ("", ""))[0])]
    return gettext("Booking"), ", ".join(filter(None, said))


_SAYS: Final[dict[str, Callable[[Resource, str], tuple[str, str]]]] = {
    "Appointment": _appointment,
    "Communication": _communication,
    "Condition": _condition,
    "Encounter": _encounter,
    "EpisodeOfCare": _episode,
    "Goal": _goal,
    "Group": _bare,
    "Patient": _bare,
    "Coverage": _bare,
    "Immunization": _immunization,
    "MedicationRequest": _medication,
    "MedicationStatement": _statement,
    "Observation": _observation,
    "QuestionnaireResponse": _form,
    "ServiceRequest": _referral,
    "Task": _task,
}
