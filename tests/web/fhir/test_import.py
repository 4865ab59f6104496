"""Somebody sends NDJSON and asks after it: stored once, whatever dies; bad lines kept with why."""

from __future__ import annotations

import dataclasses
import gzip
import json
import shutil
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from qamqor.services.access.actor import PLATFORM, Actor
from qamqor.services.fhir import importing
from qamqor.services.fhir.write import Change, save
from qamqor.store import audit, node
from qamqor.store.audit import Wanted
from qamqor.store.fhir import jobs, versions
from tests.web.fhir.calling import Api, patient, said, words

pytestmark = pytest.mark.django_db(transaction=True)
AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
ASYNC = {"Prefer": "respond-async", "content_type": "application/fhir+ndjson"}
SYSTEM = Actor(
    None, "Device/lab", "system", client="lab", scopes=frozenset({"system/*.cruds", "label/*"})
)


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, settings: Any) -> None:
    settings.QAMQOR = dataclasses.replace(settings.QAMQOR, data=tmp_path)


@pytest.fixture(autouse=True)
def _nobody_works_on() -> Iterator[None]:
    yield
    import threading

    for thread in threading.enumerate():
        if thread.name.startswith("import-"):
            thread.join(10)


def ndjson(*resources: Any) -> bytes:
    lines = [one if isinstance(one, str) else json.dumps(one) for one in resources]
    return "\n".join(lines).encode()


def sent(api: Api, body: bytes, **headers: str) -> str:
    """The address of the import, below /fhir."""
    answer = api.post("/$import", body, **ASYNC, **headers)
    assert answer.status_code == 202, answer.content
    return answer.headers["Content-Location"].partition("/fhir")[2]


def finished(api: Api, address: str) -> dict[str, Any]:
    for _ in range(3_000):
        answer = api.get(address)
        if answer.status_code == 200:
            return dict(said(answer))
        assert answer.status_code == 202, answer.content
        assert "read" in answer.headers["X-Progress"]
        time.sleep(0.02)
    raise AssertionError("the import does not end")


def lines(api: Api, url: str) -> list[dict[str, Any]]:
    answer = api.get(url.partition("/fhir")[2])
    assert answer.status_code == 200
    return [json.loads(line) for line in b"".join(answer).splitlines()]


def test_what_is_sent_is_stored_and_counted() -> None:
    api = Api()
    observation = {"resourceType": "Observation", "id": "o", "status": "final",
                   "code": {"text": "x"}, "subject": {"reference": "Patient/a"}}  # fmt: skip
    save([Change("PUT", "Patient", "b", patient("b"))], actor=PLATFORM, at=AT)

    done = finished(api, sent(api, ndjson(patient("a"), patient("b"), observation)))

    counts = done["extension"]["counts"]
    assert (counts["read"], counts["new"], counts["unchanged"]) == (3, 2, 1)
    assert done["error"] == []
    assert api.get("/Observation/o").status_code == 200
    assert said(api.get("/Observation?patient=a"))["entry"][0]["resource"]["id"] == "o"


def test_bad_lines_are_kept_with_their_reason_and_as_they_came() -> None:
    api = Api()
    body = ndjson(patient("a"), "{not json", patient("b", gender="f"), {"resourceType": "Patient"},
                  {"resourceType": "Nobody", "id": "x"}, patient("c"))  # fmt: skip

    done = finished(api, sent(api, body))

    assert done["extension"]["counts"]["new"] == 2
    assert done["error"][0]["count"] == 4
    told = lines(api, done["error"][0]["url"])
    assert all(one["resourceType"] == "OperationOutcome" for one in told)
    assert "line 3 Patient/b [invalid]" in " ".join(o["issue"][0]["diagnostics"] for o in told)
    kept = lines(api, done["extension"]["apart"])
    assert sorted(one["line"] for one in kept) == [2, 3, 4, 5]
    assert "{not json" in [one["raw"] for one in kept]
    assert all(one["reason"] for one in kept)


def test_a_packed_delivery_is_unpacked() -> None:
    api = Api()
    packed = gzip.compress(ndjson(patient("a"), patient("b")))

    done = finished(api, sent(api, packed, Content_Encoding="gzip"))

    assert done["extension"]["counts"]["new"] == 2


def test_who_may_not_write_a_type_gets_that_line_back() -> None:
    api = Api("system/Patient.cruds")
    basic = {"resourceType": "Basic", "id": "x", "code": {"text": "x"}}
    trace = {"resourceType": "AuditEvent", "id": "x"}

    done = finished(api, sent(api, ndjson(patient("a"), basic, trace)))

    assert done["extension"]["counts"]["new"] == 1
    kept = lines(api, done["extension"]["apart"])
    assert {one["resource"] for one in kept} >= {"Basic/x"}
    assert versions.read("Basic", "x") is None
    assert versions.read("AuditEvent", "x") is None


@pytest.mark.parametrize("scopes", ["system/*.rs", "user/*.cruds", "system/Patient.c"])
def test_without_the_right_nothing_is_taken(scopes: str) -> None:
    answer = Api(scopes).post("/$import", ndjson(patient("a")), **ASYNC)

    assert answer.status_code == 403
    assert not importing.folder("x").parent.exists()


def test_what_is_no_ndjson_or_nothing_is_refused_in_words() -> None:
    api = Api()

    as_json = api.post("/$import", {}, Prefer="respond-async")
    at_once = api.post("/$import", b"{}", content_type="application/fhir+ndjson")
    packed = api.post("/$import", b"x", **ASYNC, Content_Encoding="br")

    assert [a.status_code for a in (as_json, at_once, packed)] == [415, 400, 415]
    with pytest.raises(importing.Unusable):
        importing.ask(actor=SYSTEM, clock=lambda: AT, read=lambda _: b"")
    assert "application/fhir+ndjson" in words(as_json)


def test_it_is_in_the_audit_and_another_client_does_not_see_it() -> None:
    api = Api()
    address = sent(api, ndjson(patient("a")))
    finished(api, address)
    id_ = address.rsplit("/", 1)[1]

    entry = audit.find(Wanted(actions=("import",)), limit=1)[0]

    assert id_ in entry.entry
    with pytest.raises(importing.NotThere):
        importing.find(id_, actor=SYSTEM)
    assert api.get(f"/$export-job/{id_}").status_code == 404


def waiting(body: bytes) -> jobs.Job:
    """An import that somebody claimed and died of."""
    job = importing.ask(actor=SYSTEM, clock=lambda: AT, read=_reader(body))
    for _ in range(3_000):
        if importing.find(job.id, actor=SYSTEM).state == "done":
            break
        time.sleep(0.02)
    return importing.find(job.id, actor=SYSTEM)


def _reader(body: bytes) -> importing.Read:
    parts = [body, b""]
    return lambda _: parts.pop(0)


def dead(body: bytes, **so_far: Any) -> str:
    """An import whose worker died after some lines."""
    place = importing.folder("dead")
    place.mkdir(parents=True)
    (place / "delivery.ndjson").write_bytes(body)
    (place / importing.APART).write_bytes(b'{"written": "and never committed"}\n')
    asked = {"kind": "import", "at": AT.isoformat(), "file": "delivery.ndjson", "bytes": len(body),
             "actor": importing._written(SYSTEM)}  # fmt: skip
    start = {"line": 0, "read": 0, "apart": {}, "apart_bytes": 0, "people": 0}
    start |= dict.fromkeys(importing.COUNTS, 0)
    seen = round(AT.timestamp() * 1e6)
    job = jobs.Job("dead", "lab", "running", asked, start | so_far, seen, seen)
    node.commit(lambda tx: jobs.add(tx, job))
    return "dead"


def ended(id_: str) -> jobs.Job:
    for _ in range(3_000):
        job = jobs.find(id_)
        if job is not None and job.state == "done":
            return job
        time.sleep(0.02)
    raise AssertionError(job)


def test_a_dead_worker_is_followed_by_one_that_goes_on_with_the_next_line() -> None:
    body = ndjson(patient("a", active=True), patient("b"), "{bad")
    save([Change("PUT", "Patient", "a", patient("a", active=False))], actor=PLATFORM, at=AT)
    id_ = dead(body, line=1, read=1, new=1)

    importing.go_on(id_, clock=lambda: AT)
    assert jobs.find(id_).so_far["line"] == 1  # type: ignore[union-attr]
    importing.go_on(id_, clock=lambda: AT + timedelta(minutes=2))
    job = ended(id_)

    assert (job.so_far["read"], job.so_far["new"]) == (3, 2)
    changed = versions.read("Patient", "a")
    assert changed is not None
    assert changed.version == 1, "a line stored before is not stored over what came after"
    kept = (importing.folder(id_) / importing.APART).read_bytes().splitlines()
    assert [json.loads(line)["line"] for line in kept] == [3]


def test_of_two_workers_one_leaves_off() -> None:
    id_ = dead(ndjson(patient("a")))
    read = jobs.find(id_)
    assert read is not None
    ahead = read.so_far | {"line": 1}
    later = round(AT.timestamp() * 1e6)

    class Clock:
        def __call__(self) -> datetime:
            node.commit(lambda tx: jobs.report(tx, id_, state="running", so_far=ahead, at=later))
            return AT

    with pytest.raises(importing.Overtaken):
        importing.work(id_, clock=Clock())
    assert versions.read("Patient", "a") is None


def test_a_cancelled_import_stores_no_more_and_leaves_no_file() -> None:
    id_ = dead(ndjson(patient("a")))
    node.commit(lambda tx: jobs.cancel(tx, id_))

    with pytest.raises(importing.Overtaken):
        importing.work(id_, clock=lambda: AT)
    assert versions.read("Patient", "a") is None

    api = Api()
    address = sent(api, ndjson(patient("b")))
    finished(api, address)
    assert api.delete(address).status_code == 202
    assert api.get(address).status_code == 404
    assert not importing.folder(address.rsplit("/", 1)[1]).exists()


def test_a_large_delivery_is_prepared_beside_the_server(tmp_path: Path) -> None:
    text = {
        "status": "generated",
        "div": f'<div xmlns="http://www.w3.org/1999/xhtml">{"x" * 900}</div>',
    }
    body = ndjson(*[patient(f"p{n}", text=text) for n in range(1_500)])
    assert len(body) > importing.FEW_BYTES

    job = waiting(body)

    assert (job.state, job.so_far["new"], job.so_far["line"]) == ("done", 1_500, 1_500)
    assert not (importing.folder(job.id) / "delivery.ndjson").exists()
    shutil.rmtree(importing.folder(job.id))
