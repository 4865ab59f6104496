"""Loads a server over HTTP and times its answers."""
