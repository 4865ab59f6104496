"""One file for each $operation, with its OperationDefinition."""

from qamqor.web.fhir.operations import (
    break_glass,
    care_due,
    everything,
    export,
    immunisation,
    importing,
    match,
    merge,
    tables,
    terminology,
    validate,
)

__all__ = [
    "break_glass",
    "care_due",
    "everything",
    "export",
    "immunisation",
    "importing",
    "match",
    "merge",
    "tables",
    "terminology",
    "validate",
]
