"""Regular expressions that somebody sent, in time that grows with the text and no faster.

A pattern such as ``(a+)+$`` keeps an engine that goes back and tries again busy for years. RE2,
which comes with Arrow, reads a text once.
"""

from __future__ import annotations

import re
from functools import lru_cache
from types import ModuleType
from typing import Any, Final

LONGEST: Final = 2000
_NAMED: Final = re.compile(r"\$(?:(\d)|\{?(\w+)\}?)")
_GROUP: Final = re.compile(
    r"\\.|\[(?:\\.|[^\]\\])*\]|\((?!\?)|\(\?P?<(?P<name>[A-Za-z_]\w*)>", re.DOTALL
)


class BadPattern(ValueError):
    """It is no regular expression, or one of a kind that is not understood."""


def found(pattern: str, text: str) -> bool:
    """Whether a text holds what a pattern describes; a dot is any character.

    Raises:
        BadPattern
    """
    return bool(_asked("match_substring_regex", text, pattern=f"(?s){_kept(pattern)}"))


def is_whole(pattern: str, text: str) -> bool:
    """Whether a pattern describes the whole of a text.

    Raises:
        BadPattern
    """
    whole = rf"(?s)\A(?:{_kept(pattern)})\z"
    return bool(_asked("match_substring_regex", text, pattern=whole))


def replaced(pattern: str, text: str, new: str) -> str:
    """The text with ``new`` for what a pattern describes; ``$1`` and ``${name}`` are its groups.

    Raises:
        BadPattern
    """
    names = _names(pattern)

    def group(match: re.Match[str]) -> str:
        if match[1] is not None:
            return f"\\{match[1]}"
        if match[2] not in names or names[match[2]] > 9:
            raise BadPattern(f"has no group {match[2]}")
        return f"\\{names[match[2]]}"

    written = _NAMED.sub(group, new.replace("\\", "\\\\"))
    return str(_asked("replace_substring_regex", text, pattern=_kept(pattern), replacement=written))


@lru_cache(maxsize=256)
def _names(pattern: str) -> dict[str, int]:
    """The groups of a pattern that have a name, and their numbers."""
    groups = [one for one in _GROUP.finditer(pattern) if one.group().startswith("(")]
    return {one["name"]: number for number, one in enumerate(groups, 1) if one["name"]}


def _kept(pattern: str) -> str:
    if len(pattern) > LONGEST:
        raise BadPattern(f"is longer than {LONGEST} characters")
    return pattern.replace("(?<", "(?P<") if "(?<" in pattern and "(?<=" not in pattern else pattern


def _asked(name: str, text: str, **options: str) -> Any:
    arrow, compute = _arrow()
    try:
        return getattr(compute, name)(arrow.scalar(text), **options).as_py()
    except arrow.ArrowInvalid as error:
        raise BadPattern(str(error).partition("\n")[0][:200]) from None


@lru_cache(maxsize=1)
def _arrow() -> tuple[ModuleType, ModuleType]:
    """Loaded when first asked for: most never ask."""
    import pyarrow as arrow
    from pyarrow import compute

    return arrow, compute
