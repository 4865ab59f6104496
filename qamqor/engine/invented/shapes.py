"""The shape of every resource that invented rows become, with places left for their values.

A text ``«name»`` is filled with that row's value; ``#name#`` with a number, without quotes; a key
``«+name»`` with a ready-made piece that may be empty, so that what is unknown is left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from qamqor.engine.fhir.names import (
    ATC,
    CODES,
    CVX,
    EXTENSIONS,
    ICD10,
    IDENTIFIERS,
    LOINC,
    UCUM,
)

Shape = dict[str, Any]

HL7: Final = "http://terminology.hl7.org/CodeSystem"
TIME: Final = "T09:00:00+05:00"
SUBJECT: Final = {"reference": "Patient/«patient_id»"}
PERIOD: Final = {"start": "«from_on»", "«+end»": 0}


def coded(system: str, code: str) -> Shape:
    """A CodeableConcept of one coding."""
    return {"coding": [{"system": system, "code": code}]}


def _reference(kind: str, name: str) -> Shape:
    return {"reference": f"{kind}/«{name}»"}


def _extension(name: str, value: str) -> Shape:
    return {"url": f"{EXTENSIONS}/{name}", "valueCode": value}


PATIENT: Final[Shape] = {
    "resourceType": "Patient",
    "id": "«patient_id»",
    "«+identifier»": 0,
    "active": "#is_active#",
    "name": [{"use": "official", "family": "«family»", "given": "#given#"}],
    "«+telecom»": 0,
    "gender": "«sex»",
    "birthDate": "«born_on»",
    "«+deceased»": 0,
    "address": [
        {
            "extension": "#where#",
            "use": "home",
            "line": ["«line»"],
            "city": "«city»",
            "country": "KZ",
        }
    ],
    "communication": [{"language": coded("urn:ietf:bcp:47", "«language»"), "preferred": True}],
    "«+attached»": 0,
}

ATTACHMENT: Final[Shape] = {
    "resourceType": "EpisodeOfCare",
    "id": "«episode_of_care_id»",
    "status": "«status»",
    "type": [coded(f"{CODES}/episode", "attachment")],
    "patient": SUBJECT,
    "managingOrganization": _reference("Organization", "organization_id"),
    "period": PERIOD,
}

ENROLMENT: Final[Shape] = {
    "resourceType": "EpisodeOfCare",
    "id": "«episode_of_care_id»",
    "status": "«status»",
    "type": [coded(f"{CODES}/programme", "«programme»")],
    "patient": SUBJECT,
    "managingOrganization": _reference("Organization", "site"),
    "period": PERIOD,
}

COVERAGE: Final[Shape] = {
    "resourceType": "Coverage",
    "id": "«coverage_id»",
    "status": "active",
    "type": coded(f"{CODES}/coverage", "«kind»"),
    "beneficiary": SUBJECT,
    "period": PERIOD,
    "payor": [{"reference": "Organization/fund"}],
}

MOTHER: Final[Shape] = {
    "resourceType": "RelatedPerson",
    "id": "«related_person_id»",
    "identifier": [{"system": f"{IDENTIFIERS}/patient", "value": "«mother_patient_id»"}],
    "active": True,
    "patient": SUBJECT,
    "relationship": [coded(f"{HL7}/v3-RoleCode", "MTH")],
    "period": {"start": "«known_on»"},
}

CONDITION: Final[Shape] = {
    "resourceType": "Condition",
    "id": "«condition_id»",
    "clinicalStatus": coded(f"{HL7}/condition-clinical", "«clinical»"),
    "verificationStatus": coded(f"{HL7}/condition-ver-status", "«verified»"),
    "category": [coded(f"{HL7}/condition-category", "«category»")],
    "code": coded(ICD10, "«code»"),
    "subject": SUBJECT,
    "onsetDateTime": "«onset_on»",
    "«+abatement»": 0,
    "recordedDate": "«recorded_on»",
}

VISIT: Final[Shape] = {
    "resourceType": "Encounter",
    "id": "«encounter_id»",
    "status": "finished",
    "class": {"system": f"{HL7}/v3-ActCode", "code": "«class»"},
    "«+type»": 0,
    "subject": SUBJECT,
    "«+participant»": 0,
    "period": {"start": f"«started_on»{TIME}", "end": "«ended_on»T09:20:00+05:00"},
    "serviceProvider": _reference("Organization", "organization_id"),
}

STAY: Final[Shape] = {
    "resourceType": "Encounter",
    "id": "«encounter_id»",
    "status": "finished",
    "class": {"system": f"{HL7}/v3-ActCode", "code": "IMP"},
    "subject": SUBJECT,
    "period": {"start": f"«admitted_on»{TIME}", "end": "«discharged_on»T14:00:00+05:00"},
    "reasonCode": [coded("«system»", "«code»")],
    "hospitalization": {
        "dischargeDisposition": coded(f"{HL7}/discharge-disposition", "«disposition»")
    },
    "serviceProvider": {"reference": "Organization/hospital-1"},
}

MEDICATION: Final[Shape] = {
    "resourceType": "MedicationRequest",
    "id": "«medication_request_id»",
    "status": "«status»",
    "intent": "order",
    "medicationCodeableConcept": coded(ATC, "«code»"),
    "subject": SUBJECT,
    "authoredOn": "«from_on»",
    "dispenseRequest": {"validityPeriod": {"start": "«from_on»", "end": "«until»"}},
}

IMMUNISATION: Final[Shape] = {
    "resourceType": "Immunization",
    "id": "«immunization_id»",
    "status": "«status»",
    "«+reason»": 0,
    "vaccineCode": {
        "coding": [{"system": "«system»", "code": "«code»"}, {"system": CVX, "code": "«cvx»"}]
    },
    "patient": SUBJECT,
    "occurrenceDateTime": "«given_on»",
    "«+lot»": 0,
}

EXEMPTION: Final[Shape] = {
    "resourceType": "Observation",
    "id": "«observation_id»",
    "status": "final",
    "code": coded(f"{CODES}/exemption", "medical_exemption"),
    "subject": SUBJECT,
    "effectivePeriod": {"start": "«from_on»", "end": "«until»"},
    "valueCodeableConcept": coded(f"{CODES}/vaccine_group", "«vaccine_group»"),
}

VACCINATION_OBSERVATION: Final[Shape] = {
    "resourceType": "Observation",
    "id": "«source_id»",
    "status": "final",
    "code": coded(f"{CODES}/vaccination-observation", "«code»"),
    "subject": SUBJECT,
    "effectiveDateTime": "«observed_on»",
}

EXAMINATION: Final[Mapping[str, Shape]] = {
    "Observation": {
        "resourceType": "Observation",
        "id": "«source_id»",
        "status": "final",
        "code": coded("«system»", "«code»"),
        "subject": SUBJECT,
        "effectiveDateTime": f"«effective_on»{TIME}",
    },
    "Procedure": {
        "resourceType": "Procedure",
        "id": "«source_id»",
        "status": "completed",
        "code": coded("«system»", "«code»"),
        "subject": SUBJECT,
        "performedDateTime": f"«effective_on»{TIME}",
    },
}

SCREENING_RESULT: Final[Shape] = {
    "resourceType": "Observation",
    "id": "«observation_id»",
    "status": "final",
    "category": [coded(f"{CODES}/screening_result", "screening_result")],
    "code": coded(f"{CODES}/programme", "«programme»"),
    "subject": SUBJECT,
    "effectiveDateTime": f"«effective_on»{TIME}",
    "valueCodeableConcept": coded(f"{CODES}/screening_result", "«result»"),
}

REFERRAL: Final[Shape] = {
    "resourceType": "ServiceRequest",
    "id": "«service_request_id»",
    "status": "active",
    "intent": "order",
    "priority": "«priority»",
    "code": coded("http://snomed.info/sct", "«code»"),
    "subject": SUBJECT,
    "«+booked»": 0,
    "authoredOn": "«sent_on»",
    "requester": _reference("PractitionerRole", "requester"),
    "performer": [_reference("Organization", "performer")],
}

REFERRAL_WAY: Final[Shape] = {
    "resourceType": "Task",
    "id": "way-«service_request_id»",
    "status": "«status»",
    "intent": "order",
    "focus": _reference("ServiceRequest", "service_request_id"),
    "for": SUBJECT,
    "authoredOn": "«sent_on»",
    "requester": _reference("PractitionerRole", "requester"),
    "owner": _reference("Organization", "performer"),
    "businessStatus": coded(f"{CODES}/outcome", "«outcome»"),
    "«+steps»": 0,
}

CONTACT_ATTEMPT: Final[Shape] = {
    "resourceType": "Communication",
    "id": "«communication_id»",
    "status": "completed",
    "statusReason": coded(f"{CODES}/outcome", "«outcome»"),
    "medium": [coded(f"{CODES}/contact", "«medium»")],
    "subject": SUBJECT,
    "topic": coded(f"{CODES}/action", "«action»"),
    "sent": f"«sent_on»{TIME}",
}

TASK: Final[Shape] = {
    "resourceType": "Task",
    "id": "«task_id»",
    "status": "completed",
    "businessStatus": coded(f"{CODES}/outcome", "«outcome»"),
    "intent": "order",
    "code": coded(f"{CODES}/action", "«action»"),
    "for": SUBJECT,
    "authoredOn": "«acted_on»",
    "lastModified": f"«acted_on»{TIME}",
    "«+until»": 0,
}

GOAL: Final[Shape] = {
    "resourceType": "Goal",
    "id": "«goal_id»",
    "lifecycleStatus": "active",
    "description": {"text": "Personal target"},
    "subject": SUBJECT,
    "startDate": "«from_on»",
    "target": [
        {
            "measure": coded(LOINC, "«measure»"),
            "detailQuantity": {"value": "#target_value#", "system": UCUM, "code": "«unit»"},
        }
    ],
}

CONSENT: Final[Shape] = {
    "resourceType": "Consent",
    "id": "«consent_id»",
    "status": "active",
    "scope": coded(f"{HL7}/consentscope", "«scope»"),
    "category": [coded(f"{CODES}/consent", "«category»")],
    "patient": SUBJECT,
    "dateTime": "«from_on»",
    "policyRule": coded(f"{HL7}/v3-ActCode", "OPTIN"),
    "provision": {"type": "«permitted»", "«+until»": 0},
}


def observation(reading: Mapping[str, Any], category: str) -> Shape:
    """The Observation of one reading of readings.yaml: one value, components, or an answer."""
    system = LOINC if "-" in next(iter(reading["code"])) else f"{CODES}/questionnaire"
    shape: Shape = {
        "resourceType": "Observation",
        "id": "«observation_id»",
        "«+setting»": 0,
        "status": "final",
        "category": [coded(f"{HL7}/observation-category", category)],
        "code": coded(system, "«code»"),
        "subject": SUBJECT,
        "«+encounter»": 0,
        "effectiveDateTime": "«effective_on»«time»",
        "issued": "«recorded_on»T18:30:00+05:00",
        "«+derived»": 0,
    }
    columns = reading.get("columns", {})
    if "answer" in reading:
        shape["valueCodeableConcept"] = coded(LOINC, "«answer»")
    elif len(columns) > 1:
        shape["component"] = [
            {"code": coded(LOINC, entry["code"]), "valueQuantity": _quantity(name, entry)}
            for name, entry in columns.items()
        ]
    else:
        (name, entry), *_ = columns.items()
        shape["valueQuantity"] = _quantity(name, entry)
    return shape


def _quantity(name: str, entry: Mapping[str, Any]) -> Shape:
    unit = entry.get("unit", "{score}")
    return {"value": f"#{name}#", "unit": unit, "system": UCUM, "code": unit}


CARE_PLAN: Final[Shape] = {
    "resourceType": "CarePlan",
    "id": "«care_plan_id»",
    "«+meta»": 0,
    "status": "«status»",
    "intent": "plan",
    "category": [coded(f"{CODES}/support", "support_plan"), coded(f"{CODES}/role", "«role»")],
    "title": "«title»",
    "subject": SUBJECT,
    "period": {"start": "«from_on»", "end": "«until»"},
    "created": f"«from_on»{TIME}",
    "author": _reference("PractitionerRole", "author"),
}


def questionnaire_response(name: str) -> Shape:
    """The answers a score was worked out from; but for one that rules read, none is invented."""
    return {
        "resourceType": "QuestionnaireResponse",
        "id": "«response_id»",
        "questionnaire": name,
        "status": "completed",
        "subject": SUBJECT,
        "authored": "«effective_on»«time»",
        "«+item»": 0,
    }
