"""Ends a load: references are checked, partitions written, the new state put in force."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import msgspec

from qamqor.engine.tables.partition import buckets_for
from qamqor.errors import BadInput
from qamqor.services.warehouse import quarantine
from qamqor.services.warehouse.delivery import Delivery
from qamqor.services.warehouse.ledger import NEW, OLDER, REMOVED, REPLACED, UNCHANGED
from qamqor.services.warehouse.merge import CHANGED, Merger, prepare
from qamqor.services.warehouse.quarantine import NOTES, ORPHANED, PART_WAITS, WAITING, Entry, Kept
from qamqor.services.warehouse.reread import texts_at
from qamqor.services.warehouse.sift import Place, duplicate
from qamqor.services.warehouse.summary import Summary
from qamqor.store.warehouse import MANIFEST, Part, Warehouse, replace_file
from qamqor.store.warehouse_index import newest_sql

MOST_NAMED: Final = 1000
NO_FACTS: Final[Mapping[str, Any]] = {}


class Closing:
    """The second half of a load, once every piece has been read."""

    def __init__(
        self,
        delivery: Delivery,
        into: Path,
        *,
        at: datetime,
        pack: str,
        facts: Mapping[str, Any] = NO_FACTS,
    ) -> None:
        self.delivery, self.into, self.at, self.pack = delivery, into, at, pack
        self.more_facts = dict(facts)
        self.db, self.warehouse = delivery.db, delivery.warehouse
        self.outcomes: Counter[str] = Counter()
        self.referring: list[str] = []

    def finish(self, is_strict: bool) -> Summary:
        """Put the delivery in force, and say what became of it.

        Raises:
            BadInput: strict, and something went to quarantine; nothing was changed.
        """
        prepare(self.db, self.warehouse)
        self._count()
        self._lost()
        self._waiting()
        self._orphaned()
        self.delivery.apart.close()
        if is_strict and self.delivery.codes:
            summary = self._summary(self.warehouse, 0, None, False)
            said = "Strict: nothing was changed, the warehouse is as it was."
            raise Strict(
                msgspec.structs.replace(summary, refused_because=said), self._first_entries()
            )
        return self._commit()

    def _first_entries(self) -> list[Entry]:
        entries = quarantine.read(self.delivery.staging / "apart.ndjson")
        return [entry for entry, _ in zip(entries, range(20), strict=False)]

    def _count(self) -> None:
        rows = self.db.execute(
            "select outcome, count(*) from seen where not lost group by outcome"
        ).fetchall()
        self.outcomes.update(dict(rows))

    def _lost(self) -> None:
        """Pieces that a later chunk of the same delivery beat go to quarantine after all."""
        rows = self.db.execute(
            "select source, line, entry, kind || '/' || id from seen where lost"
        ).fetchall()
        named = {Place(*row[:3]): row[3] for row in rows}
        for place, raw in texts_at(self.delivery.sources, named):
            self.delivery.sieve.refuse(duplicate(named.pop(place)), place, raw)
        for place, resource in named.items():
            self.delivery.sieve.refuse(duplicate(resource), place, b"")

    def _waiting(self) -> None:
        """Resources whose patients are not all here wait in the quarantine."""
        rows = self.db.execute(
            "with named as (select rowid as row, unnest(patients) as patient from seen where"
            f" not lost and not removed and outcome in ('{NEW}', '{REPLACED}', '{UNCHANGED}')),"
            " missing as (select row, list(patient order by patient) as patients from named"
            " where patient not in (select id from alive) group by row)"
            " select source, line, entry, kind || '/' || id, outcome, missing.patients,"
            " len(missing.patients) = len(seen.patients)"
            " from seen join missing on seen.rowid = missing.row order by source, line, entry"
        ).fetchall()
        waiting = {Place(*row[:3]): row[3:] for row in rows}
        for place, raw in texts_at(self.delivery.sources, waiting):
            resource, outcome, missing, is_whole = waiting[place]
            if is_whole:
                self.outcomes[outcome] -= 1
            self.delivery.keep_apart(
                Entry(
                    source=self.delivery.sources[place.source].name,
                    line=place.line,
                    entry=place.entry,
                    code=WAITING if is_whole else PART_WAITS,
                    reason=_missing(missing),
                    resource=resource,
                    waits_for=tuple(f"Patient/{one}" for one in missing),
                    raw=quarantine.text_of(raw),
                )
            )

    def _orphaned(self) -> None:
        """Whatever refers to a patient who was deleted is listed, and waits like the rest."""
        if not self.db.execute("select 1 from departed limit 1").fetchall():
            return
        for kind in sorted(self.warehouse.manifest.index):
            if kind == "Patient":
                continue
            rows = self.db.execute(
                "with named as (select id, unnest(patients) as patient from"
                f" ({newest_sql(self.warehouse, kind)}) where not removed"
                f" and id not in (select id from seen where kind = $1 and {CHANGED}))"
                " select id, list(patient order by patient) from named"
                " where patient in (select id from departed) group by id order by id",
                [kind],
            ).fetchall()
            for identity, departed in rows:
                self._orphan(f"{kind}/{identity}", departed)

    def _orphan(self, resource: str, departed: list[str]) -> None:
        self.referring.append(resource)
        self.delivery.keep_apart(
            Entry(
                source="",
                line=0,
                code=ORPHANED,
                reason=f"{_missing(departed)} any more; rows loaded earlier are held",
                resource=resource,
                waits_for=tuple(f"Patient/{one}" for one in departed),
            )
        )

    def _kept(self) -> tuple[Kept, Part | None]:
        """The quarantine afterwards: less what is over, plus what is new."""
        before = self.warehouse.manifest.quarantine
        path = self.warehouse.folder / before.path if before else None
        generation = self.warehouse.manifest.generation + 1
        kept = Kept(self.warehouse.folder / "quarantine" / f"{generation:06d}.ndjson")
        changed, alive = self._changed_among(path), self._alive_among(path)
        kept.carry(
            quarantine.read(path),
            lambda e: e.resource in changed or bool(e.waits_for and alive.issuperset(e.waits_for)),
        )
        for entry in quarantine.read(self.delivery.staging / "apart.ndjson"):
            kept.add(entry)
        return kept, kept.close(self.warehouse.folder)

    def _changed_among(self, path: Path | None) -> set[str]:
        named = sorted({entry.resource for entry in quarantine.read(path) if entry.resource})
        rows = self.db.execute(
            f"select kind || '/' || id as name from seen where {CHANGED}"
            " and name in (select unnest($1::text[]))",
            [named],
        ).fetchall()
        return {row[0] for row in rows}

    def _alive_among(self, path: Path | None) -> set[str]:
        named = sorted({one for entry in quarantine.read(path) for one in entry.waits_for})
        rows = self.db.execute(
            "select 'Patient/' || id as name from alive where name in (select unnest($1::text[]))",
            [named],
        ).fetchall()
        return {row[0] for row in rows}

    def _commit(self) -> Summary:
        is_first = not (self.warehouse.folder / MANIFEST).exists()
        people = self._people()
        if is_first:
            buckets = buckets_for(max(self.delivery.limits.people, people, self._referred()))
            planned = msgspec.structs.replace(self.warehouse.manifest, buckets=buckets)
            self.warehouse = Warehouse(self.warehouse.folder, planned)
        kept, part = self._kept()
        touched = self.db.execute(f"select 1 from seen where {CHANGED} limit 1").fetchall()
        merger = Merger(self.db, self.warehouse, self.delivery.plan, self.delivery.rows)
        known = self.warehouse.manifest.facts
        is_new = any(known.get(name) != fact for name, fact in self.more_facts.items())
        now, is_changed = self.warehouse, bool(is_first or kept.is_changed or touched or is_new)
        if is_changed:
            now = self.warehouse.commit(
                tables=merger.tables(),
                index=merger.index(),
                quarantine=part,
                facts={**known, **self._facts(people, kept), **self.more_facts},
            )
        elif part is not None:
            (now.folder / part.path).unlink()
        publish(now, self.into)
        return self._summary(now, len(merger.written), kept, is_changed)

    def _people(self) -> int:
        return int(self.db.execute("select count(*) from alive").fetchall()[0][0])

    def _referred(self) -> int:
        """How many persons the delivery speaks of, whether their Patient came with it or not."""
        query = "select count(distinct one) from (select unnest(patients) as one from seen)"
        return int(self.db.execute(query).fetchall()[0][0])

    def _facts(self, people: int, kept: Kept) -> dict[str, Any]:
        return {
            "tables_sha256": self.delivery.plan.sha256,
            "pack": self.pack,
            "loaded_at": self.at.isoformat(timespec="seconds"),
            "people": people,
            "quarantine": dict(sorted(kept.counts.items())),
        }

    def _summary(
        self, now: Warehouse, written: int, kept: Kept | None, is_changed: bool
    ) -> Summary:
        delivery, codes = self.delivery, self.delivery.codes
        apart = {code: n for code, n in sorted(codes.items()) if code not in NOTES}
        return Summary(
            folder=str(self.into),
            generation=now.manifest.generation,
            is_changed=is_changed,
            files=len(delivery.sources),
            bytes=sum(s.path.stat().st_size for s in delivery.sources if s.path.is_file()),
            read=delivery.sieve.read,
            blank=delivery.sieve.blank,
            new=self.outcomes[NEW],
            replaced=self.outcomes[REPLACED],
            unchanged=self.outcomes[UNCHANGED],
            older=self.outcomes[OLDER],
            removed=self.outcomes[REMOVED],
            not_used=dict(sorted(delivery.sieve.not_used.items())),
            quarantined=apart,
            notes={code: n for code, n in sorted(codes.items()) if code in NOTES},
            ended=kept.ended if kept else 0,
            kept=now.manifest.quarantine.rows if now.manifest.quarantine else 0,
            buckets=now.buckets,
            people=int(now.manifest.facts.get("people", 0)),
            rows={table: now.rows(table) for table in now.tables},
            partitions_written=written,
            referring=self.referring[:MOST_NAMED],
        )


class Strict(BadInput):
    """Something would have gone to quarantine; ``summary`` and ``entries`` say what."""

    def __init__(self, summary: Summary, entries: list[Entry]) -> None:
        super().__init__(f"{summary.bad} piece(s) would go to quarantine; nothing was changed")
        self.summary, self.entries = summary, entries


def publish(warehouse: Warehouse, into: Path) -> None:
    """Lay a copy of the quarantine where people look for it; the warehouse keeps its own."""
    part, path = warehouse.manifest.quarantine, into / "quarantine.ndjson"
    if part is None:
        replace_file(path, b"")
        return
    aside = into / ".quarantine.ndjson.new"
    shutil.copyfile(warehouse.folder / part.path, aside)
    aside.replace(path)


def _missing(patients: list[str]) -> str:
    named = ", ".join(f"Patient/{one}" for one in patients[:5])
    more = f" and {len(patients) - 5} more" if len(patients) > 5 else ""
    return f"{named}{more} not here"
