"""Who needs a team today, in which order and why, and what came of asking them."""
