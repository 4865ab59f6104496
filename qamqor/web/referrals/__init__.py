"""Referrals: written, sent, followed until they are answered, and the lists of them."""
