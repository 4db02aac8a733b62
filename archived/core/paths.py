"""Arithmetic on paths: showing them, joining them, and finding one machine's paths in another's spelling.

Nothing here looks at a disk. Paths of another machine go through pathlib's pure classes.
"""

from __future__ import annotations

import re
import unicodedata
from pathlib import PurePath, PurePosixPath, PureWindowsPath
from typing import TYPE_CHECKING

from archived.errors import ArchivedError

if TYPE_CHECKING:
    from archived.core.model import StorageLocation

LONGEST_SHOWN = 80
_ESCAPES = {"\n": r"\n", "\r": r"\r", "\t": r"\t"}
_EXTENDED = r"(?i)[\\/]{2}[?.][\\/](UNC[\\/])?"


class PathError(ArchivedError):
    """A path that must not be used, or that lies outside of where it should."""


def printable(path: str) -> str:
    """The path with everything escaped that is not plainly visible: control characters, marks that turn the
    direction of writing, unusual blanks. A byte that is no UTF-8 is shown as `\\xNN`."""
    return path if path.isprintable() else "".join(map(_escaped, path))


def _escaped(char: str) -> str:
    if char.isprintable():
        return char
    code = ord(char)
    if code < 0x80:
        return _ESCAPES.get(char, f"\\x{code:02x}")
    if 0xDC80 <= code <= 0xDCFF:  # PEP 383: one byte that could not be decoded
        return f"\\x{code - 0xDC00:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def shown(text: str) -> str:
    """A name in quotation marks, for a sentence: printable, and cut where it is very long."""
    return f"'{printable(text if len(text) <= LONGEST_SHOWN else text[:LONGEST_SHOWN] + '…')}'"


def is_utf8(path: str) -> bool:
    """Whether the name on disk is valid UTF-8, so that every other machine can hold it."""
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True


def clash_key(path: str) -> str:
    """Equal for paths that some file system takes for the same one: other case, other composition of accents.

    The canonical caseless match of the Unicode standard, composed.
    """
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", path).casefold())


def to_archive(location: StorageLocation, path: str) -> str:
    """Where a file lies in the archive, as its mover spells it. Raises `PathError` for a path that is not sound."""
    return _below(_archive_root(location), path)


def archive_folder(location: StorageLocation, folder: str) -> str:
    """Where a folder lies in the archive; "" is the location's own. Raises `PathError`."""
    root = _archive_root(location)
    return _below(root, folder) if folder else str(root)


def source_path(location: StorageLocation, path: str) -> str:
    """Where a file lies on the rig, as its mover spells it: inside the collection where the location has one, else
    on this machine. Raises `PathError` for a path that is not sound."""
    if location.collection is None:
        return local_path(location, path)
    return _below(PurePosixPath(location.collection_path or "/"), path)


def local_path(location: StorageLocation, path: str) -> str:
    """Where a file lies on this machine, below the root. Raises `PathError` for a path that is not sound."""
    return _below(_pure(location.root), path)


def _archive_root(location: StorageLocation) -> PurePath:
    # Only here: to show a name takes no model.
    from archived.core.model import CollectionArchive

    archive = location.archive
    if isinstance(archive, CollectionArchive):
        return PurePosixPath(archive.path or "/")
    return _pure(archive.path)


def looks_like_windows(path: str) -> bool:
    """Whether an absolute path is a Windows one: a drive letter, or a share. A leading slash is a POSIX path's."""
    return not path.startswith("/") and bool(PureWindowsPath(path).drive)


def _pure(path: str) -> PurePath:
    if looks_like_windows(path):
        return _windows(path)
    # Two leading slashes mean nothing special on the systems that we run on.
    return PurePosixPath("/" + path.lstrip("/")) if path.startswith("/") else PurePosixPath(path)


def _below(root: PurePath, path: str) -> str:
    """Join, and make sure of the result: whatever the path holds, it stays below the root."""
    names = path.split("/")
    for name in names:
        if name in ("", ".", "..") or "\0" in name:
            raise _refused(path, f"it has {shown(name)} in it")
        if isinstance(root, PureWindowsPath) and re.search(r"[\\:]", name):
            raise _refused(path, f"{shown(name)} cannot be a name on Windows")
    joined = root.joinpath(*names)
    if len(joined.parts) != len(root.parts) + len(names) or not joined.is_relative_to(root):
        raise _refused(path, f"it would lie outside of {shown(str(root))}")
    return str(joined)


def _refused(path: str, why: str) -> PathError:
    return PathError(
        f"the path {shown(path)} is refused: {why}",
        what_to_do="Rename it on the rig if it belongs to a recording.",
    )


def collection_path(local_root: str, local_path: str, subdir: str) -> str:
    """What Globus calls a path of this machine.

    `local_root` (`local_endpoint_local_path`) is `subdir` (`local_endpoint_subdir`) inside of the collection:
    with `C:\\globus\\map\\raw` and `map/raw`, `C:\\globus\\map\\raw\\SC011` is `/map/raw/SC011`. On Windows case does
    not count and both slashes do. Raises `PathError` for a path that is not below the root, or not absolute.
    """
    root = _pure(local_root)
    path = _windows(local_path) if isinstance(root, PureWindowsPath) else _pure(local_path)
    for one in (root, path):
        if not one.is_absolute() or ".." in one.parts:
            raise PathError(
                f"{shown(str(one))} is not a whole path: it must be absolute, without '..'"
            )
    inside = PurePosixPath("/" + subdir.strip("/"))
    if "\\" in subdir or ".." in inside.parts:
        raise PathError(
            f"{shown(subdir)} is not a folder of a collection",
            what_to_do="Write it with forward slashes and without '..', such as map/raw.",
        )
    if not path.is_relative_to(root):
        raise PathError(f"{shown(local_path)} does not lie below {shown(local_root)}")
    return str(inside.joinpath(*path.parts[len(root.parts) :]))


def windows_to_globus(path: str) -> str:
    """What Globus Connect Personal calls a path of a Windows machine: `C:\\data\\x` is `/C/data/x`.

    Raises `PathError` for what has no drive letter: a relative path, or a share of another machine.
    """
    whole = _windows(path)
    if not re.fullmatch("[A-Za-z]:", whole.drive) or not whole.root or ".." in whole.parts:
        raise PathError(
            f"{shown(path)} has no name in a Globus collection",
            what_to_do=r"Use a whole path with a drive letter, such as D:\data; give a share one.",
        )
    return str(PurePosixPath("/", whole.drive[0].upper(), *whole.parts[1:]))


def _windows(path: str) -> PureWindowsPath:
    r"""Without the `\\?\` that some programs put before long paths."""
    prefix = re.match(_EXTENDED, path)
    if prefix is None:
        return PureWindowsPath(path)
    return PureWindowsPath(("\\\\" if prefix[1] else "") + path[prefix.end() :])
