"""Reads FHIR R4 as plain JSON: no wrapper classes."""
