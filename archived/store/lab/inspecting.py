"""What the tables of the lab are like: which there are, what their columns hold, and whether they will do."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace

from archived.core.dataclass import dataclass
from archived.core.mirror import Columns, TextColumn
from archived.errors import LabTablesError
from archived.store.lab.connection import LabConnection
from archived.store.lab.tables import (
    DATASET_TYPES,
    DATASETS,
    FILE_TYPES,
    FILES,
    LOCATIONS,
    SCHEMA,
    Table,
    by_name,
)

_TEXT = frozenset({"varchar", "character varying", "char", "character", "text", "bpchar"})


@dataclass(frozen=True, slots=True)
class FoundColumn:
    """One column as the server describes it."""

    type: str
    """As it would be declared again."""
    base: str
    width: int | None
    needed: bool
    """Whether a row cannot be inserted without a value for it."""
    charset: str = "utf8mb4"
    collation: str = ""

    @property
    def text(self) -> TextColumn | None:
        """What it can hold, where it holds text."""
        if self.base.lower() not in _TEXT:
            return None
        width = None if self.base.lower() == "text" else self.width
        collation = self.collation.lower()
        # Those of the Unicode Collation Algorithm 9 compare blanks at the end, as do those that say so.
        compares = not collation or "nopad" in collation or "_0900_" in collation
        return TextColumn(width, self.charset, folds=collation.endswith("_ci"), pads=not compares)


@dataclass(frozen=True, slots=True)
class FoundTable:
    """One table as the server describes it."""

    columns: Mapping[str, FoundColumn]
    key: tuple[str, ...]


def tables_of(lab: LabConnection, schema: str) -> dict[str, FoundTable]:
    """Every table of a schema (named without the prefix) that this user may see; none where there is no schema."""
    more = (
        "column_type, character_set_name, collation_name, extra"
        if lab.backend == "mysql"
        else "data_type, NULL, NULL, CASE WHEN is_identity = 'YES' THEN 'auto' ELSE '' END"
    )
    columns: defaultdict[str, dict[str, FoundColumn]] = defaultdict(dict)
    for row in lab.rows(
        "SELECT table_name, column_name, data_type, character_maximum_length, is_nullable, column_default, "
        f"{more} FROM information_schema.columns WHERE table_schema = %s ORDER BY ordinal_position",
        lab.prefix + schema,
    ):
        table, name, base, width, nullable, default, full, charset, collation, extra = row
        declared = f"{base}({width})" if lab.backend == "postgresql" and width else full
        columns[table][name] = FoundColumn(
            type=str(declared),
            base=base,
            width=None if width is None else int(width),
            needed=nullable == "NO" and default is None and not extra,
            charset=charset or "utf8mb4",
            collation=collation or "",
        )
    keys: defaultdict[str, list[str]] = defaultdict(list)
    for table, name in lab.rows(
        "SELECT k.table_name, k.column_name FROM information_schema.table_constraints c "
        "JOIN information_schema.key_column_usage k ON k.constraint_schema = c.constraint_schema "
        "AND k.constraint_name = c.constraint_name AND k.table_name = c.table_name "
        "WHERE c.constraint_type = 'PRIMARY KEY' AND c.table_schema = %s AND k.table_schema = %s "
        "ORDER BY k.table_name, k.ordinal_position",
        lab.prefix + schema,
        lab.prefix + schema,
    ):
        keys[table].append(name)
    return {table: FoundTable(found, tuple(keys[table])) for table, found in columns.items()}


def refuse_misfits(lab: LabConnection, found: Mapping[str, FoundTable]) -> None:
    """Raise `LabTablesError` with everything that keeps the tables that are there from being used as they are."""
    misfits = [
        f"{lab.prefix}{SCHEMA}.{name} {misfit}"
        for name, table in by_name().items()
        if name in found
        for misfit in _misfits(table, found[name])
    ]
    if misfits:
        raise LabTablesError(
            f"tables of the lab's database are not such as map-ephys declared them, so nothing is mirrored, and they "
            f"are left as they are: {'; '.join(misfits)}",
            what_to_do="compare them with docs/DATAJOINT.md, or choose another `prefix` in [datajoint]",
        )


def _misfits(table: Table, found: FoundTable) -> list[str]:
    wanted = {column.name: column for column in table.columns}
    misfits = [f"has no column {name}" for name in wanted if name not in found.columns]
    for name, column in found.columns.items():
        if name not in wanted and column.needed:
            misfits.append(f"needs a value for its column {name}, and we have none")
        elif name in wanted and wanted[name].type.startswith("varchar") and column.text is None:
            misfits.append(f"has {name} as {column.type}, and not as text")
    if set(found.key) != set(table.key):
        key = ", ".join(found.key) or "none"
        misfits.append(f"has the key ({key}) instead of ({', '.join(table.key)})")
    return misfits


def columns_of(found: Mapping[str, FoundTable], backend: str) -> Columns:
    """What the text columns hold; those of tables that are still to be made, as they will be made."""
    usual = Columns()

    def text(table: str, column: str, otherwise: TextColumn) -> TextColumn:
        there = found.get(table)
        described = there.columns[column].text if there and column in there.columns else None
        return described or replace(otherwise, pads=backend == "mysql")

    return Columns(
        location=text(LOCATIONS, "globus_alias", usual.location),
        name=text(DATASETS, "dataset_name", usual.name),
        dataset_type=text(DATASET_TYPES, "dataset_type", usual.dataset_type),
        subpath=text(FILES, "file_subpath", usual.subpath),
        file_type=text(FILE_TYPES, "file_type", usual.file_type),
    )
