"""Exports every resource a system may read, as one moment's picture, however long that takes.

A job is asked for, worked on by one thread of one process, and asked after. It keeps what it has
finished, type by type; when its process dies, the next question after it starts another worker,
which goes on with the first type that is not finished and ends with the same picture, because the
picture is everything up to one number of the change sequence.
"""

from __future__ import annotations

import logging
import shutil
import threading
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import IO, Any, Final

from django.conf import settings
from django.db import connection

from qamqor.engine.fhir import json_text
from qamqor.engine.fhir.definitions import resource_types
from qamqor.engine.fhir.envelope import microseconds, patient_elements
from qamqor.errors import Issue, NotAllowed, NotThere, Unusable
from qamqor.services import audit
from qamqor.services.access import limits, looks
from qamqor.services.access.actor import Actor
from qamqor.services.fhir import bulk_elements, bulk_filters, stream
from qamqor.store import access, node
from qamqor.store.fhir import jobs, versions
from qamqor.store.fhir.jobs import Job
from qamqor.store.fhir.versions import Version
from qamqor.store.node import Transaction

logger = logging.getLogger(__name__)
Clock = Callable[[], datetime]
SILENT_SECONDS: Final = 30
"""A worker not heard of for so long has died; it reports every few thousand resources."""
REPORT_EVERY: Final = 5000
KEPT: Final = timedelta(days=7)
"""So long a finished export can be fetched."""
EPOCH: Final = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
FEW_PEOPLE: Final = 100
"""So many named people are never the whole population."""


def ask(
    *,
    actor: Actor,
    clock: Clock,
    types: tuple[str, ...] = (),
    since: datetime | None = None,
    patients: frozenset[str] | None = None,
    only_people: bool = False,
    filters: Mapping[str, Sequence[str]] = MappingProxyType({}),
    elements: Iterable[str] = (),
    request: str = "",
) -> Job:
    """Start an export; returns at once.

    Args:
        types: empty = all the actor may read.
        patients: only what is about these people.
        only_people: leave out types that are never about a person.
        filters: of a type only what answers one of these searches (``bulk_filters``).
        elements: only these elements (``bulk_elements``); none = all.
        request: the address that asked, for the manifest.

    Raises:
        Unusable: a type that FHIR does not know, or a filter of a type that is not exported.
        NotAllowed: a type the actor may not read as a whole.
        TooMany: the actor has exported too often of late.

    What is about the whole population begins only when a second person has confirmed it.
    """
    at = clock()
    chosen = _types(types, actor, at, only_people or patients is not None)
    _must_be_exported(filters, chosen)
    parts = bulk_elements.by_type(elements, chosen)
    limits.EXPORTS.take(actor, at)
    remove_old(at)
    job = Job(
        id=str(uuid.uuid4()),
        client=_client(actor),
        state="unconfirmed" if _needs_two(actor, chosen, patients) else "waiting",
        asked={
            "types": chosen,
            "since": microseconds(since) or 0,
            "patients": None if patients is None else sorted(patients),
            "filters": {type_: list(queries) for type_, queries in filters.items()},
            "elements": parts,
            "request": request,
            "sequence": versions.last_sequence(),
            "at": at.isoformat(),
            "account": actor.account,
            "hidden": {t: sorted(looks.hidden_from_export(actor, at, t)) for t in chosen},
        },
        so_far={"done": {}, "deleted": 0, "current": None, "written": 0},
        created_at=microseconds(at) or 0,
        seen_at=0,
    )
    node.commit(lambda tx: _begin(tx, job, actor, at))
    go_on(job.id, clock=clock)
    return job


def _needs_two(actor: Actor, types: Sequence[str], patients: frozenset[str] | None) -> bool:
    """Whether it is everybody's records, or, named one by one, those of more than half of all.

    The platform's own commands are run by whoever may.
    """
    about_people = any(t == "Patient" or patient_elements(t) for t in types)
    if actor.is_platform or not about_people:
        return False
    if patients is None:
        return True
    most = 2 * len(patients)
    return len(patients) > FEW_PEOPLE and versions.count("Patient", most=most) < most


def _begin(tx: Transaction, job: Job, actor: Actor, at: datetime) -> None:
    """The job and its line in the audit: both or neither."""
    jobs.add(tx, job)
    audit.note(
        tx,
        actor,
        "export",
        at=at,
        people=job.asked["patients"] or (),
        query=" ".join(job.asked["types"]),
        detail=f"export {job.id}",
    )


def _types(asked: tuple[str, ...], actor: Actor, at: datetime, only_people: bool) -> list[str]:
    unknown = [type_ for type_ in asked if type_ not in resource_types()]
    if unknown:
        raise Unusable([Issue("value", f"{type_} is no resource type") for type_ in unknown])
    chosen = list(asked) or [t for t in versions.types() if stream.may_read_all(actor, at, t)]
    forbidden = [type_ for type_ in chosen if not stream.may_read_all(actor, at, type_)]
    may_none = not chosen and not any(stream.may_read_all(actor, at, t) for t in resource_types())
    if forbidden or may_none:
        listed = ", ".join(forbidden) or "anything"
        raise NotAllowed(f"exporting {listed} needs a system scope on it")
    return [t for t in chosen if not only_people or t == "Patient" or patient_elements(t)]


def _must_be_exported(filters: Iterable[str], chosen: Sequence[str]) -> None:
    wrong = [type_ for type_ in filters if type_ not in chosen and type_ in versions.types()]
    if wrong:
        text = f"_typeFilter names {', '.join(wrong)}, which this export leaves out"
        raise Unusable([Issue("invalid", text)])


def _client(actor: Actor) -> str:
    return actor.client or actor.reference


def find(id_: str, *, actor: Actor) -> Job:
    """A job of this client.

    Raises:
        NotThere: there is none, it is another client's, or it was cancelled.
    """
    job = jobs.find(id_)
    is_other = job is None or job.client != _client(actor) or "types" not in job.asked
    if job is None or is_other or job.state == "cancelled":
        raise NotThere("there is no such export")
    return job


def cancel(id_: str, *, actor: Actor) -> None:
    """Stop an export and remove what it wrote."""
    job = find(id_, actor=actor)
    node.commit(lambda tx: jobs.cancel(tx, job.id))
    shutil.rmtree(folder(job.id), ignore_errors=True)


def kept_until(job: Job) -> datetime:
    """Until when a finished export can be fetched."""
    return EPOCH + timedelta(microseconds=job.seen_at) + KEPT


def remove_old(at: datetime) -> None:
    """Remove what exports wrote that were finished long ago: nobody is to find it by chance."""
    for id_ in jobs.done_before(microseconds(at - KEPT) or 0, holding='"types"'):
        node.commit(lambda tx, id_=id_: jobs.cancel(tx, id_))  # type: ignore[misc]
        shutil.rmtree(folder(id_), ignore_errors=True)


def folder(id_: str) -> Path:
    """Where an export writes."""
    return Path(settings.QAMQOR.data) / "exports" / id_


def open_file(id_: str, name: str, *, actor: Actor) -> IO[bytes]:
    """A finished file of an export.

    Raises:
        NotThere: the export has no such file, or is another client's.
    """
    job = find(id_, actor=actor)
    known = {f"{type_}.ndjson" for type_ in job.so_far["done"]} | {"deleted.ndjson"}
    file = folder(job.id) / name
    if name not in known or not file.is_file():
        raise NotThere("the export has no such file")
    return file.open("rb")


def go_on(id_: str, *, clock: Clock) -> None:
    """See that somebody works on a job: this process, if nobody else has been heard of lately."""
    at = microseconds(clock()) or 0
    silent = at - SILENT_SECONDS * 1_000_000
    if node.commit(lambda tx: jobs.claim(tx, id_, at=at, silent_since=silent)):
        threading.Thread(target=_work, args=(id_, clock), name=f"export-{id_}", daemon=True).start()


def _work(id_: str, clock: Clock) -> None:
    try:
        work(id_, clock=clock)
    except Exception:
        logger.exception("export failed", extra={"job": id_})
        job = jobs.find(id_)
        if job is not None:
            _report(job, job.so_far, clock, state="failed")
    finally:
        connection.close()


def work(id_: str, *, clock: Clock) -> None:
    """Do a claimed job to its end, or until it is cancelled."""
    job = jobs.find(id_)
    if job is None:
        return
    folder(id_).mkdir(parents=True, exist_ok=True)
    so_far = job.so_far
    for type_ in job.asked["types"]:
        if type_ in so_far["done"]:
            continue
        so_far["current"] = type_
        if not _write_type(job, type_, so_far, clock):
            shutil.rmtree(folder(id_), ignore_errors=True)
            return
    so_far["current"] = None
    _report(job, so_far, clock, state="done")


def _write_type(job: Job, type_: str, so_far: dict[str, Any], clock: Clock) -> bool:
    """Write one type aside and rename it; false when the job was cancelled."""
    aside = folder(job.id) / f"{type_}.part"
    gone: list[bytes] = []
    count = 0
    apart = access.labelled(type_, job.asked.get("hidden", {}).get(type_, ()))
    names = job.asked.get("elements", {}).get(type_, ())
    with aside.open("wb") as out:
        at = datetime.fromisoformat(job.asked["at"])
        stood = versions.type_as_of(type_, job.asked["sequence"], since=job.asked["since"])
        for version in bulk_filters.answering(stood, job.asked.get("filters", {}), at=at):
            if version.content is None:
                gone.append(_deletion(version))
                continue
            if version.id in apart:
                continue
            content = version.content.encode()
            if not _wanted(job.asked["patients"], version, content):
                continue
            out.write(bulk_elements.shown(content, names) + b"\n")
            count += 1
            if count % REPORT_EVERY == 0:
                so_far["written"] += REPORT_EVERY
                if not _report(job, so_far, clock):
                    return False
    aside.rename(folder(job.id) / f"{type_}.ndjson")
    _write_deletions(job, gone, so_far)
    so_far["done"][type_] = count
    so_far["written"] = sum(so_far["done"].values())
    return _report(job, so_far, clock)


def _wanted(patients: list[str] | None, version: Version, content: bytes) -> bool:
    if patients is None:
        return True
    return not stream.about(version.type, version.id, content).isdisjoint(patients)


def _deletion(version: Version) -> bytes:
    entry = {"request": {"method": "DELETE", "url": f"{version.type}/{version.id}"}}
    return json_text.encode({"resourceType": "Bundle", "type": "transaction", "entry": [entry]})


def _write_deletions(job: Job, gone: list[bytes], so_far: dict[str, Any]) -> None:
    """What was deleted since: only where a moment was given, and not for a few people's export."""
    if not job.asked["since"] or job.asked["patients"] is not None or not gone:
        return
    with (folder(job.id) / "deleted.ndjson").open("ab") as out:
        out.writelines(line + b"\n" for line in gone)
    so_far["deleted"] += len(gone)


def _report(job: Job, so_far: Mapping[str, Any], clock: Clock, *, state: str = "running") -> bool:
    at = microseconds(clock()) or 0
    said = dict(so_far)
    return node.commit(lambda tx: jobs.report(tx, job.id, state=state, so_far=said, at=at))


def manifest(job: Job, *, request: str, address: str) -> dict[str, Any]:
    """What a finished export consists of, as the Bulk Data specification lists it.

    Args:
        request: the address that asked for it, where the job does not know.
        address: where its files are, without their names.
    """
    return {
        "transactionTime": job.asked["at"],
        "request": job.asked.get("request") or request,
        "requiresAccessToken": True,
        "output": list(_listed(job, address)),
        "deleted": [
            {"type": "Bundle", "url": f"{address}/deleted.ndjson", "count": job.so_far["deleted"]}
        ]
        if job.so_far["deleted"]
        else [],
        "error": [],
    }


def _listed(job: Job, address: str) -> Iterator[dict[str, Any]]:
    for type_, count in job.so_far["done"].items():
        if count:
            yield {"type": type_, "url": f"{address}/{type_}.ndjson", "count": count}
