"""One large file, copied by three threads: one reads and writes, one computes, one reads back what is on the disk.

The last one follows the first: what was written is brought to the disk in pieces, forgotten by memory, and read from
the disk while the next pieces are written. No more than a few pieces ever wait in memory to be written.
"""

from __future__ import annotations

import errno
import os
import queue
import threading
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from typing import Generic, TypeVar

from archived.core.model import Checksum
from archived.transfer.hashing import BUFFER, PROOF, Digests
from archived.transfer.source import Progress, Source, forget, write_all
from archived.transfer.trouble import Trouble

PIECE = 32 * 1024 * 1024
"""Bytes that are brought to the disk, and read back, at a time."""
PIECES_AHEAD = 2
"""How many written pieces may wait to be read back."""
BEGUN_EARLY = 4 * 1024 * 1024
"""After how many bytes the system is asked to begin writing, so that there is little left to wait for."""

BUFFERS = 16
T = TypeVar("T")

_PATIENCE = 0.5
"""Seconds between two looks of a waiting thread at whether its work is still wanted."""


def stream(source: Source, digests: Digests, file: int, back: int, progress: Progress) -> Checksum:
    """Write a source into an empty file, and take its bytes into `digests`; the checksum of what is on the disk.

    `file` and `back` are descriptors of the file, for writing and for reading; `back` is closed by this, whatever
    happens. Raises `Trouble`, `OSError`, and what `progress` raises.
    """
    going_on = partial(progress, 0)
    written = begun = given = 0
    with ExitStack() as stack:
        reading = ReadBack(file, back)
        following = Behind("read-back", PIECES_AHEAD, reading.upto, reading.close)
        stack.callback(following.leave)
        computing = Behind("compute", BUFFERS - 1, digests.update)
        stack.callback(computing.leave)
        for data in source.chunks(BUFFERS):
            progress(len(data))
            computing.give(data, going_on)
            write_all(file, data)
            written += len(data)
            if written - begun >= BEGUN_EARLY:
                forget(file, written, begun)
                begun = written
            if written - given >= PIECE:
                following.give(written, going_on)
                source.forget(written)
                given = written
        following.give(written, going_on)
        computing.finish(going_on)
        following.finish(going_on)
    return reading.digests.checksum()


class ReadBack:
    """Reads a file that is still being written, as far as it is on the disk, through descriptors of its own."""

    def __init__(self, written: int, file: int) -> None:
        """`written` is duplicated; `file`, by which it is read, is closed also where that fails."""
        try:
            self._written = os.dup(written)
        except OSError:
            os.close(file)
            raise
        self.digests = Digests(PROOF)
        self._file = file
        self._read = 0

    def upto(self, end: int) -> None:
        """Bring to the disk what was written, have memory forget it, and read it from where the last call ended."""
        getattr(os, "fdatasync", os.fsync)(self._written)
        begin = self._read
        forget(self._file, end, begin)
        while self._read < end:
            data = os.read(self._file, min(BUFFER, end - self._read))
            if not data:
                raise Trouble("VERIFY_CHECKSUM", "what was written is shorter when it is read back")
            self.digests.update(data)
            self._read += len(data)
        forget(self._file, end, begin)

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._file)
        os.close(self._written)


class Behind(Generic[T]):
    """A thread that follows another one: it does something with each value that it is given, in their order."""

    def __init__(
        self,
        name: str,
        most: int,
        act: Callable[[T], None],
        end: Callable[[], None] = lambda: None,
    ) -> None:
        """At most so many values wait or are worked on. `end` is called when the thread ends.

        Raises `OSError` where the system has no thread to give; then `end` was called.
        """
        self._room = threading.Semaphore(most)
        self._values: queue.SimpleQueue[T | None] = queue.SimpleQueue()
        self._act, self._end = act, end
        self._error: BaseException | None = None
        self._left = False
        self._thread = threading.Thread(target=self._serve, name=name, daemon=True)
        try:
            self._thread.start()
        except RuntimeError as error:
            self._end()
            raise OSError(errno.EAGAIN, "the system has no more threads to give") from error

    def give(self, value: T, going_on: Callable[[], None]) -> None:
        """Wait for room, then leave a value.

        Raises what went wrong with an earlier one, and what `going_on` raises, which is called while it waits.
        """
        while not self._room.acquire(timeout=_PATIENCE):
            going_on()
        if self._error is not None:
            raise self._error
        self._values.put(value)

    def finish(self, going_on: Callable[[], None]) -> None:
        """Wait until everything was done. Raises as `give` does."""
        self._values.put(None)
        while self._thread.is_alive():
            self._thread.join(_PATIENCE)
            going_on()
        if self._error is not None:
            raise self._error

    def leave(self) -> None:
        """Nothing more is wanted; what is not begun is not done."""
        self._left = True
        self._values.put(None)

    def _serve(self) -> None:
        try:
            while (value := self._values.get()) is not None and not self._left:
                try:
                    if self._error is None:
                        self._act(value)
                except BaseException as error:  # noqa: BLE001 - raised to the thread that gives
                    self._error = error
                self._room.release()
        finally:
            self._end()
