"""Says what a visit closes: the rules are asked with what is typed as if it were kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

import msgspec

from qamqor.engine.population.one_person import Due
from qamqor.services import derived
from qamqor.store import derived as store

_DECODE = msgspec.json.Decoder(store.Rows).decode


def due_after(
    patient: str, resources: Iterable[Mapping[str, Any]], *, as_of: date
) -> tuple[Due, ...]:
    """Everything a person would be due if some resources were kept; nothing is written.

    Args:
        resources: not in the record yet.
    """
    rows = store.rows_of([patient])
    for resource in resources:
        flat = derived.flatten(str(resource["resourceType"]), resource)
        for table, more in _DECODE(flat.people.get(patient, "{}").encode()).items():
            rows[patient].setdefault(table, []).extend(more)
    day = derived.asker(as_of)
    day.look_up(rows.values())
    return day.due(rows[patient]) or ()
