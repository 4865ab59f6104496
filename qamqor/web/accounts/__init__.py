"""Signing in, one's own account, and the devices it is open on."""
