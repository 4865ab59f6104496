"""Booking a person, one booking, and a day of them."""
