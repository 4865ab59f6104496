"""One file for each $operation, with its OperationDefinition."""

from qamqor.web.fhir.operations import export, tables, terminology

__all__ = ["export", "tables", "terminology"]
