"""Verified copies: under a temporary name, read back from the disk, then given their names at one stroke.

Small files are copied some hundred at a time, each step for all of them before the next: they are written, brought to
the disk together, read back, named, and their folders are brought to the disk once each. What is told of a file is
true when it is told: its content and its name outlast a power failure.
"""

from __future__ import annotations

import os
import stat
from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from archived.core.model import Checksum
from archived.ports import TransferItem
from archived.transfer.barrier import WORTH_IT, Barrier, OneByOne, barrier_for
from archived.transfer.folders import Lasting, OpenFolders, folder_below
from archived.transfer.memory import Memory
from archived.transfer.source import Fingerprint, Progress, Source, fingerprint, open_source
from archived.transfer.target import NOT_YET, Target, Written
from archived.transfer.trouble import Trouble, of_destination

SUFFIX = ".archived-part"
"""By which our temporary files are known, whoever left them behind."""

_TRIES = 3
"""How often a copy that reads back differently is made anew."""
_READ_AHEAD = 32
"""How many files the system reads ahead while their predecessors are compared."""


@dataclass(frozen=True, slots=True)
class Piece:
    """One file of an order, and its name while it is copied."""

    item: TransferItem
    temporary: str


@dataclass(frozen=True, slots=True)
class Copied:
    """What lies at the destination now, as it was read there."""

    checksum: Checksum
    bytes_copied: int
    """0 where the file was in place already."""


Outcome = tuple[Piece, Copied | Trouble]


@dataclass(frozen=True)
class Copier:
    """Copies files from one root to another. It never replaces a file that differs, unless the item says so."""

    source_root: str
    destination_root: str
    memory: Memory = field(default_factory=Memory)
    lasting: Lasting = field(default_factory=Lasting)

    def copy(
        self,
        pieces: Sequence[Piece],
        progress: Progress,
        *,
        together: bool = True,
        insist: Callable[[], None] = lambda: None,
    ) -> Sequence[Outcome]:
        """Copy files, or find that they are in place; what came of each that was begun.

        Without `together` no file is brought to the disk along with whatever else waits to be written to it. `insist`
        raises `Trouble` where one of the roots is not there any more; it is asked around every folder that is opened.

        After a trouble that stops everything no other is begun. Raises what `progress` raises; then nothing
        unfinished is left behind.
        """
        with (
            OpenFolders(self.source_root, insist=insist) as sources,
            OpenFolders(
                self.destination_root, make=True, lasting=self.lasting, insist=insist
            ) as folders,
        ):
            copying = _Copying(self.memory, sources, folders, progress)
            try:
                copying.write(pieces, together=together)
                copying.prove()
                copying.name()
            finally:
                copying.tidy()
            return copying.outcomes()


@dataclass(slots=True)
class _File:
    """How far one file has come."""

    piece: Piece
    folder: str
    """Its path from the root."""
    target: Target | None = None
    fingerprint: Fingerprint | None = None
    """What the source was when it was opened."""
    written: Written | None = None
    """Its temporary file, until that has its name."""
    found: Copied | None = None
    """What lies under its name, and outlasts a power failure once the folder is brought to the disk."""
    outcome: Copied | Trouble | None = None


class _Copying:
    """Some files on their way."""

    def __init__(
        self, memory: Memory, sources: OpenFolders, folders: OpenFolders, progress: Progress
    ) -> None:
        self._memory = memory
        self._sources = sources
        self._folders = folders
        self._progress = progress
        self._files: list[_File] = []

    def write(self, pieces: Sequence[Piece], *, together: bool) -> None:
        """Write the temporary files of all that is not in place, and bring them to the disk."""
        barrier = self._barrier(len(pieces)) if together else OneByOne()
        for piece in pieces:
            file = _File(piece, piece.item.path.rpartition("/")[0])
            self._files.append(file)
            self._write(file, barrier)
            if isinstance(file.outcome, Trouble) and file.outcome.stops:
                break
        try:
            barrier.reached()
        except OSError:
            # Some file of that disk is not on it, and nobody says which.
            for file in self._waiting():
                self._write(file, OneByOne())

    def prove(self) -> None:
        """Read back what was written; what differs is written anew, a few times."""
        waiting = self._waiting()
        for _ in range(_TRIES - 1):
            waiting = self._differing(waiting)
            for file in waiting:
                self._write(file, OneByOne())
            waiting = [each for each in waiting if each.outcome is None]
        for file in self._differing(waiting):
            file.outcome = Trouble(
                "VERIFY_CHECKSUM", f"what was written read back differently {_TRIES} times"
            )

    def name(self) -> None:
        """Give what was proved its name, and have the names outlast a power failure."""
        for file in self._waiting():
            target, written, item = file.target, file.written, file.piece.item
            assert target is not None
            assert written is not None
            try:
                if target.place(written.sent, replace=item.overwrite):
                    file.written = None
                file.found = Copied(written.sent, item.size)
            except (Trouble, OSError) as error:
                file.outcome = self._trouble(error)
                self._let_go(file)
        by_folder: defaultdict[str, list[_File]] = defaultdict(list)
        for file in self._files:
            if file.found is not None and file.outcome is None:
                by_folder[file.folder].append(file)
        for path, files in by_folder.items():
            trouble = self._sync(path)
            for file in files:
                self._conclude(file, trouble)

    def tidy(self) -> None:
        """Remove the temporary files of what did not come to its name."""
        for file in self._files:
            self._let_go(file)

    def outcomes(self) -> Sequence[Outcome]:
        """What came of each file that was begun."""
        return [(each.piece, each.outcome) for each in self._files if each.outcome is not None]

    def _barrier(self, files: int) -> Barrier:
        if files < WORTH_IT:
            return OneByOne()
        try:
            return barrier_for(self._folders.at("").descriptor())
        except OSError:
            # Whatever is wrong with it is told when the first file is to be written there.
            return OneByOne()

    def _waiting(self) -> list[_File]:
        return [each for each in self._files if each.written is not None and each.outcome is None]

    def _let_go(self, file: _File) -> None:
        """Remove a temporary file; at once where it failed, as a full disk needs its room for the names of others."""
        if file.target is not None and file.written is not None:
            self._memory.tidy(file.folder, file.target.folder, file.piece.temporary)
            file.written = None

    def _trouble(self, error: Trouble | OSError) -> Trouble:
        return error if isinstance(error, Trouble) else of_destination(error, self._folders.root)

    def _write(self, file: _File, barrier: Barrier) -> None:
        item = file.piece.item
        name = item.path.rpartition("/")[2]
        try:
            with open_source(self._sources, item) as source:
                folder = self._folders.at(file.folder)
                if file.target is None:
                    self._memory.tidy_up(file.folder, folder)
                    file.target = Target(folder, name, file.piece.temporary, self._progress)
                    file.fingerprint = source.fingerprint
                    if self._is_in_place(file, file.target, source):
                        return
                file.written = NOT_YET
                file.written = file.target.write(source, barrier)
        except (Trouble, OSError) as error:
            file.outcome = self._trouble(error)
            self._let_go(file)

    def _is_in_place(self, file: _File, target: Target, source: Source) -> bool:
        """Whether a file is there already with the same content. Raises `Trouble` for a different one."""
        there = target.stat()
        if there is None:
            return False
        if stat.S_ISDIR(there.st_mode):
            raise Trouble("IS_A_DIRECTORY", "the destination has a folder of this name")
        item = source.item
        known = self._memory.recall(item.path, source.fingerprint, fingerprint(there))
        if known is not None:
            file.outcome = Copied(known, 0)
            return True
        if stat.S_ISREG(there.st_mode) and there.st_size == item.size:
            ours, theirs = source.checksum(self._progress), target.checksum()
            if ours == theirs:
                file.found = Copied(theirs, 0)
                return True
        if not item.overwrite:
            raise Trouble(
                "DESTINATION_DIFFERS",
                f"the destination holds a different file ({there.st_size} bytes; {item.size} here)",
            )
        return False

    def _differing(self, files: Sequence[_File]) -> list[_File]:
        """Those that read back differently; the system reads some ahead while others are compared."""
        differing: list[_File] = []
        ahead: deque[tuple[_File, int]] = deque()
        try:
            for file in files:
                assert file.target is not None
                assert file.written is not None
                if file.written.read_back is None:
                    try:
                        ahead.append((file, file.target.reading_back()))
                    except OSError as error:
                        file.outcome = self._trouble(error)
                elif file.written.read_back != file.written.sent:
                    differing.append(file)
                if len(ahead) > _READ_AHEAD:
                    self._compare(*ahead.popleft(), differing)
            while ahead:
                self._compare(*ahead.popleft(), differing)
        finally:
            for _, descriptor in ahead:
                os.close(descriptor)
        return differing

    def _compare(self, file: _File, descriptor: int, differing: list[_File]) -> None:
        assert file.target is not None
        assert file.written is not None
        try:
            if file.target.digest(descriptor) != file.written.sent:
                differing.append(file)
        except OSError as error:
            file.outcome = self._trouble(error)
        finally:
            os.close(descriptor)

    def _sync(self, path: str) -> Trouble | None:
        try:
            self._folders.at(path).sync()
        except OSError as error:
            return of_destination(error, self._folders.root)
        return None

    def _conclude(self, file: _File, trouble: Trouble | None) -> None:
        file.outcome = trouble or file.found
        assert file.target is not None
        assert file.found is not None
        assert file.fingerprint is not None
        if trouble is not None:
            return
        try:
            there = file.target.stat()
        except OSError:
            return
        if there is not None:
            path, checksum = file.piece.item.path, file.found.checksum
            self._memory.keep(path, file.fingerprint, fingerprint(there), checksum)


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
