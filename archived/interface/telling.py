"""What to do about an error, where a notebook shows it: Python's own notes below the message."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from archived.errors import ArchivedError


@contextmanager
def telling() -> Iterator[None]:
    """Errors of ours leave this block with what to do as a note; the commands print that themselves."""
    try:
        yield
    except ArchivedError as error:
        if error.what_to_do and error.what_to_do not in getattr(error, "__notes__", ()):
            error.add_note(error.what_to_do)
        raise


def in_place_of(what: str, error: ArchivedError) -> str:
    """What is shown where something cannot be: a traceback for looking at a variable helps nobody."""
    to_do = f"\n{error.what_to_do}" if error.what_to_do else ""
    return f"{what} that cannot be read: {error}{to_do}"
