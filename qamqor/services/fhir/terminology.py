"""Answers which codes belong to a value set and what a code is called, from the content pack."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from qamqor.engine.fhir import json_text
from qamqor.engine.fhir.names import ICD10
from qamqor.engine.programmes.export import fhir_resources
from qamqor.errors import Issue, NotThere, Unusable
from qamqor.services import installed
from qamqor.services.fhir import classification, code_systems
from qamqor.store.fhir import versions

Resource = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Code:
    """One code with its name; ``display`` empty where nobody gave one."""

    system: str
    code: str
    display: str = ""


@cache
def content_resources() -> Mapping[tuple[str, str], Resource]:
    """What the pack says, as FHIR resources, by type and canonical address."""
    found = {}
    for resource in fhir_resources(installed.pack()):
        kind = str(resource["resourceType"]).rsplit("/", maxsplit=1)[-1]
        found[kind, str(resource["url"])] = resource
    return found


def canonical(kind: str, url: str) -> Resource:
    """A definition by its canonical address (``|version`` may follow), of the pack or the store.

    Raises:
        NotThere: it is in neither.
    """
    address, _, version = url.partition("|")
    if kind == "ValueSet" and address in classification.WHOLE:
        if version not in ("", classification.VERSION):
            raise NotThere(f"there is no {kind} {url} here")
        return classification.whole()
    found = content_resources().get((kind, address)) or _stored(kind, address)
    if found is None or (version and found.get("version") != version):
        raise NotThere(f"there is no {kind} {url} here")
    return found


def by_id(kind: str, id_: str) -> Resource:
    """A definition by its id, of the store or else of the pack.

    Raises:
        NotThere: it is in neither.
    """
    stored = versions.read(kind, id_)
    if stored is not None and stored.content is not None:
        resource: Resource = json_text.decode(stored.content)
        return resource
    for (known, _), resource in content_resources().items():
        if known == kind and resource["id"] == id_:
            return resource
    raise NotThere(f"there is no {kind}/{id_} here")


def _stored(kind: str, url: str) -> Resource | None:
    for version in versions.current_of_type(kind):
        resource: Resource = json_text.decode(version.content or "{}")
        if resource.get("url") == url:
            return resource
    return None


def codes(value_set: Mapping[str, Any], *, within: frozenset[str] = frozenset()) -> Iterator[Code]:
    """Every code a value set lists.

    Raises:
        Unusable: it asks for what cannot be listed here: a whole code system or a filter.
    """
    compose = value_set.get("compose", {})
    left_out = {(c.system, c.code) for part in compose.get("exclude", ()) for c in _listed(part)}
    for part in compose.get("include", ()):
        for url in part.get("valueSet", ()) if "system" not in part else ():
            if url in within:
                raise Unusable([Issue("processing", f"{url} includes itself")], status=422)
            inner = canonical("ValueSet", url)
            yield from (
                c for c in codes(inner, within=within | {url}) if (c.system, c.code) not in left_out
            )
        yield from (c for c in _listed(part) if (c.system, c.code) not in left_out)


def _listed(part: Mapping[str, Any]) -> Iterator[Code]:
    if "valueSet" in part and "system" not in part:
        return
    if part.get("system") == ICD10 and "concept" not in part and "valueSet" not in part:
        yield from (Code(ICD10, code, name) for code, name in classification.part_of(part))
        return
    if "concept" not in part and "valueSet" not in part:
        system = str(part.get("system"))
        whole = _stored("CodeSystem", system)
        if whole is not None:
            found = code_systems.chosen(code_systems.known(whole), part)
            yield from (Code(system, code, name) for code, name in found)
            return
    if "filter" in part or "valueSet" in part or "concept" not in part:
        text = f"codes of {part.get('system')} are not listed one by one and cannot be expanded"
        raise Unusable([Issue("too-costly", text)], status=422)
    for concept in part["concept"]:
        display = str(concept.get("display", ""))
        yield Code(str(part["system"]), str(concept["code"]), display)


def expand(
    value_set: Mapping[str, Any], *, text: str, offset: int, count: int | None, at: datetime
) -> Resource:
    """The value set with its codes, those whose code or name holds ``text``.

    Args:
        offset, count: which part of the list; ``count`` None = to the end.
    """
    wanted = text.casefold()
    unique = dict.fromkeys(codes(value_set))
    found = [c for c in unique if wanted in c.display.casefold() or wanted in c.code.casefold()]
    shown = found[offset:] if count is None else found[offset : offset + count]
    contains = [
        {"system": c.system, "code": c.code, **({"display": c.display} if c.display else {})}
        for c in shown
    ]
    return {
        **{key: value for key, value in value_set.items() if key != "compose"},
        "expansion": {
            "timestamp": at.isoformat(timespec="seconds"),
            "total": len(found),
            "offset": offset,
            **({"contains": contains} if contains else {}),
        },
    }


def member(value_set: Mapping[str, Any], asked: Sequence[Code], *, any_system: bool) -> Code | None:
    """The first of the codes asked about that is in the value set.

    Args:
        any_system: whether a code without a system matches by the code alone.
    """
    known = list(codes(value_set))
    for one in asked:
        for code in known:
            same_system = code.system == one.system or (any_system and not one.system)
            if code.code == one.code and same_system:
                return code
    return None


def look_up(system: str, code: str) -> Code:
    """What a code is called in the pack.

    Raises:
        NotThere: the pack does not name it.
    """
    display = installed.pack().displays.get((system, code))
    if display is None:
        raise NotThere(f"the content pack does not name {code} of {system}")
    return Code(system, code, display)
