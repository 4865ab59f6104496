"""Words of content in the languages of the product, and which of them are lacking."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from qamqor.errors import Problem

LANGUAGES: Final = ("en", "ru", "kk")
"""English first: it is what a resource says itself, the others are translations beside it."""
Words = Mapping[str, str]
"""Language → text."""


def lacking(words: Mapping[str, str], where: str) -> Iterator[Problem]:
    """A problem for each language that has no words, or only spaces."""
    for language in LANGUAGES:
        if not (words.get(language) or "").strip():
            yield Problem(where, f"has no words in {language}")


def read_words(raw: Any, where: str, problems: list[Problem]) -> Words:
    """Words as content has them: texts by language, alone or among other entries.

    Args:
        where: file and entry. problems: what is lacking is added to them.
    """
    given = raw if isinstance(raw, Mapping) else {}
    found = {language: str(given.get(language) or "") for language in LANGUAGES}
    problems += lacking(found, where)
    return found
