"""Grows a loaded record to a district of a hundred thousand residents by copying rows in SQL.

Each copy has everything the lists read: the person, where they are attached, their rows, what they
are due and where they stand. It has no other resources and no search values, so that pages about
one person are measured among the residents that were loaded whole.

    python -m benchmarks._load.district FOLDER PEOPLE USERS    prints sessions and people as JSON
"""

from __future__ import annotations

import json
import sqlite3
import sys
from pathlib import Path
from typing import Any

STEP = 10_000_000
COPIES = [
    """insert into fhir_resource select key + :n * :step, type, id || :s, version,
        sequence + :n * :step, at, is_deleted from fhir_resource where key < :step and type in
        ('Patient', 'PractitionerRole', 'Organization')""",
    """insert into fhir_change select c.sequence + :n * :step, c.type, c.id || :s, c.version,
        c.method, c.at, replace(replace(c.content, '"id":"' || c.id || '"', '"id":"' || c.id || :s
        || '"'), 'Organization/area-', 'Organization/area' || :s || '-')
        from fhir_change c join fhir_resource r on r.key < :step and r.type = c.type
        and r.id = c.id and r.sequence = c.sequence
        where c.type in ('Patient', 'PractitionerRole')""",
    """insert into fhir_change select c.sequence + :n * :step, c.type, c.id || :s, c.version,
        c.method, c.at, replace(c.content, '"id":"' || c.id || '"',
        '"id":"' || replace(c.id, 'area-', 'area' || :s || '-') || '"')
        from fhir_change c join fhir_resource r on r.key < :step and r.type = c.type
        and r.id = c.id and r.sequence = c.sequence where c.type = 'Organization'""",
    """update fhir_resource set id = 'area' || :s || substr(id, 5, length(id) - 4 - length(:s))
        where type = 'Organization' and id glob 'area-*' || :s""",
    """update fhir_change set id = 'area' || :s || substr(id, 5, length(id) - 4 - length(:s))
        where type = 'Organization' and id glob 'area-*' || :s""",
    """insert into access_subject select key + :n * :step, patient || :s from access_subject
        where key in (select key from fhir_resource where type = 'Patient' and key < :step)""",
    """insert or ignore into access_relation select patient || :s, replace(link,
        'Organization/area-', 'Organization/area' || :s || '-'), key + :n * :step, from_day,
        until_day from access_relation where key < :step and link not like 'member:%'""",
    """insert into person_rows select patient_id || :s, key + :n * :step,
        replace(content, '"group_id":"hh', '"group_id":"hh' || :s) from person_rows
        where key < :step""",
    """insert into due select patient_id || :s, programme, version, action, item, role, channel,
        urgency, due_on, overdue_on, status, reason, evidence, organization_id,
        replace(area_id, 'area-', 'area' || :s || '-'), place_id, is_rural, sex, age_years
        from due where instr(patient_id, '.') = 0""",
    """insert into due_state select patient_id || :s, as_of, asked, sequence from due_state
        where instr(patient_id, '.') = 0""",
    """insert into worklist select patient_id || :s, role, replace(area_id, 'area-',
        'area' || :s || '-'), place_id, household || :s, owner, programmes, channel, urgency, needs,
        due_on, late_from, failed, agreed_until, waiting_since, done_on, changed from worklist
        where instr(patient_id, '.') = 0""",
    """insert into directory_entry select kind, replace(code, 'area-', 'area' || :s || '-'), value,
        key + :n * :step from directory_entry where kind = 'organisation' and code like 'area-%'
        and key < :step""",
]


def grow(file: Path, people: int) -> int:
    """Copy until there are so many; gives how many there are."""
    with sqlite3.connect(file) as record:
        record.execute("pragma journal_mode = off")
        record.execute("pragma synchronous = off")
        record.execute("pragma cache_size = -400000")
        own = int(record.execute("select count(*) from due_state").fetchone()[0])
        for number in range(1, -(-people // own)):
            said = {"n": number, "step": STEP, "s": f".{number}"}
            for sql in COPIES:
                record.execute(sql, said)
        record.execute("pragma journal_mode = wal")
        newest = record.execute("select max(sequence) from fhir_change").fetchone()[0]
        record.execute("update node_counter set value = ? where name = 'sequence'", [newest])
        record.execute("analyze")
        return int(record.execute("select count(*) from due_state").fetchone()[0])


def sign_in(users: int) -> dict[str, Any]:
    """Sessions: nurses of copied areas, nurses of the areas loaded whole, and who leads them."""
    from django.conf import settings
    from django.test import Client
    from django.utils import timezone

    from qamqor.services import demo_accounts
    from qamqor.services.accounts import actor_for
    from qamqor.services.worklist.today import Filters, chosen_by
    from qamqor.store.accounts import Account

    def session(name: str, role: str, post: str, organisation: str = "") -> str:
        account = Account.objects.create_user(
            name, role=role, practitioner_role_id=post, organization_id=organisation, is_demo=True
        )
        client = Client()
        client.force_login(account, backend=settings.AUTHENTICATION_BACKENDS[0])
        kept = client.session
        now = timezone.now().timestamp()
        kept["began"] = kept["seen"] = now
        kept["second_step"] = True
        kept.save()
        return client.cookies[settings.SESSION_COOKIE_NAME].value

    demo_accounts.ensure()
    whole = Account.objects.get(username="demo-practice-nurse")
    post = whole.practitioner_role_id
    nurses = [session(f"copied-{n}", "practice_nurse", f"{post}.{n + 1}") for n in range(users)]
    found = {
        "nurses": nurses,
        "whole": [session(f"whole-{n}", "practice_nurse", post) for n in range(users)],
        "lead": session("lead", "lead_nurse", "", whole.organization_id),
        "registrar": session("registrar", "registrar", "", whole.organization_id),
    }
    actor = actor_for(whole, timezone.now())
    assert actor is not None
    with sqlite3.connect(settings.DATABASES["default"]["NAME"]) as record:
        areas = chosen_by(actor, Filters()).areas
        marks = ",".join("?" * len(areas))
        rows = record.execute(
            f"""select patient_id from worklist where role = 'practice_nurse' and needs > 0
            and area_id in ({marks}) order by patient_id""",
            areas,
        ).fetchall()
    return {**found, "people": [row[0] for row in rows]}


def main() -> None:
    from qamqor import settings

    folder, people, users = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    count = grow(folder / "qamqor.sqlite3", people)
    settings.load_django()
    print("DISTRICT", json.dumps({**sign_in(users), "count": count}))


if __name__ == "__main__":
    main()
