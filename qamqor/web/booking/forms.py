"""What is said of a booking: when, with whom, where, what for, and what becomes of it."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any, Final

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from qamqor.engine.booking import Settings, Wish
from qamqor.services.booking import steps
from qamqor.web.components.bookings import in_reach

DAY: Final = {
    "widget": forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
    "error_messages": {
        "required": _("Say a day, today or later."),
        "invalid": _("This is no day. Choose one from the calendar."),
    },
}


class BookForm(forms.Form):
    """A booking being made or moved.

    ``slot`` is a free time that was offered and pressed; it goes before ``day`` and ``time``.
    ``accepted`` are the ids of the worker's other bookings at the same time that were shown.
    """

    key = forms.UUIDField(widget=forms.HiddenInput)
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)
    slot = forms.DateTimeField(
        required=False, input_formats=["%Y-%m-%dT%H:%M"], validators=[in_reach]
    )
    day = forms.DateField(required=False, validators=[in_reach], **DAY)  # type: ignore[arg-type]
    time = forms.ChoiceField(
        required=False,
        error_messages={"invalid_choice": _("Choose a time or a part of the day.")},
    )
    worker = forms.ChoiceField(
        error_messages=dict.fromkeys(("required", "invalid_choice"), _("Choose who."))
    )
    length = forms.TypedChoiceField(coerce=int)
    place = forms.ChoiceField()
    room = forms.CharField(required=False, max_length=60)
    actions = forms.MultipleChoiceField(required=False)
    note = forms.CharField(required=False, max_length=500)
    accepted = forms.CharField(required=False, widget=forms.HiddenInput, max_length=4000)

    def offer(
        self, settings: Settings, *, workers: list[tuple[str, str]], actions: list[tuple[str, str]],
        places: list[tuple[str, str]], times: list[tuple[str, str]],
    ) -> BookForm:  # fmt: skip
        """The same form with what can be chosen."""
        self.settings = settings
        for name, choices in (
            ("worker", workers),
            ("actions", actions),
            ("place", places),
            ("time", times),
            ("length", [(one, one) for one in settings.lengths]),
        ):
            self.fields[name].choices = choices  # type: ignore[attr-defined]
        return self

    def clean(self) -> dict[str, Any]:
        said: dict[str, Any] = super().clean() or {}
        if said.get("slot") is None and not self.errors:
            if said.get("day") is None or said["day"] < timezone.localdate():
                self.add_error("day", _("Say a day, today or later."))
            if not said.get("time"):
                self.add_error("time", _("Choose a time or a part of the day."))
        return said

    def wish(self) -> Wish:
        """The booking as it is wanted."""
        said = self.cleaned_data
        start, end, half = self._span()
        return Wish(
            start=start, end=end, half=half, worker=said["worker"], role="", place=said["place"],
            room=said["room"], actions=tuple(said["actions"]), note=said["note"],
        )  # fmt: skip

    def _span(self) -> tuple[datetime, datetime, str]:
        said, zone = self.cleaned_data, timezone.get_current_timezone()
        takes = timedelta(minutes=said["length"])
        if said.get("slot") is not None:
            begins = timezone.localtime(said["slot"])
            return begins, begins + takes, ""
        day: date = said["day"]
        if said["time"] in self.settings.halves:
            first, last = self.settings.halves[said["time"]]
            return (
                datetime.combine(day, first, zone), datetime.combine(day, last, zone), said["time"]
            )  # fmt: skip
        begins = datetime.combine(day, time.fromisoformat(said["time"]), zone)
        return begins, begins + takes, ""


class StepForm(forms.Form):
    """One step of a booking; ``version`` is that of the one shown; ``back`` where to go then."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    to = forms.ChoiceField(
        choices=[(one, one) for one in sorted(frozenset().union(*steps.NEXT.values()))]
    )
    reason = forms.CharField(required=False, max_length=60)
    text = forms.CharField(required=False, max_length=200)
    back = forms.CharField(required=False, max_length=200)

    def clean(self) -> dict[str, Any]:
        said: dict[str, Any] = super().clean() or {}
        if said.get("to") == "cancelled" and not said.get("reason"):
            self.add_error("reason", _("Choose why it is cancelled."))
        return said
