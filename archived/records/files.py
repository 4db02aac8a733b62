"""Small files of our own: in the spool, and in an archive that is a directory. No link is followed on the way."""

from __future__ import annotations

import contextlib
import io
import os
import stat

from archived.core.records import RecordError
from archived.transfer.folders import folder_below

TEMPORARY = ".archived-part"
"""How a file is called, after its name, until it is whole."""

FOR_ALL = 0o644
"""The account that Globus uses on this machine has to read what waits in the spool."""


def read_small(root: str, path: str, most: int) -> bytes:
    """The content of a regular file of at most `most` bytes. Raises `RecordError`."""
    *names, name = path.split("/")
    try:
        with (
            folder_below(root, names) as folder,
            io.FileIO(folder.open_to_read(name), "rb") as file,
        ):
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise RecordError("it is not a regular file")
            data = _read(file, most + 1)
    except OSError as error:
        raise RecordError(f"it cannot be read: {error.strerror or error}") from error
    if len(data) > most:
        raise RecordError(f"it has more than {most} bytes")
    return data


def write_small(root: str, path: str, data: bytes) -> None:
    """Write a file at one stroke, so that it outlasts a power failure; one that is there is replaced.

    Its folders are made. A file that has this content already is left as it is. Raises `OSError`.
    """
    *names, name = path.split("/")
    make_folder(os.path.join(root, *names))
    with folder_below(root, names) as folder:
        if folder.stat(name) is not None and _has(root, path, data):
            return
        temporary = name + TEMPORARY
        folder.remove(temporary)
        try:
            _fill(folder.open_to_write(temporary), data)
            folder.place(temporary, name, replace=True)
        except OSError:
            # On a full disk, what is left of it would keep others from theirs.
            with contextlib.suppress(OSError):
                folder.remove(temporary)
            raise
        folder.sync()


def _fill(descriptor: int, data: bytes) -> None:
    with io.FileIO(descriptor, "r+b") as file:
        view = memoryview(data)
        while view:
            view = view[file.write(view) :]
        with contextlib.suppress(OSError, AttributeError):
            os.fchmod(file.fileno(), FOR_ALL)
        os.fsync(file.fileno())


def remove_small(root: str, path: str) -> None:
    """Remove a file, and its folders below the root where they are empty then. What cannot be removed stays."""
    *names, name = path.split("/")
    with contextlib.suppress(OSError):
        with folder_below(root, names) as folder:
            folder.remove(name)
            folder.remove(name + TEMPORARY)
        while names:
            os.rmdir(os.path.join(root, *names))
            names.pop()


def make_folder(path: str) -> None:
    """Make a folder of the spool that others may enter. Raises `OSError`."""
    missing = []
    while not os.path.isdir(path):
        missing.append(path)
        path = os.path.dirname(path)
    for each in reversed(missing):
        with contextlib.suppress(FileExistsError):
            os.mkdir(each)
            os.chmod(each, 0o755)


def _has(root: str, path: str, data: bytes) -> bool:
    try:
        return read_small(root, path, len(data)) == data
    except RecordError:
        return False


def _read(file: io.FileIO, most: int) -> bytes:
    pieces = []
    while most > 0 and (piece := file.read(min(most, 1 << 20))):
        pieces.append(piece)
        most -= len(piece)
    return b"".join(pieces)
