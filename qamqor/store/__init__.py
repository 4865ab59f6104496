"""First floor: everything the platform remembers."""
