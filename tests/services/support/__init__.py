"""Tests of support: needs, plans, steps, notes, the conference."""
