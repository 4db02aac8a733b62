"""The rig's own copy of an archived file, while it is as it was when it was archived."""

from __future__ import annotations

from collections.abc import Callable

from archived.core.formats import UnreadableError
from archived.core.model import Checksum, FileStat
from archived.core.verifying import Wanted
from archived.errors import RootUnavailableError, TransferUnavailableError
from archived.rig.root import Root
from archived.rig.scanner import stat_files
from archived.store.fields import bounded
from archived.transfer.content import read_content
from archived.transfer.hashing import PROOF


def is_unchanged(root: Root, wanted: Wanted) -> bool:
    """Whether the rig has the file with the size and the time that it was archived with."""
    if wanted.mtime_ns is None:
        return False
    try:
        found = stat_files(root, [wanted.path])[wanted.path]
    except RootUnavailableError:
        return False
    if not isinstance(found, FileStat):
        return False
    return (found.size, bounded(found).mtime_ns) == (wanted.size, wanted.mtime_ns)


def rig_checksum(root: Root, wanted: Wanted, going_on: Callable[[int], None]) -> Checksum | None:
    """The proof's checksum of the rig's copy; None where there is none that is unchanged and can be read."""
    if not is_unchanged(root, wanted):
        return None
    try:
        found = read_content(root.path, wanted.path, (), going_on=going_on)
    except (UnreadableError, TransferUnavailableError):
        return None
    return found.checksums[PROOF] if is_unchanged(root, wanted) else None
