"""The diagnoses of a visit in the reader's language: those chosen, those a text finds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from django.utils.translation import gettext

from qamqor.services import diagnoses
from qamqor.web.components import reader

AT_ONCE = 12
"""How many are offered; more are reached with one more word."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One diagnosis to tick.

    Attributes:
        label: code and words. english: the title, where the reader's language has no words for it.
        parts: how many codes stand below it.
    """

    value: str
    label: str
    is_chosen: bool = False
    english: str = ""
    parts: int = 0


@dataclass(frozen=True, slots=True)
class Hits:
    """What a text finds; ``said``: a sentence before them; ``more``: one after them."""

    choices: list[Choice] = field(default_factory=list)
    said: str = ""
    more: str = ""


def chosen(codes: Sequence[str]) -> list[Choice]:
    """Those chosen."""
    return [_choice(code, is_chosen=True) for code in codes]


def found(text: str, besides: Sequence[str] = (), own: Sequence[str] = ()) -> Hits:
    """Diagnoses that a text finds; without a text those the record has already.

    Args:
        besides: codes chosen already. own: codes of the person, which come first.
    """
    if not text.strip():
        there = [one for one in own if one not in besides and diagnoses.exists(one)]
        said = gettext("In the record already:") if there else ""
        return Hits([_choice(one) for one in there[:AT_ONCE]], said)
    hits, code = diagnoses.find(text, own=own, limit=AT_ONCE), diagnoses.written(text)
    if code and not diagnoses.exists(code):
        near = [one for one in diagnoses.instead(code) if one not in besides]
        if near or not hits.total:
            return Hits([_choice(one) for one in near], refused(code))
    listed = [_choice(one) for one in hits.codes if one not in besides]
    if not hits.total:
        return Hits(listed, gettext("Nothing found. Try fewer letters, another word, or a code."))
    left = hits.total - len(hits.codes)
    more = gettext("%(count)s more. Write one more word.") % {"count": left} if left else ""
    said = gettext("Not found as it is written. Near to it:") if hits.is_guess else ""
    return Hits(listed, said, more)


def refused(code: str) -> str:
    """Why a code cannot be chosen, in one sentence."""
    return {
        "asterisk": gettext("%(code)s only stands beside the code of the illness itself:"),
        "renamed": gettext("%(code)s has another code now:"),
        "unused": gettext("%(code)s is not in use. The nearest:"),
    }.get(diagnoses.why_closed(code), gettext("There is no diagnosis %(code)s. The nearest:")) % {
        "code": code
    }


def _choice(code: str, *, is_chosen: bool = False) -> Choice:
    named = diagnoses.named(code, reader.language())
    label = f"{code} {named.words}" if named.words else code
    return Choice(code, label, is_chosen, named.title, len(diagnoses.parts(code)))
