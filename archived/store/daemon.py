"""One daemon for each rig and store: its claim, its heartbeat, and what others see of it."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

from archived.core.dataclass import dataclass
from archived.errors import AnotherDaemonError, ClaimLostError, StoreError
from archived.store.fields import from_text, from_time, to_text, to_time
from archived.store.opening import check_soundness
from archived.store.rig import RigVerbs
from archived.store.rows import json_of

WATCHING = "watching"


@dataclass(frozen=True, slots=True)
class _Claimant:
    """Who claims."""

    pid: int
    since: datetime
    host: str
    version: str
    folders: Sequence[str] | None

    @property
    def noted(self) -> tuple[int, int | None, str]:
        """What the row of the rig says of who has it."""
        return self.pid, to_time(self.since), to_text(self.host)


class Claim:
    """A store that no other daemon of this rig has, as long as this one does."""

    def __init__(self, read: Callable[[], None], note: Callable[[], None]) -> None:
        self.read = read
        """Read the whole store, on any thread; takes seconds for a million files. Raises `StoreDamagedError`."""
        self._note = note
        self.noted = False
        """Whether the store says whose it is, after it was found sound."""

    def note(self) -> None:
        """Note who has the store."""
        self._note()
        self.noted = True


class DaemonVerbs(RigVerbs):
    """Claiming the store for a daemon."""

    @contextlib.contextmanager
    def claim_daemon(
        self,
        pid: int,
        now: datetime,
        *,
        host: str = "",
        version: str = "",
        folders: Sequence[str] | None = None,
        read_later: bool = False,
    ) -> Iterator[Claim]:
        """Be the daemon of this rig and store, that watches these folders, for as long as the block lasts.

        Reads the store through, and then notes in it who has it. With `read_later` a store in a file is only kept
        from others: whoever claims has it read through (`Claim.read`) and noted (`Claim.note`) before anything is
        written to it, and meanwhile it tells of the daemon before.

        Raises `AnotherDaemonError` where one runs already, and `StoreDamagedError`. The claim ends with the
        process, however that ends. On a server it ends with the connection too, and is taken again with the next
        one; every verb raises `ClaimLostError` from then on if another daemon has had it in between.
        """
        if not self._lock.acquire():
            raise self._another()
        claimant = _Claimant(pid, now, host, version, folders)
        claim = Claim(lambda: check_soundness(self._door), lambda: self._note_claim(claimant))
        try:
            self._end_with_the_connection()
            if not (read_later and self._door.is_sqlite):
                claim.read()
                claim.note()
            try:
                yield claim
            finally:
                if claim.noted:
                    self._let_go(claimant)
        finally:
            self._door.on_connect = None
            if self._door.connected or not self._lock.bound_to_connection:
                with contextlib.suppress(StoreError):
                    self._lock.release()

    def _note_claim(self, claimant: _Claimant) -> None:
        with self._door.write():
            self._door.change(
                "UPDATE rig SET name = ?, pid = ?, since = ?, host = ?, last_tick = ?, version = ? "
                "WHERE id = ?",
                to_text(self._rig),
                *claimant.noted,
                to_time(claimant.since),
                claimant.version,
                self._rig_id,
            )
            said = {"since": to_time(claimant.since), "folders": claimant.folders}
            self.put_setting(WATCHING, json.dumps(said))
        self._keep_across_connections(claimant.noted)

    def _let_go(self, claimant: _Claimant) -> None:
        """Note the end. Where that fails the row is only out of date: the lock says whether it is true."""
        if self._door.connected or not self._lock.bound_to_connection:
            with contextlib.suppress(StoreError):
                self._door.change(
                    "UPDATE rig SET pid = NULL WHERE id = ? AND pid = ? AND since = ? AND host = ?",
                    self._rig_id,
                    *claimant.noted,
                )

    def _end_with_the_connection(self) -> None:
        """Until the row says whose claim it is, a connection that is lost takes the claim with it for good."""
        if not self._lock.bound_to_connection:
            return
        owner = threading.get_ident()

        def refuse() -> None:
            if threading.get_ident() == owner:
                raise StoreError(
                    f"the connection to the store {self._door.address.shown} was lost while it was being "
                    "claimed; nothing was changed in it"
                )

        self._door.on_connect = refuse

    def _keep_across_connections(self, noted: tuple[object, ...]) -> None:
        """A server frees the lock with the connection, so the next connection is of use only with the lock."""
        if not self._lock.bound_to_connection:
            return
        owner = threading.get_ident()

        def take_again() -> None:
            if threading.get_ident() != owner:
                return
            taken = self._lock.acquire()
            last = self._door.row("SELECT pid, since, host FROM rig WHERE id = ?", self._rig_id)
            if last != noted:
                raise ClaimLostError(
                    f"the connection to the store {self._door.address.shown} was lost, and another daemon has "
                    f"worked for rig {self._rig} since; this one ends, nothing was changed by it",
                    what_to_do="see `archivedctl rigs`; a daemon that is started anew finds all that is stored",
                )
            if not taken:
                raise StoreError(
                    f"the store {self._door.address.shown} still holds the claim for the connection that was "
                    "lost; nothing is written without the claim"
                )

        self._door.on_connect = take_again

    def _another(self) -> AnotherDaemonError:
        row = self._door.row("SELECT name, pid, since FROM rig WHERE id = ?", self._rig_id)
        who = "a daemon that is just starting"
        if row is not None and row[1] is not None:
            since = from_time(row[2])
            who = f"the daemon of rig {from_text(row[0])} (pid {row[1]}, since {since:%Y-%m-%d %H:%M:%S} UTC)"
        return AnotherDaemonError(
            f"the store {self._door.address.shown} is in use by {who}; this one changed nothing",
            what_to_do="use that one, or stop it first (systemctl stop archived)",
        )

    def version(self) -> tuple[int, int] | None:
        """What is another with every change of this rig's rows: by others first, then by this thread.

        None where that cannot be told.
        """
        return self._door.changes()

    def rest(self) -> None:
        """Keep no more of the store in memory than it takes to wait for what comes."""
        self._door.rest()

    def heartbeat(self, now: datetime) -> None:
        """Note that a turn of the loop was completed."""
        self._door.change("UPDATE rig SET last_tick = ? WHERE id = ?", to_time(now), self._rig_id)

    def watching(self) -> list[str] | None:
        """The folders that the running daemon of this rig watches; None where it has not said so."""
        text = self.get_setting(WATCHING)
        said = None if text is None else json_of(text)
        row = self._door.row("SELECT since FROM rig WHERE id = ?", self._rig_id)
        if said is None or row is None or row[0] != said["since"]:
            return None
        folders: list[str] | None = said["folders"]
        return folders
