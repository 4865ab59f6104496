"""The search index: values of resources by parameter, and keys of types in order.

Each table lies in the order in which it is asked (parameter, value, key) and has one index the
other way round (key, parameter), by which a condition on a known resource is checked and a
resource's rows are found.
"""

from django.db import migrations

from qamqor.store.ddl import sql

DOUBLE = "double precision"


class Migration(migrations.Migration):
    dependencies = [("store", "0009_glass")]
    operations = [
        sql(
            "create index fhir_resource_key on fhir_resource (type, key) where is_deleted = 0",
            undo="drop index fhir_resource_key",
        ),
        sql(
            """create table search_token (
                param integer not null, code {text} not null, key {bigint} not null,
                system {bigint} not null, primary key (param, code, key, system)) {clustered}""",
            "create index search_token_key on search_token (key, param)",
            undo="drop table search_token",
        ),
        sql(
            """create table search_label (
                param integer not null, label {bigint} not null, key {bigint} not null,
                primary key (param, label, key)) {clustered}""",
            "create table search_label_text (label {bigint} primary key, text {text} not null)",
            "create index search_label_text_text on search_label_text (text, label)",
            undo="drop table search_label",
        ),
        sql(
            """create table search_string (
                param integer not null, text {text} not null, key {bigint} not null,
                exact {text} not null, primary key (param, text, key, exact)) {clustered}""",
            "create index search_string_key on search_string (key, param)",
            undo="drop table search_string",
        ),
        sql(
            """create table search_date (
                param integer not null, low {bigint} not null, key {bigint} not null,
                high {bigint} not null, primary key (param, low, key, high)) {clustered}""",
            "create index search_date_key on search_date (key, param)",
            # What lasts longer than two days is rare and is found by its end.
            """create index search_date_long on search_date (param, high, key)
                where high - low > 172800000000""",
            undo="drop table search_date",
        ),
        sql(
            f"""create table search_quantity (
                param integer not null, low {DOUBLE} not null, key {{bigint}} not null,
                high {DOUBLE} not null, code {{text}} not null, system {{bigint}} not null,
                unit {{text}} not null, kind {{text}} not null, least {DOUBLE} not null,
                most {DOUBLE} not null,
                primary key (param, low, key, high, code, system, unit)) {{clustered}}""",
            "create index search_quantity_kind on search_quantity (param, kind, least, key)",
            "create index search_quantity_key on search_quantity (key, param)",
            undo="drop table search_quantity",
        ),
        sql(
            """create table search_reference (
                param integer not null, id {text} not null, key {bigint} not null,
                type {text} not null, primary key (param, id, key, type)) {clustered}""",
            "create index search_reference_key on search_reference (key, param)",
            undo="drop table search_reference",
        ),
        sql(
            """create table search_uri (
                param integer not null, uri {text} not null, key {bigint} not null,
                primary key (param, uri, key)) {clustered}""",
            "create index search_uri_key on search_uri (key, param)",
            undo="drop table search_uri",
        ),
        sql(
            f"""create table search_composite (
                param integer not null, code {{text}} not null, key {{bigint}} not null,
                place integer not null, system {{bigint}} not null, code2 {{text}} not null,
                system2 {{bigint}} not null, low {DOUBLE} not null, high {DOUBLE} not null,
                unit {{text}} not null, kind {{text}} not null, least {DOUBLE} not null,
                most {DOUBLE} not null, third_low {DOUBLE} not null, third_high {DOUBLE} not null,
                primary key (param, code, key, place)) {{clustered}}""",
            "create index search_composite_key on search_composite (key, param)",
            undo="drop table search_composite",
        ),
    ]
