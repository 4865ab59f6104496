"""What somebody has typed about a person and not yet put into the record."""

from django.db import migrations

from qamqor.store.ddl import sql


class Migration(migrations.Migration):
    dependencies = [("store", "0013_referrals")]
    operations = [
        sql(
            """create table draft (
                id {text} primary key, kind {text} not null, account {bigint} not null,
                agent {text} not null, patient {text} not null, version {bigint} not null,
                content {text} not null, began_at {bigint} not null, saved_at {bigint} not null)""",
            "create index draft_person on draft (patient, kind)",
            undo="drop table draft",
        ),
    ]
