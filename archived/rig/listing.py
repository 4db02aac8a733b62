"""One folder's listing: a digest by which it is known again, and what a look makes of it."""

from __future__ import annotations

import hashlib
import marshal
import stat

from archived.core.model import FileStat
from archived.core.paths import printable
from archived.core.records import OWN_FOLDER
from archived.rig.folders import Inode, Listing
from archived.rig.sights import FolderSeen, FolderTrouble

OWN_OF_FILE_SYSTEMS = frozenset(
    {
        "lost+found",
        "$RECYCLE.BIN",
        "System Volume Information",
        ".Trashes",
        ".Spotlight-V100",
        ".fseventsd",
    }
)
"""Folders that file systems and desktops make at the top of a disk, often readable by nobody."""

_WITHOUT_REFERENCES = 2
"""The version of `marshal`'s format in which the same values always become the same bytes."""


def digest_of(listing: Listing, key: bytes) -> str:
    """The same for the same listing and key, whichever process makes it; 32 characters.

    Everything that `FileStat` has takes part, of each file, and so does the order: where the system gives another
    one, the digest is another one, and all that comes of it is a comparison. `key` has up to 64 bytes.
    """
    content = marshal.dumps(
        (listing.files, listing.inodes, listing.folders, listing.others), _WITHOUT_REFERENCES
    )
    return hashlib.blake2b(content, digest_size=16, key=key).hexdigest()


def folder_seen(path: str, listing: Listing, mtime_ns: int, digest: str | None) -> FolderSeen:
    """What a look tells of a folder, by name. It is whole where it has a digest."""
    return FolderSeen(
        path,
        mtime_ns,
        tuple(name for name in sorted(listing.folders) if not _is_own(path, name)),
        tuple(
            file_stat(_below(path, name), inode)
            for name, inode in sorted(zip(listing.files, listing.inodes, strict=True))
            if stat.S_ISREG(inode[0])
        ),
        tuple(_below(path, name) for name in sorted(listing.others)),
        whole=digest is not None,
        listing=digest,
    )


def trouble_in(path: str, listing: Listing) -> FolderTrouble:
    """Of files that cannot be looked at one is enough to tell a person, however many there are."""
    name, error = min(listing.failures, key=lambda failure: failure[0])
    why = f"a file in it ({printable(name)}) cannot be looked at: {why_of(error)}"
    return FolderTrouble(path, why)


def _is_own(path: str, name: str) -> bool:
    """Whether it is a file system's folder, or at the root what an archive says about itself, where somebody brought
    it back."""
    return (
        name in OWN_OF_FILE_SYSTEMS
        or name.startswith(".Trash-")
        or _below(path, name) == OWN_FOLDER
    )


def _below(path: str, name: str) -> str:
    return f"{path}/{name}" if path else name


def why_of(error: OSError) -> str:
    """What the system says, without the path."""
    return error.strerror or str(error)


def file_stat(path: str, inode: Inode) -> FileStat:
    """The part of an inode that the program compares."""
    _, number, size, mtime_ns, ctime_ns = inode
    return FileStat(path, size, mtime_ns, ctime_ns, number)
