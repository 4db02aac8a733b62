"""Moves one file of a task: compared first where that was asked for, copied for real, verified, proved."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from archived.simulator.checksums import CHUNK, checksum
from archived.simulator.collection import Collection
from archived.simulator.faults import FaultBook, Order
from archived.simulator.problems import FatalError, details, from_os_error, wrong
from archived.simulator.task import Task
from archived.simulator.work import TaskError, Unit, UnitState

_DEFAULT_ALGORITHM = "MD5"
_SMALLEST_CHUNK = 4096


@dataclass(frozen=True, slots=True)
class Copier:
    """Moves the files of one task.

    `transferred` and `checksummed` are called with a number of bytes as they are worked on; both may block to
    keep a rate, and raise to stop the work. `rate` tells how many bytes a second there are, None for no limit.
    """

    task: Task
    source: Collection
    destination: Collection
    faults: FaultBook
    transferred: Callable[[int], None]
    checksummed: Callable[[int], None]
    rate: Callable[[], float | None]

    def move(self, unit: Unit) -> UnitState:
        """See to one file or folder, and say how it ended.

        Raises `ProblemError` for what may be tried again, and `FatalError` for what ends the task.
        """
        if unit.is_directory:
            self._make_folder(unit)
            return UnitState.SUCCEEDED
        source = self._open_source(unit)
        try:
            destination = self.destination.resolve(unit.destination_path)
        except OSError as error:
            raise self._at_destination(error, unit) from error
        algorithm = unit.item.checksum_algorithm or _DEFAULT_ALGORITHM
        self._check_algorithm(unit, algorithm)
        if self._in_place(unit, source, destination, algorithm):
            return UnitState.SYNCHRONISED
        self._refuse_by_order(unit)
        unit.size = self._copy(unit, source, destination)
        self._verify(unit, source, destination, algorithm)
        if self.task.options.preserve_timestamp:
            times = source.stat()
            os.utime(destination, ns=(times.st_atime_ns, times.st_mtime_ns))
        return UnitState.SUCCEEDED

    def _make_folder(self, unit: Unit) -> None:
        here = {"collection": self.destination.id, "path": unit.destination_path}
        if self._strikes("permission_denied", **here):
            raise wrong("PERMISSION_DENIED", self.destination, unit.destination_path)
        try:
            self.destination.resolve(unit.destination_path).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise self._at_destination(error, unit) from error

    def _open_source(self, unit: Unit) -> Path:
        """Where the source is; raises `ProblemError` where it cannot be read, by order or in truth."""
        at_source = {"collection": self.source.id, "path": unit.source_path}
        if self._strikes("source_vanished", **at_source):
            raise wrong("FILE_NOT_FOUND", self.source, unit.source_path, at_source=True)
        if self._strikes("permission_denied", **at_source):
            raise wrong("PERMISSION_DENIED", self.source, unit.source_path, at_source=True)
        try:
            local = self.source.followed(unit.source_path)
            with local.open("rb"):
                unit.size = local.stat().st_size
        except OSError as error:
            raise from_os_error(error, self.source, unit.source_path, at_source=True) from error
        return local

    def _check_algorithm(self, unit: Unit, algorithm: str) -> None:
        wanted = unit.item.external_checksum is not None or self.task.options.verify_checksum
        if wanted and algorithm not in self.destination.algorithms:
            reason = f"checksum algorithm {algorithm} not supported"
            raise wrong("ENDPOINT_ERROR", self.destination, unit.destination_path, reason=reason)

    def _in_place(self, unit: Unit, source: Path, destination: Path, algorithm: str) -> bool:
        """Whether the destination has the file already, as the sync level (0 to 3) understands that."""
        level = self.task.options.sync_level
        if level is None or not destination.is_file():
            return False
        try:
            ours, theirs = source.stat(), destination.stat()
            if level == 0:
                return True
            if ours.st_size != theirs.st_size:
                return False
            if level == 1:
                return True
            if level == 2:
                return ours.st_mtime_ns <= theirs.st_mtime_ns
            return self._checksum(source, algorithm) == self._checksum(destination, algorithm)
        except OSError as error:
            raise self._at_destination(error, unit) from error

    def _refuse_by_order(self, unit: Unit) -> None:
        """Raise what was ordered to go wrong at the destination."""
        here = {"collection": self.destination.id, "path": unit.destination_path}
        for name, code in (
            ("quota", "QUOTA_EXCEEDED"),
            ("no_space", "NO_SPACE_LEFT"),
            ("permission_denied", "PERMISSION_DENIED"),
        ):
            if self._strikes(name, **here):
                raise wrong(code, self.destination, unit.destination_path)
        other = self._strikes("error", **here)
        if other is not None:
            raise wrong(other.code, self.destination, unit.destination_path)

    def _copy(self, unit: Unit, source: Path, destination: Path) -> int:
        """Copy the bytes to their final name, as GridFTP does: half a file is seen while it travels."""
        copied = 0
        with self._readable(unit, source) as reader:
            try:
                destination.parent.mkdir(parents=True, exist_ok=True)
                with destination.open("wb") as writer:
                    while chunk := reader.read(self._chunk()):
                        writer.write(chunk)
                        copied += len(chunk)
                        self.transferred(len(chunk))
            except OSError as error:
                raise self._at_destination(error, unit) from error
            size_now = os.fstat(reader.fileno()).st_size
        changed = self._strikes("size_changed", collection=self.source.id, path=unit.source_path)
        if changed is not None or not copied == unit.size == size_now:
            raise wrong("FILE_SIZE_CHANGED", self.source, unit.source_path, at_source=True)
        here = {"collection": self.destination.id, "path": unit.destination_path}
        if self._strikes("checksum_mismatch", **here):
            _damage(destination)
        return copied

    def _readable(self, unit: Unit, source: Path) -> BinaryIO:
        try:
            return source.open("rb")
        except OSError as error:
            raise from_os_error(error, self.source, unit.source_path, at_source=True) from error

    def _verify(self, unit: Unit, source: Path, destination: Path, algorithm: str) -> None:
        """Compare what arrived with the source, and with the checksum that came with the order."""
        try:
            if self.task.options.verify_checksum:
                arrived = self._checksum(destination, algorithm)
                if arrived != self._checksum(source, algorithm):
                    raise wrong("VERIFY_CHECKSUM", self.destination, unit.destination_path)
                unit.checksum, unit.algorithm = arrived, algorithm
            if unit.item.external_checksum is not None:
                self._compare_external(unit, self._checksum(destination, algorithm), algorithm)
        except OSError as error:
            raise self._at_destination(error, unit) from error

    def _compare_external(self, unit: Unit, arrived: str, algorithm: str) -> None:
        given = (unit.item.external_checksum or "").lower()
        here = {"collection": self.destination.id, "path": unit.destination_path}
        if arrived != given or self._strikes("external_checksum_mismatch", **here):
            code = "EXTERNAL_CHECKSUM_MISMATCH"
            text = details(code, self.destination, unit.destination_path, at_source=False)
            text += f"Expected {algorithm} {given}, found {arrived}\n"
            raise FatalError(TaskError(code, text, unit.destination_path))
        unit.checksum, unit.algorithm = arrived, algorithm

    def _checksum(self, path: Path, algorithm: str) -> str:
        value = checksum(path, algorithm, pause=lambda: self.checksummed(0))
        self.checksummed(path.stat().st_size)
        return value

    def _chunk(self) -> int:
        rate = self.rate()
        return CHUNK if rate is None else max(_SMALLEST_CHUNK, min(CHUNK, int(rate / 10)))

    def _strikes(self, name: str, *, collection: str, path: str) -> Order | None:
        label = self.task.label or ""
        return self.faults.strikes(name, collection=collection, path=path, label=label)

    def _at_destination(self, error: OSError, unit: Unit) -> Exception:
        return from_os_error(error, self.destination, unit.destination_path)


def _damage(path: Path) -> None:
    """Change one byte in the middle of a file; an empty file gains one."""
    with path.open("r+b") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(size // 2)
        byte = file.read(1)
        file.seek(size // 2)
        file.write(bytes([byte[0] ^ 0xFF]) if byte else b"\xff")
