"""The rows of one rig copied for many others by a PostgreSQL server itself, ids and names moved on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import peewee

from archived.store.schema import TABLES


def copies(connection: Any, rigs: int) -> Iterator[str]:
    """Statements after which a store that knew one rig knows so many, with as many rows each.

    For who may put constraints between tables off: they hold for copies as they do for what is copied.
    """
    yield "SET session_replication_role = replica"
    ids = {
        model: connection.execute(
            f"SELECT COALESCE(max(id) - min(id), 0) + 1 FROM {model._meta.table_name}"
        ).fetchone()[0]
        for model in TABLES
        if isinstance(model._meta.primary_key, peewee.AutoField)
    }
    for model in TABLES:
        table, fields = model._meta.table_name, model._meta.sorted_fields
        columns = ", ".join(f'"{each.column_name}"' for each in fields)
        values = ", ".join(_moved(each, model, ids) for each in fields)
        yield (
            f"INSERT INTO {table} ({columns}) SELECT {values} FROM generate_series(1, {rigs - 1}) g, "
            # In the order of their ids, so that indexes grow at one end.
            f"(SELECT * FROM {table}) own ORDER BY g"
        )
        if model in ids:
            sequence = f"pg_get_serial_sequence('{table}', 'id')"
            yield f"SELECT setval({sequence}, (SELECT COALESCE(max(id), 0) + 1 FROM {table}))"


def _moved(field: Any, model: type[peewee.Model], ids: dict[type[peewee.Model], int]) -> str:
    """The value of a column in the copy with the number `g`; `ids` is how far those of each table reach."""
    column = f'"{field.column_name}"'
    if isinstance(field, peewee.ForeignKeyField):
        return f"{column} + g * {ids[field.rel_model]}"
    if isinstance(field, peewee.AutoField):
        return f"{column} + g * {ids[model]}"
    if field.unique and not isinstance(field, peewee.IntegerField):
        return f"{column} || '-' || g"
    return column
