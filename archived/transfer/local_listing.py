"""What a directory that serves as an archive holds."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Sequence
from datetime import UTC, datetime

from archived.core.paths import printable
from archived.errors import (
    NotPermittedError,
    TransferError,
    TransferRefusedError,
    TransferUnavailableError,
)
from archived.ports import Entry, EntryType
from archived.transfer.copying import SUFFIX
from archived.transfer.folders import folder_below


def entries(root: str, path: str) -> Sequence[Entry]:
    """Everything in a folder but files that are being copied; nothing where there is no such folder.

    A file in the place of a folder holds nothing either. What lies behind a link is refused: it may be there.
    """
    try:
        with folder_below(root, _names(path)) as folder:
            found = [(entry.name, folder.stat(entry.name)) for entry in folder.entries()]
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise _unreadable(path, error) from error
    return [
        _entry(name, stats)
        for name, stats in sorted(found, key=lambda each: each[0])
        if stats is not None and not name.endswith(SUFFIX)
    ]


def entry(root: str, path: str) -> Entry | None:
    """One file or folder, or None where there is none."""
    *names, name = _names(path)
    try:
        with folder_below(root, names) as folder:
            found = folder.stat(name)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise _unreadable(path, error) from error
    return None if found is None else _entry(name, found)


def insist_on_soundness(path: str) -> None:
    """Raise `TransferRefusedError` for a path that could lead out of the root."""
    strange = set("\0" if os.sep == "/" else "\0\\:")
    if any(name in ("", ".", "..") or set(name) & strange for name in path.split("/")):
        raise TransferRefusedError(
            f"the path '{printable(path)}' is refused: it could lead out of the root"
        )


def _names(path: str) -> Sequence[str]:
    if not path:
        return []
    insist_on_soundness(path)
    return path.split("/")


def _entry(name: str, found: os.stat_result) -> Entry:
    if stat.S_ISREG(found.st_mode):
        kind = EntryType.FILE
    else:
        kind = EntryType.FOLDER if stat.S_ISDIR(found.st_mode) else EntryType.OTHER
    modified = datetime.fromtimestamp(found.st_mtime, UTC)
    return Entry(name, kind, found.st_size if kind is EntryType.FILE else 0, modified)


def _unreadable(path: str, error: OSError) -> TransferError:
    message = f"{printable(path) or 'the root'} of the archive cannot be read: {error.strerror}"
    if isinstance(error, PermissionError):
        return NotPermittedError(message, what_to_do="let this account read the archive")
    if error.errno == errno.ELOOP:
        return TransferRefusedError(message)
    return TransferUnavailableError(message)
