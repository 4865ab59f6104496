"""Turns resources into tables by ViewDefinition."""
