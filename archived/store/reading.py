"""The reading half of a store: what commands need that only look, and little enough to be loaded quickly."""

from __future__ import annotations

import contextlib
from datetime import datetime
from typing import TYPE_CHECKING, Self

from archived.errors import StoreError
from archived.store.address import parse
from archived.store.connection import Door
from archived.store.fleet import FleetVerbs, known_rigs
from archived.store.glances import GlanceVerbs
from archived.store.locks import daemon_lock
from archived.store.opening import COPY_MARK, examine_file, is_current, pending_on
from archived.store.pages import PageVerbs
from archived.store.queries import QueryVerbs
from archived.store.rig import RigVerbs
from archived.store.travelling import TravellingVerbs

if TYPE_CHECKING:
    from archived.store.upgrading import Upgraded


class Reader(QueryVerbs, FleetVerbs, RigVerbs, TravellingVerbs, GlanceVerbs, PageVerbs):
    """What is remembered, to look at."""

    upgraded: Upgraded | None = None
    """What was done to the store when it was opened; None where it was of this release already."""

    def close(self) -> None:
        """Let go of all connections."""
        self._door.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()


def open_to_read(address: str, *, rig: str, now: datetime, upgrade: bool = True) -> Reader:
    """Open the store at an address, which must exist; raises what `Store.open` raises.

    Without `upgrade`, one in a file that is of an older release is left so, and a `StoreError` is raised.

    One in a file of which nothing else has to be done first is opened to be read alone. Any other is opened whole:
    one on a server, of an older release, put back from a copy, or without a rig.
    """
    parsed = parse(address)
    examine_file(parsed, create=False)
    if parsed.path is not None:
        door = Door(parsed)
        with contextlib.ExitStack() as stack:
            stack.callback(door.close)
            door.connect()
            if not upgrade and pending_on(door):
                raise StoreError(
                    f"the store {parsed.shown} is of an older release",
                    what_to_do="start the daemon of this release, which brings it up to date (docs/UPGRADES.md)",
                )
            if is_current(door) and (found := next(iter(known_rigs(door).values()), None)):
                door.rig_id = found
                reader = Reader(door, found, rig, daemon_lock(door, found))
                if reader.get_setting(COPY_MARK) is None:
                    stack.pop_all()
                    return reader
    from archived.store.whole import Store

    return Store.open(address, rig=rig, now=now)


def pending_in(address: str) -> list[str]:
    """What a store in a file has still to go through to be of this release, found out without changing it.

    Of one on a server it is not asked: that is not brought up to date by being opened. Raises what `Store.open` raises
    for a store that is not there or is not one.
    """
    parsed = parse(address)
    examine_file(parsed, create=False)
    if parsed.path is None:
        return []
    door = Door(parsed)
    with contextlib.closing(door):
        door.connect()
        return pending_on(door)
