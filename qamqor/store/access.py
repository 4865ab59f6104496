"""The index of access: whose record a resource is, its labels, and who is near to whom."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, NamedTuple, TypeVar

from qamqor.engine.fhir import json_text
from qamqor.engine.fhir.relations import Link
from qamqor.store import many, quick
from qamqor.store.fhir.versions import COLUMNS, Key, Seen, Version
from qamqor.store.node import Transaction

NOBODY: Final = ""
"""Stands for the person where a resource of the organisation itself names nobody."""
T = TypeVar("T")
_SUBJECT: Final = many.table("access_subject", "patient:text")
_LABEL: Final = many.table("access_label", "label:text")
_RELATION: Final = many.table(
    "access_relation", "patient:text link:text from_day:bigint until_day:bigint"
)


@dataclass(frozen=True, slots=True)
class Grant:
    """One reason for which resources may be seen.

    Attributes:
        relation: the reason, as the audit keeps it.
        everyone: whoever's record it is, and nobody's.
        patients: ids of persons whose records it opens.
        links: relations that open a person's records, each ``kind:reference``.
        hidden: labels that stay closed all the same.
        only: the one person whose records it is about, whoever's it would open otherwise.
    """

    relation: str
    everyone: bool = False
    patients: frozenset[str] = frozenset()
    links: frozenset[str] = frozenset()
    hidden: frozenset[str] = frozenset()
    only: str | None = None


@dataclass(frozen=True, slots=True)
class Sight:
    """What somebody may see of one type of resource.

    Attributes:
        grants: any one of them is enough.
        denied: relations of a person that close their records to this actor.
        day: today, counted from 1970, for relations that begin and end.
        criteria: queries of FHIR search; where there are any, a resource must answer one of them.
    """

    grants: tuple[Grant, ...]
    denied: frozenset[str] = frozenset()
    day: int = 0
    criteria: tuple[str, ...] = ()

    @property
    def everything(self) -> bool:
        """Nothing is hidden, so nothing has to be asked."""
        return not self.criteria and any(
            g.everyone and not g.hidden and g.only is None for g in self.grants
        )


class Facts(NamedTuple):
    """What decides about one resource: its people and its labels."""

    people: frozenset[str]
    labels: frozenset[str]


def clause(sight: Sight, key: str) -> tuple[str, list[Any]]:
    """SQL that is true for the resources in sight, and its values.

    Args:
        key: SQL of the resource's key, such as ``r.key``, of no table whose name begins ``own_``;
            put the clause wherever a resource is looked at: as a match, an include, or a link of
            a chain.
    """
    if sight.everything:
        return "1 = 1", []
    parts: list[str] = []
    values: list[Any] = []
    for grant in sight.grants:
        part, some = _grant(sight, grant, key)
        parts.append(part)
        values += some
    return ("(" + " or ".join(parts) + ")" if parts else "1 = 0"), values


def _grant(sight: Sight, grant: Grant, key: str) -> tuple[str, list[Any]]:
    parts: list[str] = []
    values: list[Any] = []
    if not grant.everyone or grant.only is not None:
        part, values = _person(sight, grant, key)
        parts.append(part)
    if grant.hidden:
        parts.append(
            f"""not exists (select 1 from access_label own_l
            where own_l.key = {key} and own_l.label in ({_marks(grant.hidden)}))"""
        )
        values += sorted(grant.hidden)
    return ("(" + " and ".join(parts) + ")" if parts else "1 = 1"), values


def _person(sight: Sight, grant: Grant, key: str) -> tuple[str, list[Any]]:
    parts: list[str] = []
    values: list[Any] = []
    if grant.patients and not grant.everyone:
        parts.append(f"own_s.patient in ({_marks(grant.patients)})")
        values += sorted(grant.patients)
    if grant.links and not grant.everyone:
        part = f"""exists (select 1 from access_relation own_a where own_a.patient = own_s.patient
            and own_a.link in ({_marks(grant.links)})
            and own_a.from_day <= %s and own_a.until_day > %s)"""
        values += [*sorted(grant.links), sight.day, sight.day]
        if sight.denied:
            part = f"""({part} and not exists (select 1 from access_relation own_d
                where own_d.patient = own_s.patient and own_d.link in ({_marks(sight.denied)})
                and own_d.from_day <= %s and own_d.until_day > %s))"""
            values += [*sorted(sight.denied), sight.day, sight.day]
        parts.append(part)
    if not parts and not grant.everyone:
        return "1 = 0", []
    where = f"own_s.key = {key}" + ("" if grant.everyone else f" and ({' or '.join(parts)})")
    if grant.only is not None:
        where += " and own_s.patient = %s"
        values.append(grant.only)
    return f"exists (select 1 from access_subject own_s where {where})", values


def visible(sight: Sight, keys: Sequence[int]) -> set[int]:
    """Those of the keys that are in sight."""
    if sight.everything:
        return set(keys)
    found: set[int] = set()
    for some in _slices(keys):
        part, values = clause(sight, "r.key")
        sql = f"select r.key from fhir_resource r where r.key in ({_marks(some)}) and {part}"
        found |= {row[0] for row in quick.rows(sql, [*some, *values])}
    return found


def keys_of_person(person: str, type_: str, view: Sight, *, limit: int | None = None) -> list[int]:
    """Keys of a person's resources of a type that are in sight, the newest change first."""
    part, values = clause(view, "r.key")
    most = "" if limit is None else f"limit {int(limit)}"
    rows = quick.rows(
        f"""select r.key from access_subject p join fhir_resource r on r.key = p.key
        where p.patient = %s and r.type = %s and r.is_deleted = 0 and {part}
        order by r.sequence desc {most}""",
        [person, type_, *values],
    )
    return [row[0] for row in rows]


def key_of(type_: str, id_: str) -> int | None:
    """The key of a resource, for ever the same; None: never known here."""
    rows = quick.rows("select key from fhir_resource where type = %s and id = %s", [type_, id_])
    return rows[0][0] if rows else None


class Look(NamedTuple):
    """One resource with all that decides who may see it.

    Attributes:
        version: the current version; None where it was never here.
        facts: its people and labels, also of a deleted resource.
        held: by person, those of the links asked for that hold today.
    """

    version: Version | None
    facts: Facts
    held: dict[str, set[str]]


NOTHING_SEEN: Final = Look(None, Facts(frozenset(), frozenset()), {})


def look(type_: str, id_: str, links: frozenset[str] = frozenset(), *, day: int = 0) -> Look:
    """One resource by its name, in one statement of one row: each row more is a wait more."""
    values: list[Any] = [type_, id_]
    if links:
        values = [*sorted(links), day, day, type_, id_]
    found = quick.prepared(_looking(len(links), quick.is_sqlite()), values)
    return _seen(*found[0]) if found else NOTHING_SEEN


def look_each(names: Collection[Key]) -> dict[Key, Look]:
    """As ``look`` without links, for several resources in one statement; each is in the answer."""
    seen = dict.fromkeys(names, NOTHING_SEEN)
    listed = list(seen)
    for some in _slices(listed, MOST_LOOKS):
        size = next(size for size in LOOKS if size >= len(some))
        asked = [*some, *[some[-1]] * (size - len(some))]
        values = [said for name in asked for said in name]
        for row in quick.prepared(_looking_each(size, quick.is_sqlite()), values):
            seen[row[1], row[2]] = _seen(*row)
    return seen


def _seen(*row: Any) -> Look:
    *version, people, labels, said = row
    held: dict[str, set[str]] = {}
    for one in _listed(said):
        person, _, link = one.partition(_WITHIN)
        held.setdefault(person, set()).add(link)
    facts = Facts(frozenset(_listed(people)), frozenset(_listed(labels)))
    return Look(Version(*version), facts, held)


LOOKS: Final = (1, 2, 4, 8, 16, 32)
"""Resources one statement looks at: few sizes, so that each is prepared once."""
MOST_LOOKS: Final = LOOKS[-1]
_BETWEEN: Final = "\x1f"
_WITHIN: Final = "\x1e"


def _listed(joined: str | None) -> list[str]:
    return [] if joined is None else joined.split(_BETWEEN)


@cache
def _looking(links: int, is_sqlite: bool) -> str:
    join, char = quick.joining()
    held = "null"
    if links:
        held = f"""(select {join}(s.patient || {char}(30) || a.link, {char}(31))
            from access_subject s join access_relation a on a.patient = s.patient
            where s.key = r.key and a.link in ({",".join(["%s"] * links)})
            and a.from_day <= %s and a.until_day > %s)"""
    return f"{_looked_at(is_sqlite, held)} where r.type = %s and r.id = %s"


@cache
def _looking_each(names: int, is_sqlite: bool) -> str:
    marks = ", ".join(["(%s, %s)"] * names)
    return f"{_looked_at(is_sqlite, 'null')} where (r.type, r.id) in (values {marks})"


def _looked_at(is_sqlite: bool, held: str) -> str:
    join, char = quick.joining()
    return f"""select {COLUMNS},
        (select {join}(s.patient, {char}(31)) from access_subject s where s.key = r.key),
        (select {join}(l.label, {char}(31)) from access_label l where l.key = r.key),
        {held}
        from fhir_resource r join fhir_change c on c.sequence = r.sequence"""


def seen_by_keys(keys: Sequence[int]) -> dict[int, Seen]:
    """The current versions behind keys, each with its people, in one statement of a row each."""
    join, char = quick.joining()
    found: dict[int, Seen] = {}
    for some in _slices(keys):
        rows = quick.rows(
            f"""select r.key, {COLUMNS},
            (select {join}(s.patient, {char}(31)) from access_subject s where s.key = r.key)
            from fhir_resource r join fhir_change c on c.sequence = r.sequence
            where r.key in ({_marks(some)})""",
            some,
        )
        for key, *version, people in rows:
            found[key] = Seen(Version(*version), frozenset(_listed(people)))
    return found


FEW: Final = 20


def keys_of(names: Iterable[tuple[str, str]]) -> dict[tuple[str, str], int]:
    """The keys of resources by type and id, of those that were ever here."""
    found: dict[tuple[str, str], int] = {}
    by_type: dict[str, list[str]] = {}
    for type_, id_ in dict.fromkeys(names):
        by_type.setdefault(type_, []).append(id_)
    # Several types in one statement, as long as each has few ids: one wait in place of several.
    parts = [(type_, some) for type_, ids in by_type.items() for some in _slices(ids)]
    few = [one for one in parts if len(one[1]) <= FEW]
    for asked in [*_slices(few, FEW), *([one] for one in parts if len(one[1]) > FEW)]:
        sql = " union all ".join(
            f"select type, id, key from fhir_resource where type = %s and id in ({_marks(some)})"
            for _, some in asked
        )
        values = [value for type_, some in asked for value in (type_, *some)]
        found |= {(type_, id_): key for type_, id_, key in quick.rows(sql, values)}
    return found


def labelled(type_: str, labels: Iterable[str]) -> frozenset[str]:
    """Ids of the resources of a type that carry one of the labels: few among many."""
    wanted = sorted(labels)
    if not wanted:
        return frozenset()
    rows = quick.rows(
        f"""select distinct r.id from access_label l join fhir_resource r on r.key = l.key
        where l.label in ({_marks(wanted)}) and r.type = %s""",
        [*wanted, type_],
    )
    return frozenset(row[0] for row in rows)


def labelled_of(patients: Collection[str], labels: Iterable[str]) -> dict[Key, Facts]:
    """Some people's records that carry one of the labels, each with those people and labels."""
    wanted, found = sorted(labels), dict[Key, Facts]()
    for some in _slices(sorted(set(patients))) if wanted else ():
        for type_, id_, patient, label in quick.rows(
            f"""select r.type, r.id, p.patient, l.label from access_subject p
            join access_label l on l.key = p.key join fhir_resource r on r.key = p.key
            where p.patient in ({_marks(some)}) and l.label in ({_marks(wanted)})""",
            [*some, *wanted],
        ):
            people, carried = found.get((type_, id_), NOTHING_SEEN.facts)
            found[type_, id_] = Facts(people | {patient}, carried | {label})
    return found


def facts(keys: Sequence[int]) -> dict[int, Facts]:
    """People and labels of resources by key; a key without either is in the answer too."""
    people: dict[int, set[str]] = {key: set() for key in keys}
    labels: dict[int, set[str]] = {key: set() for key in keys}
    for some in _slices(keys):
        marks = _marks(some)
        for key, patient, label in quick.rows(
            f"""select key, patient, null from access_subject where key in ({marks})
            union all select key, null, label from access_label where key in ({marks})""",
            [*some, *some],
        ):
            if label is None:
                people[key].add(patient)
            else:
                labels[key].add(label)
    return {key: Facts(frozenset(people[key]), frozenset(labels[key])) for key in people}


def relations(patients: Iterable[str], links: Iterable[str], *, day: int) -> dict[str, set[str]]:
    """Which of the named links each of the persons has today."""
    asked, wanted = sorted(set(patients)), sorted(set(links))
    found: dict[str, set[str]] = {patient: set() for patient in asked}
    if not wanted:
        return found
    for some in _slices(asked):
        for patient, link in quick.rows(
            f"""select patient, link from access_relation where patient in ({_marks(some)})
            and link in ({_marks(wanted)}) and from_day <= %s and until_day > %s""",
            [*some, *wanted, day, day],
        ):
            found[patient].add(link)
    return found


def links_of(patient: str, kind: str, *, day: int) -> frozenset[str]:
    """The references a person has by one kind of relation today."""
    rows = quick.rows(
        """select link from access_relation where patient = %s and link >= %s and link < %s
        and from_day <= %s and until_day > %s""",
        [patient, f"{kind}:", f"{kind};", day, day],
    )
    return frozenset(row[0].split(":", 1)[1] for row in rows)


def replace(
    tx: Transaction,
    old: Sequence[int],
    *,
    subjects: Iterable[tuple[int, str]],
    labels: Iterable[tuple[int, str]],
    links: Iterable[tuple[int, Link]],
) -> None:
    """Index resources anew; ``old`` are the keys that were indexed before."""
    for some in _slices(old):
        for table in ("access_subject", "access_label", "access_relation"):
            tx.execute(f"delete from {table} where key in ({_marks(some)})", list(some))
    tx.executemany("insert into access_subject (key, patient) values (%s, %s)", subjects)
    tx.executemany("insert into access_label (key, label) values (%s, %s)", labels)
    tx.executemany(
        """insert into access_relation (patient, link, key, from_day, until_day)
        values (%s, %s, %s, %s, %s) on conflict do nothing""",
        [(one.patient, one.link, key, one.from_day, one.until_day) for key, one in links],
    )


class Added(NamedTuple):
    """Rows of resources new to the record, their keys last and less what ``add`` is told.

    Attributes:
        subjects: person; labels: label; relations: person, link, first day, day after the last.
    """

    subjects: list[tuple[str, int]]
    labels: list[tuple[str, int]]
    relations: list[tuple[str, str, int, int, int]]


def add(tx: Transaction, added: Added, *, first: int) -> None:
    """Index resources that were never indexed."""
    for table, rows in ((_SUBJECT, added.subjects), (_LABEL, added.labels)):
        many.insert(tx, table, rows, first=first)
    many.insert(tx, _RELATION, added.relations, first=first)


def share_households(tx: Transaction, patients: Iterable[str]) -> None:
    """Work out whose household may see a person: who shares, with every group they are in."""
    for some in _slices(sorted(set(patients))):
        marks = _marks(some)
        tx.execute(
            f"""delete from access_relation where patient in ({marks})
            and link >= 'household:' and link < 'household;'""",
            list(some),
        )
        rows = tx.rows(
            f"""select m.patient, m.link, m.key, m.from_day, m.until_day, c.from_day, c.until_day
            from access_relation m join access_relation c
                on c.patient = m.patient and c.link = 'shares:'
            where m.patient in ({marks}) and m.link >= 'member:' and m.link < 'member;'""",
            some,
        )
        tx.executemany(
            """insert into access_relation (patient, link, key, from_day, until_day)
            values (%s, %s, %s, %s, %s) on conflict do nothing""",
            [
                (p, "household:" + link.split(":", 1)[1], key, max(f, g), min(u, v))
                for p, link, key, f, u, g, v in rows
            ],
        )


def forget_relations(tx: Transaction, keys: Sequence[int]) -> None:
    """The relations of deleted resources end; whose they were stays known."""
    for some in _slices(keys):
        tx.execute(f"delete from access_relation where key in ({_marks(some)})", list(some))


def people_with_links(tx: Transaction, keys: Sequence[int]) -> set[str]:
    """The people whom these resources bring near to somebody."""
    found: set[str] = set()
    for some in _slices(keys):
        found |= {
            row[0]
            for row in tx.rows(
                f"select distinct patient from access_relation where key in ({_marks(some)})", some
            )
        }
    return found


def births(tx: Transaction, patients: Iterable[str]) -> dict[str, str]:
    """Birth dates, as recorded, of those of the patients for whom a parent acts."""
    found: dict[str, str] = {}
    for some in _slices(sorted(set(patients))):
        for id_, content in tx.rows(
            f"""select r.id, c.content from fhir_resource r
            join fhir_change c on c.sequence = r.sequence
            where r.type = 'Patient' and c.content is not null and r.id in (
                select a.patient from access_relation a where a.patient in ({_marks(some)})
                and a.link >= 'parent:' and a.link < 'parent;')""",
            some,
        ):
            born = json_text.decode(content.encode()).get("birthDate")
            if born:
                found[id_] = str(born)
    return found


def end_childhood(tx: Transaction, days: dict[str, int]) -> None:
    """Parents act for a child until the day the child is grown up, by the child's id."""
    tx.executemany(
        """update access_relation set until_day = %s
        where patient = %s and link >= 'parent:' and link < 'parent;' and until_day > %s""",
        [(day, patient, day) for patient, day in days.items()],
    )


def people_of(tx: Transaction, references: Sequence[str]) -> dict[str, set[str]]:
    """The people of the resources behind references, where they are here."""
    found: dict[str, set[str]] = {}
    for reference in references:
        type_, _, id_ = reference.partition("/")
        for (patient,) in tx.rows(
            """select s.patient from access_subject s join fhir_resource r on r.key = s.key
            where r.type = %s and r.id = %s""",
            [type_, id_.split("/")[0]],
        ):
            found.setdefault(reference, set()).add(patient)
    return found


def _marks(values: Iterable[Any]) -> str:
    return ",".join("%s" for _ in values)


def _slices(values: Sequence[T], size: int = 500) -> Iterator[Sequence[T]]:
    return (values[start : start + size] for start in range(0, len(values), size))
