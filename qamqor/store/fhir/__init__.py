"""Resources, every version of them, and how to search them."""
