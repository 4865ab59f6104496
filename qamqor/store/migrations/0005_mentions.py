"""Which resources speak of which person."""

from django.db import migrations

from qamqor.store.ddl import sql


class Migration(migrations.Migration):
    dependencies = [("store", "0004_jobs")]
    operations = [
        sql(
            """create table mention (
                target {text} not null, key {bigint} not null, primary key (target, key))
                {clustered}""",
            undo="drop table mention",
        ),
    ]
