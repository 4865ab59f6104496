"""Everything that orders a list in one index, so that no row is looked up to count or to order."""

from django.db import migrations

from qamqor.store.ddl import sql


class Migration(migrations.Migration):
    dependencies = [("store", "0016_shapes")]
    operations = [
        sql(
            """create index worklist_list on worklist (area_id, role, needs, urgency, channel,
                late_from, failed, agreed_until, waiting_since, done_on, due_on, household,
                place_id, owner, changed, patient_id)""",
            "drop index worklist_area",
            undo="drop index worklist_list",
        ),
    ]
