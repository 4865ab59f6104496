"""Takes one change back out of a resource that may have changed again since."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

_NOTHING: Final = object()


@dataclass(slots=True)
class Undone:
    """What a resource becomes, and where a later change stood in the way and was kept."""

    resource: Any
    kept: list[str] = field(default_factory=list)


def undone(before: Any, after: Any, now: Any) -> Undone:
    """The present state without a change made earlier.

    Where nothing changed since, the state before comes back exactly. What changed since stays.
    Where both touched one element the later change stays and its path is told.

    Args:
        before: the resource before the change to take back.
        after: the resource just after it.
        now: the resource as it stands.
    """
    done = Undone(None)
    done.resource = _value(before, after, now, "", done.kept)
    return done


def _value(before: Any, after: Any, now: Any, path: str, kept: list[str]) -> Any:
    if now == after:
        return before
    if before == after or now == before:
        return now
    kinds: tuple[tuple[type, Any], ...] = ((dict, _members), (list, _items))
    for kind, merged in kinds:
        three = [kind() if value is _NOTHING else value for value in (before, after, now)]
        if all(isinstance(value, kind) for value in three):
            return merged(*three, path, kept) or (_NOTHING if before is _NOTHING else kind())
    kept.append(path)
    return now


def _members(
    before: dict[str, Any], after: dict[str, Any], now: dict[str, Any], path: str, kept: list[str]
) -> dict[str, Any]:
    names = [*now, *(name for name in before if name not in now)]
    found = {
        name: _value(
            before.get(name, _NOTHING),
            after.get(name, _NOTHING),
            now.get(name, _NOTHING),
            f"{path}.{name}" if path else name,
            kept,
        )
        for name in names
    }
    return {name: value for name, value in found.items() if value is not _NOTHING}


def _items(
    before: list[Any], after: list[Any], now: list[Any], path: str, kept: list[str]
) -> list[Any]:
    """Lists: by place where all three are as long, else item by item."""
    if len(before) == len(after) == len(now):
        return [
            _value(b, a, n, f"{path}[{place}]", kept)
            for place, (b, a, n) in enumerate(zip(before, after, now, strict=True))
        ]
    result = list(now)
    gone = [item for item in before if item not in after]
    for item in (item for item in after if item not in before):
        if item in result:
            place = result.index(item)
            result[place : place + 1] = [gone.pop(0)] if gone else []
        else:
            kept.append(path)
    result += [item for item in gone if item not in result]
    return result
