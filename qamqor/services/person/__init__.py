"""One person's record as pages need it: who they are, what they need, what was done, who looked."""
