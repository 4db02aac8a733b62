"""The tables as they are now. The migrations build them; a test says that the two agree.

Times are microseconds since 1970 in UTC, times of files nanoseconds, sizes bytes, truth is 0 or 1. Names are
written as `fields.to_text` writes them. Every row belongs to a rig, as several rigs may share a
server's store.
"""

from __future__ import annotations

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
    """Text that is compared byte by byte, whatever the database and its locale.

    The column type is given for each kind of database in `address.py`. Values are those of `fields.to_text`.
    """

    field_type = "NAME"


class Rig(Model):
    """One machine. Its row is what writers of a shared store wait for, so that one writes at a time."""

    id = AutoField()
    name = NameField(unique=True)
    pid = IntegerField(null=True)
    """Of the daemon that claimed it and has not ended in order."""
    since = BigIntegerField(null=True)
    last_tick = BigIntegerField(null=True)
    host = TextField(null=True)
    """The name of the machine, as its daemon last said."""
    version = TextField(null=True)
    """The release of its daemon."""
    changes = BigIntegerField(null=True)
    """How many transactions wrote to the rig's rows, on a server, which has no other way to tell of that."""

    class Meta:
        table_name = "rig"


class Root(Model):
    """A watched folder, by the key that the looks use."""

    id = AutoField()
    rig = ForeignKeyField(Rig, index=False)
    name = NameField()

    class Meta:
        table_name = "root"
        indexes = ((("rig", "name"), True),)


class DatasetRow(Model):
    """The row that has a state."""

    id = AutoField()
    rig = ForeignKeyField(Rig, index=False)
    root = ForeignKeyField(Root, index=False)
    location = NameField()
    path = NameField()
    convention = TextField()
    state = CharField(max_length=16)
    reason = TextField()
    h2o = NameField(null=True)
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
    """Without those that are gone; kept by `moves.recount`, as is `bytes`."""
    bytes = BigIntegerField()

    class Meta:
        table_name = "dataset"
        indexes = (
            (("rig", "location", "path"), True),
            (("rig", "state", "changed_at"), False),
            (("rig", "h2o"), False),
        )


class RetrievalRow(Model):
    """What a person asked to be brought back from the archive."""

    id = AutoField()
    rig = ForeignKeyField(Rig, index=False)
    name = CharField(max_length=64, unique=True)
    """A UUID by which it is gone on with."""
    location = NameField()
    destination = NameField()
    """The folder on this machine below which the paths from the root are put."""
    asked_by = TextField()
    asked_for = TextField()
    """The selectors as they were typed, for people."""
    created_at = BigIntegerField()
    ended_at = BigIntegerField(null=True)

    class Meta:
        table_name = "retrieval"
        indexes = ((("rig", "ended_at"), False),)


class BatchRow(Model):
    """The files that travel in one transfer."""

    id = AutoField()
    rig = ForeignKeyField(Rig, index=False)
    name = CharField(max_length=64, unique=True)
    """The UUID by which everybody else knows it."""
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
    retrieval = ForeignKeyField(RetrievalRow, null=True, index=False)

    class Meta:
        table_name = "batch"
        indexes = ((("rig", "state"), False),)


class FileRow(Model):
    """One file of a dataset."""

    id = AutoField()
    dataset = ForeignKeyField(DatasetRow, index=False)
    name = NameField()
    """Its path from the dataset's folder, see `fields.below`."""
    size = BigIntegerField()
    mtime_ns = BigIntegerField()
    ctime_ns = BigIntegerField()
    inode = BigIntegerField()
    file_type = TextField()
    state = CharField(max_length=16)
    reason = TextField()
    fault = CharField(max_length=32)
    """What kind of fault set it apart: "conflict", "checksum", …; "" where nothing did."""
    settled = SmallIntegerField()
    """Whether it is as it was when its dataset settled; only such files travel."""
    missing = SmallIntegerField()
    """Whether the last look into its folder did not find it."""
    absent = SmallIntegerField()
    """How many complete looks in a row did not find it."""
    overwrite = SmallIntegerField()
    """Whether it may replace what the archive holds: `ACCEPTED`, `OVER_OUR_OWN`, or 0."""
    submitted = IntegerField()
    external_algorithm = CharField(max_length=16, null=True)
    external_checksum = CharField(max_length=160, null=True)
    archived_size = BigIntegerField(null=True)
    archived_mtime_ns = BigIntegerField(null=True)
    batch = ForeignKeyField(BatchRow, null=True, index=False)
    """The batch it travels or travelled in last."""
    found_mtime_ns = BigIntegerField(null=True)
    """When the archive's copy was last modified, of a file that was found there and never sent by us."""
    found_size = BigIntegerField(null=True)
    """How large the archive's copy is, where a look there found another size than was proved."""

    class Meta:
        table_name = "file"
        indexes = ((("dataset", "name"), True),)


class FolderRow(Model):
    """A folder that was seen whole, by which an unchanged one is passed over. Without a dataset: of no interest."""

    root = ForeignKeyField(Root, index=False)
    path = NameField()
    mtime_ns = BigIntegerField()
    subfolders = TextField()
    dataset = ForeignKeyField(DatasetRow, null=True, index=False)
    listing = CharField(max_length=32, null=True)
    """The digest of what was in it when nothing of that differed from what is known of an archived dataset, and still
    would not (see `Moves._forget_listings`); NULL where a look has to compare."""

    class Meta:
        table_name = "folder"
        primary_key = CompositeKey("root", "path")
        indexes = ((("dataset",), False),)


class BatchFileRow(Model):
    """One file of a batch, as it was when the batch was planned."""

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
    """Whether it was taken out of the batch again."""
    live_file_id = IntegerField(null=True, unique=True)
    """The file's id while the batch is under way, then NULL: two live batches cannot hold one file."""

    class Meta:
        table_name = "batch_file"
        primary_key = CompositeKey("batch", "file")


class ReceiptRow(Model):
    """The proof for one file of one revision. Never changed or deleted."""

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
    """One move of one dataset. Never changed or deleted."""

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
        indexes = ((("rig", "at"), False), (("rig", "id"), False))


class TallyRow(Model):
    """How many datasets of a location are in a state; kept by every move, so that nobody has to count."""

    rig = ForeignKeyField(Rig, index=False)
    location = NameField()
    state = CharField(max_length=16)
    datasets = IntegerField()

    class Meta:
        table_name = "tally"
        primary_key = CompositeKey("rig", "location", "state")


class TotalRow(Model):
    """How many files and bytes of a location have a receipt; kept by every proof."""

    rig = ForeignKeyField(Rig, index=False)
    location = NameField()
    files = BigIntegerField()
    bytes = BigIntegerField()

    class Meta:
        table_name = "total"
        primary_key = CompositeKey("rig", "location")


class UnrecognisedRow(Model):
    """Something under a root that no convention claims."""

    root = ForeignKeyField(Root, index=False)
    path = NameField()
    why = TextField()
    nearest = TextField()

    class Meta:
        table_name = "unrecognised"
        primary_key = CompositeKey("root", "path")


class AlarmRow(Model):
    """A fault of the rig as a whole, until it ends."""

    rig = ForeignKeyField(Rig, index=False)
    name = NameField()
    message = TextField()
    what_to_do = TextField()
    since = BigIntegerField()

    class Meta:
        table_name = "alarm"
        primary_key = CompositeKey("rig", "name")


class SettingRow(Model):
    """Small things that must outlive the daemon: identities of roots, a pause."""

    rig = ForeignKeyField(Rig, index=False)
    name = NameField()
    text = TextField()

    class Meta:
        table_name = "setting"
        primary_key = CompositeKey("rig", "name")


class CounterRow(Model):
    """Numbers that only grow."""

    rig = ForeignKeyField(Rig, index=False)
    name = NameField()
    number = BigIntegerField()

    class Meta:
        table_name = "counter"
        primary_key = CompositeKey("rig", "name")


class SubjectRow(Model):
    """What one source says of an animal. Of several rows about one h2o the first by `precedence`, then rig, counts.

    Each rig writes its own rows; all rigs of a store read them all.
    """

    rig = ForeignKeyField(Rig, index=False)
    source = CharField(max_length=16)
    """Who says so: "hand" (a person), "file" or "datajoint"."""
    h2o = NameField(index=True)
    subject = NameField(index=True)
    precedence = SmallIntegerField()
    """The rank of its source; a smaller one wins."""
    details = TextField()
    """Whatever else was said about the animal, as JSON."""
    at = BigIntegerField()

    class Meta:
        table_name = "subject"
        primary_key = CompositeKey("rig", "source", "h2o")


class RetrievalFileRow(Model):
    """One file that is to be brought back, and where it stands."""

    retrieval = ForeignKeyField(RetrievalRow, index=False)
    file = ForeignKeyField(FileRow)
    state = CharField(max_length=16)
    reason = TextField()
    batch = ForeignKeyField(BatchRow, null=True)
    attempts = IntegerField()
    """Transfers of it that went wrong."""
    due = BigIntegerField(null=True)
    """When it is tried again; NULL means at once."""
    copy_size = BigIntegerField(null=True)
    """What lay at the destination when it had arrived, or when a transfer of it had failed."""
    copy_mtime_ns = BigIntegerField(null=True)

    class Meta:
        table_name = "retrieval_file"
        primary_key = CompositeKey("retrieval", "file")


class RecordRow(Model):
    """How far the archive was told about one dataset as it was last archived: its manifest and its record."""

    dataset = ForeignKeyField(DatasetRow, primary_key=True)
    rig = ForeignKeyField(Rig, index=False)
    revision = IntegerField()
    """The revision that it is about."""
    state = CharField(max_length=16)
    reason = TextField()
    attempts = IntegerField()
    due = BigIntegerField()
    known = SmallIntegerField()
    """Whether what the archive holds in its place, if anything, is ours: we sent it, or `discover` read it."""
    batch = ForeignKeyField(BatchRow, null=True)

    class Meta:
        table_name = "record"
        indexes = ((("rig", "state", "due"), False),)


class DigestRow(Model):
    """The SHA-256 of a file as it was archived, where no receipt of that kind gives it."""

    file = ForeignKeyField(FileRow, primary_key=True)
    size = BigIntegerField()
    mtime_ns = BigIntegerField()
    sha256 = CharField(max_length=64, null=True)
    why = TextField()
    """Why there is none, and never will be; "" where there is one."""

    class Meta:
        table_name = "digest"


class DiscoveryRow(Model):
    """One walk over the archive of a location, which may be gone on with after a kill."""

    id = AutoField()
    rig = ForeignKeyField(Rig, index=False)
    location = NameField()
    below = NameField()
    """The folder that it began in, from the root; "" is the root."""
    dry_run = SmallIntegerField()
    started_at = BigIntegerField()
    ended_at = BigIntegerField(null=True)
    in_both = BigIntegerField()
    """Files that the catalogue and the archive agree about, so far."""
    unrecognised = BigIntegerField()
    """Files and folders that no convention knows, so far; only the first of them have findings."""
    doubted = BigIntegerField()
    """Files that the first looks did not find as they were archived, whatever the second ones told."""
    archived_files = BigIntegerField(null=True)
    """How many files of the location were archived when the second looks began; how many were drawn, of a sample."""
    audit = SmallIntegerField(null=True)
    """Who only looks at what the catalogue says is archived, and registers nothing: 1 a person, 2 the daemon."""

    class Meta:
        table_name = "discovery"
        indexes = ((("rig", "location", "ended_at"), False),)


class DiscoveryFolderRow(Model):
    """A folder of the archive that the walk has met."""

    discovery = ForeignKeyField(DiscoveryRow, index=False)
    path = NameField()
    state = CharField(max_length=16)
    """"to do", "again" (files seem to be missing: a second look decides), "done" or "refused"."""
    reason = TextField()

    class Meta:
        table_name = "discovery_folder"
        primary_key = CompositeKey("discovery", "path")
        indexes = ((("discovery", "state"), False),)


class DiscoveryFindingRow(Model):
    """A file about which the catalogue and the archive do not agree, or that only one of them has."""

    discovery = ForeignKeyField(DiscoveryRow, index=False)
    path = NameField()
    kind = CharField(max_length=16)
    size = BigIntegerField(null=True)
    """In the archive."""
    known_size = BigIntegerField(null=True)
    """In the catalogue."""
    reason = TextField()

    class Meta:
        table_name = "discovery_finding"
        primary_key = CompositeKey("discovery", "path")
        indexes = ((("discovery", "kind"), False),)


class VerificationRow(Model):
    """What the last look at the archive's copy of a file told. A file that was never looked at has none."""

    file = ForeignKeyField(FileRow, primary_key=True)
    rig = ForeignKeyField(Rig, index=False)
    at = BigIntegerField()
    how = CharField(max_length=16)
    """"listing", "read", or "transfer" (see `core.verifying.How`)."""
    verdict = CharField(max_length=32)
    """See `core.verifying.Verdict`."""
    content_at = BigIntegerField(null=True)
    """When its content was last compared."""
    content = CharField(max_length=16)
    """What that told: "same", "different" or "noted" (nothing to compare with was known); "" where it never was."""
    algorithm = CharField(max_length=16, null=True)
    checksum = CharField(max_length=160, null=True)
    """Of what lay in the archive then, where it was read."""

    class Meta:
        table_name = "verification"
        indexes = ((("rig", "at"), False),)


class VerificationFileRow(Model):
    """One file of a batch under way that compares the archive's content with what the rig knows of it."""

    batch = ForeignKeyField(BatchRow, index=False)
    file = ForeignKeyField(FileRow)
    copied = SmallIntegerField()
    """Whether a copy of the rig's file lies at the destination, so that nothing moves where the content is the same."""
    audit = SmallIntegerField()
    """Who has it compared, as in `DiscoveryRow`."""

    class Meta:
        table_name = "verification_file"
        primary_key = CompositeKey("batch", "file")


TABLES: tuple[type[Model], ...] = (
    Rig,
    Root,
    DatasetRow,
    RetrievalRow,
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
    SubjectRow,
    RetrievalFileRow,
    RecordRow,
    DigestRow,
    DiscoveryRow,
    DiscoveryFolderRow,
    DiscoveryFindingRow,
    VerificationRow,
    VerificationFileRow,
)
