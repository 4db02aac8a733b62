"""Whether the file of a store is still the one that was opened.

SQLite goes on with a file that has no name any more, and all that it is told then is gone with the last connection.
"""

from __future__ import annotations

import os

from archived.errors import StoreError, StoreReplacedError
from archived.store.address import Address


class Presence:
    """Remembers which file it was. May be asked from any thread; costs one look at the name."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self._opened: tuple[int, int] | None = None

    def note(self) -> None:
        """A connection was made. Raises as `insist` does where another one has gone to another file."""
        if self._address.path is not None and self._opened is None:
            self._opened = self._there()
        self.insist()

    def insist(self) -> None:
        """Raise `StoreError` where there is no such file now, and `StoreReplacedError` where there is another."""
        if self._opened is None or (there := self._there()) == self._opened:
            return
        shown = self._address.shown
        if there is None:
            raise StoreError(
                f"the store {shown} is not there any more: it was moved or deleted while it was in use; nothing "
                "more is stored or sent. Recordings and archive are not affected",
                what_to_do="put it back under its name, and it goes on by itself; if it is lost, stop the daemon, then "
                "put a backup in its place or type: archivedctl discover",
            )
        raise StoreReplacedError(
            f"the store {shown} is another file than the one that was opened; neither was changed any more",
            what_to_do="start again what used it, which then reads the one that is there now",
        )

    def _there(self) -> tuple[int, int] | None:
        assert self._address.path is not None
        try:
            found = os.stat(self._address.path)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StoreError(
                f"the store {self._address.shown} cannot be looked at: {error.strerror}; nothing was changed in it"
            ) from error
        return found.st_dev, found.st_ino
