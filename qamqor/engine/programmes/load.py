"""Reads a content pack and lists every problem found, not just the first."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

from qamqor.engine.immunisation.read_yaml import schedule_of
from qamqor.engine.immunisation.schedule import item_code
from qamqor.engine.programmes.marks import Entry, read
from qamqor.engine.programmes.programme_file import NAME, read_programme
from qamqor.engine.programmes.schema import Pack, Programme, ScheduleFile, Table, in_order
from qamqor.engine.programmes.table_files import Codes, read_tables, read_value_sets
from qamqor.errors import ContentError, InvalidPack, Problem


def load_pack(folder: Path, *overlays: Path) -> Pack:
    """Read a pack, and lay other packs over it, whole programme by whole programme.

    An overlay replaces every version of a programme it has, tables and value sets by file, and
    single parameters by its ``parameters.yaml``, each with its own source.

    Raises:
        InvalidPack: at least one problem; it carries all that were found.
    """
    pack, problems = read_pack(folder, *overlays)
    if problems:
        raise InvalidPack(problems)
    return pack


def read_pack(folder: Path, *overlays: Path) -> tuple[Pack, list[Problem]]:
    """As much of a pack as can be read, and every problem found."""
    reading = _Reading()
    for one in dict.fromkeys((folder.resolve(), *(overlay.resolve() for overlay in overlays))):
        reading.lay(one)
    programmes = reading.programmes()
    reading.problems.extend(_circles(programmes))
    reading.problems.extend(_schedules(programmes, reading.schedules.values()))
    top = reading.top
    pack = Pack(
        id=str(top.get("id", "")),
        version=str(top.get("version", "")),
        title=str(top.get("title", "")),
        languages=tuple(top.get("languages", ())),
        licence=str(top.get("licence", "")),
        programmes=programmes,
        tables=reading.tables,
        value_sets=reading.value_sets,
        displays=reading.displays,
        folders=tuple(reading.folders),
        schedules=tuple(one for _, one in sorted(reading.schedules.items())),
    )
    return pack, reading.problems


@dataclass(slots=True)
class _Reading:
    """What has been read of the packs laid so far."""

    top: Mapping[str, Any] = field(default_factory=dict)
    tables: dict[str, Table] = field(default_factory=dict)
    value_sets: dict[str, Codes] = field(default_factory=dict)
    displays: dict[tuple[str, str], str] = field(default_factory=dict)
    versions: dict[str, list[tuple[Path, str]]] = field(default_factory=dict)
    overrides: dict[str, Entry] = field(default_factory=dict)
    folders: list[Path] = field(default_factory=list)
    schedules: dict[tuple[str, date], ScheduleFile] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def lay(self, folder: Path) -> None:
        where = folder.name
        if not folder.is_dir():
            fix = "name the folder that holds pack.yaml"
            self.problems.append(Problem(where, "there is no such folder", fix))
            return
        self.folders.append(folder)
        document = read(folder / "pack.yaml", f"{where}/pack.yaml")
        top = Entry(document)
        top.knows("id", "version", "title", "languages", "licence", "status")
        for key in ("id", "version", "title", "licence"):
            top.text(key)
        if not document.problems and not top.names("languages"):
            top.problem(None, "`languages` is missing", "for example [kk, ru, en]")
        self.problems.extend(document.problems)
        self.top = {**top.value, "languages": top.names("languages")}
        self.tables |= read_tables(folder / "tables", f"{where}/tables", self.problems)
        sets, displays = read_value_sets(folder / "valuesets", f"{where}/valuesets", self.problems)
        self.value_sets |= sets
        self.displays |= displays
        self._find_versions(folder / "programmes", where)
        self._find_schedules(folder / "schedules", where)
        if (folder / "parameters.yaml").exists():
            self._read_overrides(folder / "parameters.yaml", f"{where}/parameters.yaml")

    def _find_versions(self, folder: Path, where: str) -> None:
        for programme in sorted(path for path in folder.glob("*") if path.is_dir()):
            place = f"{where}/programmes/{programme.name}"
            if not NAME.fullmatch(programme.name):
                self.problems.append(Problem(place, "is not snake_case", "use a-z, 0-9 and _"))
            versions = [path for path in sorted(programme.iterdir()) if path.is_dir()]
            if not versions:
                fix = "make a folder named by the day the version comes into force"
                self.problems.append(Problem(place, "has no version", fix))
            self.versions[programme.name] = [(v, f"{place}/{v.name}") for v in versions]

    def _find_schedules(self, folder: Path, where: str) -> None:
        """Every version of every schedule; an overlay replaces single versions."""
        for file in sorted(folder.glob("*/*/schedule.yaml")):
            name, day = file.parent.parent.name, file.parent.name
            place = f"{where}/schedules/{name}/{day}/schedule.yaml"
            try:
                begins = date.fromisoformat(day)
            except ValueError:
                fix = "name it by the day the version comes into force"
                self.problems.append(Problem(place, f"`{day}` is not a day", fix))
                continue
            text = file.read_text(encoding="utf-8")
            self.schedules[name, begins] = ScheduleFile(name, begins, text, file.parent, place)

    def _read_overrides(self, file: Path, where: str) -> None:
        document = read(file, where)
        for name in document.value if isinstance(document.value, dict) else ():
            self.overrides[str(name)] = Entry(document, (name,))
        self.problems.extend(document.problems)
        document.problems.clear()

    def programmes(self) -> tuple[Programme, ...]:
        found = [
            self._with_hash(programme)
            for name, versions in sorted(self.versions.items())
            for folder, where in versions
            if (
                programme := read_programme(
                    folder, where, self.problems, overrides=self.overrides.get(name)
                )
            )
        ]
        self._check_overrides(found)
        return tuple(found)

    def _check_overrides(self, programmes: Sequence[Programme]) -> None:
        for name, entry in self.overrides.items():
            known = [p.parameters for p in programmes if p.id == name]
            if not known:
                entry.problem(None, "is not a programme", "parameters stand under a programme's id")
            for parameter in entry.value:
                if known and not any(parameter in parameters for parameters in known):
                    entry.problem(parameter, "is not a parameter of any version")
        seen = {id(entry.document): entry.document for entry in self.overrides.values()}
        for document in seen.values():
            self.problems.extend(dict.fromkeys(document.problems))

    def _with_hash(self, programme: Programme) -> Programme:
        """The hash of all that decides what the version does: its folder and what it names."""
        digest = hashlib.sha256(programme.sha256.encode())
        for name in sorted(programme.tables):
            table = self.tables.get(name.removeprefix("latest_"))
            digest.update(json.dumps([name, table and table.views], sort_keys=True).encode())
        for name in sorted(programme.value_sets):
            digest.update(json.dumps([name, self.value_sets.get(name)]).encode())
        for action in programme.actions.values():
            for (name, _), one in sorted(self.schedules.items()):
                if name == action.schedule:
                    digest.update(one.text.encode())
        for name, parameter in sorted(programme.parameters.items()):
            if parameter.is_override:
                digest.update(f"{name}={parameter.value!r}".encode())
        return replace(programme, sha256=digest.hexdigest())


def _circles(programmes: Sequence[Programme]) -> list[Problem]:
    """A problem for each set of programmes that wait for one another, on any day."""
    found: dict[tuple[str, ...], Problem] = {}
    for day in sorted({programme.valid_from for programme in programmes}):
        in_force = _newest(programmes, day)
        _, caught = in_order(in_force)
        if caught:
            what = f"populations read each other in a circle: {', '.join(caught)}"
            where = f"{in_force[caught[0]].where}/programme.yaml"
            found[caught] = Problem(where, what, "one of them must not read the others")
    return list(found.values())


def _schedules(
    programmes: Sequence[Programme], schedules: Iterable[ScheduleFile]
) -> Iterator[Problem]:
    """A problem for each action whose schedule is not there, cannot be read, or has other items."""
    known = list(schedules)
    for programme in programmes:
        for action in programme.actions.values():
            if action.schedule is None:
                continue
            where = f"{programme.where}/programme.yaml"
            own = [one for one in known if one.id == action.schedule]
            if not any(one.valid_from <= programme.valid_from for one in own):
                what = f"no schedule `{action.schedule}` is in force on {programme.valid_from}"
                yield Problem(where, what, "put it into schedules/<id>/<day>/schedule.yaml")
            for one in own:
                yield from _of_schedule(action.items, one, where)


def _of_schedule(items: Mapping[str, str], one: ScheduleFile, where: str) -> Iterator[Problem]:
    try:
        schedule = schedule_of(one.text, one.where)
    except ContentError as error:
        yield from error.problems
        return
    for code in sorted({item_code(name) for name in schedule.groups} - set(items)):
        yield Problem(where, f"`{code}` of {one.where} is not among the items", "add its words")


def _newest(programmes: Sequence[Programme], day: date) -> dict[str, Programme]:
    return {one.id: one for one in programmes if one.valid_from <= day}
