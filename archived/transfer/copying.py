"""One verified copy of one file: under a temporary name, read back from the disk, then given its name at one stroke."""

from __future__ import annotations

import errno
import io
import os
import stat
from collections import defaultdict
from dataclasses import dataclass, field

from archived.core.model import Checksum, parent
from archived.ports import TransferItem
from archived.transfer.folders import Folder, Lasting, folder_below
from archived.transfer.hashing import digest
from archived.transfer.source import (
    Fingerprint,
    Progress,
    Source,
    fingerprint,
    forget,
    open_source,
)
from archived.transfer.trouble import Trouble, of_destination

SUFFIX = ".archived-part"
"""By which our temporary files are known, whoever left them behind."""

_FLUSH = 64 * 1024 * 1024
"""Bytes that may wait to be written to the disk; more would pile up in memory and slow the acquisition down."""
_CANNOT_SYNC = {errno.EBADF, errno.EINVAL, errno.ENOTSUP}
"""What systems say that bring only files to the disk which are open for writing."""
_TRIES = 3
"""How often a copy that reads back differently is made anew."""
_REMEMBERED = 50_000


@dataclass(frozen=True, slots=True)
class Copied:
    """What lies at the destination now, as it was read there."""

    checksum: Checksum
    bytes_copied: int
    """0 where the file was in place already."""


@dataclass
class Memory:
    """What this process has compared already: an unchanged pair of files need not be read again."""

    _pairs: dict[str, tuple[Fingerprint, Fingerprint, Checksum]] = field(default_factory=dict)
    _leftovers: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """Temporary files that a failing disk would not let go of, by their folders."""

    def recall(self, path: str, ours: Fingerprint, theirs: Fingerprint) -> Checksum | None:
        """The checksum of both, if neither has changed since."""
        known = self._pairs.get(path)
        return known[2] if known and known[:2] == (ours, theirs) else None

    def keep(self, path: str, ours: Fingerprint, theirs: Fingerprint, checksum: Checksum) -> None:
        """Remember that both have this content."""
        if len(self._pairs) >= _REMEMBERED:
            self._pairs.clear()
        self._pairs[path] = (ours, theirs, checksum)

    def tidy(self, path: str, folder: Folder, temporary: str) -> None:
        """Remove a temporary file from a folder; where that fails, it is tried again with the next that is there."""
        try:
            folder.remove(temporary)
            self._leftovers[path].discard(temporary)
        except OSError:
            if len(self._leftovers) < _REMEMBERED:
                self._leftovers[path].add(temporary)

    def tidy_up(self, path: str, folder: Folder) -> None:
        """Remove what could not be removed from a folder earlier."""
        for temporary in tuple(self._leftovers.pop(path, ())):
            self.tidy(path, folder, temporary)


@dataclass(frozen=True)
class Copier:
    """Copies files from one root to another. It never replaces a file that differs, unless the item says so."""

    source_root: str
    destination_root: str
    verify: bool = True
    memory: Memory = field(default_factory=Memory)
    lasting: Lasting = field(default_factory=Lasting)

    def copy(self, item: TransferItem, temporary: str, progress: Progress) -> Copied:
        """Copy one file, or find that it is in place. Raises `Trouble`, and what `progress` raises."""
        *names, name = item.path.split("/")
        with open_source(self.source_root, item) as source:
            try:
                with folder_below(
                    self.destination_root, names, make=True, lasting=self.lasting
                ) as folder:
                    self.memory.tidy_up(parent(item.path), folder)
                    target = Target(folder, name, temporary, progress)
                    copied = self._in_place(source, target) or self._copy(source, target)
                    there = folder.stat(name)
            except OSError as error:
                raise of_destination(error, self.destination_root) from error
            if there is not None:
                self.memory.keep(item.path, source.fingerprint, fingerprint(there), copied.checksum)
            return copied

    def _in_place(self, source: Source, target: Target) -> Copied | None:
        """The proof of a file that is there already with the same content; None where there is work to do."""
        there = target.stat()
        if there is None:
            return None
        if stat.S_ISDIR(there.st_mode):
            raise Trouble("IS_A_DIRECTORY", "the destination has a folder of this name")
        path, size = source.item.path, source.item.size
        known = self.memory.recall(path, source.fingerprint, fingerprint(there))
        if known is not None:
            return Copied(known, 0)
        if stat.S_ISREG(there.st_mode) and there.st_size == size:
            ours, theirs = source.checksum(target.progress), target.checksum()
            if ours == theirs:
                target.insist_on_disk()
                return Copied(theirs, 0)
        if not source.item.overwrite:
            raise Trouble(
                "DESTINATION_DIFFERS",
                f"the destination holds a different file ({there.st_size} bytes; {size} here)",
            )
        return None

    def _copy(self, source: Source, target: Target) -> Copied:
        """Write until it reads back as what was read from the source, then give it its name."""
        try:
            for _ in range(_TRIES):
                sent = target.write(source)
                if not self.verify or target.checksum(temporary=True) == sent:
                    target.place(sent, replace=source.item.overwrite)
                    return Copied(sent, source.item.size)
        finally:
            # Whatever went wrong is what is told of, rather than that nothing can be removed either.
            self.memory.tidy(parent(source.item.path), target.folder, target.temporary)
        raise Trouble("VERIFY_CHECKSUM", f"what was written read back differently {_TRIES} times")


@dataclass(frozen=True)
class Target:
    """Where a file is to lie, and the temporary name that it has until it is proved."""

    folder: Folder
    name: str
    temporary: str
    progress: Progress

    def stat(self) -> os.stat_result | None:
        """What lies there now."""
        return self.folder.stat(self.name)

    def write(self, source: Source) -> Checksum:
        """Write the temporary file, so that it outlasts a power failure; the checksum of what was read for it."""
        digests = source.digests()
        flushed = written = 0
        self.folder.remove(self.temporary)
        with io.FileIO(self.folder.open_to_write(self.temporary), "r+b") as file:
            for data in source.chunks():
                self.progress(len(data))
                digests.update(data)
                _write_all(file, data)
                written += len(data)
                if written - flushed >= _FLUSH:
                    _flush(file, written)
                    source.forget(written)
                    flushed = written
            source.insist(digests)
            self.folder.keep_times(file.fileno(), self.temporary, source.times)
            os.fsync(file.fileno())
        return digests.checksum()

    def checksum(self, *, temporary: bool = False) -> Checksum:
        """Of what is on the disk, rather than of what memory still holds of it."""
        name = self.temporary if temporary else self.name
        with io.FileIO(self.folder.open_to_read(name), "rb") as file:
            forget(file, 0)
            return digest(
                lambda buffer: file.readinto(buffer) or 0, going_on=lambda: self.progress(0)
            )

    def place(self, content: Checksum, *, replace: bool) -> None:
        """Give the temporary file its name, for good. A different file that came there meanwhile stays."""
        try:
            self.folder.place(self.temporary, self.name, replace=replace)
        except FileExistsError:
            if self.checksum() != content:
                raise Trouble(
                    "DESTINATION_DIFFERS", "the destination holds a different file"
                ) from None
            self.insist_on_disk()
        else:
            self.folder.sync()

    def insist_on_disk(self) -> None:
        """What reads back right may be in memory only, whoever put it there: have it outlast a power failure."""
        descriptor = self.folder.open_to_read(self.name)
        try:
            os.fsync(descriptor)
        except OSError as error:
            if error.errno not in _CANNOT_SYNC:
                raise
        finally:
            os.close(descriptor)
        self.folder.sync()


def temporary_name(submission_id: str, number: int) -> str:
    """The name of a file while it is copied: hidden, short, and known by the submission that it belongs to."""
    return f".{submission_id}.{number}{SUFFIX}"


def sweep(root: str, folder_path: str, submission_id: str) -> None:
    """Remove what an interrupted run of the same submission left in a folder. A missing folder has nothing."""
    names = folder_path.split("/") if folder_path else []
    try:
        with folder_below(root, names) as folder:
            for entry in folder.entries():
                if entry.name.startswith(f".{submission_id}.") and entry.name.endswith(SUFFIX):
                    folder.remove(entry.name)
    except OSError:
        return  # the copy that follows says what is wrong with the folder


def _write_all(file: io.FileIO, data: memoryview) -> None:
    while data:
        data = data[file.write(data) :]


def _flush(file: io.FileIO, upto: int) -> None:
    """Bring to the disk what was written, and let memory forget it."""
    getattr(os, "fdatasync", os.fsync)(file.fileno())
    forget(file, upto)
