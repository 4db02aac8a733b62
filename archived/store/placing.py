"""Giving a finished file its name: at one stroke, never over another, and so that it outlasts a power cut."""

from __future__ import annotations

import contextlib
import errno
import os
from pathlib import Path

TEMPORARY = ".archived-part"
"""How a file of ours ends while it is being written."""

LEFT_BEHIND = 24 * 3600.0
"""Seconds after which a file that is still being written has no writer any more: it was killed."""

_NO_LINKS = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK, errno.EACCES}


class NameTakenError(Exception):
    """Something has the name already; it stays as it is."""


def temporary_name(target: Path, token: str) -> Path:
    """A hidden name beside a file that is to be, which tells what it is left over from."""
    return target.with_name(f".{target.name[:100]}.{token}{TEMPORARY}")


def place(temporary: Path, target: Path) -> None:
    """Give a file its name. Raises `NameTakenError`, and `OSError`. `sync_folder` makes it outlast a power cut."""
    try:
        if os.name == "posix":
            os.link(temporary, target)
        else:
            os.rename(temporary, target)  # which refuses a name that is taken there
    except FileExistsError:
        raise NameTakenError(str(target)) from None
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        # Without hard links, a look right before the renaming is the best there is.
        if os.path.lexists(target):
            raise NameTakenError(str(target)) from None
        os.rename(temporary, target)


def sync(path: Path) -> None:
    """Bring what was written to a file to the disk."""
    with path.open("r+b") as file:
        os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Make names that were given or removed in a folder outlast a power cut. Raises `OSError`."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # some file systems cannot, by design
            raise
    finally:
        os.close(descriptor)


def sweep(temporary: Path) -> None:
    """Remove what killed processes left long ago of files with the same name as this one is for.

    The disk's own time is compared, so that the clocks of two machines do not matter.
    """
    name = temporary.name.removesuffix(TEMPORARY).rpartition(".")[0]
    with contextlib.suppress(OSError):
        now = temporary.stat().st_mtime
        for each in temporary.parent.iterdir():
            ours = each.name.startswith(f"{name}.") and TEMPORARY in each.name
            if ours and now - each.lstat().st_mtime > LEFT_BEHIND:
                each.unlink()
