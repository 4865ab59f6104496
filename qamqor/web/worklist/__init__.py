"""A health worker's list of who to see next."""
