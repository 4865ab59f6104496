"""Shows every component in every state, on one page."""
