"""Ground floor: from records and a date to what is due. Pure."""
