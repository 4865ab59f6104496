"""Which tables of care the rows of people were made by, so that other tables make them again."""

from django.db import migrations

from qamqor.store.ddl import sql


class Migration(migrations.Migration):
    dependencies = [("store", "0017_worklist_list")]
    operations = [
        # 0 is no tables: nobody knows by which an older version made the rows that are there.
        sql(
            "insert into node_counter (name, value) values ('tables', 0)",
            undo="delete from node_counter where name = 'tables'",
        ),
    ]
