"""What this installation works with on a day: its content pack and the programmes it approved."""

from __future__ import annotations

from datetime import date
from functools import cache
from pathlib import Path

from django.conf import settings

from qamqor.engine.programmes.schema import Pack
from qamqor.errors import NotPossible
from qamqor.services.content import approvals, open_pack
from qamqor.services.population import Choice, choose


def pack() -> Pack:
    """The content pack, read once in a process."""
    return _pack(*folders())


def folders() -> tuple[Path, Path]:
    """The shipped content and the installation's own."""
    return settings.QAMQOR.shipped_content, settings.QAMQOR.content


@cache
def _pack(shipped: Path, content: Path) -> Pack:
    return open_pack(shipped, content)


def choice(as_of: date) -> Choice | None:
    """The programmes that count on a day; nothing where none is approved."""
    known = settings.QAMQOR
    try:
        return choose(pack(), as_of, approvals(pack(), known.approvals, is_demo=known.is_demo))
    except NotPossible:
        return None


def stamp() -> tuple[bool, int]:
    """Another value whenever other programmes may have been approved."""
    file: Path = settings.QAMQOR.approvals
    return settings.QAMQOR.is_demo, file.stat().st_mtime_ns if file.exists() else 0
