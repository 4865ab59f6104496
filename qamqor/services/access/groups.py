"""Sorts the types of FHIR into the groups that rights are given for."""

from __future__ import annotations

from typing import Final

_TYPES: Final = {
    "administrative": """
        Account Appointment AppointmentResponse Coverage EpisodeOfCare Group Patient
        Person RelatedPerson
    """,
    "contact": """
        Communication CommunicationRequest Task
    """,
    "coordination": """
        CarePlan CareTeam Consent Encounter Flag Goal List QuestionnaireResponse
        RequestGroup ServiceRequest
    """,
    "clinical": """
        AdverseEvent AllergyIntolerance Basic BiologicallyDerivedProduct BodyStructure
        ChargeItem Claim ClaimResponse ClinicalImpression Composition Condition Contract
        CoverageEligibilityRequest CoverageEligibilityResponse DetectedIssue Device
        DeviceMetric DeviceRequest DeviceUseStatement DiagnosticReport DocumentManifest
        DocumentReference EnrollmentRequest EnrollmentResponse ExplanationOfBenefit
        FamilyMemberHistory GuidanceResponse ImagingStudy Immunization
        ImmunizationEvaluation ImmunizationRecommendation Invoice MeasureReport Media
        MedicationAdministration MedicationDispense MedicationRequest MedicationStatement
        MolecularSequence NutritionOrder Observation PaymentNotice PaymentReconciliation
        Procedure Provenance ResearchSubject RiskAssessment Specimen SupplyDelivery
        SupplyRequest VerificationResult VisionPrescription
    """,
    "planning": """
        Schedule Slot
    """,
    "directory": """
        Endpoint HealthcareService InsurancePlan Location Organization
        OrganizationAffiliation Practitioner PractitionerRole
    """,
    "knowledge": """
        ActivityDefinition CapabilityStatement CatalogEntry ChargeItemDefinition
        CodeSystem CompartmentDefinition ConceptMap DeviceDefinition
        EffectEvidenceSynthesis EventDefinition Evidence EvidenceVariable ExampleScenario
        GraphDefinition ImplementationGuide Library Measure Medication MedicationKnowledge
        MedicinalProduct MedicinalProductAuthorization MedicinalProductContraindication
        MedicinalProductIndication MedicinalProductIngredient MedicinalProductInteraction
        MedicinalProductManufactured MedicinalProductPackaged
        MedicinalProductPharmaceutical MedicinalProductUndesirableEffect MessageDefinition
        NamingSystem ObservationDefinition OperationDefinition PlanDefinition
        Questionnaire ResearchDefinition ResearchElementDefinition ResearchStudy
        RiskEvidenceSynthesis SearchParameter SpecimenDefinition StructureDefinition
        StructureMap Substance SubstanceNucleicAcid SubstancePolymer SubstanceProtein
        SubstanceReferenceInformation SubstanceSourceMaterial SubstanceSpecification
        TerminologyCapabilities TestReport TestScript ValueSet ViewDefinition
    """,
    "technical": """
        Binary Bundle Linkage MessageHeader OperationOutcome Parameters Subscription
    """,
    "trace": "AuditEvent",
}
GROUPS: Final[dict[str, frozenset[str]]] = {
    group: frozenset(types.split()) for group, types in _TYPES.items()
}
GROUP_OF: Final = {type_: group for group, types in GROUPS.items() for type_ in types}
ABOUT_PEOPLE: Final = ("administrative", "contact", "coordination", "clinical", "technical")
"""Groups whose resources belong to a person; where none is named, only `everyone` sees them."""

IMPERSONAL: Final = frozenset(
    ["CareTeam", "Device", "Group", "List", "MeasureReport", "Media", "Task"]
)
"""Types about people that may also be the organisation's own, and are then read by its staff."""
