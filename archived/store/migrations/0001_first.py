"""The first schema. A frozen copy: later changes are migrations of their own."""

from __future__ import annotations

from typing import Any

from peewee import (
    AutoField,
    BigIntegerField,
    CharField,
    CompositeKey,
    DoubleField,
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
    """Create all tables."""

    class Rig(Model):
        id = AutoField()
        name = NameField(unique=True)
        pid = IntegerField(null=True)
        since = BigIntegerField(null=True)
        last_tick = BigIntegerField(null=True)

        class Meta:
            table_name = "rig"

    class Root(Model):
        id = AutoField()
        rig = ForeignKeyField(Rig, index=False)
        name = NameField()

        class Meta:
            table_name = "root"
            indexes = ((("rig", "name"), True),)

    class DatasetRow(Model):
        id = AutoField()
        rig = ForeignKeyField(Rig, index=False)
        root = ForeignKeyField(Root, index=False)
        location = NameField()
        path = NameField()
        convention = TextField()
        state = CharField(max_length=16)
        reason = TextField()
        h2o = NameField(null=True)
        subject = NameField(null=True)
        recorded_on = CharField(max_length=10, null=True)
        ident = TextField(null=True)
        fields = TextField()
        revision = IntegerField()
        attempts = IntegerField()
        due = BigIntegerField(null=True)
        first_seen = BigIntegerField()
        changed_at = BigIntegerField()
        state_since = BigIntegerField()
        archived_at = BigIntegerField(null=True)
        accepted = SmallIntegerField()
        held_from = CharField(max_length=16, null=True)
        files = IntegerField()
        bytes = BigIntegerField()

        class Meta:
            table_name = "dataset"
            indexes = (
                (("rig", "location", "path"), True),
                (("rig", "state", "changed_at"), False),
                (("rig", "h2o"), False),
            )

    class BatchRow(Model):
        id = AutoField()
        rig = ForeignKeyField(Rig, index=False)
        name = CharField(max_length=64, unique=True)
        location = NameField()
        direction = CharField(max_length=16)
        state = CharField(max_length=16)
        created_at = BigIntegerField()
        state_since = BigIntegerField()
        files = IntegerField()
        bytes = BigIntegerField()
        submission_id = CharField(max_length=64, null=True)
        mover_task = TextField(null=True)
        deadline = BigIntegerField(null=True)
        attempts = IntegerField()
        due = BigIntegerField(null=True)
        files_done = IntegerField()
        bytes_done = BigIntegerField()
        rate = DoubleField(null=True)
        nice_status = TextField()
        reason = TextField()

        class Meta:
            table_name = "batch"
            indexes = ((("rig", "state"), False),)

    class FileRow(Model):
        id = AutoField()
        dataset = ForeignKeyField(DatasetRow, index=False)
        name = NameField()
        size = BigIntegerField()
        mtime_ns = BigIntegerField()
        ctime_ns = BigIntegerField()
        inode = BigIntegerField()
        file_type = TextField()
        state = CharField(max_length=16)
        reason = TextField()
        fault = CharField(max_length=32)
        settled = SmallIntegerField()
        missing = SmallIntegerField()
        absent = SmallIntegerField()
        overwrite = SmallIntegerField()
        submitted = IntegerField()
        external_algorithm = CharField(max_length=16, null=True)
        external_checksum = CharField(max_length=160, null=True)
        archived_size = BigIntegerField(null=True)
        archived_mtime_ns = BigIntegerField(null=True)
        batch = ForeignKeyField(BatchRow, null=True, index=False)

        class Meta:
            table_name = "file"
            indexes = ((("dataset", "name"), True),)

    class FolderRow(Model):
        root = ForeignKeyField(Root, index=False)
        path = NameField()
        mtime_ns = BigIntegerField()
        subfolders = TextField()
        dataset = ForeignKeyField(DatasetRow, null=True, index=False)

        class Meta:
            table_name = "folder"
            primary_key = CompositeKey("root", "path")

    class BatchFileRow(Model):
        batch = ForeignKeyField(BatchRow, index=False)
        file = ForeignKeyField(FileRow)
        size = BigIntegerField()
        mtime_ns = BigIntegerField()
        ctime_ns = BigIntegerField()
        inode = BigIntegerField()
        external_algorithm = CharField(max_length=16, null=True)
        external_checksum = CharField(max_length=160, null=True)
        submitted = IntegerField()
        overwrite = SmallIntegerField()
        released = SmallIntegerField()
        live_file_id = IntegerField(null=True, unique=True)

        class Meta:
            table_name = "batch_file"
            primary_key = CompositeKey("batch", "file")

    class ReceiptRow(Model):
        id = AutoField()
        file = ForeignKeyField(FileRow, index=False)
        batch = ForeignKeyField(BatchRow, null=True, index=False)
        revision = IntegerField()
        size = BigIntegerField()
        mtime_ns = BigIntegerField()
        algorithm = CharField(max_length=16, null=True)
        checksum = CharField(max_length=160, null=True)
        source = TextField()
        at = BigIntegerField()

        class Meta:
            table_name = "receipt"
            indexes = ((("file", "batch"), True),)

    class EventRow(Model):
        id = AutoField()
        rig = ForeignKeyField(Rig, index=False)
        dataset = ForeignKeyField(DatasetRow)
        at = BigIntegerField()
        state_before = CharField(max_length=16, null=True)
        state_after = CharField(max_length=16)
        move = CharField(max_length=32, null=True)
        why = TextField()

        class Meta:
            table_name = "event"
            indexes = ((("rig", "at"), False),)

    class TallyRow(Model):
        rig = ForeignKeyField(Rig, index=False)
        location = NameField()
        state = CharField(max_length=16)
        datasets = IntegerField()

        class Meta:
            table_name = "tally"
            primary_key = CompositeKey("rig", "location", "state")

    class TotalRow(Model):
        rig = ForeignKeyField(Rig, index=False)
        location = NameField()
        files = BigIntegerField()
        bytes = BigIntegerField()

        class Meta:
            table_name = "total"
            primary_key = CompositeKey("rig", "location")

    class UnrecognisedRow(Model):
        root = ForeignKeyField(Root, index=False)
        path = NameField()
        why = TextField()
        nearest = TextField()

        class Meta:
            table_name = "unrecognised"
            primary_key = CompositeKey("root", "path")

    class AlarmRow(Model):
        rig = ForeignKeyField(Rig, index=False)
        name = NameField()
        message = TextField()
        what_to_do = TextField()
        since = BigIntegerField()

        class Meta:
            table_name = "alarm"
            primary_key = CompositeKey("rig", "name")

    class SettingRow(Model):
        rig = ForeignKeyField(Rig, index=False)
        name = NameField()
        text = TextField()

        class Meta:
            table_name = "setting"
            primary_key = CompositeKey("rig", "name")

    class CounterRow(Model):
        rig = ForeignKeyField(Rig, index=False)
        name = NameField()
        number = BigIntegerField()

        class Meta:
            table_name = "counter"
            primary_key = CompositeKey("rig", "name")

    tables = (
        Rig,
        Root,
        DatasetRow,
        BatchRow,
        FileRow,
        FolderRow,
        BatchFileRow,
        ReceiptRow,
        EventRow,
        TallyRow,
        TotalRow,
        UnrecognisedRow,
        AlarmRow,
        SettingRow,
        CounterRow,
    )
    with database.bind_ctx(tables, bind_refs=False, bind_backrefs=False):
        database.create_tables(tables)
