"""One file for each $operation, with its OperationDefinition."""

from qamqor.web.fhir.operations import terminology

__all__ = ["terminology"]
