"""Spares a process from looking again and again for circles in what it has loaded to stay."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import django

YOUNG: Final = (50_000, 20, 100)
"""How many new objects Python looks through for circles, and after how many such looks it looks
through older ones: a save makes some thousand and leaves no circles but those of its request."""


def settle() -> None:
    """Let Python no longer look through what is loaded by now for circles, and seldom through more.

    What a process has loaded stays: looking through it again and again took a quarter of the
    processor's time of a load, and made a save wait now and then for some hundredths of a second.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*YOUNG)


@contextmanager
def settled() -> Iterator[None]:
    """As ``settle``, for as long as something lasts."""
    before = gc.get_threshold()
    settle()
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


def begin() -> None:
    """A process that helps another one has begun: a new one, or a copy that is ready already.

    It stands here because a new process imports where this is before Django is ready.
    """
    django.setup()
    settle()
