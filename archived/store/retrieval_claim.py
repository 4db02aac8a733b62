"""One process at a time brings files back to a rig, and one of a person verifies: its claim, and who has it."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Callable, Iterator
from datetime import datetime

from archived.errors import (
    AnotherRetrievalError,
    AnotherVerificationError,
    ArchivedError,
    StoreError,
)
from archived.store.fields import moment, to_time
from archived.store.locks import DaemonLock, retrieval_lock, verification_lock
from archived.store.rig import RigVerbs

CLAIM = "retrieving"
VERIFYING = "verifying"


class RetrievalClaimVerbs(RigVerbs):
    """Claiming the store for a retrieval."""

    @contextlib.contextmanager
    def claim_retrieval(self, pid: int, who: str, now: datetime) -> Iterator[None]:
        """Be the one who brings files back to this rig for as long as the block lasts.

        Raises `AnotherRetrievalError` where somebody else is. The claim ends with the process, however that ends.
        """
        lock = retrieval_lock(self._door, self._rig_id)
        with self._claim(lock, CLAIM, self._somebody_retrieves, pid, who, now):
            yield

    @contextlib.contextmanager
    def claim_verification(self, pid: int, who: str, now: datetime) -> Iterator[None]:
        """Be the person who has this rig's files verified. Raises `AnotherVerificationError`; ends likewise."""
        lock = verification_lock(self._door, self._rig_id)
        with self._claim(lock, VERIFYING, self._somebody_verifies, pid, who, now):
            yield

    @contextlib.contextmanager
    def _claim(
        self,
        lock: DaemonLock,
        key: str,
        refused: Callable[[], ArchivedError],
        pid: int,
        who: str,
        now: datetime,
    ) -> Iterator[None]:
        if not lock.acquire():
            raise refused()
        try:
            claim = json.dumps({"pid": pid, "who": who, "since": to_time(now)})
            self.put_setting(key, claim)
            self._keep(lock, key, claim, refused)
            yield
        finally:
            if lock.bound_to_connection:
                self._door.on_connect = None
            with contextlib.suppress(StoreError):
                lock.release()

    def _keep(
        self, lock: DaemonLock, key: str, claim: str, refused: Callable[[], ArchivedError]
    ) -> None:
        """A server frees the lock with the connection, so the next connection is of use only with the lock."""
        if not lock.bound_to_connection:
            return
        owner = threading.get_ident()

        def take_again() -> None:
            if threading.get_ident() != owner:
                return
            taken = lock.acquire()
            if self.get_setting(key) != claim:
                raise refused()
            if not taken:
                raise StoreError(
                    f"the store {self._door.address.shown} still holds the claim for the connection that was "
                    "lost; nothing is written without the claim"
                )

        self._door.on_connect = take_again

    def _who(self, key: str) -> str:
        who = "another process, which is just starting,"
        noted = self.get_setting(key)
        if noted is not None:
            said = json.loads(noted)
            since = f"{moment(said['since']):%Y-%m-%d %H:%M:%S} UTC"
            who = f"{said['who']} (pid {said['pid']}, since {since})"
        return who

    def _somebody_verifies(self) -> AnotherVerificationError:
        return AnotherVerificationError(
            f"{self._who(VERIFYING)} has this rig's files verified at the moment; nothing was looked at",
            what_to_do="wait until that has ended, or end it: what it has found out is kept",
        )

    def _somebody_retrieves(self) -> AnotherRetrievalError:
        return AnotherRetrievalError(
            f"{self._who(CLAIM)} brings files back to this rig at the moment; nothing was changed",
            what_to_do="wait until that has ended, or end it first: it can be gone on with "
            "(archivedctl retrieve --continue)",
        )
