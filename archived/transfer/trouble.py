"""What the operating system says when a copy fails, in the words of the table of faults."""

from __future__ import annotations

import errno
import os

from archived.core.paths import printable


class Trouble(Exception):  # noqa: N818 - it is caught within this package and becomes a `Fault`
    """A copy failed. `code` is one of `archived.core.faults`; with `stops`, the other files would fail likewise."""

    def __init__(self, code: str, message: str, *, stops: bool = False) -> None:
        super().__init__(message)
        self.code = code
        self.stops = stops


_SOURCE = {
    errno.ENOENT: "FILE_NOT_FOUND",
    errno.ENOTDIR: "FILE_NOT_FOUND",
    errno.EACCES: "SOURCE_PERMISSION_DENIED",
    errno.EPERM: "SOURCE_PERMISSION_DENIED",
    errno.ELOOP: "INVALID_SYMLINK",
    errno.EISDIR: "IS_A_DIRECTORY",
    errno.ENXIO: "NOT_A_FILE",
    errno.EIO: "SOURCE_READ_ERROR",
}

_DESTINATION = {
    errno.EACCES: "DESTINATION_REFUSES",
    errno.EPERM: "DESTINATION_REFUSES",
    errno.EFBIG: "DESTINATION_REFUSES",
    errno.ELOOP: "INVALID_SYMLINK",
    errno.ENOTDIR: "NOT_A_DIRECTORY",
    errno.EISDIR: "IS_A_DIRECTORY",
    errno.ENAMETOOLONG: "INVALID_PATH_NAME",
    errno.EINVAL: "INVALID_PATH_NAME",
    errno.EILSEQ: "INVALID_PATH_NAME",
}

_WHOLE_DESTINATION = {
    errno.ENOSPC: "NO_SPACE_LEFT",
    getattr(errno, "EDQUOT", -1): "QUOTA_EXCEEDED",
    errno.EROFS: "DESTINATION_READ_ONLY",
}


def of_source(error: OSError, root: str) -> Trouble:
    """Reading failed. Only errors that are this very file's are; a root that went away is not the file's fault."""
    if error.errno in (errno.ENOENT, errno.ENOTDIR) and not _has_anything(root):
        return Trouble(
            "ENDPOINT_ERROR", f"{printable(root)} is missing, empty or unreadable", stops=True
        )
    code = _SOURCE.get(error.errno or 0)
    if code is None:
        return Trouble("ENDPOINT_ERROR", f"reading failed: {error.strerror}", stops=True)
    return Trouble(code, error.strerror or code)


def of_destination(error: OSError, root: str) -> Trouble:
    """Writing failed. A full disk, or one that cannot be written at all, concerns all files alike."""
    code = _WHOLE_DESTINATION.get(error.errno or 0)
    if code is not None:
        return Trouble(code, f"{printable(root)}: {error.strerror}", stops=True)
    code = _DESTINATION.get(error.errno or 0)
    if code == "DESTINATION_REFUSES" and not os.access(root, os.W_OK):
        return Trouble("PERMISSION_DENIED", f"{printable(root)}: {error.strerror}", stops=True)
    if code is None:
        return Trouble("ENDPOINT_ERROR", f"writing failed: {error.strerror}", stops=True)
    return Trouble(code, error.strerror or code)


def _has_anything(root: str) -> bool:
    try:
        with os.scandir(root) as entries:
            return next(entries, None) is not None
    except OSError:
        return False
