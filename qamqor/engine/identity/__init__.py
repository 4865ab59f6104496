"""How likely two records are the same person, and why."""
