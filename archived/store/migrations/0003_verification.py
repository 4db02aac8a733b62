"""When the archive's copy of each file was last looked at, and how; what is fetched to be compared; and the digests of
folders in which nothing differed from what was known."""

from __future__ import annotations

from typing import Any

from peewee import (
    AutoField,
    BigIntegerField,
    CharField,
    CompositeKey,
    ForeignKeyField,
    Model,
    SmallIntegerField,
)


def up(migrator: Any, database: Any) -> None:
    """Create the new tables; what was archived before was never looked at."""

    class Rig(Model):
        id = AutoField()

        class Meta:
            table_name = "rig"

    class BatchRow(Model):
        id = AutoField()

        class Meta:
            table_name = "batch"

    class FileRow(Model):
        id = AutoField()

        class Meta:
            table_name = "file"

    class VerificationRow(Model):
        file = ForeignKeyField(FileRow, primary_key=True)
        rig = ForeignKeyField(Rig, index=False)
        at = BigIntegerField()
        how = CharField(max_length=16)
        verdict = CharField(max_length=32)
        content_at = BigIntegerField(null=True)
        content = CharField(max_length=16)
        algorithm = CharField(max_length=16, null=True)
        checksum = CharField(max_length=160, null=True)

        class Meta:
            table_name = "verification"
            indexes = ((("rig", "at"), False),)

    class VerificationFileRow(Model):
        batch = ForeignKeyField(BatchRow, index=False)
        file = ForeignKeyField(FileRow)
        copied = SmallIntegerField()
        audit = SmallIntegerField()

        class Meta:
            table_name = "verification_file"
            primary_key = CompositeKey("batch", "file")

    tables = (VerificationRow, VerificationFileRow)
    with database.bind_ctx((Rig, BatchRow, FileRow, *tables), bind_refs=False, bind_backrefs=False):
        database.create_tables(tables)
    migrator.migrate(
        migrator.add_column("rig", "changes", BigIntegerField(null=True)),
        migrator.add_column("discovery", "audit", SmallIntegerField(null=True)),
        migrator.add_column("folder", "listing", CharField(max_length=32, null=True)),
    )
    # By the names that the models give them.
    database.execute_sql("CREATE INDEX folderrow_dataset_id ON folder (dataset_id)")
    # What is new of one rig, among the events of many: there may be nothing for weeks.
    database.execute_sql("CREATE INDEX eventrow_rig_id_id ON event (rig_id, id)")
