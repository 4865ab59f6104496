"""A visit: what is known when it begins, what is typed, what is kept, what it closes."""
