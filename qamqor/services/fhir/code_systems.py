"""Answers about the codes of one system: the classification of diseases, or a stored CodeSystem."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from qamqor.engine.diagnoses.classification import ancestors
from qamqor.engine.fhir import code_system
from qamqor.errors import Issue, NotThere, Unusable
from qamqor.services import diagnoses
from qamqor.services.fhir import classification

Resource = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Known:
    """A stored CodeSystem that lists codes.

    Attributes:
        is_complete: whether it lists all there are; of others no code can be said not to be.
    """

    resource: Mapping[str, Any]
    concepts: Mapping[str, code_system.Concept]
    is_complete: bool

    @property
    def name(self) -> str:
        said = self.resource.get("title") or self.resource.get("name") or self.resource.get("url")
        return str(said or self.resource.get("id", "it"))


def known(resource: Mapping[str, Any]) -> Known:
    """What a CodeSystem lists.

    Raises:
        NotThere: it lists nothing, because its codes are kept elsewhere.
    """
    listed = code_system.concepts(resource)
    if not listed:
        raise NotThere(f"{resource.get('url', 'this code system')} lists no codes here")
    return Known(resource, listed, resource.get("content") == "complete")


def looked_up(system: Known, code: str) -> Resource:
    """Everything known of a code, as ``CodeSystem/$lookup`` answers it.

    Raises:
        NotThere: it is not listed.
    """
    found = _listed(system, code)
    said: list[Resource] = [{"name": "name", "valueString": system.name}]
    if version := system.resource.get("version"):
        said.append({"name": "version", "valueString": version})
    said.append({"name": "display", "valueString": found.display or code})
    for language, words in found.names:
        parts = [{"name": "value", "valueString": words}]
        if language:
            parts.insert(0, {"name": "language", "valueCode": language})
        said.append({"name": "designation", "part": parts})
    places = [("parent", one) for one in found.above[:1]]
    places += [("child", one) for one in found.below]
    for name, value in places:
        parts = [{"name": "code", "valueCode": name}, {"name": "value", "valueCode": value}]
        said.append({"name": "property", "part": parts})
    return {"resourceType": "Parameters", "parameter": said}


def _listed(system: Known, code: str) -> code_system.Concept:
    found = system.concepts.get(code)
    if found is None:
        raise NotThere(f"{system.name} does not name {code}")
    return found


def chosen(system: Known, include: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Codes with their names that a value set takes: all, or those below one.

    Raises:
        Unusable: not all codes are known here, or it asks for what cannot be listed.
    """
    if not system.is_complete:
        text = f"{system.name} is not whole here and cannot be expanded"
        raise Unusable([Issue("too-costly", text)], status=422)
    wanted: list[tuple[str, bool]] = []
    for one in include.get("filter", ()):
        if one.get("property") not in ("concept", "code") or one.get("op") not in _BELOW:
            text = f"of {system.name} only the filters concept is-a and descendent-of are known"
            raise Unusable([Issue("not-supported", text)], status=422)
        wanted.append((str(one.get("value", "")), _BELOW[one["op"]]))
    for concept in system.concepts.values():
        if all(top in concept.above or (top == concept.code and own) for top, own in wanted):
            yield concept.code, concept.display


_BELOW = {"is-a": True, "descendent-of": False}
"""Filters that take what stands below a code, and whether that code is taken too."""


def relation(system: Known | None, one: str, other: str) -> str:
    """How two codes stand to each other; ``system`` None = the classification of diseases.

    Raises:
        NotThere: one of them is not known. Unusable: what stands below is no kind of it.
    """
    if system is None:
        tree = diagnoses.known().tree
        for code in (one, other):
            if not classification.is_known(code):
                raise NotThere(f"{classification.NAME} does not name {code}")
        return code_system.subsumption(one, other, lambda code: list(ancestors(tree, code)))
    for code in (one, other):
        _listed(system, code)
    if not code_system.is_tree_of_kinds(system.resource):
        meaning = system.resource["hierarchyMeaning"]
        text = f"what stands below a code of {system.name} is no kind of it but {meaning}"
        raise Unusable([Issue("not-supported", text)], status=422)
    return code_system.subsumption(one, other, lambda code: system.concepts[code].above)
