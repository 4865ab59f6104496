"""Every setting, read once from the environment."""

from __future__ import annotations

import os
from dataclasses import dataclass
from math import inf
from pathlib import Path
from typing import Final

from qamqor.errors import NotPossible

PACKAGE: Final = Path(__file__).resolve().parent


def _content_folder() -> Path:
    """The pack inside the wheel, else the one beside the package in a checkout."""
    return PACKAGE / "content" if (PACKAGE / "content").is_dir() else PACKAGE.parent / "content"


@dataclass(frozen=True, slots=True)
class Settings:
    """What an installation may decide.

    Attributes:
        data: QAMQOR_DATA, the folder of warehouse, results, quarantine and database.
        content: QAMQOR_CONTENT_DIR, a content pack laid over the shipped one.
        approvals: QAMQOR_APPROVALS, the file that says who approved which programme version.
        is_demo: QAMQOR_DEMO, invented approvals are used and named as such.
        threads: QAMQOR_THREADS, processors one command may use; empty = all.
        memory_gb: QAMQOR_MEMORY_GB, memory one command may use; empty = most of the machine.
    """

    data: Path
    content: Path
    shipped_content: Path
    approvals: Path
    is_demo: bool
    threads: int | None
    memory_gb: float | None


def read() -> Settings:
    """Read the environment; nothing else in the platform does."""
    data = Path(os.environ.get("QAMQOR_DATA") or "var")
    shipped = _content_folder()
    threads, memory = (
        _number("QAMQOR_THREADS", os.environ.get("QAMQOR_THREADS")),
        _number("QAMQOR_MEMORY_GB", os.environ.get("QAMQOR_MEMORY_GB")),
    )
    return Settings(
        data=data,
        content=Path(os.environ.get("QAMQOR_CONTENT_DIR") or shipped),
        shipped_content=shipped,
        approvals=Path(os.environ.get("QAMQOR_APPROVALS") or data / "approvals.yaml"),
        is_demo=os.environ.get("QAMQOR_DEMO", "") in {"1", "true", "yes"},
        threads=None if threads is None else max(1, int(threads)),
        memory_gb=memory,
    )


def _number(name: str, said: str | None) -> float | None:
    """A setting that is a number from one thousandth up; nothing where it is not set."""
    if not said:
        return None
    try:
        number = float(said)
    except ValueError:
        number = 0.0
    if not 0.001 <= number < inf:
        raise NotPossible(f"{name} is {said!r}; write a number above zero, or leave it empty")
    return number
