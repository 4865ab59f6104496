"""Every version of every resource, and the counters of the node."""

from django.db import migrations

from qamqor.store.ddl import sql


class Migration(migrations.Migration):
    dependencies = [("store", "0001_accounts")]
    operations = [
        sql(
            """create table fhir_change (
                sequence {bigint} primary key, type {text} not null, id {text} not null,
                version {bigint} not null, method {text} not null, at {bigint} not null,
                content {text})""",
            "create unique index fhir_change_version on fhir_change (type, id, version)",
            undo="drop table fhir_change",
        ),
        sql(
            """create table fhir_resource (
                key {bigint} primary key, type {text} not null, id {text} not null,
                version {bigint} not null, sequence {bigint} not null, at {bigint} not null,
                is_deleted {bigint} not null)""",
            "create unique index fhir_resource_id on fhir_resource (type, id)",
            "create index fhir_resource_at on fhir_resource (type, is_deleted, at, key)",
            "create index fhir_resource_all on fhir_resource (type, key)",
            undo="drop table fhir_resource",
        ),
        sql(
            "create table node_counter (name {text} primary key, value {bigint} not null)",
            "insert into node_counter (name, value) values ('sequence', 0)",
            undo="drop table node_counter",
        ),
    ]
