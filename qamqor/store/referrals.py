"""Where each referral stands, kept with every save of its request or of the task that carries it.

Rebuilt from ServiceRequest, Task and Patient resources at any time. A request and its task may be
saved in any order; each fills its own columns, and ``state`` is worked out from both.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

import msgspec
from django.db import connection

from qamqor.engine.referral import State, day_of, state_of, state_of_task
from qamqor.store.node import Transaction

STEPS: Final = ("booked", "seen", "replied", "closed")
TYPES: Final = frozenset({"ServiceRequest", "Task", "Patient"})


class Way(NamedTuple):
    """One referral as lists show it; days are ``YYYY-MM-DD`` or empty.

    Attributes:
        area_id: the GP area the person is attached to now.
        requester, performer: references; the performer is who is to answer, the first of several.
        is_advice: advice was asked for, not an appointment.
    """

    request_id: str
    task_id: str
    patient_id: str
    area_id: str
    state: str
    priority: str
    code: str
    requester: str
    performer: str
    is_advice: int
    sent_on: str
    booked_on: str
    seen_on: str
    replied_on: str
    closed_on: str


_COLUMNS: Final = ", ".join(Way._fields)
_EVERY: Final = (
    "request_id, task_id, patient_id, area_id, state, asked, way, priority, code, requester, "
    "performer, is_advice, sent_on, booked_on, seen_on, replied_on, closed_on"
)
_AREA: Final = "coalesce((select area_id from person_index where patient_id = %s), '')"
_REQUEST: Final = f"""insert into referral_way ({_EVERY})
    values (%s, '', %s, {_AREA}, '', %s, '', %s, %s, %s, %s, %s, %s, '', '', '', '')
    on conflict (request_id) do update set patient_id = excluded.patient_id,
    area_id = excluded.area_id, asked = excluded.asked, priority = excluded.priority,
    code = excluded.code, requester = excluded.requester, performer = excluded.performer,
    is_advice = excluded.is_advice, sent_on = excluded.sent_on"""
_TASK: Final = f"""insert into referral_way ({_EVERY})
    values (%s, %s, %s, {_AREA}, '', '', %s, '', '', '', '', 0, '', %s, %s, %s, %s)
    on conflict (request_id) do update set task_id = excluded.task_id, way = excluded.way,
    booked_on = excluded.booked_on, seen_on = excluded.seen_on,
    replied_on = excluded.replied_on, closed_on = excluded.closed_on"""
_STATE: Final = """update referral_way set state = case
    when asked in ('', 'cancelled') or way = '' then asked else way end where request_id = %s"""
_GONE: Final = "update referral_way set way = '', state = asked where task_id = %s"
_MOVED: Final = "update referral_way set area_id = %s where patient_id = %s and area_id <> %s"


def refresh(tx: Transaction, changed: Iterable[tuple[str, str, Mapping[str, Any] | None]]) -> None:
    """Bring the index up to some changed resources.

    Args:
        changed: type, id and new state of each; None where deleted.
    """
    requests, tasks, moved, gone, touched = [], [], [], [], set()
    for type_, id_, resource in changed:
        if type_ == "ServiceRequest":
            requests.append(_request(id_, resource or {}))
            touched.add(id_)
        elif type_ == "Task" and (focus := _focus(resource)):
            tasks.append(_task(focus, id_, resource or {}))
            touched.add(focus)
        elif type_ == "Task" and resource is None:
            gone.append((id_,))
        elif type_ == "Patient" and resource is not None:
            area = _reference(resource.get("generalPractitioner"), "Organization/")
            area = area.removeprefix("Organization/")
            moved.append((area, id_, area))
    tx.executemany(_MOVED, moved)
    tx.executemany(_REQUEST, requests)
    tx.executemany(_TASK, tasks)
    tx.executemany(_GONE, gone)
    tx.executemany(_STATE, [(id_,) for id_ in sorted(touched)])


def clear(tx: Transaction) -> None:
    """Empty the index, before it is made again in steps."""
    tx.execute("delete from referral_way")


def rebuild_some(tx: Transaction, after: int, *, limit: int = 2000) -> tuple[int, int] | None:
    """File the next resources by their keys; the last key and how many, None at the end."""
    rows = tx.rows(
        """select r.key, r.type, r.id, c.content from fhir_resource r
        join fhir_change c on c.sequence = r.sequence
        where r.type in ('ServiceRequest', 'Task') and r.is_deleted = 0 and r.key > %s
        order by r.key limit %s""",
        [after, limit],
    )
    refresh(tx, [(type_, id_, msgspec.json.decode(content)) for _, type_, id_, content in rows])
    return (rows[-1][0], len(rows)) if rows else None


def of_areas(areas: Sequence[str], states: Sequence[str]) -> list[Way]:
    """The referrals of everybody in some areas that stand in some states, the oldest first."""
    return _some("area_id", areas, states) if areas and states else []


def to(holders: Sequence[str], states: Sequence[str]) -> list[Way]:
    """The referrals some posts or organisations are to answer, the oldest first."""
    return _some("performer", holders, states) if holders and states else []


def counts_of_areas(areas: Sequence[str]) -> dict[str, int]:
    """How many referrals of some areas stand in each state."""
    return _counts("area_id", areas)


def counts_to(holders: Sequence[str]) -> dict[str, int]:
    """How many referrals to some posts or organisations stand in each state."""
    return _counts("performer", holders)


def of_person(patient_id: str) -> list[Way]:
    """Everything one person was referred for, the newest first."""
    return _rows("patient_id = %s and state <> '' order by sent_on desc, request_id", [patient_id])


def one(request_id: str) -> Way | None:
    """One referral by the id of its ServiceRequest."""
    found = _rows("request_id = %s", [request_id])
    return found[0] if found else None


def _some(column: str, values: Sequence[str], states: Sequence[str]) -> list[Way]:
    marks = [", ".join(["%s"] * len(one)) for one in (values, states)]
    return _rows(
        f"{column} in ({marks[0]}) and state in ({marks[1]}) order by sent_on, request_id",
        [*values, *states],
    )


def _counts(column: str, values: Sequence[str]) -> dict[str, int]:
    if not values:
        return {}
    marks = ", ".join(["%s"] * len(values))
    with connection.cursor() as cursor:
        cursor.execute(
            f"""select state, count(*) from referral_way where {column} in ({marks})
            and state <> '' group by state""",
            list(values),
        )
        return dict(cursor.fetchall())


def _rows(where: str, values: Sequence[Any]) -> list[Way]:
    with connection.cursor() as cursor:
        cursor.execute(f"select {_COLUMNS} from referral_way where {where}", values)
        return [Way(*row) for row in cursor.fetchall()]


def _request(id_: str, resource: Mapping[str, Any]) -> tuple[Any, ...]:
    patient = _reference([resource.get("subject")], "Patient/").removeprefix("Patient/")
    is_order = str(resource.get("intent", "")).endswith("order")
    state = state_of(resource) if patient and is_order else None
    coding = ((resource.get("code") or {}).get("coding") or [{}])[0]
    return (
        id_,
        patient,
        patient,
        state or "",
        str(resource.get("priority", "routine")),
        str(coding.get("code", "")),
        _reference([resource.get("requester")], ""),
        _reference(resource.get("performer"), ""),
        int(_is_advice(resource)),
        str(resource.get("authoredOn", ""))[:10],
    )


def _is_advice(resource: Mapping[str, Any]) -> bool:
    return any(
        coding.get("code") == State.advice
        for category in resource.get("category") or []
        for coding in category.get("coding") or []
    )


def _task(request_id: str, id_: str, resource: Mapping[str, Any]) -> tuple[Any, ...]:
    patient = _reference([resource.get("for")], "Patient/").removeprefix("Patient/")
    state = state_of_task(resource)
    return (request_id, id_, patient, patient, state or "", *(day_of(resource, s) for s in STEPS))


def _focus(resource: Mapping[str, Any] | None) -> str:
    found = _reference([(resource or {}).get("focus")], "ServiceRequest/")
    return found.removeprefix("ServiceRequest/")


def _reference(references: Any, beginning: str) -> str:
    """The first reference that begins so, or nothing."""
    for reference in references if isinstance(references, list) else []:
        text = str(reference.get("reference", "")) if isinstance(reference, Mapping) else ""
        if text and text.startswith(beginning):
            return text
    return ""
