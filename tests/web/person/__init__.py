"""Tests of a person's pages."""
