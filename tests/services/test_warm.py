"""What the first save would wait for is there before it comes, in the thread that saves."""

from __future__ import annotations

import gc
import subprocess
import sys
from datetime import UTC, datetime

import pytest

from qamqor.services import derived, settled, warm
from qamqor.store import node

AT = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)


@pytest.mark.django_db(transaction=True)
def test_the_thread_that_saves_has_the_questions_of_the_day() -> None:
    with settled.settled():
        thread = warm.begin(lambda: AT)
        assert thread is not None
        thread.join()

    def prepared() -> object:
        return getattr(derived._here, "asker", None)

    there = node.aside(prepared)

    assert isinstance(there, derived.Asker)
    assert there.as_of == derived.day_of(AT)
    assert prepared() is not there


def test_work_aside_that_fails_tells_who_asked_and_nobody_else() -> None:
    with pytest.raises(ZeroDivisionError):
        node.aside(lambda: 1 / 0)

    assert node.aside(lambda: 2) == 2


FORKED = """
import os, threading
from datetime import UTC, datetime
from qamqor import settings
settings.load_django()
from qamqor.services import warm
from qamqor.store import node
begun = []
warm._prepare = lambda clock: begun.append(clock())
with warm.in_children(lambda: datetime.now(UTC)):
    assert warm.begin(lambda: None) is None
assert begun == []
node._COMMITTER._starting.acquire()
child = os.fork()
if child == 0:
    [thread.join() for thread in threading.enumerate() if thread.name == "warm"]
    os._exit(0 if begun and node._COMMITTER._starting.acquire(blocking=False) else 1)
assert os.waitpid(child, 0)[1] == 0
assert begun == []
"""


def test_a_server_forks_while_nothing_is_prepared_and_its_children_prepare_themselves() -> None:
    """A lock that was held when a worker was forked off kept it from ever saving anything."""
    done = subprocess.run([sys.executable, "-c", FORKED], capture_output=True, text=True)

    assert done.returncode == 0, done.stderr


def test_what_is_loaded_is_looked_through_no_more_and_only_as_long_as_asked() -> None:
    before = gc.get_threshold()
    assert before != settled.YOUNG, "a test before this one settled the process of the tests"

    with settled.settled():
        assert gc.get_freeze_count() > 10_000
        assert gc.get_threshold() == settled.YOUNG

    assert gc.get_freeze_count() == 0
    assert gc.get_threshold() == before


@pytest.mark.django_db(transaction=True)
def test_a_server_settles_once_it_is_prepared(monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []
    monkeypatch.setattr(warm, "prepare", lambda at: done.append("prepared"))
    monkeypatch.setattr(settled, "settle", lambda: done.append("settled"))

    thread = warm.begin(lambda: AT)
    assert thread is not None
    thread.join()

    assert done == ["prepared", "settled"]
