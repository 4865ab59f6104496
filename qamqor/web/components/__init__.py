"""Pieces more than one room shows: banner, tag, date, table."""
