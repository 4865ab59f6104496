"""Where each referral stands, so that lists of them need no search."""

from django.db import migrations

from qamqor.store.ddl import sql

DAYS = "sent_on {text} not null, booked_on {text} not null, seen_on {text} not null, \
    replied_on {text} not null, closed_on {text} not null"


class Migration(migrations.Migration):
    dependencies = [("store", "0012_own_parameters")]
    rebuilds = ("referrals",)
    operations = [
        sql(
            f"""create table referral_way (
                request_id {{text}} primary key, task_id {{text}} not null,
                patient_id {{text}} not null, area_id {{text}} not null, state {{text}} not null,
                asked {{text}} not null, way {{text}} not null, priority {{text}} not null,
                code {{text}} not null, requester {{text}} not null, performer {{text}} not null,
                is_advice {{bigint}} not null, {DAYS})""",
            "create index referral_way_area on referral_way (area_id, state, sent_on)",
            "create index referral_way_performer on referral_way (performer, state, sent_on)",
            "create index referral_way_patient on referral_way (patient_id)",
            undo="drop table referral_way",
        ),
    ]
