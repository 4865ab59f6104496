"""Whose record each resource belongs to, how sensitive it is, and who is near to whom."""

from django.db import migrations

from qamqor.store.ddl import sql


class Migration(migrations.Migration):
    dependencies = [("store", "0005_mentions")]
    operations = [
        sql(
            """create table access_subject (
                key {bigint} not null, patient {text} not null, primary key (key, patient))
                {clustered}""",
            "create index access_subject_patient on access_subject (patient, key)",
            undo="drop table access_subject",
        ),
        sql(
            """create table access_label (
                key {bigint} not null, label {text} not null, primary key (key, label))
                {clustered}""",
            undo="drop table access_label",
        ),
        sql(
            """create table access_relation (
                patient {text} not null, link {text} not null, key {bigint} not null,
                from_day {bigint} not null, until_day {bigint} not null,
                primary key (patient, link, key, from_day)) {clustered}""",
            "create index access_relation_link on access_relation (link, patient)",
            "create index access_relation_key on access_relation (key)",
            undo="drop table access_relation",
        ),
    ]
