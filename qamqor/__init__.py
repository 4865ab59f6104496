"""A people-centred primary health care platform."""

__version__ = "0.1.0"
