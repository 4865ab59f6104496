"""Pages of referrals, in a real browser."""
