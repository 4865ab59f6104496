"""The door Django looks behind: every model, imported from its room."""

from qamqor.store.accounts import Account

__all__ = ["Account"]
