"""Reads and checks a ViewDefinition, and lists everything wrong with it at once."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final

from qamqor.engine.fhir import definitions
from qamqor.engine.fhir.fhirpath.analyse import Scope, analyse
from qamqor.engine.fhir.fhirpath.functions import decided, single, truth
from qamqor.engine.fhir.fhirpath.parse import parse
from qamqor.engine.fhir.fhirpath.steps import Step, may_fail
from qamqor.engine.fhir.fhirpath.syntax import Nothing, PathError
from qamqor.engine.tables import columns, constants
from qamqor.engine.tables.view import Column, Path, Repeat, Select, View
from qamqor.errors import InvalidView, Problem

NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
ALWAYS: Final = frozenset({"id", "extension", "modifierExtension"})
SELECT_KEYS: Final = ALWAYS | {
    "column", "select", "unionAll", "forEach", "forEachOrNull", "repeat",
}  # fmt: skip
COLUMN_KEYS: Final = ALWAYS | {"name", "path", "description", "collection", "type", "tag"}
WHERE_KEYS: Final = ALWAYS | {"path", "description"}


def read_view(raw: Any) -> View:
    """The view a JSON ViewDefinition describes, every path checked against FHIR 4.0.1.

    Args:
        raw: the parsed JSON.
    Returns:
        the view; ``View.columns`` are in table order.
    Raises:
        InvalidView: with every problem found; each says where in the JSON, what, and a fix.
    """
    reader = Reader()
    view = reader.view(raw)
    if reader.problems or view is None:
        raise InvalidView(reader.problems)
    return view


class Reader:
    """Walks the JSON once, keeps going after a problem, remembers all of them."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.warnings: list[Problem] = []
        self.risks: list[Problem] = []

    def wrong(self, where: str, what: str, fix: str = "") -> None:
        self.problems.append(Problem(where, what, fix))

    def objects(self, owner: Mapping[str, Any], key: str, where: str) -> list[tuple[str, Any]]:
        """The JSON objects listed under a key, each with its place."""
        listed = owner.get(key)
        if listed is None:
            return []
        if not isinstance(listed, list):
            self.wrong(f"{where}{key}", "must be a list")
            return []
        found = []
        for number, entry in enumerate(listed):
            if isinstance(entry, dict):
                found.append((f"{where}{key}[{number}]", entry))
            else:
                self.wrong(f"{where}{key}[{number}]", "must be a JSON object")
        return found

    def only(self, entry: Mapping[str, Any], keys: frozenset[str], where: str) -> None:
        for key in entry:
            if key.lstrip("_") not in keys:
                self.wrong(
                    f"{where}.{key}", "is not part of a ViewDefinition", "check its spelling"
                )

    def view(self, raw: Any) -> View | None:
        if not isinstance(raw, dict):
            self.wrong("$", "a ViewDefinition is a JSON object")
            return None
        resource = self.resource(raw)
        known = constants.read(raw.get("constant"), self.problems)
        name = self.view_name(raw, resource)
        selects = self.objects(raw, "select", "")
        if not selects:
            self.wrong("select", "a view needs at least one select")
        if resource is None:
            return None
        scope = Scope((resource,), resource, known, is_top=True)
        conditions = self.conditions(raw, scope)
        whole = Select(selects=tuple(self.select(entry, at, scope) for at, entry in selects))
        self.distinct_names(whole)
        return View(
            name, resource, whole, whole.every_column, conditions, known,
            tuple(self.warnings), tuple(self.risks), raw,
        )  # fmt: skip

    def resource(self, raw: Mapping[str, Any]) -> str | None:
        resource = raw.get("resource")
        versions = raw.get("fhirVersion") or ["4.0.1"]
        if not any(str(version).startswith("4.0") for version in versions):
            self.wrong("fhirVersion", f"made for FHIR {versions}", "this platform reads FHIR 4.0.1")
        if not isinstance(resource, str):
            self.wrong("resource", "missing", "say which resource type the view reads")
            return None
        if not definitions.is_resource(resource):
            self.wrong("resource", f"FHIR R4 has no resource {resource!r}")
            return None
        return resource

    def view_name(self, raw: Mapping[str, Any], resource: str | None) -> str:
        name = raw.get("name")
        if name is None:
            return (resource or "view").lower()
        if not isinstance(name, str) or not NAME.fullmatch(name):
            self.wrong("name", f"{name!r} cannot name a table", "letters, digits and _ only")
        return str(name)

    def conditions(self, raw: Mapping[str, Any], scope: Scope) -> tuple[Path, ...]:
        found = []
        for at, entry in self.objects(raw, "where", ""):
            self.only(entry, WHERE_KEYS, at)
            path = self.path(entry.get("path"), f"{at}.path", scope, truth_of="where")
            if path is not None:
                self.note_risk(path, f"{at}.path")
                found.append(path)
        return tuple(found)

    def path(
        self, text: Any, where: str, scope: Scope, *, truth_of: str | None = None
    ) -> Path | None:
        """A path, read and checked; nothing (and a problem noted) when it is wrong."""
        if not isinstance(text, str) or not text.strip():
            self.wrong(where, "a path is missing", "write a FHIRPath expression")
            return None
        try:
            node = parse(text)
            step = decided(analyse(node, scope))
            return Path(text, node, truth(step, truth_of) if truth_of else step, where)
        except PathError as error:
            self.wrong(
                where, f"{error.message} (at {text[error.at : error.at + 20]!r} in {text!r})"
            )
            return None

    def note_risk(self, path: Path, where: str) -> None:
        if may_fail(path.step):
            what = f"{path.text!r} may find several values where one is needed"
            self.risks.append(Problem(where, what, "use first(), where(…) or forEach"))

    def select(self, entry: Mapping[str, Any], at: str, scope: Scope) -> Select:
        self.only(entry, SELECT_KEYS, at)
        ways = [key for key in ("forEach", "forEachOrNull", "repeat") if key in entry]
        if len(ways) > 1:
            self.wrong(at, f"{' and '.join(ways)} cannot stand together", "nest two selects")
        for_each, repeat, inner = None, None, scope
        if ways and ways[0] == "repeat":
            repeat = self.repeat(entry["repeat"], f"{at}.repeat", scope)
            inner = scope.inside(repeat.types)
        elif ways:
            for_each = self.path(entry[ways[0]], f"{at}.{ways[0]}", scope)
            if for_each is None:
                return Select()
            self.note_risk(for_each, for_each.where)
            inner = scope.inside(for_each.step.types)
        return self.inside(entry, at, inner, Select(for_each, "forEachOrNull" in ways, repeat))

    def inside(self, entry: Mapping[str, Any], at: str, scope: Scope, head: Select) -> Select:
        listed = [self.column(c, w, scope) for w, c in self.objects(entry, "column", f"{at}.")]
        nested = [self.select(s, w, scope) for w, s in self.objects(entry, "select", f"{at}.")]
        branches = [self.select(s, w, scope) for w, s in self.objects(entry, "unionAll", f"{at}.")]
        if not (listed or nested or branches):
            self.wrong(at, "has no column, select or unionAll", "add one or remove it")
        own = tuple(column for column in listed if column is not None)
        if None not in listed:
            branches = self.united(branches, f"{at}.unionAll")
        return Select(
            head.for_each, head.is_or_null, head.repeat, own, tuple(nested), tuple(branches)
        )

    def column(self, entry: Mapping[str, Any], at: str, scope: Scope) -> Column | None:
        self.only(entry, COLUMN_KEYS, at)
        name = entry.get("name")
        if not isinstance(name, str) or not NAME.fullmatch(name):
            self.wrong(f"{at}.name", f"{name!r} cannot name a column", "letters, digits and _ only")
        path = self.path(entry.get("path"), f"{at}.path", scope)
        if path is None:
            return None
        is_collection = entry.get("collection") is True
        if not is_collection:
            path = Path(path.text, path.node, single(path.step), path.where)
        self.note_risk(path, f"{at}.path")
        return columns.column(str(name), path, entry, at, self.problems)

    def united(self, branches: list[Select], at: str) -> list[Select]:
        """Check that all branches of a unionAll have the same columns, and agree their types."""
        if not branches or self.problems:
            return branches
        wanted = branches[0].every_column
        for number, branch in enumerate(branches[1:], 1):
            found = branch.every_column
            if [c.name for c in found] != [c.name for c in wanted]:
                self.wrong(
                    f"{at}[{number}]",
                    f"has columns {', '.join(c.name for c in found)}; the first branch has "
                    f"{', '.join(c.name for c in wanted)}",
                    "the same names in the same order",
                )
                return branches
        return columns.agree(branches, at, self.problems)

    def repeat(self, texts: Any, at: str, scope: Scope) -> Repeat:
        if not isinstance(texts, list) or not texts or not all(isinstance(t, str) for t in texts):
            self.wrong(at, "must be a list of paths")
            return Repeat((), (), (), ())
        try:
            nodes = tuple(parse(text) for text in texts)
        except PathError as error:
            self.wrong(at, error.message)
            return Repeat((), (), (), ())
        first = self.walk(nodes, texts, at, scope)
        types = _types(first)
        again = self.walk(nodes, texts, at, scope.inside(types)) if types else ()
        if len({*types, *_types(again)}) > 1:
            self.wrong(
                at, f"finds elements of several types: {', '.join({*types, *_types(again)})}"
            )
        for number, text in enumerate(texts):
            if not any(walk and walk[number] for walk in (first, again)):
                what = f"{text!r} is no element of {scope.types[0] if scope.types else 'nothing'}"
                self.warnings.append(Problem(f"{at}[{number}]", what, "it never finds anything"))
        return Repeat(nodes, first, again, types)

    def walk(
        self, nodes: Sequence[Any], texts: Sequence[str], at: str, scope: Scope
    ) -> tuple[Step | None, ...]:
        """Each path as checked from here; nothing where these elements have no such part."""
        steps: list[Step | None] = []
        for number, node in enumerate(nodes):
            try:
                step = analyse(node, scope)
            except PathError:
                step = analyse(Nothing(), scope)
            if step.types and not _is_plain(step):
                self.wrong(f"{at}[{number}]", f"{texts[number]!r} is more than element names")
            steps.append(step if step.types else None)
        return tuple(steps)

    def distinct_names(self, whole: Select) -> None:
        counted = Counter(column.name for column in whole.every_column)
        for name, times in counted.items():
            if times > 1:
                self.wrong("select", f"{times} columns are named {name!r}", "names must differ")


def _types(steps: Sequence[Step | None]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(t for step in steps if step for t in step.types))


def _is_plain(step: Step) -> bool:
    return all(part.op in {"member", "focus"} for part in step.every())
