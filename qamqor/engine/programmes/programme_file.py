"""Reads one version of a programme from its folder."""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

from qamqor.engine.programmes.marks import Document, Entry, read
from qamqor.engine.programmes.schema import (
    CARE_ROLES,
    CHANNELS,
    URGENCIES,
    Action,
    Measure,
    Parameter,
    Programme,
    State,
    Told,
)
from qamqor.errors import Problem

NAME: Final = re.compile(r"[a-z][a-z0-9_]*")
_READS: Final = re.compile(r"(?P<id>[a-z][a-z0-9_]*)_(?:population|eligible)")
_STATUSES: Final = ("confirmed", "assumption")
_LARGEST: Final = 10**18 - 1
_RESERVED: Final = ("as_of", "period_start", "period_end")


def read_programme(
    folder: Path, where: str, problems: list[Problem], *, overrides: Entry | None = None
) -> Programme | None:
    """One version, or null when its programme.yaml cannot be read; problems are appended.

    Args:
        folder: ``programmes/<id>/<valid_from>``.
        where: the same, as people should read it.
        overrides: what another pack's parameters.yaml says about this programme.
    """
    document = read(folder / "programme.yaml", f"{where}/programme.yaml")
    programme = None
    if document.value is not None:
        programme = _Reader(folder, where, document, overrides).programme()
    problems.extend(document.problems)
    return programme


class _Reader:
    """Everything that is read while one folder is read."""

    def __init__(
        self, folder: Path, where: str, document: Document, overrides: Entry | None
    ) -> None:
        self.folder, self.where, self.document = folder, where, document
        self.overrides = overrides
        self.top = Entry(document)

    def programme(self) -> Programme:
        top = self.top
        top.knows(
            *("id", "valid_from", "status", "belongs", "title", "purpose", "sources", "tables"),
            *(
                "value_sets",
                "parameters",
                "population",
                "eligible",
                "states",
                "actions",
                "measures",
            ),
        )
        name, valid_from = self._identity()
        parameters = self._parameters()
        population = self._sql(top, "population")
        eligible = self._sql(top, "eligible") if "eligible" in top.value else ("", "")
        belongs = self._one_of(top, "belongs", ("eligible", "enrolled"))
        if belongs == "enrolled" and not eligible[0]:
            top.problem(None, "`eligible` is missing", "an enrolled programme has eligible.sql")
        if belongs == "eligible" and eligible[0]:
            top.problem("eligible", "is only for `belongs: enrolled`")
        tables = top.names("tables")
        return Programme(
            id=name,
            valid_from=valid_from,
            status=self._one_of(top, "status", ("draft",)),
            belongs=belongs,
            title=top.text("title"),
            purpose=top.text("purpose"),
            sources=top.words("sources"),
            tables=tables,
            value_sets=top.names("value_sets"),
            parameters=parameters,
            population_file=population[0],
            population_sql=population[1],
            eligible_file=eligible[0] or None,
            eligible_sql=eligible[1] or None,
            actions={key: self._action(key, entry) for key, entry in self._named("actions")},
            measures={key: self._measure(key, entry) for key, entry in self._named("measures")},
            words=self._words(),
            reads=_reads(tables, name),
            sha256=folder_hash(self.folder),
            folder=self.folder,
            where=self.where,
            states={key: self._state(key, entry) for key, entry in self._named("states")},
        )

    def _identity(self) -> tuple[str, date]:
        name, valid_from = self.top.text("id"), self.top.day("valid_from")
        if name and name != self.folder.parent.name:
            self.top.problem(
                "id", f"is `{name}`", f"name it as its folder: {self.folder.parent.name}"
            )
        if valid_from != date.min and valid_from.isoformat() != self.folder.name:
            fix = f"write the folder's day: {self.folder.name}"
            self.top.problem("valid_from", f"is {valid_from}", fix)
        return self.folder.parent.name, valid_from

    def _named(self, key: str) -> list[tuple[str, Entry]]:
        found = list(self.top.entries(key))
        for name, entry in found:
            if not NAME.fullmatch(name):
                entry.problem(None, "is not snake_case", "use a-z, 0-9 and _")
        return found

    def _one_of(self, entry: Entry, key: str, known: tuple[str, ...]) -> str:
        value = entry.text(key)
        if value and value not in known:
            entry.problem(key, f"is `{value}`", f"one of: {', '.join(known)}")
        return value

    def _sql(self, entry: Entry, key: str) -> tuple[str, str]:
        name = entry.text(key)
        if not name:
            return "", ""
        if not name.endswith(".sql") or Path(name).name != name:
            entry.problem(key, f"is `{name}`", "name an .sql file of this folder")
            return name, ""
        try:
            return name, (self.folder / name).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            entry.problem(key, f"names {name}, which is not in {self.where}", "write the query")
            return name, ""

    def _parameters(self) -> dict[str, Parameter]:
        sources = self.top.words("sources")
        found = {}
        for name, entry in self._named("parameters"):
            entry.knows("value", "source", "status", "note")
            if name in _RESERVED:
                entry.problem(None, "is a name the engine binds", "choose another")
            source = entry.text("source")
            if source and source not in sources:
                entry.problem("source", f"`{source}` is not among the sources")
            status = self._one_of(entry, "status", _STATUSES)
            found[name] = Parameter(
                name, _value(entry), source, status, str(entry.value.get("note") or "")
            )
        return found | self._overridden(found)

    def _overridden(self, own: Mapping[str, Parameter]) -> dict[str, Parameter]:
        found: dict[str, Parameter] = {}
        if self.overrides is None:
            return found
        for name in self.overrides.value:
            entry = Entry(self.overrides.document, (*self.overrides.path, name))
            entry.knows("value", "source", "status", "note")
            value, source = _value(entry), entry.text("source")
            if name not in own:
                continue
            before = own[name].value
            if type(value) is not type(before) and not _both_numbers(value, before):
                entry.problem("value", f"is `{value}`", f"the same kind as `{before}`")
            status = entry.get("status", str, "a text", "assumption")
            note = str(entry.value.get("note") or "")
            found[name] = Parameter(name, value, source, status, note, is_override=True)
        return found

    def _state(self, name: str, entry: Entry) -> State:
        entry.knows("kind", "sql", "title", "values")
        self._one_of(entry, "kind", ("state",))
        file, sql = self._sql(entry, "sql")
        values = entry.words("values")
        if not values:
            entry.problem(None, "has no `values`", "one line a state: code and English words")
        return State(name=name, title=entry.text("title"), file=file, sql=sql, values=values)

    def _action(self, name: str, entry: Entry) -> Action:
        entry.knows(
            *("kind", "sql", "title", "items", "role", "channel", "urgency", "reasons", "closes"),
            *("overdue_after_days", "overdue_after_months", "schedule", "told"),
        )
        kind = self._one_of(entry, "kind", ("due", "schedule"))
        if (kind == "schedule") != ("schedule" in entry.value):
            entry.problem(None, "`schedule` and `kind: schedule` go together", "name a schedule")
        file, sql = self._sql(entry, "sql")
        reasons = entry.words("reasons")
        if not reasons:
            entry.problem(None, "has no `reasons`", "one line a reason: code and English words")
        after = [entry.get(key, str, "a parameter's name") for key in _ALLOWANCES]
        self._check_allowance(entry, after)
        return Action(
            name=name,
            title=entry.text("title"),
            file=file,
            sql=sql,
            items=_items(entry),
            role=self._one_of(entry, "role", CARE_ROLES),
            channel=self._one_of(entry, "channel", CHANNELS),
            urgency=_urgency(entry, reasons),
            overdue_after_days=after[0],
            overdue_after_months=after[1],
            reasons=reasons,
            closes=entry.text("closes"),
            schedule=entry.get("schedule", str, "the id of a schedule"),
            told=_told(entry),
        )

    def _check_allowance(self, entry: Entry, after: list[str | None]) -> None:
        if sum(name is not None for name in after) != 1:
            entry.problem(
                None,
                "needs `overdue_after_days` or `overdue_after_months`, one of the two",
                "name a parameter",
            )
        parameters = self.top.get("parameters", dict, "a mapping", {})
        for key, name in zip(_ALLOWANCES, after, strict=True):
            value = (parameters.get(name) or {}) if name else {}
            if name and name not in parameters:
                entry.problem(key, f"names `{name}`, which is not a parameter")
            elif name and type(value.get("value")) is not int:
                entry.problem(key, f"names `{name}`, which is not a whole number")

    def _measure(self, name: str, entry: Entry) -> Measure:
        entry.knows(
            *("kind", "sql", "title", "period_months", "numerator", "denominator"),
            *("exclusions", "better"),
        )
        self._one_of(entry, "kind", ("measure",))
        file, sql = self._sql(entry, "sql")
        better = entry.get("better", str, "`higher` or `lower`", "higher")
        if better not in {"higher", "lower"}:
            entry.problem("better", f"is `{better}`", "one of: higher, lower")
        months = int(entry.need("period_months", int, "how many months a period has", 12))
        if months < 1:
            entry.problem("period_months", f"is {months}", "at least 1")
        return Measure(
            name=name,
            title=entry.text("title"),
            file=file,
            sql=sql,
            period_months=months,
            numerator=entry.text("numerator"),
            denominator=entry.text("denominator"),
            exclusions=entry.words("exclusions"),
            higher_is_better=better == "higher",
        )

    def _words(self) -> dict[str, Mapping[str, Any]]:
        found: dict[str, Mapping[str, Any]] = {}
        for file in sorted(self.folder.glob("words.*.yaml")):
            document = read(file, f"{self.where}/{file.name}")
            found[file.name.split(".")[1]] = Entry(document).value
            self.document.problems.extend(document.problems)
        return found


_ALLOWANCES: Final = ("overdue_after_days", "overdue_after_months")


def _value(entry: Entry) -> Any:
    kinds = (int, float, str, bool, date)
    value = entry.need("value", kinds, "a number, text, date or boolean; lists cannot be bound", 0)
    if isinstance(value, int) and not -_LARGEST <= value <= _LARGEST:
        entry.problem("value", f"is `{value}`", "whole numbers have at most 18 digits")
    if isinstance(value, float) and not math.isfinite(value):
        entry.problem("value", f"is `{value}`", "write a number")
    if isinstance(value, datetime):
        entry.problem("value", f"is `{value}`", "write the date alone")
    return value


def _both_numbers(one: Any, other: Any) -> bool:
    return all(isinstance(x, int | float) and not isinstance(x, bool) for x in (one, other))


def _items(entry: Entry) -> dict[str, str]:
    """Items as code → words; a plain list of codes is read, words.py then shows the codes."""
    if isinstance(entry.value.get("items"), list):
        return dict.fromkeys(entry.names("items"), "")
    return entry.words("items")


_TOLD: Final = ("time_for", "we_will")


def _told(entry: Entry) -> Told | None:
    """What the person reads; `no`, and what nobody has decided, tells them nothing."""
    found = entry.get("told", (bool, dict), "`no`, `time_for: words` or `we_will: words`")
    if found is True:
        entry.problem("told", "is `yes`", "write the words: `time_for: …` or `we_will: …`")
    if not isinstance(found, dict):
        return None
    inner = Entry(entry.document, (*entry.path, "told"))
    inner.knows(*_TOLD)
    if len(found) != 1:
        inner.problem(None, "needs `time_for` or `we_will`, one of the two", "or write `told: no`")
        return None
    key = str(next(iter(found)))
    is_by_item = isinstance(found[key], dict)
    said = inner.words(key) if is_by_item else {"": inner.text(key)}
    if not all(said.values()) and key in _TOLD:
        inner.problem(key, "has no words", "write what the person reads")
    items = _items(entry)
    if is_by_item and set(said) != set(items):
        wrong = ", ".join(f"`{code}`" for code in sorted(set(said) ^ set(items)))
        inner.problem(key, f"and `items` differ in {wrong}", "one text for every item, or one each")
    return Told(is_ours=key == "we_will", words=said)


def _urgency(entry: Entry, reasons: Mapping[str, str]) -> dict[str, int]:
    """Urgency by reason; one number stands for all reasons."""
    given = entry.need("urgency", (int, dict), "1 (now) to 4 (routine), by reason", {})
    found = dict.fromkeys(reasons, given) if isinstance(given, int) else given
    for reason, level in found.items():
        if level not in URGENCIES or isinstance(level, bool):
            entry.problem("urgency", f"of `{reason}` is `{level}`", "1 (now) to 4 (routine)")
        if reason not in reasons:
            entry.problem("urgency", f"names `{reason}`, which is not a reason")
    for reason in reasons:
        if reason not in found:
            entry.problem("urgency", f"says nothing about the reason `{reason}`")
    return {str(reason): level for reason, level in found.items() if isinstance(level, int)}


def _reads(tables: tuple[str, ...], own: str) -> tuple[str, ...]:
    named = (match["id"] for table in tables if (match := _READS.fullmatch(table)))
    return tuple(sorted({other for other in named if other != own}))


def folder_hash(folder: Path) -> str:
    """A hash of every file below a folder: its relative name and its bytes."""
    digest = hashlib.sha256()
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        content = file.read_bytes()
        digest.update(f"{file.relative_to(folder).as_posix()}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()
