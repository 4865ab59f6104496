"""Support around a person: needs, a plan with steps, notes, and what the team decides together."""
