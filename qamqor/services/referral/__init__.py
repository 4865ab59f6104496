"""Referrals and advice: written, sent, booked, seen, answered, closed."""
