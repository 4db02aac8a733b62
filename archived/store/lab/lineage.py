"""What DataJoint 2 reads in `~lineage`: where each column comes from. It joins only what it finds there."""

from __future__ import annotations

from collections.abc import Container, Iterable

from archived.store.lab.connection import LabConnection
from archived.store.lab.inspecting import tables_of
from archived.store.lab.tables import EXPERIMENT, LINEAGE, SCHEMA, Table


def note_lineage(lab: LabConnection, tables: Iterable[Table], *, anew: Container[str]) -> None:
    """Write the lines of the tables that have none, and write those of the tables in `anew` anew.

    Lines that others wrote stay. Tables that an older DataJoint declared have none, so that a newer one could not
    join them.
    """
    name = lab.table(SCHEMA, LINEAGE)
    noted = {row[0] for row in lab.rows(f"SELECT DISTINCT table_name FROM {name}")}
    for table in tables:
        if table.name in noted and table.name not in anew:
            continue
        with lab.transaction():
            lab.change(f"DELETE FROM {name} WHERE table_name = %s", table.name)
            lab.many(
                f"INSERT INTO {name} (table_name, attribute_name, lineage) VALUES (%s, %s, %s)",
                _lines(lab, table),
            )


def _lines(lab: LabConnection, table: Table) -> list[tuple[str, str, str]]:
    """One for each column of the key, and for each that refers to another table."""
    referring = {name for each in table.references for name in each.columns}
    return [
        (table.name, column.name, _origin(lab, table, column.name))
        for column in table.columns
        if column.name in referring or column.name in table.key
    ]


def _origin(lab: LabConnection, table: Table, column: str) -> str:
    """`schema.table.attribute` of where a column was first declared."""
    reference = next((each for each in table.references if column in each.columns), None)
    if reference is None:
        return f"{lab.prefix}{SCHEMA}.{table.name}.{column}"
    schema = reference.schema
    if LINEAGE in tables_of(lab, schema):
        rows = lab.rows(
            f"SELECT lineage FROM {lab.table(schema, LINEAGE)} WHERE table_name = %s AND attribute_name = %s",
            reference.table,
            column,
        )
        if rows:
            return str(rows[0][0])
    if schema == EXPERIMENT and column == "subject_id":
        # The sessions' own column comes from the animals.
        return f"{lab.prefix}lab.subject.{column}"
    return f"{lab.prefix}{schema}.{reference.table}.{column}"
