"""The database of a store: as reading has it until something is to be written, and as peewee has it from then on."""

from __future__ import annotations

import threading
from typing import Any

from archived.store.address import Address, database
from archived.store.plain import PlainDatabase


class Databases:
    """Of one store; may be used by any thread."""

    def __init__(self, address: Address, plain: PlainDatabase | None) -> None:
        self._address = address
        self._plain = plain
        self._lock = threading.Lock()
        self._library = None if plain is not None else database(address)

    @property
    def current(self) -> Any:
        """The one that statements are run by: peewee's, or before that one that has no more than reading needs."""
        return self._library or self._plain

    @property
    def library(self) -> Any:
        """Peewee's. It takes over the connection with which this thread has read, if it has."""
        with self._lock:
            if self._library is None:
                self._library = database(self._address, self._plain)
        if self._plain is not None and not self._plain.is_closed():
            self._library.connect()
        return self._library

    @property
    def in_transaction(self) -> bool:
        """Whether this thread is in one; without peewee nobody is."""
        return self._library is not None and bool(self._library.in_transaction())
