"""What many callers create at once is stored, judged and kept as if each came alone."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import connection

from qamqor.engine.fhir import json_text
from qamqor.errors import NotAllowed, QamqorError
from qamqor.services.access.actor import PLATFORM, Actor
from qamqor.services.demo import Wish, invent_resources
from qamqor.services.fhir import interact
from qamqor.services.fhir.asked import Ask
from qamqor.services.fhir.fresh import FAR
from qamqor.services.fhir.write import Change, Creation, create_each, save
from qamqor.store import audit, node
from qamqor.store.audit import Wanted
from qamqor.store.fhir import versions
from qamqor.store.node import Transaction
from tests.services.access.village import actor, observation, people
from tests.services.fhir.written import written

AT = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)


@pytest.mark.django_db
def test_together_writes_the_rows_that_one_after_another_writes(
    tmp_path: Path, settings: Any
) -> None:
    settings.QAMQOR = replace(django_settings.QAMQOR, is_demo=True)
    invent_resources(
        Wish(django_settings.QAMQOR.content, 12, "merke", 1, date(2026, 3, 2)), tmp_path
    )
    found = [
        json_text.decode(line)
        for file in sorted(tmp_path.glob("*.ndjson"))
        for line in file.read_bytes().splitlines()
    ]
    first = [one for one in found if one["resourceType"] in FAR]
    rest = [one for one in found if one["resourceType"] not in FAR]

    def begin() -> None:
        for one in first:
            save([Change("PUT", one["resourceType"], one["id"], one)], actor=PLATFORM, at=AT)

    def together() -> None:
        begin()
        for start in range(0, len(rest), 16):
            some = [_wanted(one, PLATFORM) for one in rest[start : start + 16]]
            node.commit(lambda tx, some=some: create_each(tx, some))  # type: ignore[misc]

    def one_by_one() -> None:
        begin()
        for one in rest:
            save([_wanted(one, PLATFORM).change], actor=PLATFORM, at=AT)

    many, single = written(together), written(one_by_one)
    for table, rows in single.items():
        assert many[table] == rows, table
    assert len(single["versions"]) > 200
    assert single["due"]
    assert single["places"]


@pytest.mark.django_db
def test_who_may_not_is_refused_alone_and_leaves_no_number_out() -> None:
    people()
    before = versions.last_sequence()
    gp = actor("gp")
    asked = [
        _wanted(observation("one", "amina"), gp),
        _wanted(observation("two", "daria"), gp),
        _wanted(observation("three", "amina"), actor("registrar")),
        _wanted(observation("four", "amina"), PLATFORM),
    ]

    answers = node.commit(lambda tx: create_each(tx, asked))

    alone = [_alone(one) for one in asked]
    assert [type(one) for one in answers] == [type(one) for one in alone]
    assert isinstance(answers[2], NotAllowed)
    stored = [one.version.id for one in answers if not isinstance(one, Exception)]
    assert stored == [one.id for one in versions.changes_after(before)[: len(stored)]]
    numbers = [one.sequence for one in versions.changes_after(before)]
    assert numbers == list(range(before + 1, before + 1 + len(numbers)))


@pytest.mark.django_db
def test_each_has_a_line_of_its_own_by_its_own_name() -> None:
    people()
    lab = replace(PLATFORM, reference="Device/lab")
    asked = [_wanted(observation("a", "amina"), PLATFORM), _wanted(observation("b", "amina"), lab)]

    node.commit(lambda tx: create_each(tx, asked))

    last = audit.find(Wanted(), limit=2)
    assert [row.agent for row in last] == ["Device/lab", PLATFORM.reference]
    assert ["Observation/b/" in row.entry for row in last] == [True, False]


@pytest.fixture
def busy(transactional_db: None) -> Iterator[threading.Event]:
    """The committer is at work until the event is set, so that what comes has to wait."""
    people()
    began, go = threading.Event(), threading.Event()

    def wait(_: Transaction) -> None:
        began.set()
        go.wait(30)

    with ThreadPoolExecutor(1) as pool:
        held = pool.submit(node.commit, wait)
        began.wait(30)
        yield go
        go.set()
        held.result()


def _queued(many: int) -> None:
    """Return once so many pieces wait for the committer."""
    queue = node._COMMITTER._queue
    for _ in range(3000):
        if queue.qsize() >= many:
            return
        threading.Event().wait(0.01)
    raise AssertionError(queue.qsize())


@pytest.mark.django_db(transaction=True)
def test_creations_that_wait_are_one_call(
    busy: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: list[int] = []

    def counted(tx: Transaction, asked: Sequence[Creation]) -> list[Any]:
        sizes.append(len(asked))
        return create_each(tx, asked)

    monkeypatch.setattr("qamqor.services.fhir.write.create_each", counted)
    made = _at_once(busy, [_ask(observation(f"o{n}", "amina")) for n in range(9)])

    assert sizes == [9]
    assert len({one.version.id for one in made}) == 9
    assert all(one.status == 201 for one in made)


@pytest.mark.django_db(transaction=True)
def test_what_fails_together_is_done_piece_by_piece(
    busy: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fragile(tx: Transaction, asked: Sequence[Creation]) -> list[Any]:
        done = create_each(tx, asked)
        if any("broken" in str(one.change.resource) for one in asked):
            raise ZeroDivisionError
        return done

    monkeypatch.setattr("qamqor.services.fhir.write.create_each", fragile)
    before = versions.last_sequence()
    texts = ["fine", "broken", "fine", "fine"]
    asks = [_ask(observation("x", "amina", note=[{"text": text}])) for text in texts]
    made = _at_once(busy, asks)

    assert [type(one) is ZeroDivisionError for one in made] == [False, True, False, False]
    assert len(versions.changes_after(before)) == 3
    with connection.cursor() as cursor:
        cursor.execute("select count(*), max(sequence) - min(sequence) from fhir_change")
        count, span = cursor.fetchone()
    assert count == span + 1


def _at_once(go: threading.Event, asks: Sequence[Ask]) -> list[Any]:
    """What becomes of asks that all wait for one commit."""

    def do(ask: Ask) -> Any:
        try:
            return interact.do(ask, actor=PLATFORM, at=AT)
        except Exception as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(asks)) as pool:
        waiting = [pool.submit(do, ask) for ask in asks]
        _queued(len(asks))
        go.set()
        return [one.result() for one in waiting]


def _ask(resource: dict[str, Any]) -> Ask:
    without = {name: value for name, value in resource.items() if name != "id"}
    kind = resource["resourceType"]
    return Ask(method="POST", type=kind, id=None, new_id=interact.new_id(AT), resource=without)


def _wanted(resource: dict[str, Any], by: Actor) -> Creation:
    return Creation(Change("POST", resource["resourceType"], resource["id"], resource), by, AT)


def _alone(one: Creation) -> object:
    again = replace(one.change, id=f"{one.change.id}-again")
    try:
        return node.commit(lambda tx: create_each(tx, [one._replace(change=again)]))[0]
    except QamqorError as error:
        return error
