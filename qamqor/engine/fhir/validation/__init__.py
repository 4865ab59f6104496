"""Says whether a resource keeps the rules of FHIR R4, and where it does not."""

from qamqor.engine.fhir.validation.fast import is_valid
from qamqor.engine.fhir.validation.issues import Issue
from qamqor.engine.fhir.validation.plain import check

__all__ = ["Issue", "check", "is_valid"]
