"""Tests of the pages of support and of the case conference."""
