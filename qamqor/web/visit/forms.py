"""What is typed at a visit; numbers are judged by the engine, as they are while typing."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from django import forms

from qamqor.engine.measurements.sheet import Sheet, fields
from qamqor.services.visit import content, measuring
from qamqor.web.visit import remarks

SETTINGS: Final = tuple(measuring.CLASSES)
HIDDEN: Final = ("key", "version", "owed")


class VisitForm(forms.Form):
    """One visit.

    ``key`` is made once for each form and names all that is saved from it; ``version`` is that of
    the draft the page knows; ``owed`` names what the person was due when the visit began.
    """

    key = forms.UUIDField(widget=forms.HiddenInput)
    version = forms.IntegerField(min_value=0, widget=forms.HiddenInput)
    owed = forms.CharField(required=False, max_length=4000, widget=forms.HiddenInput)
    setting = forms.ChoiceField(choices=[(one, one) for one in SETTINGS], initial="clinic")

    def __init__(self, *args: Any, last: Mapping[str, Decimal], **named: Any) -> None:
        super().__init__(*args, **named)
        self.last = last
        for measurement in content.measurements():
            for name in fields(measurement):
                self.fields[name] = forms.CharField(required=False, max_length=8)

    def clean(self) -> dict[str, object]:
        said: dict[str, object] = super().clean() or {}
        for remark in self.sheet.remarks:
            if remark.stops and remark.measure not in self.errors:
                self.add_error(remark.measure, remarks.said(remark))
        return said

    @property
    def sheet(self) -> Sheet:
        """What the numbers say as they stand in the form."""
        return measuring.sheet_of(self.typed, self.last)

    @property
    def typed(self) -> dict[str, str]:
        """Every field that a draft keeps, as typed."""
        names = [name for name in self.fields if name not in ("key", "version")]
        found = {name: str(self[name].value() or "") for name in names}
        return {name: text for name, text in found.items() if text.strip()}
