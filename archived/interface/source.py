"""Where the answers come from: the catalogue of one configuration, opened when the first question is asked."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from archived.core.catalogue import QueryError

if TYPE_CHECKING:
    from archived.config import Configuration
    from archived.store.catalogue import Catalogue


class Source:
    """One catalogue for all queries of an `Archive`, also in several threads."""

    def __init__(self, configuration: Configuration) -> None:
        self.configuration = configuration
        self._catalogue: Catalogue | None = None
        self._closed = False
        self._lock = threading.Lock()

    def catalogue(self) -> Catalogue:
        """The catalogue. Raises `StoreError` and its children where it cannot be read, and after `close`."""
        with self._lock:
            if self._closed:
                raise QueryError("this archive was closed", what_to_do="make a new one: Archive()")
            if self._catalogue is None:
                from archived.store.catalogue import Catalogue

                self._catalogue = Catalogue.open(self.configuration.store)
            return self._catalogue

    def close(self) -> None:
        """Let go of the catalogue's connections."""
        with self._lock:
            self._closed = True
            if self._catalogue is not None:
                self._catalogue.close()
                self._catalogue = None
