"""What follows from the record: each person's rows, what they are due, and as of when."""

from django.db import migrations

from qamqor.store.ddl import sql


class Migration(migrations.Migration):
    dependencies = [("store", "0007_audit")]
    operations = [
        sql(
            """create table person_rows (
                patient_id {text} not null, key {bigint} not null, content {text} not null,
                primary key (patient_id, key)) {clustered}""",
            "create index person_rows_key on person_rows (key)",
            undo="drop table person_rows",
        ),
        sql(
            """create table directory_entry (
                kind {text} not null, code {text} not null, value {text} not null,
                key {bigint} not null, primary key (kind, code, value, key)) {clustered}""",
            "create index directory_entry_key on directory_entry (key)",
            undo="drop table directory_entry",
        ),
        sql(
            """create table due (
                patient_id {text} not null, programme {text} not null, version {text} not null,
                action {text} not null, item {text} not null, role {text} not null,
                channel {text} not null, urgency {bigint} not null, due_on {text},
                overdue_on {text}, status {text} not null, reason {text}, evidence {text},
                organization_id {text}, area_id {text}, place_id {text}, is_rural {bigint},
                sex {text}, age_years {bigint},
                primary key (patient_id, programme, action, item)) {clustered}""",
            "create index due_area on due (area_id, role, status, urgency, due_on, patient_id)",
            undo="drop table due",
        ),
        sql(
            """create table due_state (
                patient_id {text} primary key, as_of {text} not null, asked {text} not null,
                sequence {bigint} not null) {clustered}""",
            "create index due_state_as_of on due_state (as_of, asked, sequence, patient_id)",
            undo="drop table due_state",
        ),
    ]
