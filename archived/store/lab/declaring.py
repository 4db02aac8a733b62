"""Making the tables of the mirror that are not there. What is there is never altered or dropped."""

from __future__ import annotations

from collections.abc import Mapping

from archived.core.mirror import LINKED
from archived.errors import LabTablesError
from archived.store.lab.connection import LabConnection
from archived.store.lab.inspecting import FoundTable, refuse_misfits, tables_of
from archived.store.lab.lineage import note_lineage
from archived.store.lab.tables import (
    EXPERIMENT,
    LINEAGE_TABLE,
    LINKS,
    MIRROR,
    NOTES_TABLE,
    SCHEMA,
    SESSION,
    Column,
    Reference,
    Table,
    by_name,
)

_COLLATION = "utf8mb4_bin"
"""Names are compared byte by byte, as on disk."""

_SESSION_COLUMNS = {"subject_id", "session", "session_date"}


class Declaration:
    """The tables that there are, and those that are missing."""

    def __init__(self, lab: LabConnection) -> None:
        """Look at them. Raises `LabTablesError` where those that are there will not do."""
        self._lab = lab
        self.found: dict[str, FoundTable] = tables_of(lab, SCHEMA)
        self._experiment = tables_of(lab, EXPERIMENT)
        refuse_misfits(lab, self.found)

    @property
    def has_sessions(self) -> bool:
        """Whether the lab has a table of sessions that we may read."""
        session = self._experiment.get(SESSION)
        return session is not None and session.columns.keys() >= _SESSION_COLUMNS

    def linked(self) -> frozenset[str]:
        """The types of datasets that have, or will have, a table which links them to sessions."""
        names = {table.name for table in self._wanted()} | self.found.keys()
        return frozenset(of_type for of_type, table in LINKED.items() if table in names)

    def missing(self) -> list[str]:
        """The names of the tables that would be made, but for the hidden ones."""
        return [table.name for table in self._wanted() if table.name not in self.found]

    def make(self) -> None:
        """Make what is missing. Raises `LabDatabaseError`."""
        missing = [each for each in self._wanted() if each.name not in self.found]
        if not self.found:
            self._make_schema()
        self._make(LINEAGE_TABLE)
        self._make(NOTES_TABLE)
        known = by_name()
        there = [known[each] for each in known if each in self.found]
        # First, so that no end of this program leaves a table that DataJoint cannot join.
        note_lineage(self._lab, [*there, *missing], anew={each.name for each in missing})
        for table in missing:
            self._make(table)

    def _wanted(self) -> tuple[Table, ...]:
        # A user who may only read the sessions does not see their key, and could not refer to it.
        refers = self.has_sessions and self._experiment[SESSION].key == ("subject_id", "session")
        return (*MIRROR, *LINKS) if refers else MIRROR

    def _make_schema(self) -> None:
        lab = self._lab
        name = lab.prefix + SCHEMA
        if lab.rows("SELECT 1 FROM information_schema.schemata WHERE schema_name = %s", name):
            return
        kind = "DATABASE" if lab.backend == "mysql" else "SCHEMA"
        lab.change(f"CREATE {kind} IF NOT EXISTS {lab.quoted(name)}")

    def _make(self, table: Table) -> None:
        if table.name in self.found:
            return
        if self._lab.backend == "mysql":
            self._lab.change(self._mysql(table))
        else:
            with self._lab.transaction():
                for statement in self._postgresql(table):
                    self._lab.change(statement)
        self.found = tables_of(self._lab, SCHEMA)

    def _mysql(self, table: Table) -> str:
        lab = self._lab
        lines = [
            f"{lab.quoted(column.name)} {self._type(table, column)} NOT NULL COMMENT '{column.comment}'"
            for column in table.columns
        ]
        return (
            f"CREATE TABLE IF NOT EXISTS {lab.table(SCHEMA, table.name)} "
            f"({', '.join([*lines, *self._constraints(table)])}) ENGINE = InnoDB "
            f"DEFAULT CHARACTER SET utf8mb4 COLLATE {_COLLATION} COMMENT = '{table.comment}'"
        )

    def _postgresql(self, table: Table) -> list[str]:
        lab = self._lab
        name = lab.table(SCHEMA, table.name)
        lines = [
            f"{lab.quoted(column.name)} {self._type(table, column)} NOT NULL"
            for column in table.columns
        ]
        return [
            f"CREATE TABLE IF NOT EXISTS {name} ({', '.join([*lines, *self._constraints(table)])})",
            *(
                f"CREATE INDEX ON {name} ({self._names(reference.columns)})"
                for reference in table.references
                if table.key[: len(reference.columns)] != reference.columns
            ),
            f"COMMENT ON TABLE {name} IS '{table.comment}'",
            *(
                f"COMMENT ON COLUMN {name}.{lab.quoted(column.name)} IS '{column.comment}'"
                for column in table.columns
                if column.comment
            ),
        ]

    def _constraints(self, table: Table) -> list[str]:
        return [
            f"PRIMARY KEY ({self._names(table.key)})",
            *(
                f"FOREIGN KEY ({self._names(reference.columns)}) REFERENCES "
                f"{self._lab.table(reference.schema, reference.table)} ({self._names(reference.columns)}) "
                "ON UPDATE CASCADE ON DELETE RESTRICT"
                for reference in table.references
            ),
        ]

    def _names(self, columns: tuple[str, ...]) -> str:
        return ", ".join(self._lab.quoted(each) for each in columns)

    def _type(self, table: Table, column: Column) -> str:
        """The type, or exactly that of the column that it refers to; a server refuses the reference otherwise."""
        if column.type:
            return column.type
        reference = _reference(table, column.name)
        tables: Mapping[str, FoundTable] = (
            self._experiment if reference.schema == EXPERIMENT else self.found
        )
        target = tables[reference.table].columns.get(column.name)
        if target is None:
            raise LabTablesError(f"{reference.schema}.{reference.table} has no {column.name}")
        if not target.collation:
            return target.type
        return f"{target.type} CHARACTER SET {target.charset} COLLATE {target.collation}"


def _reference(table: Table, column: str) -> Reference:
    return next(each for each in table.references if column in each.columns)
