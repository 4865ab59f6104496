"""Which doses count and which come next, for any country's schedule."""
