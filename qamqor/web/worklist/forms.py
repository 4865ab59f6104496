"""What a worker says of a call: one press, and a day or a reason only where it is needed."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from qamqor.services.worklist.outcome import MEDIA, OUTCOMES, WITH_DAY, WITH_REASON
from qamqor.web.components.bookings import in_reach


class OutcomeForm(forms.Form):
    """The outcome of one try; ``key`` is made once for each form, so that a double click is one."""

    key = forms.UUIDField(widget=forms.HiddenInput)
    outcome = forms.ChoiceField(choices=[(one, one) for one in OUTCOMES])
    medium = forms.ChoiceField(choices=[(one, one) for one in MEDIA], initial="phone")
    actions = forms.CharField(widget=forms.HiddenInput)
    until = forms.DateField(
        required=False,
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        validators=[in_reach],
        error_messages={"invalid": _("This is no day. Choose one from the calendar.")},
    )
    reason = forms.CharField(required=False, max_length=200)

    def clean(self) -> dict[str, object]:
        said: dict[str, object] = super().clean() or {}
        outcome, until = said.get("outcome"), said.get("until")
        today = self.initial["today"]
        if outcome in WITH_DAY and "until" not in self.errors and (until is None or until < today):
            self.add_error("until", _("Say a day, today or later."))
        if outcome in WITH_REASON and not str(said.get("reason", "")).strip():
            self.add_error("reason", _("Say why, in a few words."))
        return said


class SlotForm(forms.Form):
    """A time that somebody agrees to at the telephone; ``skip`` leaves it without one."""

    key = forms.UUIDField(widget=forms.HiddenInput)
    slot = forms.DateTimeField(
        required=False, input_formats=["%Y-%m-%dT%H:%M"], validators=[in_reach]
    )
    place = forms.CharField(required=False, max_length=40)
    actions = forms.CharField(required=False, max_length=4000)
    skip = forms.CharField(required=False, max_length=1)


class UndoForm(forms.Form):
    """Takes the last outcome back."""

    key = forms.UUIDField()
    actions = forms.IntegerField(min_value=1, max_value=200)
