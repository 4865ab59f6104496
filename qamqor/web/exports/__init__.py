"""The page on which a second person lets an export of everybody begin."""
