"""An index of people by what they are known by, so that a twin is found without a scan.

Rebuilt from the Patient resources at any time. Each person is filed under short keys (see
``engine.identity.keys``), kept as numbers; names are also kept as words of a small dictionary, by
which a mistyped word finds the words one letter away.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

import msgspec
from django.db import connection

from qamqor.engine.fhir.names import IDENTIFIERS
from qamqor.engine.identity.keys import filed, hashed
from qamqor.engine.identity.person import Identity, identity_of
from qamqor.engine.identity.spelling import ONE_EDIT_FROM, edits, gaps
from qamqor.store.node import Transaction

IIN: Final = f"{IDENTIFIERS}/iin"
CHART: Final = f"{IDENTIFIERS}/chart"
MOST_OF_A_KEY: Final = 200  # people read of one key; a key that more share tells nobody apart
MOST_WORDS: Final = 12  # words one mistyped word may stand for
MOST_BEGUN: Final = 16  # words one beginning may stand for

_ONE_KEY: Final = """select * from (select %s as place, key from person_key where hash = %s
    order by key limit %s) k{n}"""
_EACH_KEY: Final = """select k.place, p.key
    from unnest(%s::bigint[]) with ordinality as k(hash, place) cross join lateral
        (select key from person_key where hash = k.hash order by key limit %s) p"""
_DECODER: Final = msgspec.json.Decoder(Identity)
_COLUMNS: Final = "key, patient_id, area_id, organization_id, is_active, replaced_by, record"


class Filed(NamedTuple):
    """A person as the index knows them.

    Attributes:
        area_id, organization_id: attached to; empty where to nobody.
        is_active: false for a record that is no longer in use.
        replaced_by: id of the Patient that a merge put in its place, or empty.
    """

    key: int
    patient_id: str
    area_id: str
    organization_id: str
    is_active: bool
    replaced_by: str
    identity: Identity


def refresh(tx: Transaction, changed: Iterable[tuple[int, Mapping[str, Any] | None]]) -> None:
    """Bring the index up to some changed Patients.

    Args:
        tx: the transaction that changes them.
        changed: the key of each resource and its new state, None where deleted.
    """
    latest = dict(changed)
    before = {filed_.key: filed_ for filed_ in _read(tx, list(latest))}
    after = {key: _filed(key, patient) for key, patient in latest.items() if patient is not None}
    old = {pair for person in before.values() for pair in _keys(person)}
    new = {pair for person in after.values() for pair in _keys(person)}
    tx.executemany("delete from person_key where hash = %s and key = %s", sorted(old - new))
    _insert(tx, "person_key (hash, key)", sorted(new - old))
    tx.executemany(
        "delete from person_index where key = %s", [(key,) for key in latest if key not in after]
    )
    _write(tx, list(after.values()))
    _learn(tx, [person.identity for person in after.values()])


def rebuild(tx: Transaction) -> int:
    """Make the whole index again in one transaction; returns how many people are in it."""
    clear(tx)
    last = count = 0
    while step := rebuild_some(tx, last):
        last, done = step
        count += done
    return count


def clear(tx: Transaction) -> None:
    """Empty the index, before it is made again in steps."""
    for table in ("person_index", "person_key", "name_word"):
        tx.execute(f"delete from {table}")


def rebuild_some(tx: Transaction, after: int, *, limit: int = 1000) -> tuple[int, int] | None:
    """File the next Patients by their keys; the last key and how many, None at the end."""
    rows = tx.rows(
        """select r.key, c.content from fhir_resource r
        join fhir_change c on c.sequence = r.sequence
        where r.type = 'Patient' and r.is_deleted = 0 and r.key > %s order by r.key limit %s""",
        [after, limit],
    )
    refresh(tx, [(key, msgspec.json.decode(content)) for key, content in rows])
    return (rows[-1][0], len(rows)) if rows else None


def _filed(key: int, patient: Mapping[str, Any]) -> Filed:
    return Filed(
        key=key,
        patient_id=str(patient["id"]),
        area_id=_referred(patient.get("generalPractitioner"), "Organization"),
        organization_id=_referred([patient.get("managingOrganization")], "Organization"),
        is_active=patient.get("active") is not False,
        replaced_by=_replaced_by(patient),
        identity=identity_of(patient, iin_system=IIN, chart_system=CHART),
    )


def _referred(references: Any, type_: str) -> str:
    """The id of the first reference to a type, or nothing."""
    for reference in references if isinstance(references, list) else []:
        text = str(reference.get("reference", "")) if isinstance(reference, Mapping) else ""
        if text.startswith(f"{type_}/"):
            return text.split("/")[1]
    return ""


def _replaced_by(patient: Mapping[str, Any]) -> str:
    links = patient.get("link")
    replaced = [
        link.get("other")
        for link in (links if isinstance(links, list) else [])
        if isinstance(link, Mapping) and link.get("type") == "replaced-by"
    ]
    return _referred(replaced, "Patient")


def _keys(person: Filed) -> Iterator[tuple[int, int]]:
    for key in filed(person.identity, area_id=person.area_id):
        yield hashed(key), person.key


def _write(tx: Transaction, people: Sequence[Filed]) -> None:
    tx.executemany(
        f"""insert into person_index ({_COLUMNS}) values (%s, %s, %s, %s, %s, %s, %s)
        on conflict (key) do update set area_id = excluded.area_id,
            organization_id = excluded.organization_id, is_active = excluded.is_active,
            replaced_by = excluded.replaced_by, record = excluded.record""",
        [
            (*person[:4], int(person.is_active), person.replaced_by, _text(person.identity))
            for person in people
        ],
    )


def _text(identity: Identity) -> str:
    return msgspec.json.encode(identity).decode()


def _learn(tx: Transaction, identities: Iterable[Identity]) -> None:
    """Add the names' words to the dictionary; words are never forgotten but by a rebuild."""
    words = {
        (part, word)
        for identity in identities
        for name in identity.names
        for part, word in zip(("family", "given"), (p.root for p in name.parts()), strict=False)
        if word
    }
    known = _known_words(tx, words)
    gaps_ = sorted((part, gap, word) for part, word in words - known for gap in _gaps(word))
    _insert(tx, "name_word (part, gap, word)", gaps_)


def _insert(tx: Transaction, into: str, rows: Sequence[tuple[Any, ...]]) -> None:
    """Add rows that may be there: to SQLite one by one, to PostgreSQL many in a statement."""
    if not rows:
        return
    marks = f"({', '.join(['%s'] * len(rows[0]))})"
    if connection.vendor == "sqlite":
        sql = f"insert into {into} values {marks} on conflict do nothing"
        tx.executemany(sql, list(rows))
        return
    for start in range(0, len(rows), 500):
        some = rows[start : start + 500]
        values = ", ".join([marks] * len(some))
        said = [value for row in some for value in row]
        tx.execute(f"insert into {into} values {values} on conflict do nothing", said)


def _known_words(tx: Transaction, words: set[tuple[str, str]]) -> set[tuple[str, str]]:
    known: set[tuple[str, str]] = set()
    listed = sorted(words)
    for start in range(0, len(listed), 200):
        some = listed[start : start + 200]
        marks = " or ".join(["(part = %s and gap = %s and word = %s)"] * len(some))
        values = [value for part, word in some for value in (part, word, word)]
        known.update(
            (row[0], row[1])
            for row in tx.rows(f"select part, word from name_word where {marks}", values)
        )
    return known


def _gaps(word: str) -> set[str]:
    return gaps(word) if len(word) >= ONE_EDIT_FROM else {word}


def candidates(keys: Sequence[str], *, most_of_a_key: int = MOST_OF_A_KEY) -> list[Filed]:
    """The people filed under any of some keys, in the order of the keys.

    Args:
        keys: at most some hundreds.
        most_of_a_key: how many people of each key are read, the longest registered first.
    """
    hashes = [hashed(key) for key in dict.fromkeys(keys)]
    found = dict.fromkeys(row[1] for row in sorted(_of_keys(hashes, most_of_a_key)))
    people = {person.key: person for person in _read(None, list(found))}
    return [people[key] for key in found if key in people]


def _of_keys(hashes: Sequence[int], most: int) -> Iterator[tuple[Any, ...]]:
    """Place of the key and key of the person, at most so many for each key."""
    if connection.vendor != "sqlite":
        yield from _all(_EACH_KEY, [list(hashes), most])
        return
    for start in range(0, len(hashes), 100):
        some = hashes[start : start + 100]
        sql = " union all ".join(_ONE_KEY.format(n=n) for n in range(len(some)))
        places = ((start + n, hash_, most) for n, hash_ in enumerate(some))
        yield from _all(sql, [value for place in places for value in place])


def by_id(patient_id: str) -> Filed | None:
    """One person by the id of their Patient."""
    rows = _all(f"select {_COLUMNS} from person_index where patient_id = %s", [patient_id])
    return _person(rows[0]) if rows else None


def by_ids(patient_ids: Sequence[str]) -> list[Filed]:
    """Some people, a few hundred at most, by the ids of their Patients; in no order."""
    if not patient_ids:
        return []
    marks = ",".join(["%s"] * len(patient_ids))
    sql = f"select {_COLUMNS} from person_index where patient_id in ({marks})"
    return [_person(row) for row in _all(sql, patient_ids)]


def everyone(*, after: int = 0, limit: int = 5000) -> list[Filed]:
    """The next people in the order of their keys, for going through all of them."""
    rows = _all(
        f"select {_COLUMNS} from person_index where key > %s order by key limit %s", [after, limit]
    )
    return [_person(row) for row in rows]


def words_like(part: str, word: str) -> list[str]:
    """The words of the dictionary that a typed word may stand for, itself first.

    Args:
        part: ``family`` or ``given``.
        word: a root; words at most one letter away are found.
    """
    some = sorted(_gaps(word))
    marks = ", ".join(["%s"] * len(some))
    rows = _all(
        f"select distinct word from name_word where part = %s and gap in ({marks})", [part, *some]
    )
    near = [row[0] for row in rows if edits(word, row[0], limit=1) is not None]
    return sorted(near, key=lambda found: (found != word, found))[:MOST_WORDS]


def words_from(part: str, beginning: str) -> list[str]:
    """Words of the dictionary that begin like a word somebody is still typing."""
    rows = _all(
        """select word from name_word where part = %s and gap >= %s and gap < %s and gap = word
        order by gap limit %s""",
        [part, beginning, beginning + "\U0010ffff", MOST_BEGUN],
    )
    return [row[0] for row in rows]


def _read(tx: Transaction | None, keys: Sequence[int]) -> Iterator[Filed]:
    for start in range(0, len(keys), 500):
        some = keys[start : start + 500]
        marks = ",".join(["%s"] * len(some))
        sql = f"select {_COLUMNS} from person_index where key in ({marks})"
        for row in _all(sql, some) if tx is None else tx.rows(sql, some):
            yield _person(row)


def _person(row: Sequence[Any]) -> Filed:
    key, patient_id, area_id, organization_id, is_active, replaced_by, record = row
    identity = _DECODER.decode(record)
    return Filed(key, patient_id, area_id, organization_id, bool(is_active), replaced_by, identity)


def _all(sql: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        found: list[tuple[Any, ...]] = cursor.fetchall()
    return found
