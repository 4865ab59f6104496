"""The door Django looks behind: every model, imported from its room."""

from qamqor.store.accounts import Account, Attempt
from qamqor.store.smart import Client, LaunchContext, UsedAssertion

__all__ = ["Account", "Attempt", "Client", "LaunchContext", "UsedAssertion"]
