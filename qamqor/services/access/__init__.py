"""Who may do what to whose record, and that it was seen."""

from qamqor.services.access.records import Record, open_record

__all__ = ["Record", "open_record"]
