"""Tests of one person as pages need them."""
