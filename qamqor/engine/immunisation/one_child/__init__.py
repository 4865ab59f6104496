"""The same rules, one child at a time, with reasons in plain codes."""
