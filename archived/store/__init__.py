"""The truth: datasets, files, batches, receipts and events, in a database. The only package that knows peewee."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from archived.errors import StoreMissingError
from archived.ports import Finding
from archived.store.address import journal_mode, parse, safe_for_wal, sqlite_version
from archived.store.connection import Door
from archived.store.daemon import DaemonVerbs
from archived.store.discoveries import DiscoveryVerbs, ListedFolder
from archived.store.fields import from_text, to_text
from archived.store.filesystem import is_network, mount_here
from archived.store.locks import LockedFile, daemon_lock
from archived.store.looks import LookVerbs
from archived.store.mirror import MirrorVerbs
from archived.store.opening import bring_up_to_date, check_soundness, examine_file, exclusively
from archived.store.people import PeopleVerbs
from archived.store.proofs import ProofVerbs
from archived.store.records import RecordVerbs
from archived.store.registering import ListedFile
from archived.store.results import (
    DaemonInfo,
    Digest,
    FolderSighting,
    KnownSubject,
    LookResult,
    LookSummary,
    Moved,
    OwedRecord,
    Pause,
    ProveResult,
    Selector,
    SightResult,
    SubjectChanges,
    SubjectConflict,
    SubjectSaid,
)
from archived.store.retrieval_claim import RetrievalClaimVerbs
from archived.store.retrievals import RetrievalVerbs
from archived.store.rig import RigVerbs
from archived.store.steps import StepVerbs
from archived.store.subjects import SubjectVerbs
from archived.store.timing import TimingVerbs
from archived.store.walks import Discovery, FolderCounts

__all__ = [
    "DaemonInfo",
    "Digest",
    "Discovery",
    "FolderCounts",
    "FolderSighting",
    "KnownSubject",
    "ListedFile",
    "ListedFolder",
    "LookResult",
    "LookSummary",
    "Moved",
    "OwedRecord",
    "Pause",
    "ProveResult",
    "Selector",
    "SightResult",
    "Store",
    "SubjectChanges",
    "SubjectConflict",
    "SubjectSaid",
]


class Store(
    LookVerbs,
    DiscoveryVerbs,
    PeopleVerbs,
    StepVerbs,
    ProofVerbs,
    RecordVerbs,
    RetrievalVerbs,
    RetrievalClaimVerbs,
    RigVerbs,
    SubjectVerbs,
    DaemonVerbs,
    TimingVerbs,
    MirrorVerbs,
):
    """Everything that is remembered. Any number of processes may use one store at a time.

    Every verb that writes is one transaction: a failure (`StoreError`) changes nothing, and what returned is on
    the disk. Threads have a connection each.
    """

    @classmethod
    def open(
        cls, address: str, *, rig: str, create: bool = False, now: datetime | None = None
    ) -> Self:
        """Open the store at an address, bringing its tables up to date; `create` allows beginning a new one.

        Raises `ConfigurationError`, `StoreMissingError`, `StoreDamagedError`, `StoreTooNewError` and
        `StoreError`. Nothing that is there is ever replaced.
        """
        parsed = parse(address)
        examine_file(parsed, create=create)
        door = Door(parsed)
        try:
            door.connect()
            runs = parsed.path is not None and bool(LockedFile(parsed.path).held())
            bring_up_to_date(door, create=create, daemon_runs=runs)
            rig_id = _rig_id(door, rig, create=create)
        except BaseException:
            door.close()
            raise
        door.rig_id = rig_id
        return cls(door, rig_id, rig, daemon_lock(door, rig_id))

    def close(self) -> None:
        """Let go of all connections."""
        self._door.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def library(self) -> Finding:
        """What the store is built on, for `check`."""
        address = self._door.address
        if address.path is None:
            version = str(self._door.database.server_version)
            return Finding(True, f"store {address.shown}", fields={"server": version})
        version = ".".join(str(part) for part in sqlite_version())
        journal = journal_mode(sqlite_version())
        mount = mount_here(address.path.parent)
        fields = {"sqlite": version, "journal": journal}
        if mount is not None:
            fields["file_system"] = mount.type
        if mount is not None and is_network(mount.type):
            return Finding(False, f"store on {mount.type}", "put it on a local disk", fields)
        what = f"store {address.shown}, SQLite {version}, journal {journal}"
        if safe_for_wal(sqlite_version()):
            return Finding(True, what, fields=fields)
        return Finding(
            False,
            f"{what}: this SQLite can corrupt a WAL that two programs write, so a slower journal is used",
            "pip install --upgrade apsw",
            fields,
        )

    def soundness(self) -> Finding:
        """Whether the whole store can be read, for `check`. Raises `StoreDamagedError`."""
        check_soundness(self._door)
        return Finding(True, f"store {self._door.address.shown} is sound")


def _rig_id(door: Door, rig: str, *, create: bool) -> int:
    """The row of a rig, made where it may be.

    A SQLite store belongs to one machine: a new name in the configuration is a new name for the same rig, never
    the beginning of an empty catalogue. On a server other rigs have rows of their own.
    """
    found = _find_rig(door, rig, create=create)
    if found is not None:
        return found
    with door.translated(), exclusively(door):
        # Another process may have made it while this one waited.
        found = _find_rig(door, rig, create=create)
        return found or door.insert("INSERT INTO rig (name) VALUES (?)", to_text(rig))


def _find_rig(door: Door, rig: str, *, create: bool) -> int | None:
    rows = door.rows("SELECT id, name FROM rig ORDER BY id")
    for rig_id, name in rows:
        if door.is_sqlite or from_text(name) == rig:
            return int(rig_id)
    if rows and not create:
        known = ", ".join(from_text(row[1]) for row in rows)
        raise StoreMissingError(
            f"the store {door.address.shown} has no rig {rig}; it has {known}",
            what_to_do="see `rig` in the configuration, or start the daemon of this rig",
        )
    return None
