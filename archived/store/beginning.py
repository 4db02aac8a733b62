"""A new store in a file is built under another name and gets its own when it is whole and on the disk.

Whoever finds a store finds a whole one: after a power cut in between there is none yet, rather than half of one that
has to be taken for damaged.
"""

from __future__ import annotations

import contextlib
import os
import secrets
from dataclasses import replace
from pathlib import Path

from archived.errors import StoreError
from archived.store.address import Address
from archived.store.connection import Door
from archived.store.opening import bring_up_to_date
from archived.store.placing import NameTakenError, place, sweep, sync, sync_folder, temporary_name

FILES = ("", "-wal", "-shm", "-journal")
"""What SQLite may have beside a database, and the database itself: they belong together."""


def begin_file(address: Address) -> None:
    """Make an empty store at a path where nothing is. One that another process made meanwhile is as good.

    Raises `StoreError`.
    """
    path = address.path
    assert path is not None
    temporary = temporary_name(path, secrets.token_hex(4))
    try:
        with contextlib.closing(Door(replace(address, path=temporary))) as door:
            door.connect()
            bring_up_to_date(door, create=True, daemon_runs=False)
        sweep(temporary)
        sync(temporary)
        with contextlib.suppress(NameTakenError):
            place(temporary, path)
    except OSError as error:
        raise StoreError(
            f"the store {address.shown} cannot be begun: {error.strerror or error}; nothing was created",
            what_to_do="give this user permission to write its folder, and room on its disk",
        ) from error
    finally:
        for each in FILES:
            with contextlib.suppress(OSError):
                os.unlink(str(temporary) + each)
    with contextlib.suppress(OSError):
        sync_folder(Path(path).parent)
