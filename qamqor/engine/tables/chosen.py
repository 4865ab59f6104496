"""Says by one look at a resource's codes which of many views it may give rows to.

Most views of a resource type want certain codes, so that most of them need not be asked. What is
left out gives no rows; what is chosen may still give none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from qamqor.engine.fhir.fhirpath.steps import Step
from qamqor.engine.tables.view import View

Choose = Callable[[Mapping[str, Any]], Sequence[int]]
MEMBERS: Final = ("code", "system")


class _Wanted(NamedTuple):
    """That some element at a place has one of a few texts as a member."""

    keys: tuple[str, ...]
    member: str
    texts: frozenset[str]


class _Unusual(Exception):
    """A resource in whose shape nothing can be looked up."""


def chooser(views: Sequence[View]) -> Choose:
    """A function that names, in order, the views a resource may give rows to.

    Args:
        views: of one resource type.
    """
    always: list[int] = []
    by_place: dict[tuple[tuple[str, ...], str], dict[str, set[int]]] = {}
    for number, view in enumerate(views):
        wanted = next((one for path in view.where if (one := _wanted(path.step))), None)
        if wanted is None:
            always.append(number)
            continue
        texts = by_place.setdefault((wanted.keys, wanted.member), {})
        for text in wanted.texts:
            texts.setdefault(text, set()).add(number)
    every = tuple(range(len(views)))
    if not by_place:
        return lambda resource: every
    places = [(*place, texts) for place, texts in by_place.items()]

    def choose(resource: Mapping[str, Any]) -> Sequence[int]:
        found = set(always)
        try:
            for keys, member, texts in places:
                for element in _elements(resource, keys):
                    text = element.get(member)
                    if text in texts:
                        found |= texts[text]
        except (_Unusual, AttributeError, TypeError):
            return every
        return sorted(found)

    return choose


def _elements(value: Any, keys: tuple[str, ...]) -> list[Any]:
    here = [value]
    for key in keys:
        below: list[Any] = []
        for one in here:
            part = one.get(key)
            if type(part) is list:
                below += part
            elif type(part) is dict:
                below.append(part)
            elif part is not None:
                raise _Unusual
        here = below
    return here


def _wanted(condition: Step) -> _Wanted | None:
    """What ``path.where(…).exists()`` asks for, where it asks for certain texts."""
    if condition.op != "exists" or condition.args[0].op != "where":
        return None
    source, test = condition.args[0].args
    keys = _keys(source)
    if not keys:
        return None
    for member in MEMBERS:
        texts = _texts(test, member)
        if texts is not None:
            return _Wanted(keys, member, texts)
    return None


def _keys(step: Step) -> tuple[str, ...] | None:
    """The JSON keys of a path of plain steps."""
    if step.op == "focus":
        return ()
    if step.op != "member":
        return None
    before = _keys(step.args[0])
    return None if before is None else (*before, step.value)


def _texts(test: Step, member: str) -> frozenset[str] | None:
    """The texts one of which a member has wherever a test is true; nothing where any will do."""
    if test.op == "eq":
        named, said = test.args
        if named.op != "member":
            named, said = said, named
        is_it = named.op == "member" and named.value == member and named.args[0].op == "focus"
        is_text = said.op == "literal" and isinstance(said.value, str)
        return frozenset({said.value}) if is_it and is_text else None
    if test.op not in {"and", "or"}:
        return None
    left, right = (_texts(part, member) for part in test.args)
    if test.op == "or":
        return None if left is None or right is None else left | right
    if left is None or right is None:
        return right if left is None else left
    return left & right
