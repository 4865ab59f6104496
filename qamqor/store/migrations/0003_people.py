"""The index of people by name, birth date, number and telephone."""

from django.db import migrations

from qamqor.store.ddl import sql


class Migration(migrations.Migration):
    dependencies = [("store", "0002_versions")]
    operations = [
        sql(
            """create table person_index (
                key {bigint} primary key, patient_id {text} not null, area_id {text} not null,
                organization_id {text} not null, is_active {bigint} not null,
                replaced_by {text} not null, record {text} not null)""",
            "create unique index person_index_patient on person_index (patient_id)",
            "create index person_index_area on person_index (area_id, key)",
            undo="drop table person_index",
        ),
        sql(
            """create table person_key (
                hash {bigint} not null, key {bigint} not null, primary key (hash, key))
                {clustered}""",
            undo="drop table person_key",
        ),
        sql(
            """create table name_word (
                part {text} not null, gap {text} not null, word {text} not null,
                primary key (part, gap, word)) {clustered}""",
            undo="drop table name_word",
        ),
    ]
