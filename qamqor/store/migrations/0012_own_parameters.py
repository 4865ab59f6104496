"""Search parameters a node adds to those of FHIR R4."""

from django.db import migrations

from qamqor.store.ddl import sql


class Migration(migrations.Migration):
    dependencies = [("store", "0011_sign_in")]
    operations = [
        sql(
            """create table search_own (
                number integer primary key, resource_type {text} not null, code {text} not null,
                type {text} not null, path {text} not null, targets {text} not null,
                url {text} not null, filled_to {bigint} not null,
                unique (resource_type, code))""",
            "insert into node_counter (name, value) values ('parameters', 0)",
            "insert into node_counter (name, value) values ('parameter-number', 0)",
            undo="drop table search_own",
        ),
    ]
