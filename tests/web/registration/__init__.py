"""Pages of finding and registering people, in a real browser."""
