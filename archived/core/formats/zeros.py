"""The tail that old capture interfaces allocate in advance and leave full of zeros."""

from __future__ import annotations

from archived.core.formats.reading import ObjectionError, Opinion, Readable
from archived.core.formats.wording import grouped, in_bytes
from archived.core.model import Answer

_PIECE = 1 << 20
_PIECES = 64


def only_zeros(readable: Readable, start: int) -> bool:
    """Whether all bytes from `start` to the end are zero.

    Reads at most 64 MiB: of a longer tail evenly spread pieces, the first and the last among them.
    """
    length = readable.size - start
    pieces = min(_PIECES, -(-length // _PIECE))
    furthest = max(0, length - _PIECE)
    for number in range(pieces):
        offset = start + (furthest * number // (pieces - 1) if pieces > 1 else 0)
        if readable.read(offset, _PIECE).strip(b"\0"):
            return False
    return True


def object_to_zeros_at_the_end(readable: Readable, length: int = 1) -> None:
    """Raise `ObjectionError` (cannot tell) where these last bytes are zeros, as nothing tells whether they should be."""
    if not any(readable.read(readable.size - length, length)):
        raise ObjectionError(
            Answer.CANNOT_TELL,
            "ends in zeros, which may be what it was given or a block that never reached the disk; "
            "quiet time decides",
        )


def after_the_end(readable: Readable, end: int) -> Opinion:
    """What to make of bytes behind the end that a finished file gives for itself."""
    extra = readable.size - end
    if only_zeros(readable, end):
        return (
            Answer.CANNOT_TELL,
            f"is complete and followed by {grouped(extra)} bytes of zeros, allocated in advance by its writer; "
            "quiet time decides",
        )
    return (
        Answer.UNFINISHED,
        f"goes on for {in_bytes(extra)} after its own end: its writer has not closed it, or was killed",
    )
