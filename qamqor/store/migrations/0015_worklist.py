"""Where each person stands on the list of each role: made from their rows, in the same commit."""

from django.db import migrations

from qamqor.store.ddl import sql


class Migration(migrations.Migration):
    dependencies = [("store", "0014_drafts")]
    rebuilds = ("mentions", "due care")
    operations = [
        sql(
            """create table worklist (
                patient_id {text} not null, role {text} not null, area_id {text}, place_id {text},
                household {text}, owner {text}, programmes {text} not null, channel {text} not null,
                urgency {bigint} not null, needs {bigint} not null, due_on {text},
                late_from {bigint}, failed {bigint} not null, agreed_until {text},
                waiting_since {text}, done_on {text}, changed {bigint} not null,
                primary key (patient_id, role)) {clustered}""",
            "create index worklist_area on worklist (area_id, role)",
            "create index worklist_owner on worklist (owner) where owner is not null",
            undo="drop table worklist",
        ),
    ]
