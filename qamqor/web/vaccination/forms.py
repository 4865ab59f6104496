"""What is said at a vaccination session, and of a reaction to a dose."""

from __future__ import annotations

import calendar
import re
import uuid
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _

from qamqor.engine.immunisation.giving import Giving
from qamqor.engine.immunisation.recording import SERIOUS, SEVERE, SWALLOWED, Dose, Reaction
from qamqor.services.immunisation_batches import Batch
from qamqor.services.immunisation_session import Entry

GIVE, NOT_TODAY = "give", "later"
WHAT: Final = (
    (GIVE, _("Give")),
    ("PATOBJ", _("Refused")),
    ("MEDPREC", _("Must not, for a medical reason")),
    ("OSTOCK", _("Not in stock")),
    (NOT_TODAY, _("Not today")),
)
MONTH: Final = re.compile(r"(0?[1-9]|1[0-2])[./](20\d\d)")
SEVERITIES: Final = dict(
    zip(SEVERE, (_("Mild"), _("Moderate"), _("Severe")), strict=True),
)
SERIOUSNESS: Final = dict(
    zip(
        SERIOUS,
        (_("Not serious"), _("Serious: hospital, danger to life, lasting harm")),
        strict=True,
    )
)


class UseByField(forms.DateField):
    """A day as vials have it: 31.01.2031, or 01.2031 for the last day of that month."""

    def to_python(self, value: Any) -> date | None:
        found = MONTH.fullmatch(str(value or "").strip())
        if found is None:
            return super().to_python(value)
        month, year = int(found[1]), int(found[2])
        return date(year, month, calendar.monthrange(year, month)[1])


class SessionForm(forms.Form):
    """One session; ``vaccines`` names the CVX codes of its rows, ``key`` what is saved from it."""

    key = forms.UUIDField(widget=forms.HiddenInput)
    vaccines = forms.RegexField(r"^[0-9 ]*$", required=False, widget=forms.HiddenInput)
    identity = forms.BooleanField(
        error_messages={"required": _("Make sure that this is the person, then tick.")}
    )
    consent = forms.ChoiceField(
        choices=[("yes", _("Consent given")), ("no", _("Consent refused"))],
        error_messages={"required": _("Say whether there is consent.")},
    )
    refusal = forms.CharField(required=False, max_length=300)
    health = forms.BooleanField(required=False)

    def __init__(
        self,
        *args: Any,
        cvxs: Sequence[int],
        giving: Giving,
        batches: Mapping[int, Batch],
        language: str,
        **named: Any,
    ) -> None:
        super().__init__(*args, **named)
        self.cvxs, self.giving = cvxs, giving
        for cvx in cvxs:
            way, batch = giving.way(cvx), batches.get(cvx, Batch("", ""))
            sites = [(code, words[language]) for code, words in giving.sites.items()]
            routes = [(code, words[language]) for code, words in giving.routes.items()]
            self.fields[f"what-{cvx}"] = forms.ChoiceField(choices=WHAT, initial=GIVE)
            self.fields[f"lot-{cvx}"] = forms.CharField(
                required=False, max_length=40, initial=batch.lot
            )
            self.fields[f"expires-{cvx}"] = UseByField(
                required=False,
                initial=batch.shown,
                input_formats=["%d.%m.%Y", "%d/%m/%Y", "%d%m%Y", "%Y-%m-%d"],
                error_messages={
                    "invalid": _("Write the day as 31.01.2031, or the month as 01.2031.")
                },
            )
            self.fields[f"route-{cvx}"] = forms.ChoiceField(choices=routes, initial=way.route)
            self.fields[f"site-{cvx}"] = forms.ChoiceField(
                required=False, choices=[("", "–"), *sites], initial=way.site
            )
            self.fields[f"amount-{cvx}"] = forms.CharField(
                required=False, max_length=6, initial=_amount(way.amount_ml, language)
            )
            self.fields[f"note-{cvx}"] = forms.CharField(required=False, max_length=300)
            self.fields[f"confirm-{cvx}"] = forms.BooleanField(required=False)

    def clean(self) -> dict[str, Any]:
        said: dict[str, Any] = super().clean() or {}
        if not self.cvxs:
            self.add_error(None, _("Choose a vaccine first."))
        if said.get("consent") == "no" and not said.get("refusal"):
            self.add_error("refusal", _("Write why, in a few words."))
        given = [cvx for cvx in self.cvxs if said.get(f"what-{cvx}") == GIVE]
        if said.get("consent") == "yes" and given:
            if not said.get("health"):
                self.add_error("health", _("Ask first, then tick that nothing speaks against it."))
            for cvx in given:
                self._must_have(said, cvx)
        if all(said.get(f"what-{cvx}") == NOT_TODAY for cvx in self.cvxs) and self.cvxs:
            self.add_error(None, _("Nothing is to be saved: every vaccine says not today."))
        return said

    def _must_have(self, said: Mapping[str, Any], cvx: int) -> None:
        wanted = {
            "lot": _("Write the batch."),
            "expires": _("Write until when the batch may be used."),
            "amount": _("Write how much is given."),
        }
        if said.get(f"route-{cvx}") != SWALLOWED:
            wanted["site"] = _("Say where it is given.")
        for name, words in wanted.items():
            field = f"{name}-{cvx}"
            if not said.get(field) and field not in self.errors:
                self.add_error(field, words)

    def entries(self, today: date, asked: str) -> list[Entry]:
        """What is to be saved.

        Args:
            asked: what is noted beside each dose: that the person was made sure of and asked.
        """
        return list(self._entries(self.cleaned_data, today, asked))

    def _entries(self, said: Mapping[str, Any], today: date, asked: str) -> Iterator[Entry]:
        is_refused = said["consent"] == "no"
        for cvx in self.cvxs:
            what, note = said[f"what-{cvx}"], said[f"note-{cvx}"]
            if what == NOT_TODAY:
                continue
            if is_refused:
                yield Entry(Dose(cvx, today), "PATOBJ", said["refusal"])
            elif what != GIVE:
                yield Entry(Dose(cvx, today), what, note)
            else:
                is_swallowed = said[f"route-{cvx}"] == SWALLOWED
                dose = Dose(
                    cvx,
                    today,
                    lot=said[f"lot-{cvx}"],
                    expires_on=said[f"expires-{cvx}"],
                    site="" if is_swallowed else said[f"site-{cvx}"],
                    route=said[f"route-{cvx}"],
                    amount_ml=said[f"amount-{cvx}"].replace(",", "."),
                    consent=True,
                )
                yield Entry(dose, "", asked, confirmed=said[f"confirm-{cvx}"])


class ReactionForm(forms.Form):
    """An adverse event after doses of the record."""

    happened_on = forms.DateField(input_formats=["%d.%m.%Y", "%Y-%m-%d"])
    event = forms.ChoiceField()
    text = forms.CharField(required=False, max_length=1000)
    severity = forms.ChoiceField(choices=list(SEVERITIES.items()))
    seriousness = forms.ChoiceField(choices=list(SERIOUSNESS.items()), initial=SERIOUS[0])
    doses = forms.MultipleChoiceField(
        error_messages={"required": _("Choose the dose it followed.")}
    )

    def __init__(
        self,
        *args: Any,
        doses: Sequence[tuple[str, str]],
        events: Sequence[tuple[str, str]],
        **named: Any,
    ) -> None:
        super().__init__(*args, **named)
        for name, choices in (("event", events), ("doses", doses)):
            field = self.fields[name]
            if isinstance(field, forms.ChoiceField):
                field.choices = list(choices)

    def reaction(self) -> Reaction:
        """What is to be recorded; the days of the doses are taken from the record."""
        said = self.cleaned_data
        return Reaction(
            happened_on=said["happened_on"],
            code=said["event"],
            text=said["text"],
            seriousness=said["seriousness"],
            severity=said["severity"],
            doses=dict.fromkeys(said["doses"], said["happened_on"]),
        )


def _amount(millilitres: str, language: str) -> str:
    """A number as the language writes it."""
    return millilitres if language == "en" else millilitres.replace(".", ",")


def new_key() -> str:
    """The key of a new form."""
    return str(uuid.uuid4())
