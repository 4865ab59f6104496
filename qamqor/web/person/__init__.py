"""One person's page: who they are, what they need now, what was done, and who looked."""
