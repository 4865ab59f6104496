"""Writes the audit trail: what was done to records, by whom and why, before it is answered."""

from qamqor.services.audit.entries import Agent, Entry, note, record
from qamqor.services.audit.shown import Opening, moment, who_opened

__all__ = ["Agent", "Entry", "Opening", "moment", "note", "record", "who_opened"]
