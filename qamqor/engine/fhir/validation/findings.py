"""Where an element is, and the list of what was found wrong."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from qamqor.engine.fhir.validation import links
from qamqor.engine.fhir.validation.issues import RULES, Issue, shown
from qamqor.engine.fhir.validation.rulebook import Invariant

NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True, slots=True)
class Place:
    """An element of a resource.

    Attributes:
        path: FHIRPath from the outermost resource.
        resource: the innermost resource around it, for ``%resource``.
        holder: the resource whose contained ones ``#id`` means.
        is_contained: whether the innermost resource is contained in another.
        depth: how often something was put inside its own kind on the way.
    """

    path: str
    resource: Mapping[str, Any]
    holder: Mapping[str, Any]
    is_contained: bool = False
    depth: int = 0

    @classmethod
    def top(cls, resource: Any) -> Place:
        """The resource itself."""
        read = resource if isinstance(resource, dict) else {}
        name = read.get("resourceType")
        is_name = isinstance(name, str) and NAME.fullmatch(name) is not None
        return cls(str(name) if is_name else "Resource", read, read)

    def at(self, name: str, number: int | None = None, of: str | None = None) -> Place:
        """A part, by its place among several and the type chosen for it."""
        step = name if NAME.fullmatch(name) else f"`{shown(name)}`"
        index = "" if number is None else f"[{number}]"
        chosen = "" if of is None else f".ofType({of})"
        return replace(self, path=f"{self.path}.{step}{chosen}{index}")

    def numbered(self, number: int) -> Place:
        return replace(self, path=f"{self.path}[{number}]")

    def deeper(self) -> Place:
        return replace(self, depth=self.depth + 1)

    def inside(self, resource: Mapping[str, Any]) -> Place:
        """The same place, seen from a resource that starts here."""
        return replace(
            self, resource=resource, holder=self.holder if self.is_contained else resource
        )

    def contained(self) -> Place:
        return replace(self, is_contained=True)

    def on_its_own(self) -> Place:
        return replace(self, is_contained=False)

    def contained_type(self, id_: str) -> str | None:
        """The type of the contained resource of this id; of the holder itself for no id."""
        if not id_:
            return str(self.holder.get("resourceType"))
        return links.contained(self.holder).get(id_)


class Findings:
    """The issues found, of each severity up to a number at which more would not help."""

    def __init__(self, most: int) -> None:
        self.issues: list[Issue] = []
        self.errors = self.warnings = 0
        self.most = most

    def add(self, rule: str, place: Place, advice: str) -> None:
        """A rule of ours is broken here."""
        asked = RULES[rule]
        text = f"{advice} {asked.asks}"
        self._keep(Issue(asked.code, text, place.path, asked.severity, rule))

    def broken(self, rule: Invariant, place: Place) -> None:
        """A rule of FHIR's is broken here."""
        text = f"{rule.human} ({rule.key})."
        self._keep(Issue("invariant", text, place.path, rule.severity, rule.key))

    def _keep(self, issue: Issue) -> None:
        if issue.severity == "error":
            self.errors += 1
            number = self.errors
        else:
            self.warnings += 1
            number = self.warnings
        if number <= self.most:
            self.issues.append(issue)
