"""Who may do what to whose record, and that it was seen."""
