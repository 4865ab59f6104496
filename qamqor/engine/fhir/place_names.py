"""What organisations and places are called in each language the record has them in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

TRANSLATION: Final = "http://hl7.org/fhir/StructureDefinition/translation"


def names(resource: Mapping[str, Any]) -> dict[str, str]:
    """Names by language; the empty language is the name it is registered by, which is Russian.

    Two aliases are the Kazakh and the English name; the standard's extension `translation` of the
    name says its language itself and goes first. A lone alias says no language and is left.

    Args:
        resource: an Organization or Location.
    """
    registered = str(resource.get("name") or "")
    found = {"": registered, "ru": registered}
    aliases = resource.get("alias") or []
    if len(aliases) == 2:
        found |= {"kk": str(aliases[0]), "en": str(aliases[1])}
    for one in (resource.get("_name") or {}).get("extension") or []:
        if one.get("url") == TRANSLATION:
            said = {part.get("url"): part for part in one.get("extension") or []}
            language = str(said.get("lang", {}).get("valueCode") or "")[:2]
            content = said.get("content", {})
            text = str(content.get("valueString") or content.get("valueMarkdown") or "")
            if language and text:
                found[language] = text
    return {language: name for language, name in found.items() if name}


def name_in(resource: Mapping[str, Any], language: str) -> str:
    """The name in a language, else the registered one, else the id."""
    return pick(names(resource), language) or str(resource.get("id") or "")


def pick(names: Mapping[str, str], language: str) -> str:
    """Of names by language the one in a language, else the registered one, else nothing."""
    return names.get(language) or names.get("") or ""
