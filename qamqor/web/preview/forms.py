"""A form with one field of each kind, one of them wrong."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _


class Example(forms.Form):
    name = forms.CharField(required=False)
    systolic = forms.IntegerField(required=False)
    wrong = forms.IntegerField(
        max_value=200,
        error_messages={"max_value": _("Pulse is above the limit of 200. Check the number.")},
    )
    secret = forms.CharField(widget=forms.PasswordInput, required=False)
    language = forms.ChoiceField(
        choices=[("kk", "Қазақша"), ("ru", "Русский"), ("en", "English")], required=False
    )
    answer = forms.ChoiceField(
        choices=[("comes", _("Will come")), ("none", _("No answer")), ("later", _("Later"))],
        required=False,
    )
    note = forms.CharField(required=False)
    agreed = forms.BooleanField(required=False)
