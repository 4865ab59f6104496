"""Pages for people, FHIR for machines."""
