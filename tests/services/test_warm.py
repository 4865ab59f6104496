"""What the first save would wait for is there before it comes, in the thread that saves."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from qamqor.services import derived, warm
from qamqor.store import node

AT = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)


@pytest.mark.django_db(transaction=True)
def test_the_thread_that_saves_has_the_questions_of_the_day() -> None:
    warm.begin(lambda: AT).join()

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
