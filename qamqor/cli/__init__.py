"""Commands: one module for each room, one call behind each verb."""
