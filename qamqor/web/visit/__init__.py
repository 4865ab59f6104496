"""The page of a visit: measure, ask, decide together, prescribe, sign."""
