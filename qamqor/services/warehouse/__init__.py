"""Loads deliveries into the warehouse, takes records out, and says what is in it."""
