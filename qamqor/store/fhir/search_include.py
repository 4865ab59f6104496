"""Adds to a page of a search what its resources point to, or what points to them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from qamqor.engine.fhir.search.query import Include
from qamqor.store.fhir.search import rows_of
from qamqor.store.fhir.search_sql import InSight, everything
from qamqor.store.fhir.search_values import Sql, marks

MOST: Final = 5_000
"""Resources added to one page; more are left out, and the answer says so."""
SLICE: Final = 500


class Included(NamedTuple):
    """Keys of added resources in their order, and whether there were too many to add all."""

    keys: list[int]
    is_cut: bool


def included(
    keys: Sequence[int], includes: Iterable[Include], *, sight: InSight = everything
) -> Included:
    """What the includes of a search add to a page.

    Args:
        keys: the resources of the page.
        sight: what the asker may see; the rest is not added.
    """
    matches, found = set(keys), dict[int, None]()
    asked = list(includes)
    from_: list[int] = list(keys)
    follow = asked
    while from_ and follow:
        new: list[int] = []
        for key in _step(from_, follow, sight):
            if key not in matches and key not in found:
                found[key] = None
                new.append(key)
            if len(found) > MOST:
                return Included(list(found)[:MOST], True)
        from_, follow = new, [include for include in asked if include.is_iterated]
    return Included(list(found), False)


def _step(keys: Sequence[int], includes: Iterable[Include], sight: InSight) -> Iterator[int]:
    for include in includes:
        if not include.parameters:
            continue
        for start in range(0, len(keys), SLICE):
            some = keys[start : start + SLICE]
            write = _pointing_here if include.is_reverse else _pointed_to
            yield from _seen(list(rows_of(write(some, include))), sight)


def _seen(rows: Sequence[tuple[int, str]], sight: InSight) -> Iterator[int]:
    """The keys of those in sight, in their order; asked once for each type and slice."""
    if sight is everything:
        yield from (key for key, _ in rows)
        return
    of_type: dict[str, list[int]] = {}
    for key, resource_type in rows:
        of_type.setdefault(resource_type, []).append(key)
    open_: set[int] = set()
    for resource_type, keys in of_type.items():
        condition = sight(resource_type, "r.key")
        for start in range(0, len(keys), SLICE):
            some = keys[start : start + SLICE]
            asked = Sql(
                f"select r.key from fhir_resource r where r.key in ({marks(some)}) and ",
                tuple(some),
            )
            open_ |= {row[0] for row in rows_of(asked + condition)}
    yield from (key for key, _ in rows if key in open_)


def _pointed_to(keys: Sequence[int], include: Include) -> Sql:
    numbers = tuple(p.number for p in include.parameters)
    target = Sql(" and x.type = %s", (include.target,)) if include.target else Sql("")
    return (
        Sql(
            f"""select distinct t.key, t.type from search_reference x cross join fhir_resource t
            where x.key in ({marks(keys)}) and x.param in ({marks(numbers)})
            and t.type = x.type and t.id = x.id and t.is_deleted = 0""",
            (*keys, *numbers),
        )
        + target
        + Sql(" order by t.key limit %s", (MOST + 1,))
    )


def _pointing_here(keys: Sequence[int], include: Include) -> Sql:
    numbers = tuple(p.number for p in include.parameters)
    target = Sql(" and r.type = %s", (include.target,)) if include.target else Sql("")
    return (
        Sql(
            f"""select distinct t.key, t.type from fhir_resource r
            cross join search_reference x cross join fhir_resource t
            where r.key in ({marks(keys)}) and x.param in ({marks(numbers)})
            and x.id = r.id and x.type = r.type and t.key = x.key""",
            (*keys, *numbers),
        )
        + target
        + Sql(" order by t.key limit %s", (MOST + 1,))
    )
