"""Who broke the glass of whose record, why, and what the review said."""

from django.db import migrations

from qamqor.store.ddl import sql


class Migration(migrations.Migration):
    dependencies = [("store", "0008_derived")]
    operations = [
        sql(
            """create table access_glass (
                id {text} primary key, account {bigint} not null, agent {text} not null,
                role {text} not null, organization {text} not null, patient {text} not null,
                reason {text} not null, opened_at {bigint} not null, until_at {bigint} not null,
                review_by {bigint} not null, reviewed_at {bigint}, reviewed_by {text},
                verdict {text})""",
            "create index access_glass_account on access_glass (account, until_at)",
            "create index access_glass_review on access_glass (reviewed_at, review_by)",
            undo="drop table access_glass",
        ),
    ]
