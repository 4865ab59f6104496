"""What is typed at a visit; numbers are judged by the engine, as they are while typing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _

from qamqor.engine.measurements.sheet import Sheet, fields
from qamqor.services import diagnoses
from qamqor.services.access.actor import Actor
from qamqor.services.visit import content, measuring
from qamqor.services.visit import plan as plans
from qamqor.services.visit.plan import Plan
from qamqor.web.visit import diagnoses as found
from qamqor.web.visit import remarks

SETTINGS: Final = tuple(measuring.CLASSES)
HIDDEN: Final = ("key", "version", "owed", "discussed")
LISTS: Final = ("reasons", "diagnoses", "steps")
"""Fields of which several may be chosen; a draft keeps them with spaces between."""


class Codes(forms.MultipleChoiceField):
    """ICD-10 codes that can be chosen; one that cannot is refused with the nearest named."""

    def validate(self, value: list[str]) -> None:
        """Raise ``ValidationError`` with the first code that cannot be chosen."""
        for code in value:
            if not diagnoses.exists(code):
                near = ", ".join(diagnoses.instead(code))
                raise forms.ValidationError(f"{found.refused(code[:8])} {near or '–'}")


class VisitForm(forms.Form):
    """One visit.

    ``key`` is made once for each form and names all that is saved from it; ``version`` is that of
    the draft the page knows; ``owed`` names what the person was due when the visit began.
    """

    key = forms.UUIDField(widget=forms.HiddenInput)
    version = forms.IntegerField(min_value=0, widget=forms.HiddenInput)
    owed = forms.CharField(required=False, max_length=4000, widget=forms.HiddenInput)
    setting = forms.ChoiceField(choices=[(one, one) for one in SETTINGS], initial="clinic")
    reason_text = forms.CharField(required=False, max_length=300)
    find = forms.CharField(required=False, max_length=80)
    diagnoses = Codes(required=False)
    unsure = forms.BooleanField(required=False)
    summary = forms.CharField(required=False, max_length=4000, widget=forms.Textarea)
    takes = forms.ChoiceField(required=False, choices=[(one, one) for one in plans.TAKES])
    takes_text = forms.CharField(required=False, max_length=300)
    goal = forms.CharField(required=False, max_length=300)
    confidence = forms.IntegerField(
        required=False,
        min_value=0,
        max_value=10,
        error_messages={
            "invalid": _("A whole number from 0 to 10."),
            "min_value": _("A whole number from 0 to 10."),
            "max_value": _("A whole number from 0 to 10."),
        },
    )
    next_on = forms.DateField(
        required=False,
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        error_messages={"invalid": _("This is no day. Choose one from the calendar.")},
    )

    def __init__(self, *args: Any, last: Mapping[str, Decimal], **named: Any) -> None:
        super().__init__(*args, **named)
        self.last, offer = last, content.offer()
        self.fields["reasons"] = forms.MultipleChoiceField(
            required=False, choices=[(one.id, one.id) for one in offer.reasons]
        )
        self.fields["option"] = forms.ChoiceField(
            required=False, choices=[("", ""), *((one.id, one.id) for one in offer.options)]
        )
        self.fields["steps"] = forms.MultipleChoiceField(
            required=False, choices=[(one.id, one.id) for one in offer.protocols]
        )
        for measurement in content.measurements():
            for name in fields(measurement):
                self.fields[name] = forms.CharField(required=False, max_length=8)

    def clean(self) -> dict[str, object]:
        said: dict[str, object] = super().clean() or {}
        for remark in self.sheet.remarks:
            if remark.stops and remark.measure not in self.errors:
                self.add_error(remark.measure, remarks.said(remark))
        return said

    def refuse_for(self, actor: Actor, today: date) -> None:
        """Add what this worker may not save, or not on this day."""
        chosen, day = self.listed("diagnoses"), self.cleaned_data.get("next_on")
        if any(plans.hidden_from(actor, code) for code in chosen):
            self.add_error("diagnoses", _("A diagnosis of this kind is for other roles to record."))
        if day is not None and day < today:
            self.add_error("next_on", _("Say a day, today or later."))

    @property
    def is_empty(self) -> bool:
        """Whether nobody has written anything; what the page fills in by itself does not count."""
        return not set(self.typed) - {"setting", "owed", "find", "next_on"}

    def must_say_something(self) -> None:
        """An empty visit is not signed: it is a page somebody came back to."""
        if self.is_empty:
            self.add_error(None, _("Nothing is written yet. A visit needs at least one entry."))

    @property
    def sheet(self) -> Sheet:
        """What the numbers say as they stand in the form."""
        return measuring.sheet_of(self.typed, self.last)

    def listed(self, name: str) -> list[str]:
        """The values of a field of which several may be chosen."""
        value = self[name].value() or []
        return value.split() if isinstance(value, str) else [str(one) for one in value]

    @property
    def typed(self) -> dict[str, str]:
        """Every field that a draft keeps, as typed."""
        found = {name: str(self[name].value() or "") for name in self.fields if name not in LISTS}
        found |= {name: " ".join(self.listed(name)) for name in LISTS}
        found["unsure"] = "on" if self["unsure"].value() else ""
        kept = ("key", "version")
        return {name: text for name, text in found.items() if text.strip() and name not in kept}

    def plan(self, discussed: tuple[str, ...]) -> Plan:
        """What was found and decided, once the form is valid."""
        said = self.cleaned_data
        return Plan(
            reasons=tuple(said["reasons"]),
            reason_text=said["reason_text"],
            diagnoses=tuple(dict.fromkeys(said["diagnoses"])),
            is_certain=not said["unsure"],
            summary=said["summary"],
            takes=said["takes"],
            takes_text=said["takes_text"],
            option=said["option"],
            discussed=discussed if said["option"] else (),
            goal=said["goal"],
            confidence=said["confidence"],
            steps=tuple(said["steps"]),
            next_on=said["next_on"],
        )
