"""Subjects, discovery, retrieval, records, and what a shared store must know of each rig."""

from __future__ import annotations

from typing import Any

from peewee import (
    AutoField,
    BigIntegerField,
    CharField,
    CompositeKey,
    Field,
    ForeignKeyField,
    IntegerField,
    Model,
    SmallIntegerField,
    TextField,
)


class NameField(Field):
    """Text that is compared byte by byte; see `archived.store.fields`."""

    field_type = "NAME"


def up(migrator: Any, database: Any) -> None:
    """Create the new tables, and bring the old ones up to date."""

    class Rig(Model):
        id = AutoField()

        class Meta:
            table_name = "rig"

    class DatasetRow(Model):
        id = AutoField()

        class Meta:
            table_name = "dataset"

    class BatchRow(Model):
        id = AutoField()

        class Meta:
            table_name = "batch"

    class FileRow(Model):
        id = AutoField()

        class Meta:
            table_name = "file"

    class RetrievalRow(Model):
        id = AutoField()
        rig = ForeignKeyField(Rig, index=False)
        name = CharField(max_length=64, unique=True)
        location = NameField()
        destination = NameField()
        asked_by = TextField()
        asked_for = TextField()
        created_at = BigIntegerField()
        ended_at = BigIntegerField(null=True)

        class Meta:
            table_name = "retrieval"
            indexes = ((("rig", "ended_at"), False),)

    class SubjectRow(Model):
        rig = ForeignKeyField(Rig, index=False)
        source = CharField(max_length=16)
        h2o = NameField(index=True)
        subject = NameField(index=True)
        precedence = SmallIntegerField()
        details = TextField()
        at = BigIntegerField()

        class Meta:
            table_name = "subject"
            primary_key = CompositeKey("rig", "source", "h2o")

    class RetrievalFileRow(Model):
        retrieval = ForeignKeyField(RetrievalRow, index=False)
        file = ForeignKeyField(FileRow)
        state = CharField(max_length=16)
        reason = TextField()
        batch = ForeignKeyField(BatchRow, null=True)
        attempts = IntegerField()
        due = BigIntegerField(null=True)
        copy_size = BigIntegerField(null=True)
        copy_mtime_ns = BigIntegerField(null=True)

        class Meta:
            table_name = "retrieval_file"
            primary_key = CompositeKey("retrieval", "file")

    class RecordRow(Model):
        dataset = ForeignKeyField(DatasetRow, primary_key=True)
        rig = ForeignKeyField(Rig, index=False)
        revision = IntegerField()
        state = CharField(max_length=16)
        reason = TextField()
        attempts = IntegerField()
        due = BigIntegerField()
        known = SmallIntegerField()
        batch = ForeignKeyField(BatchRow, null=True)

        class Meta:
            table_name = "record"
            indexes = ((("rig", "state", "due"), False),)

    class DigestRow(Model):
        file = ForeignKeyField(FileRow, primary_key=True)
        size = BigIntegerField()
        mtime_ns = BigIntegerField()
        sha256 = CharField(max_length=64, null=True)
        why = TextField()

        class Meta:
            table_name = "digest"

    class DiscoveryRow(Model):
        id = AutoField()
        rig = ForeignKeyField(Rig, index=False)
        location = NameField()
        below = NameField()
        dry_run = SmallIntegerField()
        started_at = BigIntegerField()
        ended_at = BigIntegerField(null=True)
        in_both = BigIntegerField()
        unrecognised = BigIntegerField()
        doubted = BigIntegerField()
        archived_files = BigIntegerField(null=True)

        class Meta:
            table_name = "discovery"
            indexes = ((("rig", "location", "ended_at"), False),)

    class DiscoveryFolderRow(Model):
        discovery = ForeignKeyField(DiscoveryRow, index=False)
        path = NameField()
        state = CharField(max_length=16)
        reason = TextField()

        class Meta:
            table_name = "discovery_folder"
            primary_key = CompositeKey("discovery", "path")
            indexes = ((("discovery", "state"), False),)

    class DiscoveryFindingRow(Model):
        discovery = ForeignKeyField(DiscoveryRow, index=False)
        path = NameField()
        kind = CharField(max_length=16)
        size = BigIntegerField(null=True)
        known_size = BigIntegerField(null=True)
        reason = TextField()

        class Meta:
            table_name = "discovery_finding"
            primary_key = CompositeKey("discovery", "path")
            indexes = ((("discovery", "kind"), False),)

    tables = (
        RetrievalRow,
        SubjectRow,
        RetrievalFileRow,
        RecordRow,
        DigestRow,
        DiscoveryRow,
        DiscoveryFolderRow,
        DiscoveryFindingRow,
    )
    stubs = (Rig, DatasetRow, BatchRow, FileRow)
    with database.bind_ctx((*stubs, *tables), bind_refs=False, bind_backrefs=False):
        database.create_tables(tables)
    # What was archived before is told to the archive as well. On MariaDB an interrupted run is gone through again.
    database.execute_sql(
        "INSERT INTO record (dataset_id, rig_id, revision, state, reason, attempts, due, known) "
        "SELECT id, rig_id, revision, 'owed', '', 0, COALESCE(archived_at, first_seen), 0 "
        "FROM dataset WHERE state = 'archived' "
        "AND NOT EXISTS (SELECT 1 FROM record WHERE record.dataset_id = dataset.id)"
    )
    migrator.migrate(
        migrator.drop_column("dataset", "subject"),
        migrator.add_column("rig", "host", TextField(null=True)),
        migrator.add_column("rig", "version", TextField(null=True)),
        migrator.add_column("file", "found_mtime_ns", BigIntegerField(null=True)),
        migrator.add_column("file", "found_size", BigIntegerField(null=True)),
        migrator.add_column(
            "batch",
            "retrieval_id",
            ForeignKeyField(RetrievalRow, field=RetrievalRow.id, null=True, index=False),
        ),
    )
