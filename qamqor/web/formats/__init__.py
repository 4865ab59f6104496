"""How Django reads and writes dates and numbers, where its own books are silent or foreign."""
