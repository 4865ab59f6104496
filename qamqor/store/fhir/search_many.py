"""Finds the pages of many searches of one shape by one statement of PostgreSQL's.

What each searches for goes along in arrays, and the statement of one search is asked for each place
in them. It is planned once on a connection, for whatever values come, and read in the order in
which it is written: a plan for some values may be the wrong one for others.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from qamqor.store import quick
from qamqor.store.fhir.search_values import Slot, Sql
from qamqor.store.shared import Shared

LONGEST: Final = 500
"""Milliseconds for one statement: who asks with others keeps them waiting no longer."""
SEARCHING: Final = Shared(
    "postgresql",
    begin=(
        "set plan_cache_mode = force_generic_plan",
        "set jit = off",
        "set join_collapse_limit = 1",
        "set enable_hashjoin = off",
        "set enable_mergejoin = off",
        "set enable_seqscan = off",
        "set enable_bitmapscan = off",
        f"set statement_timeout = {LONGEST}",
    ),
)
"""The connection for these statements, of all threads, one after another."""
_KINDS: Final = {int: "bigint", str: "text"}


class Many:
    """A statement for one search, as one for many."""

    __slots__ = ("_one", "_slots", "_texts")

    def __init__(self, one: Sql) -> None:
        self._one = one
        self._slots = [value for value in one.values if isinstance(value, Slot)]
        self._texts: dict[tuple[type, ...], str | None] = {}

    def rows(self, searches: Sequence[Sequence[Any]]) -> list[tuple[Any, ...]] | None:
        """The one row of each search, in their order.

        Args:
            searches: the values of each, from which its slots are filled.

        Returns:
            None where these values cannot go together.
        """
        bound = [tuple([slot.of(values) for slot in self._slots]) for values in searches]
        kinds = tuple(map(type, bound[0]))
        text = self._text(kinds)
        if text is None or any(tuple(map(type, one)) != kinds for one in bound[1:]):
            return None
        columns = [
            list(column) if kind is str else "{" + ",".join(map(str, column)) + "}"
            for kind, column in zip(kinds, zip(*bound, strict=True), strict=True)
        ]
        found = quick.prepared(text, [list(range(len(bound))), *columns])
        return [row[1:] for row in sorted(found, key=lambda row: int(row[0]))]

    def _text(self, kinds: tuple[type, ...]) -> str | None:
        if kinds not in self._texts:
            self._texts[kinds] = self._written(kinds)
        return self._texts[kinds]

    def _written(self, kinds: tuple[type, ...]) -> str | None:
        first, *others = self._one.text.split("%s")
        inner, place = [first], 0
        for value, after in zip(self._one.values, others, strict=True):
            if isinstance(value, Slot):
                inner += (f"w.v{place}", after)
                place += 1
            elif type(value) in _KINDS:
                inner += (_literal(value), after)
            else:
                return None
        if any(kind not in _KINDS for kind in kinds):
            return None
        names = "".join(f", v{n}" for n in range(place))
        arrays = "".join(f", %s::{_KINDS[kind]}[]" for kind in kinds)
        return (
            f"select w.n, q.* from unnest(%s::bigint[]{arrays}) as w(n{names})"
            f" cross join lateral ({''.join(inner)}) q"
        )


def _literal(value: int | str) -> str:
    """A value that is the same for all searches of a shape."""
    if isinstance(value, int):
        return f"({value})"
    return "'" + value.replace("'", "''").replace("%", "%%") + "'"
