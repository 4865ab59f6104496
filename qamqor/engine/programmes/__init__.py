"""Understands content packs."""
