"""What is written about a person's support: notes, plans with steps, questions and decisions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _

from qamqor.services.support.steps import Step

STEPS: Final = 3
_DAY: Final = _("This is no day. Choose one from the calendar.")


def _day(*, required: bool) -> forms.DateField:
    return forms.DateField(
        required=required,
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        error_messages={"invalid": _DAY, "required": _("Say a day, today or later.")},
    )


class WithSteps(forms.Form):
    """Rows of who does what by when; a row that is begun must be whole."""

    key = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, team: Sequence[tuple[str, str]], today: date, **named: Any):
        super().__init__(*args, **named)
        self.today = today
        for number in range(STEPS):
            self.fields[f"what_{number}"] = forms.CharField(required=False, max_length=300)
            choices = [("", _("nobody yet")), *team]
            self.fields[f"owner_{number}"] = forms.ChoiceField(required=False, choices=choices)
            self.fields[f"until_{number}"] = _day(required=False)

    def rows(self) -> Iterable[tuple[Any, Any, Any]]:
        """The fields of each row, for the template."""
        for number in range(STEPS):
            yield tuple(self[f"{name}_{number}"] for name in ("what", "owner", "until"))  # type: ignore[misc]

    def clean(self) -> dict[str, Any]:
        said: dict[str, Any] = super().clean() or {}
        for number in range(STEPS):
            what, owner = said.get(f"what_{number}", ""), said.get(f"owner_{number}", "")
            until = said.get(f"until_{number}")
            if not (what or owner or until) or f"until_{number}" in self.errors:
                continue
            if not what:
                self.add_error(f"what_{number}", _("Say what is to be done."))
            if not owner:
                self.add_error(f"owner_{number}", _("Say who does it."))
            if until is None or until < self.today:
                self.add_error(f"until_{number}", _("Say a day, today or later."))
        return said

    def steps(self) -> tuple[Step, ...]:
        """The rows that were filled in."""
        said = self.cleaned_data
        return tuple(
            Step(said[f"what_{n}"], said[f"owner_{n}"], said[f"until_{n}"])
            for n in range(STEPS)
            if said.get(f"what_{n}")
        )


class PlanForm(WithSteps):
    """A plan of support with its goal, review and steps."""

    title = forms.CharField(
        max_length=150, error_messages={"required": _("Say what the plan is about.")}
    )
    goal = forms.CharField(max_length=300, error_messages={"required": _("Say what is to change.")})
    is_own = forms.BooleanField(required=False)
    review_on = _day(required=True)
    label = forms.CharField(required=False, max_length=10)

    def clean(self) -> dict[str, Any]:
        said = super().clean()
        review = said.get("review_on")
        if review is not None and review < self.today:
            self.add_error("review_on", _("Say a day, today or later."))
        return said


class DecisionForm(WithSteps):
    """What the team decided about a person."""

    version = forms.IntegerField(min_value=1, widget=forms.HiddenInput)
    decision = forms.CharField(
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("Say what was decided.")},
    )

    def __init__(self, *args: Any, team: Sequence[tuple[str, str]], today: date, **named: Any):
        super().__init__(*args, team=team, today=today, **named)
        self.fields["present"] = forms.MultipleChoiceField(
            required=False, choices=team, widget=forms.CheckboxSelectMultiple
        )


class NoteForm(forms.Form):
    """A note; with a label only some roles read it."""

    key = forms.UUIDField(widget=forms.HiddenInput)
    text = forms.CharField(
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": _("Write something.")},
    )
    label = forms.CharField(required=False, max_length=10)


class BringForm(forms.Form):
    """A question for the team."""

    key = forms.UUIDField(widget=forms.HiddenInput)
    question = forms.CharField(
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("Say what to talk about.")},
    )
    label = forms.CharField(required=False, max_length=10)


class EndForm(forms.Form):
    """Ends a plan."""

    version = forms.IntegerField(min_value=1)
    reached = forms.ChoiceField(choices=[("yes", "yes"), ("no", "no")])


class CloseForm(forms.Form):
    """Closes a step: done, or not and why."""

    done = forms.ChoiceField(choices=[("yes", "yes"), ("no", "no")])
    note = forms.CharField(required=False, max_length=300)

    def clean(self) -> dict[str, Any]:
        said: dict[str, Any] = super().clean() or {}
        if said.get("done") == "no" and not str(said.get("note", "")).strip():
            self.add_error("note", _("Say why, in a few words."))
        return said
