"""One file for each $operation, with its OperationDefinition."""

from qamqor.web.fhir.operations import care_due, everything, export, tables, terminology

__all__ = ["care_due", "everything", "export", "tables", "terminology"]
