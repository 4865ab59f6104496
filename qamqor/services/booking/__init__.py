"""Bookings: made, moved, cancelled, kept, missed; a day of them, and a person's."""
