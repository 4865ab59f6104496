"""Forecasts vaccinations from FHIR files, by the schedule in force or one that is handed over."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from qamqor.engine.immunisation import read_cdsi, read_yaml
from qamqor.engine.immunisation.one_child.answer import Answer, answer
from qamqor.engine.immunisation.one_child.state import Observed
from qamqor.engine.immunisation.one_visit import Visit, one_visit
from qamqor.engine.immunisation.record import OBSERVED_TYPES, Outcome, PersonRecord, read_record
from qamqor.engine.immunisation.schedule import Schedule
from qamqor.engine.programmes.schema import Pack
from qamqor.engine.tables.lines import BOM, is_ndjson, lines, opened
from qamqor.engine.tables.run import ENDINGS
from qamqor.errors import NotPossible, NotThere, Problem

SCHEDULES = "schedules"
Resource = dict[str, Any]


@dataclass(frozen=True, slots=True)
class OpenSchedule:
    """A schedule, where its words lie and whether clinicians have confirmed it."""

    schedule: Schedule
    folder: Path
    status: str

    @property
    def title(self) -> str:
        """What the schedule calls itself, with its version."""
        return f"{self.schedule.name} {self.schedule.version}".strip()


@dataclass(frozen=True, slots=True)
class PersonForecast:
    """One person's record as it was read and, where it could be worked out, the answer."""

    record: PersonRecord
    answer: Answer | None = None
    visit: Visit | None = None


@dataclass(slots=True)
class Read:
    """The resources of each person in some files, and what could not be read."""

    people: dict[str, list[Resource]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


def open_schedule(path: Path | None, contents: Iterable[Path], as_of: date) -> OpenSchedule:
    """The schedule at a path, else the newest in force on a day in the first pack that has one.

    Args:
        path: a YAML file, a folder with ``schedule.yaml``, or a folder of CDSi XML; null for the
            content packs.
        contents: content folders, an installation's own before the shipped one.

    Raises:
        NotThere: nothing readable is at the path.
        NotPossible: no pack has a schedule in force on the day.
        ContentError: the schedule cannot be used as written.
    """
    if path is None:
        return _of_yaml(_in_force(contents, as_of))
    if path.is_file():
        return _of_yaml(path)
    if (path / "schedule.yaml").is_file():
        return _of_yaml(path / "schedule.yaml")
    files = sorted(path.glob("*.xml"))
    if not files:
        raise NotThere(f"{path}: no schedule there; name a YAML file or a folder of CDSi XML files")
    texts = {file.name: file.read_text(encoding="utf-8") for file in files}
    return OpenSchedule(read_cdsi.read_schedule(texts), path, "published")


def schedule_in_force(pack: Pack, schedule: str, as_of: date) -> OpenSchedule:
    """The version of a pack's schedule in force on a day.

    Raises:
        NotPossible: there is none.
    """
    file = pack.schedule(schedule, as_of)
    if file is None:
        raise NotPossible(f"no schedule {schedule!r} is in force on {as_of}")
    status = str(yaml.safe_load(file.text)["calendar"].get("status", ""))
    return OpenSchedule(read_yaml.schedule_of(file.text, file.where), file.folder, status)


def _in_force(contents: Iterable[Path], as_of: date) -> Path:
    first: list[str] = []
    for content in contents:
        found = {file.parent.name: file for file in content.glob(f"{SCHEDULES}/*/*/schedule.yaml")}
        begun = [day for day in found if day <= as_of.isoformat()]
        if begun:
            return found[max(begun)]
        first += found
    since = f"; the first came into force on {min(first)}" if first else ""
    raise NotPossible(f"no vaccination schedule in force on {as_of}{since}; name one: --schedule")


def _of_yaml(file: Path) -> OpenSchedule:
    text = file.read_text(encoding="utf-8")
    schedule = read_yaml.read_schedule(text, where=str(file))
    return OpenSchedule(schedule, file.parent, yaml.safe_load(text)["calendar"].get("status", ""))


def forecast(
    source: Path, opened_schedule: OpenSchedule, *, as_of: date, patient: str | None = None
) -> tuple[list[PersonForecast], list[Problem]]:
    """Every person of a file or folder, or one of them, and the lines that could not be read.

    Raises:
        NotThere: no such file, nobody in it, or not the person asked for.
    """
    read = read_people(source)
    if patient is not None:
        if patient not in read.people:
            raise NotThere(f"{source}: nothing about Patient/{patient} there")
        read.people = {patient: read.people[patient]}
    if not read.people and not read.problems:
        raise NotThere(f"{source}: no Patient and no Immunization there")
    people = [
        forecast_person(name, resources, opened_schedule.schedule, as_of)
        for name, resources in read.people.items()
    ]
    return people, read.problems


def forecast_person(
    patient_id: str,
    resources: Iterable[Mapping[str, Any]],
    schedule: Schedule,
    as_of: date,
    *,
    seen: Iterable[Observed] = (),
) -> PersonForecast:
    """One person's vaccinations as of a day, and what one visit on that day could give.

    Args:
        seen: what a programme concludes from other records, such as a group at risk from an
            illness; the schedule takes it like an observation.
    """
    record = read_record(patient_id, resources, schedule, as_of)
    if record.child is None:
        return PersonForecast(record)
    known = {one.code for one in record.child.observations}
    added = tuple(one for one in seen if one.code not in known)
    record.child = replace(record.child, observations=(*record.child.observations, *added))
    found = answer(schedule, record.child, as_of)
    judged = {dose.dose.dose_id for group in found.groups.values() for dose in group.doses}
    for dose in record.child.doses:
        if dose.dose_id not in judged:
            record.note(dose.dose_id, Outcome.NO_GROUP, dose.given_on)
    return PersonForecast(record, found, one_visit(schedule, record.child, found, as_of))


def read_people(source: Path) -> Read:
    """The resources of each person in a file or in every file of a folder."""
    if not source.exists():
        raise NotThere(f"{source}: there is no such file or folder")
    files = [source] if source.is_file() else sorted(source.rglob("*"))
    read = Read()
    addresses: dict[str, str] = {}
    waiting: list[tuple[str, int, Resource]] = []
    for file in files:
        if source.is_file() or file.name.endswith(ENDINGS):
            for number, address, resource in _resources(file, read.problems):
                if resource.get("resourceType") == "Patient":
                    name = str(resource.get("id") or address.rsplit(":", maxsplit=1)[-1])
                    addresses[address or f"Patient/{name}"] = name
                    read.people.setdefault(name, []).append(resource)
                elif resource.get("resourceType") in {"Immunization", *OBSERVED_TYPES}:
                    waiting.append((str(file), number, resource))
    for where, number, resource in waiting:
        whose = _whose(resource, addresses)
        if whose:
            read.people.setdefault(whose, []).append(resource)
        else:
            what = f"{resource['resourceType']}/{resource.get('id', '')} names no patient"
            read.problems.append(Problem(where, what, "write Patient/ID", number))
    return read


def _whose(resource: Resource, addresses: Mapping[str, str]) -> str | None:
    person = resource.get("patient") or resource.get("subject")
    reference = str(person.get("reference") or "") if isinstance(person, dict) else ""
    if reference in addresses:
        return addresses[reference]
    parts = reference.split("/_history/")[0].split("/")
    if len(parts) > 1 and parts[-2] == "Patient":
        return parts[-1] or None
    return reference.removeprefix("urn:uuid:") if reference.startswith("urn:uuid:") else None


def _resources(file: Path, problems: list[Problem]) -> Iterator[tuple[int, str, Resource]]:
    """Line or entry, full address and resource of everything in a file that can be read."""
    if is_ndjson(file):
        for line in lines(file):
            resource = _decoded(line.text, file, line.number, problems)
            if resource is not None:
                yield line.number, "", resource
        return
    with opened(file) as stream:
        document = _decoded(stream.read().removeprefix(BOM), file, 1, problems)
    if document is None:
        return
    if document.get("resourceType") != "Bundle":
        yield 1, "", document
        return
    entries = document.get("entry")
    for number, entry in enumerate(entries if isinstance(entries, list) else [], 1):
        resource = entry.get("resource") if isinstance(entry, dict) else None
        if isinstance(resource, dict):
            yield number, str(entry.get("fullUrl") or ""), resource
        else:
            problems.append(Problem(str(file), "an entry without a resource", "", number))


def _decoded(text: bytes, file: Path, number: int, problems: list[Problem]) -> Resource | None:
    try:
        found = json.loads(text)
    except ValueError:
        problems.append(Problem(str(file), "not JSON", "send it again", number))
        return None
    if isinstance(found, dict) and isinstance(found.get("resourceType"), str):
        return found
    problems.append(Problem(str(file), "not a FHIR resource", "it needs a resourceType", number))
    return None
