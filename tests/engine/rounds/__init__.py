"""The order of doors and the sketch of the way."""
