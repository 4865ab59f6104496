"""What is written in a referral, and what is said of each step on its way."""

from __future__ import annotations

from datetime import date
from typing import Final

from django import forms
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from qamqor.engine.referral import State
from qamqor.services.referral.follow import LONGEST as LONGEST_TEXT
from qamqor.services.referral.follow import LONGEST_PLACE
from qamqor.services.referral.write import LONGEST, Wish
from qamqor.web.components.bookings import in_reach, is_long_ago

KINDS: Final = (
    ("referral", _("The person goes to the specialist")),
    ("advice", _("Advice only: the person need not travel")),
)
PRIORITIES: Final = (
    ("routine", _("planned")),
    ("urgent", _("urgent, within days")),
    ("stat", _("emergency, today")),
)


class ReferForm(forms.Form):
    """A referral being written; ``key`` names it, ``version`` is that of the draft."""

    key = forms.UUIDField(widget=forms.HiddenInput)
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)
    kind = forms.ChoiceField(choices=KINDS, initial="referral")
    service = forms.ChoiceField(
        error_messages=dict.fromkeys(("required", "invalid_choice"), _("Choose a specialist."))
    )
    priority = forms.ChoiceField(choices=PRIORITIES, initial="routine")
    performer = forms.ChoiceField(
        error_messages=dict.fromkeys(("required", "invalid_choice"), _("Choose who is to answer."))
    )
    question = forms.CharField(
        max_length=LONGEST,
        error_messages={"required": _("Write what you want to know.")},
    )
    enclosed = forms.MultipleChoiceField(required=False)

    @property
    def typed(self) -> dict[str, str]:
        """What a draft keeps, as typed."""
        said = {name: str(self[name].value() or "") for name in NAMES}
        return {**said, "enclosed": " ".join(self["enclosed"].value() or [])}

    def wish(self) -> Wish:
        """The referral as it is to be sent."""
        said = self.cleaned_data
        return Wish(
            service=said["service"],
            priority=said["priority"],
            performer=said["performer"],
            question=said["question"],
            enclosed=tuple(said["enclosed"]),
            is_advice=said["kind"] == "advice",
        )


NAMES: Final = ("kind", "service", "priority", "performer", "question")


class StepForm(forms.Form):
    """One step; ``version`` is that of the task that was shown.

    ``accepted`` are the ids of the person's bookings at that time that were shown.
    """

    key = forms.UUIDField(widget=forms.HiddenInput)
    version = forms.IntegerField(widget=forms.HiddenInput)
    to = forms.ChoiceField(choices=[(str(state), str(state)) for state in State])
    on = forms.DateField(
        required=False,
        validators=[in_reach],
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        error_messages={"invalid": _("This is no day. Choose one from the calendar.")},
    )
    clock = forms.TimeField(
        required=False,
        widget=forms.TimeInput(format="%H:%M", attrs={"type": "time"}),
        error_messages={"invalid": _("This is no time. Write it as 10:30.")},
    )
    place = forms.CharField(
        required=False,
        max_length=LONGEST_PLACE,
        error_messages={"max_length": _("The place is too long: %(limit_value)d signs at most.")},
    )
    text = forms.CharField(
        required=False,
        max_length=LONGEST_TEXT,
        error_messages={"max_length": _("The text is too long: %(limit_value)d signs at most.")},
    )
    accepted = forms.CharField(required=False, widget=forms.HiddenInput, max_length=4000)

    def clean(self) -> dict[str, object]:
        said: dict[str, object] = super().clean() or {}
        to, text = said.get("to"), str(said.get("text", "")).strip()
        if to in ("booked", "seen") and "on" not in self.errors and not said.get("on"):
            self.add_error("on", _("Say the day."))
        elif isinstance(on := said.get("on"), date) and (wrong := _wrong_day(str(to), on)):
            self.add_error("on", wrong)
        if to in ("replied", "advice") and not text:
            self.add_error("text", _("Write the answer."))
        if to == "cancelled" and not text:
            self.add_error("text", _("Say why, in a few words."))
        return said


def _wrong_day(to: str, on: date) -> str:
    """Why nobody is booked or was seen on a day; empty where somebody may."""
    today = timezone.localdate()
    if to == "booked" and on < today:
        return gettext("Say a day, today or later.")
    if to == "seen" and on > today:
        return gettext("That day is still to come.")
    if to == "seen" and is_long_ago(on):
        return gettext("This day is years ago. Check the year.")
    return ""
