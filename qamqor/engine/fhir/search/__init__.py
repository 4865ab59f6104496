"""FHIR R4 search without a database: parameters, what they find in a resource, and queries."""
