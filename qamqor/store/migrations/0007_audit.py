"""The audit chain: rows are only ever added."""

from django.db import migrations

from qamqor.store import audit
from qamqor.store.ddl import sql


def protect(_: object, editor: object) -> None:
    audit.protect()


class Migration(migrations.Migration):
    dependencies = [("store", "0006_access")]
    operations = [
        sql(
            """create table audit_entry (
                number {bigint} primary key, at {bigint} not null, action {text} not null,
                outcome {text} not null, agent {text} not null, entry {text} not null,
                hash {text} not null)""",
            "create index audit_entry_agent on audit_entry (agent, number)",
            "create index audit_entry_at on audit_entry (at, number)",
            undo="drop table audit_entry",
        ),
        sql(
            """create table audit_patient (
                patient {text} not null, number {bigint} not null,
                primary key (patient, number)) {clustered}""",
            undo="drop table audit_patient",
        ),
        sql(
            """create table audit_checkpoint (
                number {bigint} primary key, at {bigint} not null, hash {text} not null,
                key {text} not null, signature {text} not null)""",
            undo="drop table audit_checkpoint",
        ),
        sql(
            "insert into node_counter (name, value) values ('audit', 0)",
            undo="delete from node_counter where name = 'audit'",
        ),
        migrations.RunPython(protect, migrations.RunPython.noop),
    ]
