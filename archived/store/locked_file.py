"""A file beside a store in a file, locked by whoever runs. `filelock` is loaded by who takes the lock, not by who looks."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from archived.core.paths import printable
from archived.errors import StoreError

if TYPE_CHECKING:
    from filelock import BaseFileLock

PATIENCE = 1.0
"""How long claiming waits, in seconds: somebody may be looking whether the lock is held."""


class LockedFile:
    """A file that the operating system keeps locked. The file itself stays and means nothing."""

    bound_to_connection = False

    def __init__(self, store: Path, purpose: str = "daemon") -> None:
        self.path = store.with_name(f"{store.name}.{purpose}-lock")
        self._taken: BaseFileLock | None = None

    def acquire(self) -> bool:
        """See `DaemonLock.acquire`. Raises `StoreError` where the file may not be used, such as another user's."""
        from filelock import FileLock, Timeout

        lock = self._taken or FileLock(self.path, thread_local=False)
        try:
            lock.acquire(timeout=PATIENCE, poll_interval=0.05)
        except Timeout:
            return False
        except OSError as error:
            raise StoreError(
                f"{printable(str(self.path))}, which keeps two of a kind from running at once, cannot be locked: "
                f"{error.strerror or error}; nothing was begun",
                what_to_do="use the account that the store belongs to, or let this one write that file",
            ) from error
        self._taken = lock
        return True

    def release(self) -> None:
        """See `DaemonLock.release`."""
        if self._taken is not None:
            self._taken.release()

    def held(self) -> bool | None:
        """See `DaemonLock.held`."""
        if not self.path.exists():
            return False
        if self._taken is not None and self._taken.is_locked:
            return True
        try:
            return _is_locked(self.path)
        except OSError:
            return None


def _is_locked(path: Path) -> bool:
    """Whether any process has the file locked. Who looks shares the lock with others who look, and for no time.

    Raises `OSError` where this user may not know.
    """
    if os.name == "nt":
        return _is_locked_on_windows(path)
    import fcntl

    # To write, as who takes the lock opens it: a file that may only be read was always "not permitted to know".
    descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOFOLLOW)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def _is_locked_on_windows(path: Path) -> bool:
    """Where locks cannot be shared, they are taken for a moment."""
    from filelock import FileLock, Timeout

    try:
        with FileLock(path, timeout=0):
            return False
    except Timeout:
        return True
