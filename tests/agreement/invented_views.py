"""Draws ViewDefinitions over FHIR R4 that are valid, and resources that hold what they read."""

from __future__ import annotations

import json
import random
import re
from typing import Any

from qamqor.engine.fhir import definitions
from qamqor.engine.fhir.fhirpath.analyse import Scope, analyse
from qamqor.engine.fhir.fhirpath.parse import parse
from qamqor.engine.fhir.fhirpath.steps import WHOLE, Step
from qamqor.engine.fhir.fhirpath.syntax import PathError
from qamqor.engine.tables.definition import read_view
from qamqor.engine.tables.needs import Need
from qamqor.engine.tables.stages import layout_of
from qamqor.engine.tables.view import View
from qamqor.errors import InvalidView

RESOURCES = ["Patient", "Observation", "Condition", "Encounter", "MedicationRequest", "Goal"]
TEXTS = ["a", "b", "ab", "official", "it's", 'q"q', "Ä б", "", " x ", "1"]
URLS = ["http://x.test/a", "http://x.test/b", "urn:oid:1.2"]
CODES = ["a", "b", "official", "mg"]
DATES = ["2020", "2020-02", "2020-02-29", "2021-12-31", "2021-01", "1999-06-15"]
MOMENTS = [*DATES, "2020-02-29T23:59:59Z", "2020-02-29T20:00:00.5Z", "2020-02-29T01:00:00+05:00",
           "2020-02-28T20:00:00Z", "2020-02-29T23:59:59.000-03:30", "2021-12-31T23:30:00",
           "2021-12-31T12:00:00.123456Z"]  # fmt: skip
TIMES = ["08:00:00", "08:00:00.0", "23:59:59.999", "08:00:01"]
DECIMALS = ["0", "1", "1.0", "1.50", "-2.25", "0.1", "0.2", "100", "3.14159", "12345.678", "-0.5"]
WHOLES = ["0", "1", "2", "-3", "7", "100000", "2147483647"]
REFERENCES = ["Patient/a", "Patient/b", "Group/a", "http://s.test/fhir/Patient/a", "#a",
              "Patient/a/_history/2", "urn:uuid:1", "Practitioner?identifier=1", "x",
              "Patient/"]  # fmt: skip
POOLS = {
    "date": DATES,
    "dateTime": MOMENTS,
    "instant": [m for m in MOMENTS if "T" in m],
    "time": TIMES,
    "uri": URLS,
    "code": CODES,
    "id": ["a", "b", "c-1"],
}
LITERALS = {
    "text": ["'a'", "'b'", "'official'", "'it\\'s'", "''", "'http://x.test/a'"],
    "number": ["1", "2", "0", "1.5", "0.1", "100"],
    "boolean": ["true", "false"],
    "date": ["@2020-02-29", "@2020", "@2020-02", "@2020-02-29T20:00:00Z", "@2021-12-31T23:30"],
    "time": ["@T08:00:00", "@T08:00"],
}
SKIPPED = {"contained", "text", "extension", "modifierExtension", "meta", "implicitRules"}
AFTER = ["first()", "last()", "exists()", "empty()", "count()", "not()", "tail()", "skip(1)",
         "take(1)", "take(0)", "distinct()", "join(',')", "join()", "lowBoundary()",
         "highBoundary()", "length()", "upper()", "lower()", "startsWith('a')", "endsWith('b')",
         "contains('a')", "hasValue()", "getReferenceKey()", "getReferenceKey(Patient)",
         "extension('http://x.test/a').value.ofType(string)", "extension('http://x.test/b')",
         "select($this)", "is(string)", "is(code)", "is(Quantity)"]  # fmt: skip


class Inventor:
    """Draws from one source of randomness, so that a case can be drawn again."""

    def __init__(self, source: random.Random) -> None:
        self.random = source
        self.depth = 0
        self.columns = 0

    def chance(self, share: float) -> bool:
        return self.random.random() < share

    def pick(self, options: Any) -> Any:
        return self.random.choice(list(options))

    # Paths

    def path(self, scope: Scope, length: int = 4) -> str:
        """A path that the checks accept."""
        text, step = self.beginning(scope)
        if self.depth > 2:
            return text
        self.depth += 1
        for _ in range(self.random.randrange(length)):
            longer = self.longer(text, step, scope)
            found = checked(longer, scope)
            if found is not None:
                text, step = longer, found
        self.depth -= 1
        return text

    def beginning(self, scope: Scope) -> tuple[str, Step]:
        for _ in range(20):
            text = self.member(scope.types) if self.chance(0.93) else "$this"
            step = checked(text, scope)
            if step is not None:
                return text, step
        step = checked("$this", scope)
        assert step is not None
        return "$this", step

    def member(self, types: tuple[str, ...]) -> str:
        names = [
            name
            for owner in types
            for name, element in definitions.elements(owner).items()
            if name not in SKIPPED and "xhtml" not in element.types
        ]
        name = self.pick(names) if names else "$this"
        element = definitions.element(types[0], name) if types else None
        if element is not None and element.is_choice and self.chance(0.8):
            return f"{name}.ofType({self.pick(element.types)})"
        return str(name)

    def longer(self, text: str, step: Step, scope: Scope) -> str:
        kind = step.category
        options = [lambda: f"{text}.{self.pick(AFTER)}"]
        if kind == "complex":
            options += [lambda: f"{text}.{self.member(step.types)}"] * 6
            options += [lambda: f"{text}.where({self.test(scope.inside(step.types))})"] * 2
            options += [lambda: f"{text}.exists({self.test(scope.inside(step.types))})"]
            options += [lambda: f"{text}.all({self.test(scope.inside(step.types))})"]
            options += [lambda: f"{text}.select({self.path(scope.inside(step.types), 2)})"]
            options += [lambda: f"{text}[{self.random.randrange(3)}]"]
        elif kind in LITERALS:
            options += [lambda: self.compared(text, kind)] * 2
            options += [lambda: f"{text}.where({self.test(scope.inside(step.types))})"]
        if kind == "number":
            options += [lambda: f"{text} {self.pick('+-*/')} {self.pick(LITERALS['number'])}"] * 2
            options += [lambda: f"{text} {self.pick(['div', 'mod'])} {self.pick('01234')}"]
            options += [lambda: f"-({text})"]
        if kind == "text":
            options += [lambda: f"{text} {self.pick('+&|')} {self.pick(LITERALS['text'])}"]
            options += [lambda: f"{text} | {self.path(scope, 2)}"]
        if kind == "boolean":
            options += [lambda: self.combined(text, scope)] * 2
        return str(self.pick(options)())

    def compared(self, text: str, kind: str) -> str:
        literal = self.pick(LITERALS[kind])
        operator = self.pick(["=", "=", "!=", "<", "<=", ">", ">=", "in"])
        return f"{text} {operator} {literal}"

    def combined(self, text: str, scope: Scope) -> str:
        operator = self.pick(["and", "or", "xor", "implies"])
        if self.chance(0.2):
            return f"iif({text}, {self.pick(LITERALS['text'])}, {self.pick(LITERALS['text'])})"
        return f"({text}) {operator} ({self.test(scope)})"

    def test(self, scope: Scope) -> str:
        """A condition."""
        for _ in range(12 if self.depth < 2 else 3):
            text = self.path(scope)
            step = checked(text, scope)
            if step is not None and step.category == "boolean" and not step.many:
                return text
        return "exists()" if self.chance(0.5) else "true"

    def simple(self, scope: Scope, is_collection: bool) -> str | None:
        """A path to simple values, single unless a collection is wanted."""
        for _ in range(12):
            text = self.path(scope, 5)
            step = checked(text, scope)
            if step is None or step.op == "choice" or step.category == "complex":
                continue
            if is_collection or not step.many:
                return text
            if self.chance(0.9):
                return f"({text}).first()"
            return text
        return None

    # Views

    def view(self) -> View | None:
        resource = self.pick(RESOURCES)
        scope = Scope((resource,), resource, is_top=True)
        raw: dict[str, Any] = {"resource": resource, "name": "invented"}
        if self.chance(0.4):
            raw["where"] = [{"path": self.test(scope)}]
        raw["select"] = [self.select(scope, 0) for _ in range(self.random.randrange(1, 4))]
        try:
            return read_view(raw)
        except InvalidView:
            return None

    def select(self, scope: Scope, depth: int) -> dict[str, Any]:
        entry: dict[str, Any] = {}
        inner = scope
        if self.chance(0.45):
            inner = self.iterated(entry, scope)
        entry["column"] = [self.column(inner) for _ in range(self.random.randrange(1, 3))]
        if depth < 2 and self.chance(0.3):
            entry["select"] = [self.select(inner, depth + 1)]
        if depth < 2 and self.chance(0.25):
            entry["unionAll"] = self.branches(inner, depth)
        return entry

    def iterated(self, entry: dict[str, Any], scope: Scope) -> Scope:
        if self.chance(0.15):
            entry["repeat"] = ["extension"]
            return scope.inside(("Extension",))
        text = self.path(scope, 3)
        step = checked(text, scope)
        if step is None or step.op == "choice" or not step.types:
            return scope
        entry["forEach" if self.chance(0.6) else "forEachOrNull"] = text
        return scope.inside(step.types)

    def branches(self, scope: Scope, depth: int) -> list[dict[str, Any]]:
        """Branches with the same columns: each iterates in its own way."""
        self.columns += 1
        name = f"u{self.columns}"
        found: list[dict[str, Any]] = []
        for _ in range(self.random.randrange(2, 4)):
            branch: dict[str, Any] = {}
            inner = self.iterated(branch, scope) if self.chance(0.7) else scope
            path = self.pick(["'x'", "%rowIndex.exists()", "exists()", "empty()"])
            number = path == "'x'"
            branch["column"] = [{"name": name, "path": f"iif({path}, 'y', 'n')"}]
            if number:
                branch["column"] = [{"name": name, "path": "'x'"}]
            if depth < 1 and self.chance(0.2):
                branch["column"] = []
                branch["unionAll"] = [
                    {"column": [{"name": name, "path": "'inner'"}]},
                    {"forEach": self.path(inner, 2), "column": [{"name": name, "path": "'z'"}]},
                ]
            found.append(branch)
        return found

    def column(self, scope: Scope) -> dict[str, Any]:
        self.columns += 1
        name = f"c{self.columns}"
        if self.chance(0.1):
            return {"name": name, "path": "%rowIndex"}
        is_collection = self.chance(0.2)
        path = self.simple(scope, is_collection) or "'x'"
        entry: dict[str, Any] = {"name": name, "path": path}
        step = checked(path, scope)
        if is_collection:
            entry["collection"] = True
        elif step is not None and step.category == "date" and self.chance(0.6):
            tag = ("ansi/type", "DATE") if self.chance(0.6) else ("qamqor/as", "precision")
            entry["tag"] = [{"name": tag[0], "value": tag[1]}]
        return entry

    # Resources

    def resources(self, view: View) -> list[str]:
        """JSON texts of resources that hold what the view reads, and others."""
        layout = layout_of([view])
        return [
            self.resource(view.resource, layout.root) for _ in range(self.random.randrange(1, 6))
        ]

    def resource(self, name: str, need: Need) -> str:
        made = self.element(need, 0)
        made["resourceType"] = name if self.chance(0.95) else "Basic"
        if made["resourceType"] == name and self.chance(0.9):
            made.setdefault("id", self.pick("abc"))
        items = list(made.items())
        self.random.shuffle(items)
        text = json.dumps(dict(items), ensure_ascii=self.chance(0.5))
        return re.sub(r'"@@(-?[\d.]+)@@"', r"\1", text)

    def element(self, need: Need, depth: int) -> dict[str, Any]:
        made: dict[str, Any] = {}
        chosen = self.one_of_each_choice(need)
        for key, part in chosen.items():
            if key != "resourceType" and self.chance(0.75):
                made[key] = self.value(part, depth)
        if self.chance(0.2):
            made["unheard_of"] = {"x": [1]}
        return made

    def one_of_each_choice(self, need: Need) -> dict[str, Need]:
        """A choice has one type at a time; the parts a view reads of it may be several."""
        groups: dict[str, list[str]] = {}
        for key in need.parts:
            groups.setdefault(self.choice_of(need, key), []).append(key)
        kept = [self.pick(keys) for keys in groups.values()]
        return {key: need.parts[key] for key in need.parts if key in kept}

    @staticmethod
    def choice_of(need: Need, key: str) -> str:
        for element in definitions.elements(need.type).values():
            if element.is_choice and key.lstrip("_") in map(element.json_key, element.types):
                return element.name
        return key

    def value(self, need: Need, depth: int) -> Any:
        if need.is_raw:
            if depth > 3:
                return []
            walks = [need, *need.walks]
            merged = Need(need.type)
            for walk in walks:
                merged.parts |= walk.parts
            return [self.element(merged, depth + 1) for _ in range(self.random.randrange(3))]
        if not need.many:
            return self.single(need, depth)
        items = [self.single(need, depth) for _ in range(self.random.randrange(1, 4))]
        if need.scalar is not None or need.type == "Element":
            items = [None if self.chance(0.15) else item for item in items]
        return items

    def single(self, need: Need, depth: int) -> Any:
        if need.scalar is None:
            made = self.element(need, depth + 1)
            return made or {"id": "e"}
        return self.primitive(need.type)

    def primitive(self, type_name: str) -> Any:
        if type_name == "boolean":
            return self.chance(0.5)
        if type_name in WHOLE:
            return int(self.pick(WHOLES))
        if type_name == "decimal":
            return f"@@{self.pick(DECIMALS)}@@"
        for ancestor in definitions.ancestors(type_name):
            if ancestor in POOLS:
                return self.pick(POOLS[ancestor])
        return self.pick(TEXTS if self.chance(0.7) else REFERENCES)


def checked(text: str, scope: Scope) -> Step | None:
    """The path's steps, if it is a path at all."""
    try:
        return analyse(parse(text), scope)
    except PathError:
        return None
