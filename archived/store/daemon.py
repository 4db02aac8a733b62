"""One daemon for each rig and store: its claim, its heartbeat, and what others see of it."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from datetime import datetime

from archived.errors import AnotherDaemonError, StoreError
from archived.store.base import Verbs
from archived.store.fields import from_text, from_time, to_text, to_time
from archived.store.opening import check_soundness
from archived.store.results import DaemonInfo


class DaemonVerbs(Verbs):
    """Claiming the store for a daemon."""

    @contextlib.contextmanager
    def claim_daemon(self, pid: int, now: datetime) -> Iterator[None]:
        """Be the daemon of this rig and store for as long as the block lasts.

        Reads the store through first. Raises `AnotherDaemonError` where one runs already, and
        `StoreDamagedError`. The claim ends with the process, however that ends.
        """
        if not self._lock.acquire():
            raise self._another()
        try:
            check_soundness(self._door)
            self._keep_across_connections()
            with self._door.write():
                self._door.change(
                    "UPDATE rig SET name = ?, pid = ?, since = ?, last_tick = ? WHERE id = ?",
                    to_text(self._rig),
                    pid,
                    to_time(now),
                    to_time(now),
                    self._rig_id,
                )
            try:
                yield
            finally:
                # Without its end noted the row is only out of date: the lock says whether it is true.
                with contextlib.suppress(StoreError):
                    self._door.change("UPDATE rig SET pid = NULL WHERE id = ?", self._rig_id)
        finally:
            self._door.on_connect = None
            with contextlib.suppress(StoreError):
                self._lock.release()

    def _keep_across_connections(self) -> None:
        """A server frees the lock with the connection, so the next connection is of use only with the lock."""
        if not self._lock.bound_to_connection:
            return
        owner = threading.get_ident()

        def take_again() -> None:
            if threading.get_ident() == owner and not self._lock.acquire():
                raise StoreError(
                    f"the store {self._door.address.shown} is claimed by another connection; "
                    "nothing is written without the claim"
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

    def heartbeat(self, now: datetime) -> None:
        """Note that a turn of the loop was completed."""
        self._door.change("UPDATE rig SET last_tick = ? WHERE id = ?", to_time(now), self._rig_id)

    def daemon(self) -> DaemonInfo:
        """The daemon as it is now; `running` is whether the lock is held, not what a row says."""
        row = self._door.row("SELECT pid, since, last_tick FROM rig WHERE id = ?", self._rig_id)
        pid, since, last_tick = row or (None, None, None)
        held = self._lock.held()
        running = pid is not None if held is None else held
        return DaemonInfo(
            running,
            pid if running else None,
            from_time(since) if running else None,
            from_time(last_tick),
        )
