"""Finds people, registers them, and keeps what the register says of them."""
