"""The web addresses by which our own codes and the standards' codes are known."""

from __future__ import annotations

from typing import Final

BASE: Final = "http://qamqor.invalid/fhir"
CODES: Final = f"{BASE}/CodeSystem"
EXTENSIONS: Final = f"{BASE}/StructureDefinition"
IDENTIFIERS: Final = f"{BASE}/sid"

ICD10: Final = "http://hl7.org/fhir/sid/icd-10"
SNOMED_CT: Final = "http://snomed.info/sct"
LOINC: Final = "http://loinc.org"
UCUM: Final = "http://unitsofmeasure.org"
ATC: Final = "http://www.whocc.no/atc"
CVX: Final = "http://hl7.org/fhir/sid/cvx"
