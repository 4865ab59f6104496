"""A round of visits: in which order to go to people's doors, and a sketch of the way."""
