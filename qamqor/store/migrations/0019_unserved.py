"""What is due beside a booking that is not for it, so that nobody stays hidden under it."""

from django.db import migrations

from qamqor.store.ddl import sql


def _list(more: str) -> str:
    return f"""create index worklist_list on worklist (area_id, role, needs, urgency, channel,
        late_from, failed, agreed_until, {more}waiting_since, done_on, due_on, household,
        place_id, owner, changed, patient_id)"""


class Migration(migrations.Migration):
    dependencies = [("store", "0018_tables")]
    rebuilds = ("due care",)
    operations = [
        sql("drop index worklist_list", undo=_list("")),
        sql(
            "alter table worklist add column unserved {bigint} not null default 0",
            undo="alter table worklist drop column unserved",
        ),
        sql(_list("unserved, "), undo="drop index worklist_list"),
    ]
