"""What is printed for a person, in the person's own language."""
