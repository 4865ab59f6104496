"""Support around a person: needs, notes, plans, agreed steps, and the case conference."""
