"""Makes one record of two that are one person, and takes that back."""
