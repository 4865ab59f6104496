"""Registers people, and finds them again however their names are spelled."""
