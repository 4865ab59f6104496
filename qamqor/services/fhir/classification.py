"""The classification of diseases as a code system of FHIR: its names, its tree, its search."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from qamqor.engine.diagnoses.classification import ancestors
from qamqor.engine.fhir.names import ICD10
from qamqor.errors import Issue, NotThere, Unusable
from qamqor.services import diagnoses

Resource = dict[str, Any]
NAME: Final = "ICD-10"
VERSION: Final = "2019"
WHOLE: Final = (ICD10, f"{ICD10}?fhir_vs")
"""Addresses of the value set of all its codes that can be chosen."""
DEEPEST: Final = 100_000


def whole() -> Resource:
    """The value set of every code that can be chosen."""
    return {
        "resourceType": "ValueSet",
        "url": WHOLE[1],
        "version": VERSION,
        "name": "ICD10",
        "status": "active",
        "compose": {"include": [{"system": ICD10}]},
    }


def is_whole(value_set: Mapping[str, Any]) -> bool:
    """Whether a value set is the whole classification and nothing else."""
    compose = value_set.get("compose", {})
    return compose.get("include") == [{"system": ICD10}] and not compose.get("exclude")


def part_of(include: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Codes with English names of a part of a value set: all, or those below one (``is-a``).

    Raises:
        Unusable: it asks for what cannot be listed here.
    """
    known = diagnoses.known()
    wanted: list[str] = []
    for one in include.get("filter", ()):
        if one.get("property") not in ("concept", "code") or one.get("op") != "is-a":
            text = f"of {ICD10} only the filter concept is-a is known here"
            raise Unusable([Issue("not-supported", text)], status=422)
        wanted.append(str(one.get("value", "")))
    for code in known.choosable.codes:
        if all(code == one or one in ancestors(known.tree, code) for one in wanted):
            yield code, title(code)


def title(code: str) -> str:
    """The English name of a code: the classification's own, or content's for one it lacks."""
    known = diagnoses.known()
    item = known.tree.get(code)
    return item.title if item is not None else known.names.of(code, "en").text


def display(code: str, language: str) -> str:
    """The name of a code in a language; the English one where nobody has written another."""
    own = diagnoses.known().names.own(code, language[:2]) if language[:2] != "en" else ""
    return own or title(code)


def designations(code: str) -> list[Resource]:
    """The names of a code in the other languages; plain English words of content too."""
    names = diagnoses.known().names.designations(code)
    return [
        {"language": language, "value": words} for language, words in names if words != title(code)
    ]


def is_known(code: str) -> bool:
    """Whether there is such a code, chapter or block, also one that only goes with another."""
    known = diagnoses.known()
    return code in known.tree or code in known.names.words or code in known.choosable


def parents(code: str) -> list[str]:
    """The code right above one, or none."""
    return list(ancestors(diagnoses.known().tree, code))[:1]


def below(code: str) -> list[str]:
    """Codes right below one."""
    return [one.code for one in diagnoses.known().tree.values() if code and one.parent == code]


def looked_up(code: str, language: str) -> Resource:
    """Everything known of a code, as ``CodeSystem/$lookup`` answers it.

    Raises:
        NotThere: there is no such code.
    """
    if not is_known(code):
        near = ", ".join(diagnoses.instead(code))
        raise NotThere(
            f"{NAME} does not name {code}" + (f"; the nearest are {near}" if near else "")
        )
    parameters: list[Resource] = [
        {"name": "name", "valueString": NAME},
        {"name": "version", "valueString": VERSION},
        {"name": "display", "valueString": display(code, language)},
    ]
    for one in designations(code):
        part = [
            {"name": "language", "valueCode": one["language"]},
            {"name": "value", "valueString": one["value"]},
        ]
        parameters.append({"name": "designation", "part": part})
    properties = [("parent", one) for one in parents(code)]
    properties += [("child", one) for one in below(code)]
    for name, value in properties:
        part = [{"name": "code", "valueCode": name}, {"name": "value", "valueCode": value}]
        parameters.append({"name": "property", "part": part})
    part = [{"name": "code", "valueCode": "abstract"}]
    part.append({"name": "value", "valueBoolean": not diagnoses.exists(code)})
    parameters.append({"name": "property", "part": part})
    return {"resourceType": "Parameters", "parameter": parameters}


def is_called(code: str, text: str) -> bool:
    """Whether a text is one of the names of a code, in whatever language."""
    names = [title(code), *(str(one["value"]) for one in designations(code))]
    return text.casefold() in (one.casefold() for one in names)


def expansion(
    *, text: str, offset: int, count: int | None, language: str, in_all: bool, at: datetime
) -> Resource:
    """The codes that a text finds, the likeliest first; all of them, page by page, without one.

    Args:
        in_all: whether every name of a code is given, and not only one.

    Raises:
        Unusable: all are asked for at once.
    """
    if not text.strip():
        if count is None:
            said = f"{NAME} has more than ten thousand codes: give filter, or count and offset"
            raise Unusable([Issue("too-costly", said)], status=422)
        found = tuple(diagnoses.known().choosable.codes)
    else:
        found = diagnoses.find(text, limit=DEEPEST).codes
    shown = found[offset:] if count is None else found[offset : offset + count]
    contains = [
        {
            "system": ICD10,
            "version": VERSION,
            "code": code,
            "display": display(code, language),
            **({"designation": names} if in_all and (names := designations(code)) else {}),
        }
        for code in shown
    ]
    value_set = {key: value for key, value in whole().items() if key != "compose"}
    return {
        **value_set,
        "expansion": {
            "timestamp": at.isoformat(timespec="seconds"),
            "total": len(found),
            "offset": offset,
            **({"contains": contains} if contains else {}),
        },
    }
