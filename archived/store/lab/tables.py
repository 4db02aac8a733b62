"""The tables of the mirror, as map-ephys declared them: columns, keys, and what refers to what."""

from __future__ import annotations

from dataclasses import field

from archived.core.dataclass import dataclass

SCHEMA = "publication"
"""The schema of the mirror, without the prefix."""

EXPERIMENT, SESSION = "experiment", "session"
"""The schema (without the prefix) and the table of the lab's sessions."""

LOCATIONS = "#globus_storage_location"
DATASET_TYPES = "#data_set_type"
FILE_TYPES = "#file_type"
DATASETS = "data_set"
FILES = "data_set__physical_file"
LINEAGE = "~lineage"
NOTES = "~archived_mirror"


@dataclass(frozen=True, slots=True)
class Column:
    """One column, never NULL. Where `type` is "", it is that of the column that it refers to."""

    name: str
    type: str = ""
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Reference:
    """Columns that refer to columns of the same names in another table; `schema` is without the prefix."""

    columns: tuple[str, ...]
    table: str
    schema: str = SCHEMA


@dataclass(frozen=True, slots=True)
class Table:
    """One table. The comments are plain text: one that begins like `:type:` would be no comment to DataJoint."""

    name: str
    comment: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    references: tuple[Reference, ...] = field(default=())


def _linked(name: str, comment: str) -> Table:
    """A table that links datasets to sessions."""
    return Table(
        name,
        comment,
        tuple(Column(each) for each in ("subject_id", "session", "globus_alias", "dataset_name")),
        ("subject_id", "session", "globus_alias", "dataset_name"),
        (
            Reference(("subject_id", "session"), SESSION, EXPERIMENT),
            Reference(("globus_alias", "dataset_name"), DATASETS),
        ),
    )


MIRROR = (
    Table(
        LOCATIONS,
        "where recordings are archived",
        (
            Column("globus_alias", "varchar(32)", "name of the storage location"),
            Column(
                "globus_endpoint", "varchar(255)", "id of the collection; empty for a directory"
            ),
            Column("globus_path", "varchar(1024)", "path within the collection"),
        ),
        ("globus_alias",),
    ),
    Table(
        DATASET_TYPES,
        "kinds of datasets",
        (Column("dataset_type", "varchar(64)"),),
        ("dataset_type",),
    ),
    Table(
        FILE_TYPES,
        "kinds of files",
        (
            Column("file_type", "varchar(32)", "short name"),
            Column("file_glob", "varchar(64)", "what names of such files look like"),
            Column("file_descr", "varchar(255)", "what it is"),
        ),
        ("file_type",),
    ),
    Table(
        DATASETS,
        "archived datasets",
        (
            Column("globus_alias"),
            Column("dataset_name", "varchar(128)", "of a session, or the path of the recording"),
            Column("dataset_type"),
        ),
        ("globus_alias", "dataset_name"),
        (Reference(("globus_alias",), LOCATIONS), Reference(("dataset_type",), DATASET_TYPES)),
    ),
    Table(
        FILES,
        "files of archived datasets",
        (
            Column("globus_alias"),
            Column("dataset_name"),
            Column("file_subpath", "varchar(128)", "path below the path of the storage location"),
            Column("file_type"),
        ),
        ("globus_alias", "dataset_name", "file_subpath"),
        (
            Reference(("globus_alias", "dataset_name"), DATASETS),
            Reference(("file_type",), FILE_TYPES),
        ),
    ),
)
"""Every table that the mirror needs, each after those that it refers to."""

LINKS = (
    _linked("_archived_raw_ephys", "archived electrophysiology by session"),
    _linked("_archived_tracking_video", "archived tracking videos by session"),
)
"""Tables that can be there only where the lab has a table of sessions."""

LINEAGE_TABLE = Table(
    LINEAGE,
    "",
    (
        Column("table_name", "varchar(64)", "table name within the schema"),
        Column("attribute_name", "varchar(64)", "attribute name"),
        Column("lineage", "varchar(255)", "origin: schema.table.attribute"),
    ),
    ("table_name", "attribute_name"),
)
"""Where DataJoint 2 reads which attributes are the same; without it, it joins nothing."""

NOTES_TABLE = Table(
    NOTES,
    "what archived put into these tables",
    (
        Column("source", "char(64)", "hash of the name of the dataset in archived"),
        Column("rig", "varchar(255)", "whose catalogue has it"),
        Column("globus_alias", "varchar(255)"),
        Column("dataset_name", "varchar(255)"),
        Column("revision", "integer", "that is here whole; 0 while it is not"),
        Column("ours", "smallint", "1 where archived made the row of data_set"),
    ),
    ("source",),
)
"""Our own notes; a name that begins with `~` is hidden from DataJoint's users. Without references, as nothing that
the lab does to its rows may fail for our notes."""


def by_name() -> dict[str, Table]:
    """Every table of the mirror."""
    return {table.name: table for table in (*MIRROR, *LINKS)}
