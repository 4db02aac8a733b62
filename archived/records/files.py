"""Small files of our own: in the spool, and in an archive that is a directory. No link is followed on the way."""

from __future__ import annotations

import contextlib
import io
import os
import stat
from collections.abc import Iterator, Sequence

from archived.core.records import RecordError
from archived.secrecy.files import OTHERS
from archived.transfer.folders import Folder, folder_below, open_root

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
    with _made(root, names) as folder:
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
            last = names.pop()
            with folder_below(root, names) as above:
                above.remove_folder(last)


def make_folder(path: str) -> None:
    """Make a folder of the spool that others may enter. Raises `OSError`.

    The folders above it that exist may be links, as a person named them; what is made is none.
    """
    missing: list[str] = []
    while not os.path.isdir(path) and os.path.dirname(path) != path:
        path, name = os.path.split(path)
        missing.insert(0, name)
    with _made(path, missing):
        pass


@contextlib.contextmanager
def _made(root: str, names: Sequence[str]) -> Iterator[Folder]:
    """The folder under `names` below a root, through no link; what is missing is made, for others to enter."""
    folder = open_root(root)
    try:
        for name in names:
            following = _step(folder, name)
            folder.close()
            folder = following
        yield folder
    finally:
        folder.close()


def _step(folder: Folder, name: str) -> Folder:
    found = folder.stat(name)
    if found is None:
        with contextlib.suppress(FileExistsError):  # another thread was faster
            folder.make_folder(name)
    following = folder.open_folder(name)
    try:
        # One that nobody else may enter was left by a process that was killed in between.
        if found is None or not found.st_mode & OTHERS:
            following.let_in()
    except BaseException:
        following.close()
        raise
    return following


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
