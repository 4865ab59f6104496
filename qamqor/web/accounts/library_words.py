"""Sentences of Django and allauth that people see here, so that our own languages know them."""

from __future__ import annotations

from django.utils.translation import gettext_noop as _
from django.utils.translation import ngettext_lazy

SENTENCES = (
    _("This field is required."),
    _("You must type the same password each time."),
    _("This password is too common."),
    _("The password is too similar to the %(verbose_name)s."),
    _("Enter a whole number."),
    _("Enter a valid date."),
)
COUNTED = (
    ngettext_lazy(
        "This password is too short. It must contain at least %d character.",
        "This password is too short. It must contain at least %d characters.",
        "min_length",
    ),
)
