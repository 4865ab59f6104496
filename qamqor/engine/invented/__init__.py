"""Residents, households, illness and care drawn from tables of numbers; names no disease."""
