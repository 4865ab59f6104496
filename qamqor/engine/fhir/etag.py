"""Version numbers as HTTP carries them in ETag, If-Match and If-None-Match."""

from __future__ import annotations

import re
from typing import Final

_TAG: Final = re.compile(r'\s*(?:W/)?(?:"([^"]*)"|([^",\s]+))\s*')
_NUMBER: Final = re.compile(r"[1-9][0-9]{0,17}")
NEVER: Final = -1
"""A version that nothing has."""


def versions(header: str) -> list[int]:
    """The versions a header names; a tag that is not one of ours is a version nothing has."""
    return [_version(part) for part in header.split(",") if part.strip()]


def _version(part: str) -> int:
    found = _TAG.fullmatch(part)
    said = (found[1] or found[2] or "") if found else ""
    return int(said) if _NUMBER.fullmatch(said) else NEVER


def tag(version: int) -> str:
    """The ETag of a version."""
    return f'W/"{version}"'
