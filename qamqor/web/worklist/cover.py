"""Cover for absence: the form that says who is away and who has their list."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from qamqor.errors import Unusable
from qamqor.services.access.actor import Actor
from qamqor.services.worklist import cover as service
from qamqor.services.worklist.handing import may_lead
from qamqor.web.components import words

REFUSED = {
    "away": _("Choose who is away."),
    "by": _("Choose a colleague of the same role."),
    "until": _("The last day is past or before the first."),
    "from_on": _("One of the two is away in these days already."),
}


class CoverForm(forms.Form):
    """Who is away, who has their list, and both days; the first and the last included."""

    away = forms.ChoiceField(label=_("Who is away"))
    by = forms.ChoiceField(label=_("Who has their list"))
    from_on = forms.DateField(
        label=_("First day"),
        error_messages={
            "required": _("Say the first day."),
            "invalid": _("This is no day. Choose one from the calendar."),
        },
    )
    until = forms.DateField(
        label=_("Last day"),
        error_messages={
            "required": _("Say the last day."),
            "invalid": _("This is no day. Choose one from the calendar."),
        },
    )

    def __init__(self, workers: list[service.Worker], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(one.id, f"{words.role(one.role)}: {one.name}") for one in workers]
        for name in ("away", "by"):
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)  # noqa: S101
            field.choices = [("", gettext("Choose")), *choices]
            field.error_messages |= {"required": REFUSED[name], "invalid_choice": REFUSED[name]}


class EndForm(forms.Form):
    """Gives a list back; ``version`` is what the reader saw."""

    version = forms.IntegerField(min_value=1)


def shown(actor: Actor, form: CoverForm | None = None) -> dict[str, Any]:
    """What the team's page needs of covers; nothing for who may not say them."""
    day, now = timezone.localdate(), timezone.now()
    if not may_lead(actor, now):
        return {"covers": None}
    found = service.covers(actor, as_of=day, at=now)
    return {"covers": found, "cover_form": form or made(actor, initial={"from_on": day})}


def made(actor: Actor, *args: Any, **kwargs: Any) -> CoverForm:
    """The form with everybody the actor leads."""
    return CoverForm(service.workers(actor, as_of=timezone.localdate()), *args, **kwargs)


def say_refused(form: CoverForm, refused: Unusable) -> None:
    """Put what stands against a cover at its fields; what is about no field is raised again."""
    if any(issue.expression not in REFUSED for issue in refused.issues):
        raise refused
    for issue in refused.issues:
        form.add_error(issue.expression, str(REFUSED[issue.expression]))
