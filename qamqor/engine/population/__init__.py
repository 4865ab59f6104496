"""Asks programme questions of everyone at once."""
