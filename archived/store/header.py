"""The first bytes of a SQLite file, read so that no lock of this process is lost.

POSIX drops all locks of a process on a file as soon as that closes any descriptor of it (sqlite.org/howtocorrupt.html,
section 2.2). SQLite knows which of its descriptors hold locks and closes none of them too early; Python does not.
"""

from __future__ import annotations

from pathlib import Path

import apsw


def read_header(path: Path, length: int) -> bytes:
    """Up to `length` bytes from the beginning of a file that may be a SQLite store. Raises `OSError`."""
    try:
        file = apsw.VFSFile(
            "", str(path.absolute()), [apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_MAIN_DB, 0]
        )
    except apsw.Error:
        # Nobody of this process has it open, then; the system says best why.
        with path.open("rb") as plain:
            return plain.read(length)
    try:
        return bytes(file.xRead(length, 0))
    finally:
        file.xClose()
