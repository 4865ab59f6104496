"""Resources that are valid for a reason, and resources that are not, with the rule and place."""

import copy
from decimal import Decimal
from typing import Any

CODE = {"coding": [{"system": "http://loinc.org", "code": "29463-7"}]}
OBSERVATION: dict[str, Any] = {
    "resourceType": "Observation",
    "status": "final",
    "code": CODE,
    "subject": {"reference": "Patient/a"},
    "effectiveDateTime": "2026-11-24T09:30:00+05:00",
    "valueQuantity": {
        "value": Decimal("70.50"),
        "unit": "kg",
        "system": "http://unitsofmeasure.org",
        "code": "kg",
    },
}
PATIENT: dict[str, Any] = {
    "resourceType": "Patient",
    "id": "a",
    "name": [{"family": "Омарова", "given": ["Әсел", "Aisel"]}],
    "gender": "female",
    "birthDate": "1990-02-28",
    "contact": [{"name": {"text": "Mother"}}],
}
REASON = {"extension": [{"url": "http://example.org/why", "valueCode": "unknown"}]}
DIV = '<div xmlns="http://www.w3.org/1999/xhtml">{}</div>'


def with_(resource: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A copy with other properties; one that becomes ``...`` is left out."""
    changed = {**copy.deepcopy(resource), **changes}
    return {key: value for key, value in changed.items() if value is not ...}


def observation(**changes: Any) -> dict[str, Any]:
    return with_(OBSERVATION, **changes)


def patient(**changes: Any) -> dict[str, Any]:
    return with_(PATIENT, **changes)


def bundle(*entries: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return with_(
        {"resourceType": "Bundle", "type": "collection", "entry": list(entries)}, **changes
    )


PATHS = [
    "Observation",
    "Observation.value[x]",
    "Observation.valueQuantity.value",
    "Observation.value[x].coding.system",
    "Observation.component.referenceRange.low.unit",
    "Observation.component.extension:ours.value[x]",
    "Observation.contained.name",
    "Observation.subject.identifier.period.start.extension",
    "Observation.effectiveDateTime",
]
FINE = {
    "a constraint on every kind of path": {
        "resourceType": "StructureDefinition",
        "url": "http://a.kz/StructureDefinition/o",
        "name": "O",
        "status": "draft",
        "kind": "resource",
        "abstract": False,
        "type": "Observation",
        "baseDefinition": "http://hl7.org/fhir/StructureDefinition/Observation|4.0.1",
        "derivation": "constraint",
        "differential": {"element": [{"id": path, "path": path} for path in PATHS]},
    },
    "a search that found nothing but has words": bundle(
        {
            "resource": {
                "resourceType": "OperationOutcome",
                "issue": [{"severity": "information", "code": "informational"}],
            },
            "search": {"mode": "outcome"},
        },
        type="searchset",
    ),
    "an observation": OBSERVATION,
    "a patient": PATIENT,
    "a code with an extension in place of a value": observation(status=..., _status=REASON),
    "an id beside a value": patient(_birthDate={"id": "b"}),
    "null where an extension stands": patient(
        name=[{"given": ["A", None], "_given": [None, REASON]}]
    ),
    "siblings fewer than values": patient(name=[{"given": ["A", "B"], "_given": [REASON]}]),
    "siblings alone": patient(name=[{"_given": [REASON]}]),
    "a leap day": patient(birthDate="2024-02-29"),
    "a leap second": observation(effectiveDateTime="2016-12-31T23:59:60Z"),
    "a decimal without a point": observation(valueQuantity={"value": 70}),
    "a very long decimal": observation(valueQuantity={"value": Decimal("1e-99999")}),
    "a display in place of a reference": observation(subject={"display": "a jar of water"}),
    "a reference to its own contained resource": observation(
        subject={"reference": "#p"}, contained=[{"resourceType": "Patient", "id": "p"}]
    ),
    "a contained resource that refers to its holder": observation(
        contained=[
            {
                "resourceType": "Provenance",
                "id": "p",
                "target": [{"reference": "#"}],
                "recorded": "2026-11-24T09:30:00Z",
                "agent": [{"who": {"display": "x"}}],
            }
        ]
    ),
    "a search in place of a reference": observation(
        subject={"reference": "Patient?identifier=x|1"}
    ),
    "a reference by urn": observation(
        subject={"reference": "urn:uuid:c757873d-ec9a-4326-a141-556f43239520"}
    ),
    "a reference to a version": observation(subject={"reference": "Patient/a/_history/2"}),
    "a reference elsewhere": observation(subject={"reference": "https://a.kz/fhir/Patient/a"}),
    "a reference to another system's path": observation(
        subject={"reference": "https://a.kz/x?y=1"}
    ),
    "narrative": patient(text={"status": "generated", "div": DIV.format("<p>A&nbsp;B</p>")}),
    "narrative that is a picture": patient(
        text={"status": "generated", "div": DIV.format('<img src="data:image/png;base64,AA=="/>')}
    ),
    "dates of which nobody can say which is first": {
        "resourceType": "EpisodeOfCare",
        "status": "active",
        "patient": {"reference": "Patient/a"},
        "period": {"start": "2026-05", "end": "2026-05-03"},
    },
    "empty parameters": {"resourceType": "Parameters"},
    "a bundle of resources": {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [{"fullUrl": "https://a.kz/fhir/Patient/a", "resource": PATIENT}],
    },
    "an example that points where its definition does not": {
        "resourceType": "DeviceMetric",
        "type": CODE,
        "category": "measurement",
        "parent": {"reference": "DeviceDefinition/a"},
    },
}


QUANTITY = OBSERVATION["valueQuantity"]
REFUSED: dict[str, tuple[Any, str, str]] = {
    "no object": ([], "object", "Resource"),
    "no type": ({"id": "a"}, "resource-type", "Resource.resourceType"),
    "an unknown type": ({"resourceType": "Foo"}, "resource-type", "Foo.resourceType"),
    "a type that is no text": (
        {"resourceType": ["Patient"]},
        "resource-type",
        "Resource.resourceType",
    ),
    "an abstract type": ({"resourceType": "Resource"}, "resource-type", "Resource.resourceType"),
    "an unknown element": (patient(pets=1), "unknown-element", "Patient.pets"),
    "an odd name": (patient(**{"a b": 1}), "unknown-element", "Patient.`a b`"),
    "an unknown sibling": (patient(_pets={"id": "x"}), "unknown-element", "Patient._pets"),
    "an element of R5": (
        patient(contact=[{"name": {"text": "M"}, "additionalName": []}]),
        "unknown-element",
        "Patient.contact[0].additionalName",
    ),
    "text in place of an object": (patient(maritalStatus="M"), "object", "Patient.maritalStatus"),
    "an object in place of an array": (patient(name={"text": "A"}), "array", "Patient.name"),
    "an array in place of a value": (patient(gender=["female"]), "array", "Patient.gender"),
    "an empty array": (patient(name=[]), "empty", "Patient.name"),
    "an empty object": (patient(name=[{}]), "empty", "Patient.name[0]"),
    "an empty text": (patient(name=[{"text": ""}]), "empty", "Patient.name[0].text"),
    "null": (patient(gender=None), "null", "Patient.gender"),
    "null in place of an object": (patient(name=[None]), "null", "Patient.name[0]"),
    "null without a sibling": (
        patient(name=[{"given": ["A", None]}]),
        "null",
        "Patient.name[0].given[1]",
    ),
    "null beside a sibling": (patient(gender=None, _gender=REASON), "null", "Patient.gender"),
    "a sibling of no simple element": (patient(_name=[REASON]), "sibling", "Patient.name"),
    "an empty sibling": (patient(_gender={}), "empty", "Patient.gender"),
    "a sibling that is only an id": (
        patient(gender=..., _gender={"id": "a"}),
        "ele-1",
        "Patient.gender",
    ),
    "a sibling with a value": (
        patient(_gender={"value": 1}),
        "unknown-element",
        "Patient.gender.value",
    ),
    "two choices": (observation(valueString="x"), "one-choice", "Observation.value"),
    "two choices, one without value": (
        observation(_valueString=REASON),
        "one-choice",
        "Observation.value",
    ),
    "no status": (observation(status=...), "required", "Observation.status"),
    "no required choice": (
        {
            "resourceType": "MedicationStatement",
            "status": "active",
            "subject": {"reference": "Patient/a"},
        },
        "required",
        "MedicationStatement.medication",
    ),
    "a date that does not exist": (patient(birthDate="2023-02-29"), "format", "Patient.birthDate"),
    "a date the wrong way round": (patient(birthDate="28.02.1990"), "format", "Patient.birthDate"),
    "a time without a zone": (
        observation(effectiveDateTime="2026-11-24T09:30:00"),
        "format",
        "Observation.effective.ofType(dateTime)",
    ),
    "a number in quotes": (
        observation(valueQuantity={"value": "70"}),
        "format",
        "Observation.value.ofType(Quantity).value",
    ),
    "a whole number with a point": (
        observation(valueInteger=Decimal("1.0"), valueQuantity=...),
        "format",
        "Observation.value.ofType(integer)",
    ),
    "an endless number": (
        observation(valueInteger=10**5000, valueQuantity=...),
        "format",
        "Observation.value.ofType(integer)",
    ),
    "a control character": (patient(name=[{"text": "a\x00"}]), "format", "Patient.name[0].text"),
    "half a character": (patient(name=[{"text": "a\ud800"}]), "format", "Patient.name[0].text"),
    "an id that is too long": (patient(id="a" * 65), "format", "Patient.id"),
    "a code outside its list": (patient(gender="f"), "binding", "Patient.gender"),
    "a concept outside its list": (
        {
            "resourceType": "Condition",
            "subject": {"reference": "Patient/a"},
            "clinicalStatus": CODE,
        },
        "binding",
        "Condition.clinicalStatus",
    ),
    "a comparator in a range": (
        observation(referenceRange=[{"low": {**QUANTITY, "comparator": "<"}}]),
        "simple-quantity",
        "Observation.referenceRange[0].low.comparator",
    ),
    "a reference without an id": (
        observation(subject={"reference": "Patient/"}),
        "reference-format",
        "Observation.subject.reference",
    ),
    "a reference to an unknown type": (
        observation(subject={"reference": "Person2/1"}),
        "reference-format",
        "Observation.subject.reference",
    ),
    "a reference to a wrong type": (
        observation(subject={"reference": "Medication/1"}),
        "reference-target",
        "Observation.subject",
    ),
    "a full reference to a wrong type": (
        observation(subject={"reference": "http://a.kz/Medication/1"}),
        "reference-target",
        "Observation.subject",
    ),
    "a stated type that is wrong": (
        observation(subject={"reference": "Patient/1", "type": "Group"}),
        "reference-type",
        "Observation.subject.type",
    ),
    "a local reference to nothing": (
        observation(subject={"reference": "#p"}),
        "ref-1",
        "Observation.subject",
    ),
    "a contained resource of the wrong type": (
        observation(
            subject={"reference": "#p"}, contained=[{"resourceType": "Medication", "id": "p"}]
        ),
        "reference-target",
        "Observation.subject",
    ),
    "a contained resource in a contained one": (
        observation(
            subject={"reference": "#p"},
            contained=[{"resourceType": "Patient", "id": "p", "contained": [PATIENT]}],
        ),
        "dom-2",
        "Observation.contained[0].contained",
    ),
    "a contained resource nobody means": (
        observation(contained=[{"resourceType": "Patient", "id": "p"}]),
        "dom-3",
        "Observation.contained[0]",
    ),
    "a contained resource with a version": (
        observation(
            subject={"reference": "#p"},
            contained=[{"resourceType": "Patient", "id": "p", "meta": {"versionId": "1"}}],
        ),
        "dom-4",
        "Observation.contained[0].meta.versionId",
    ),
    "a contained resource with a label": (
        observation(
            subject={"reference": "#p"},
            contained=[
                {"resourceType": "Patient", "id": "p", "meta": {"security": [{"code": "R"}]}}
            ],
        ),
        "dom-5",
        "Observation.contained[0].meta.security",
    ),
    "an object that is only an id": (patient(name=[{"id": "x"}]), "ele-1", "Patient.name[0]"),
    "an extension without anything": (
        patient(extension=[{"url": "http://a.kz"}]),
        "ext-1",
        "Patient.extension[0]",
    ),
    "an extension with a value and extensions": (
        patient(extension=[{"url": "http://a.kz", "valueString": "x", **REASON}]),
        "ext-1",
        "Patient.extension[0]",
    ),
    "a script": (
        patient(text={"status": "generated", "div": DIV.format("<script>x</script>")}),
        "txt-1",
        "Patient.text.div",
    ),
    "an event": (
        patient(text={"status": "generated", "div": DIV.format('<p onclick="x()">a</p>')}),
        "txt-1",
        "Patient.text.div",
    ),
    "a script address": (
        patient(
            text={
                "status": "generated",
                "div": DIV.format('<a href="java\nscript:x">a</a>'.replace("\n", "")),
            }
        ),
        "txt-1",
        "Patient.text.div",
    ),
    "entities that grow": (
        patient(
            text={"status": "generated", "div": '<!DOCTYPE a [<!ENTITY b "c">]><div>&b;</div>'}
        ),
        "txt-1",
        "Patient.text.div",
    ),
    "broken markup": (
        patient(text={"status": "generated", "div": "<div><p></div>"}),
        "txt-1",
        "Patient.text.div",
    ),
    "no div": (
        patient(text={"status": "generated", "div": "<p>a</p>"}),
        "txt-1",
        "Patient.text.div",
    ),
    "nothing to see": (
        patient(text={"status": "generated", "div": DIV.format(" ")}),
        "txt-2",
        "Patient.text.div",
    ),
    "a wrong size": (
        {
            "resourceType": "DocumentReference",
            "status": "current",
            "content": [{"attachment": {"contentType": "text/plain", "data": "AAAA", "size": 9}}],
        },
        "attachment-size",
        "DocumentReference.content[0].attachment.size",
    ),
    "a half address of an entry": (
        bundle({"fullUrl": "Patient/a", "resource": PATIENT}),
        "full-url",
        "Bundle.entry[0].fullUrl",
    ),
    "an address of another resource": (
        bundle({"fullUrl": "http://a.kz/Patient/b", "resource": PATIENT}),
        "full-url",
        "Bundle.entry[0].fullUrl",
    ),
    "something found that has no id": (
        bundle({"resource": {"resourceType": "Patient", "active": True}}, type="searchset"),
        "found-id",
        "Bundle.entry",
    ),
    "a search parameter of another type than R4 gave it": (
        {
            "resourceType": "CapabilityStatement",
            "status": "draft",
            "date": "2026",
            "kind": "instance",
            "implementation": {"description": "x"},
            "fhirVersion": "4.0.1",
            "format": ["json"],
            "rest": [
                {
                    "mode": "server",
                    "resource": [
                        {
                            "type": "Patient",
                            "searchParam": [
                                {
                                    "name": "active",
                                    "definition": "http://hl7.org/fhir/SearchParameter/"
                                    "Patient-active|4.0.1",
                                    "type": "date",
                                }
                            ],
                        }
                    ],
                }
            ],
        },
        "parameter-type",
        "CapabilityStatement.rest[0].resource[0].searchParam[0].type",
    ),
    "a parameter unlike what it is derived from": (
        {
            "resourceType": "SearchParameter",
            "url": "http://a.kz/SearchParameter/active",
            "derivedFrom": "http://hl7.org/fhir/SearchParameter/Patient-active",
            "name": "Active",
            "status": "draft",
            "description": "x",
            "code": "active",
            "base": ["Person"],
            "type": "token",
        },
        "derived-parameter",
        "SearchParameter.derivedFrom",
    ),
    "a path of no element": (
        {
            "resourceType": "StructureDefinition",
            "url": "http://a.kz/StructureDefinition/p",
            "name": "P",
            "status": "draft",
            "kind": "resource",
            "abstract": False,
            "type": "Patient",
            "baseDefinition": "http://hl7.org/fhir/StructureDefinition/Patient",
            "derivation": "constraint",
            "differential": {
                "element": [
                    {"id": "Patient", "path": "Patient"},
                    {"id": "Patient.contact.age", "path": "Patient.contact.age"},
                ]
            },
        },
        "known-path",
        "StructureDefinition.differential",
    ),
    "something wrong in an entry": (
        bundle({"resource": patient(gender="f")}),
        "binding",
        "Bundle.entry[0].resource.gender",
    ),
    "an end before the start": (
        observation(
            effectiveDateTime=..., effectivePeriod={"start": "2026-02-01", "end": "2026-01-01"}
        ),
        "per-1",
        "Observation.effective.ofType(Period)",
    ),
    "a unit's code without its system": (
        observation(valueQuantity={"value": 1, "code": "kg"}),
        "qty-3",
        "Observation.value.ofType(Quantity)",
    ),
    "a reason why there is no value, and a value": (
        observation(dataAbsentReason={"text": "x"}),
        "obs-6",
        "Observation",
    ),
    "a component that repeats the code of the whole": (
        observation(component=[{"code": {"coding": [*CODE["coding"], {"code": "x"}]}}]),
        "obs-7",
        "Observation",
    ),
    "a contact without details": (
        patient(contact=[{"gender": "male"}]),
        "pat-1",
        "Patient.contact[0]",
    ),
}
