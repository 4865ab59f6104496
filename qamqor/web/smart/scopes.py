"""Which scopes there are, for the toolkit and for the page that asks for consent."""

from __future__ import annotations

from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from oauth2_provider.scopes import BaseScopes

from qamqor.services.access import scopes
from qamqor.services.smart import PLAIN_SCOPES

PLAIN_WORDS: Final[dict[str, str | Promise]] = {
    "openid": gettext_lazy("know who you are: your name in the system and your role"),
    "fhirUser": gettext_lazy("know who you are: your name in the system and your role"),
    "profile": gettext_lazy("know who you are: your name in the system and your role"),
    "launch": gettext_lazy("know for which person you opened it"),
    "launch/patient": gettext_lazy("know for which person you opened it"),
    "launch/encounter": gettext_lazy("know for which visit you opened it"),
    "offline_access": gettext_lazy("go on when you are not signed in, until you end it"),
    "online_access": gettext_lazy("go on while you are signed in"),
}
LETTERS: Final[dict[str, str | Promise]] = {
    "c": gettext_lazy("add"),
    "r": gettext_lazy("read"),
    "u": gettext_lazy("change"),
    "d": gettext_lazy("delete"),
    "s": gettext_lazy("search"),
}


class SmartScopes(BaseScopes):  # type: ignore[misc]
    """Any scope of the SMART grammar; what a client may have is decided when it asks."""

    def get_all_scopes(self) -> dict[str, str]:
        return _Described()

    def get_available_scopes(self, application: Any = None, *_: Any, **__: Any) -> list[str]:
        return sorted(PLAIN_SCOPES)

    def get_default_scopes(self, application: Any = None, *_: Any, **__: Any) -> list[str]:
        return []


class _Described(dict[str, str]):
    def __missing__(self, scope: str) -> str:
        return scope


def in_words(asked: list[str]) -> list[str]:
    """What the scopes would let an application do, said to the person who decides, once each."""
    said = [str(PLAIN_WORDS[scope]) for scope in asked if scope in PLAIN_WORDS]
    for scope in (scopes.parse(one) for one in asked):
        if scope is not None:
            acts = ", ".join(str(LETTERS[letter]) for letter in scope.letters)
            whose = {
                "patient": _("the chosen person's record"),
                "user": _("records you may open"),
            }.get(scope.level, _("records"))
            what = _("everything") if scope.type == "*" else scope.type
            said.append(
                _("%(whose)s, %(what)s: %(acts)s") % {"whose": whose, "what": what, "acts": acts}
            )
    return list(dict.fromkeys(said))
