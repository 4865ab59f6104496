"""What is measured at a visit: read from content, checked while typing, written as Observations."""
