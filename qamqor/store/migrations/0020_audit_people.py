"""How far the index by person is: it may lag behind the chain."""

from django.db import migrations

from qamqor.store.ddl import sql


class Migration(migrations.Migration):
    dependencies = [("store", "0019_unserved")]
    operations = [
        sql(
            """insert into node_counter (name, value)
            select 'audit_people', value from node_counter where name = 'audit'""",
            undo="delete from node_counter where name = 'audit_people'",
        ),
    ]
