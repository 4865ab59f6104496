"""The same rules for everyone at once: the schedule as arrays, the loop compiled."""
