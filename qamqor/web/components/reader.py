"""Which language the page at hand is read in."""

from __future__ import annotations

from django.utils.translation import get_language


def language() -> str:
    """kk, ru or en."""
    return (get_language() or "en")[:2]
