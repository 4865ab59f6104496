"""One file for each $operation, with its OperationDefinition."""

from qamqor.web.fhir.operations import everything, export, tables, terminology

__all__ = ["everything", "export", "tables", "terminology"]
