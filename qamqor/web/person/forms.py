"""What a worker writes on a person's page: why a need is wrong, and why a record must be opened."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from qamqor.services.break_glass import LEAST_REASON


class WrongForm(forms.Form):
    """Says that something on the list of needs is wrong; ``key`` is made once for each form."""

    key = forms.UUIDField(widget=forms.HiddenInput)
    action = forms.CharField(max_length=200, widget=forms.HiddenInput)
    reason = forms.CharField(
        max_length=200, error_messages={"required": _("Say why, in a few words.")}
    )


class GlassForm(forms.Form):
    """Why somebody opens a record that is not theirs; the person reads it."""

    reason = forms.CharField(
        min_length=LEAST_REASON,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={
            "required": _("Say why you must open this record."),
            "min_length": _("Say why in a sentence; the person will read it."),
        },
    )
