"""The forms of the desk: particulars of a person, where they belong, and what they agree to."""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import date
from typing import Any, Final

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from qamqor.engine.identity.births import closeness
from qamqor.engine.identity.numbers import iin_problem, phone_number
from qamqor.services.registration.consents import KINDS, Decisions
from qamqor.services.registration.homes import ROLES
from qamqor.services.registration.register import Home, Household, Particulars

SEXES: Final = (("female", _("female")), ("male", _("male")), ("unknown", _("not known")))
LANGUAGES: Final = (("", _("not asked")), ("kk", "Қазақша"), ("ru", "Русский"), ("en", "English"))
HOME_ROLES: Final[dict[str, str | Promise]] = {
    "head": _("whom to talk to in the family"),
    "spouse": _("husband or wife"),
    "child": _("son or daughter"),
    "parent": _("parent"),
    "other": _("another relative"),
}
ANSWERS: Final = (("", _("not asked")), ("yes", _("agrees")), ("no", _("does not agree")))
WRONG_IIN: Final[dict[str, str | Promise]] = {
    "iin.not-digits": _("An IIN has digits only. Check the number."),
    "iin.wrong-length": _("An IIN has 12 digits. Check the number."),
    "iin.wrong-check-digit": _("The last digit of the IIN does not fit the others. Check it."),
}
_DAY_FIRST: Final = re.compile(r"(?:(?:([0-9]{1,2})[./ ])?([0-9]{1,2})[./ ])?([0-9]{4})")
_DIGITS: Final = re.compile(r"([0-9]{2})([0-9]{2})([0-9]{4})")


def _text(most: int = 120) -> forms.CharField:
    return forms.CharField(required=False, max_length=most)


def read_birth(text: str) -> str:
    """``12.03.1987``, ``12031987``, ``03.1987`` or ``1987`` as FHIR writes it; else the text."""
    found = _DAY_FIRST.fullmatch(text.strip()) or _DIGITS.fullmatch(text.strip())
    if found is None:
        return text.strip()
    day, month, year = found.groups()
    return "-".join([year, *(f"{int(part):02d}" for part in (month, day) if part)])


def written(born_on: str) -> str:
    """A birth date as it is typed."""
    return ".".join(reversed(born_on.split("-")))


class ParticularsForm(forms.Form):
    """Who somebody is; nothing of it is ever worked out from the IIN."""

    iin = _text(20)
    family = _text()
    given = _text()
    patronymic = _text()
    born_on = _text(10)
    sex = forms.ChoiceField(choices=SEXES, initial="unknown", required=False)
    phone = _text(30)
    language = forms.ChoiceField(choices=LANGUAGES, required=False)
    line = _text(200)
    city = _text()

    def clean_iin(self) -> str:
        said: str = self.cleaned_data["iin"]
        if said and (problem := iin_problem(said)):
            raise forms.ValidationError(str(WRONG_IIN[problem]))
        return said

    def clean_phone(self) -> str:
        said: str = self.cleaned_data["phone"]
        if said and phone_number(said) is None:
            raise forms.ValidationError(
                _("A telephone number has ten digits behind +7 or 8, such as 8 701 123 45 67.")
            )
        return said

    def clean_born_on(self) -> str:
        born_on = read_birth(self.cleaned_data["born_on"])
        if born_on and (closeness(born_on, born_on) is None or not self._is_past(born_on)):
            raise forms.ValidationError(
                _("Write the birth date as day.month.year, such as 05.03.1987, or only the year.")
            )
        return born_on

    def _is_past(self, born_on: str) -> bool:
        today: date = self.initial["today"]
        year, month, day = (*(int(part) for part in born_on.split("-")), 1, 1)[:3]
        return _is_day(year, month, day) and "1880" < born_on <= today.isoformat()

    def clean(self) -> dict[str, Any]:
        said: dict[str, Any] = super().clean() or {}
        if not said.get("family") and not said.get("given"):
            self.add_error("family", _("Write a family name or a given name."))
        return said

    def particulars(self) -> Particulars:
        """What the form says, after it was found right or half filled while typing."""
        said = {name: str(self.cleaned_data.get(name) or "") for name in self.fields}
        return Particulars(
            family=said["family"],
            given=said["given"],
            patronymic=said["patronymic"],
            born_on=said["born_on"],
            sex=said["sex"] or "unknown",
            iin=said["iin"],
            phone=said["phone"],
            language=said["language"],
            home=Home(said["line"], said["city"]),
        )


def _is_day(year: int, month: int, day: int) -> bool:
    return 1 <= month <= 12 and 1 <= day <= monthrange(year, month)[1]


class ConsentForm(forms.Form):
    """What a person agrees to: each asked for itself."""

    contact = forms.ChoiceField(choices=ANSWERS, required=False)
    sharing = forms.ChoiceField(choices=ANSWERS, required=False)
    household_sees = forms.ChoiceField(choices=ANSWERS, required=False)

    def decisions(self) -> Decisions:
        """Kind → yes, no, or None for not asked."""
        said = {"yes": True, "no": False}
        return {kind: said.get(self.cleaned_data.get(FIELD[kind], "")) for kind in KINDS}


FIELD: Final = {"contact": "contact", "sharing": "sharing", "household": "household_sees"}


class RegisterForm(ConsentForm, ParticularsForm):
    """A person to be registered; ``key`` is made once a form, so that a double click is one."""

    key = forms.UUIDField(widget=forms.HiddenInput)
    area = forms.ChoiceField()
    home = forms.CharField(required=False, max_length=64)
    role = forms.ChoiceField(choices=list(HOME_ROLES.items()), required=False, initial="head")
    despite = _text(300)

    def household(self) -> Household | None:
        """Where they live: an existing household, a new one, or not said."""
        home = self.cleaned_data["home"]
        role = self.cleaned_data["role"] or "other"
        return Household("" if home == "new" else home, role) if home else None


class EditForm(ParticularsForm):
    """A correction, with the version that whoever corrects has seen."""

    version = forms.IntegerField(widget=forms.HiddenInput)


class MoveForm(forms.Form):
    """To which area somebody moves."""

    area = forms.ChoiceField()


class HomeForm(forms.Form):
    """Which household somebody joins, in which role, or that they leave it."""

    key = forms.UUIDField(widget=forms.HiddenInput)
    act = forms.ChoiceField(choices=[(one, one) for one in ("join", "role", "leave")])
    home = forms.CharField(required=False, max_length=64)
    role = forms.ChoiceField(choices=[(one, one) for one in ROLES], required=False)


class DecideForm(ConsentForm):
    """What a person decides now."""

    key = forms.UUIDField(widget=forms.HiddenInput)
