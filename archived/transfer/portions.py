"""Which files of an order are copied at a time: large ones alone, small ones with their neighbours."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from archived.ports import TransferItem
from archived.transfer.copying import Piece, temporary_name
from archived.transfer.target import LARGE

FILES = 700
BYTES = 32 * 1024 * 1024
"""What waits in memory to be written; more would slow the acquisition down."""
FOLDERS = 16
"""Each is held open at both ends meanwhile."""


def portions(items: Sequence[TransferItem], submission_id: str) -> Iterator[Sequence[Piece]]:
    """The items in their order, as many at a time as are copied together; one at the least."""
    portion: list[Piece] = []
    folders: set[str] = set()
    size = 0
    for number, item in enumerate(items):
        folder = item.path.rpartition("/")[0]
        folders.add(folder)
        size += item.size
        full = len(portion) == FILES or size > BYTES or len(folders) > FOLDERS
        if portion and (full or item.size >= LARGE):
            yield portion
            portion, folders, size = [], {folder}, item.size
        portion.append(Piece(item, temporary_name(submission_id, number)))
        if item.size >= LARGE:
            yield portion
            portion, folders, size = [], set(), 0
    if portion:
        yield portion
