"""One file for each $operation, with its OperationDefinition."""

from qamqor.web.fhir.operations import tables, terminology

__all__ = ["tables", "terminology"]
