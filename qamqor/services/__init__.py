"""Second floor: what people ask for, each done whole or not at all."""
