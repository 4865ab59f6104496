"""Long work that a client asked for."""

from django.db import migrations

from qamqor.store.ddl import sql


class Migration(migrations.Migration):
    dependencies = [("store", "0003_people")]
    operations = [
        sql(
            """create table fhir_job (
                id {text} primary key, client {text} not null, state {text} not null,
                asked {json} not null, so_far {json} not null,
                created_at {bigint} not null, seen_at {bigint} not null)""",
            undo="drop table fhir_job",
        ),
    ]
