"""The whole store: everything that is remembered, read and written."""

from __future__ import annotations

import contextlib
from datetime import datetime
from typing import Self

from archived.errors import StoreError
from archived.ports import Finding
from archived.store.address import journal_mode, parse, safe_for_wal, sqlite_version
from archived.store.beginning import begin_file
from archived.store.comparisons import ComparisonVerbs
from archived.store.connection import Door
from archived.store.copied import CopiedVerbs
from archived.store.daemon import DaemonVerbs
from archived.store.filesystem import is_network, mount_here
from archived.store.fleet import rig_id_of
from archived.store.habits import HabitVerbs
from archived.store.locked_file import LockedFile
from archived.store.locks import daemon_lock
from archived.store.looks import LookVerbs
from archived.store.mirror import MirrorVerbs
from archived.store.opening import bring_up_to_date, check_soundness, examine_file, lost
from archived.store.people import PeopleVerbs
from archived.store.proofs import ProofVerbs
from archived.store.reading import Reader
from archived.store.recorded import RecordedVerbs
from archived.store.records import RecordVerbs
from archived.store.refreshing import RefreshVerbs
from archived.store.retrieval_claim import RetrievalClaimVerbs
from archived.store.retrievals import RetrievalVerbs
from archived.store.steps import StepVerbs
from archived.store.subjects import SubjectVerbs
from archived.store.timing import TimingVerbs
from archived.store.upgrading import Preparation
from archived.store.wire import wire_of


class Store(
    CopiedVerbs,
    LookVerbs,
    RefreshVerbs,
    RecordedVerbs,
    ComparisonVerbs,
    PeopleVerbs,
    StepVerbs,
    ProofVerbs,
    RecordVerbs,
    RetrievalVerbs,
    RetrievalClaimVerbs,
    DaemonVerbs,
    HabitVerbs,
    SubjectVerbs,
    TimingVerbs,
    MirrorVerbs,
    Reader,
):
    """Everything that is remembered. Any number of processes may use one store at a time.

    Every verb that writes is one transaction: a failure (`StoreError`) changes nothing, and what returned is on
    the disk. Threads have a connection each.
    """

    @classmethod
    def open(
        cls,
        address: str,
        *,
        rig: str,
        create: bool = False,
        anew: bool = False,
        now: datetime | None = None,
    ) -> Self:
        """Open the store at an address, bringing its tables up to date; `create` allows beginning a new one.

        Where a daemon has had a store before, a new one takes `anew` as well: a person said so.

        A rig that the store of a server does not know is made with `create`, or by `join`; until then there is
        nothing of it, and all of the others can be read.

        Raises `ConfigurationError`, `StoreMissingError`, `StoreDamagedError`, `StoreTooNewError` and
        `StoreError`. Nothing that is there is ever replaced.
        """
        parsed = parse(address)
        examine_file(parsed, create=create)
        if create and parsed.path is not None and not parsed.path.exists():
            if not anew and LockedFile(parsed.path).path.exists():
                raise lost(parsed)
            begin_file(parsed)
        door = Door(parsed)
        try:
            door.connect()
            runs = parsed.path is not None and bool(LockedFile(parsed.path).held())
            preparation = Preparation(door, create=create, now=now)
            bring_up_to_date(door, create=create, daemon_runs=runs, before=preparation)
            rig_id = rig_id_of(door, rig, create=create)
            store = cls(door, rig_id, rig, daemon_lock(door, rig_id))
            store.upgraded = preparation.upgraded
            if door.is_sqlite and now is not None:
                # Whoever may only read leaves it to somebody else; until then all counts as closed.
                with contextlib.suppress(StoreError):
                    store.take_note_of_copy(now)
            return store
        except BaseException:
            door.close()
            raise

    def library(self) -> Finding:
        """What the store is built on, for `check`."""
        address = self._door.address
        if address.path is None:
            server = self._door.server()
            wire = wire_of(self._door)
            what = f"store {address.shown}, {server}" + (wire.trouble and f": {wire.trouble}")
            return Finding(not wire.trouble, what, wire.what_to_do, {"server": server})
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
