"""A look into the archive, several folders at once and at a polite pace, before anything is brought from it."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Sequence
from functools import partial

from archived import clock
from archived.core.model import parent
from archived.core.retrieving import WantedFile
from archived.errands import Finished, ThreadErrands
from archived.errors import (
    ArchiveMissingError,
    NotPermittedError,
    TransferRefusedError,
    TransferUnavailableError,
)
from archived.ports import Entry, EntryType, Transfers
from archived.retrieve.values import Progress, StoppedError, Tell
from archived.transfer.pace import Manners, Pace

AT_ONCE = 4
"""How many folders are listed at a time."""

LOOK_UP = 0.5
"""How often, in seconds, `stop` and the pace are looked at while nothing comes back."""


def shortcomings(
    mover: Transfers,
    files: Sequence[WantedFile],
    *,
    stop: threading.Event,
    tell: Tell,
    manners: Manners,
) -> dict[str, str]:
    """By path, why files cannot be brought: the archive does not hold them as they were archived.

    A folder that the archive refuses to list is the trouble of its own files only, and so is one that cannot be
    listed for long while others can. Raises what else movers raise, and `StoppedError`.
    """
    by_folder: defaultdict[str, list[WantedFile]] = defaultdict(list)
    for file in files:
        by_folder[parent(file.path)].append(file)
    return _Look(mover, by_folder, stop, tell, manners).run()


class _Look:
    def __init__(
        self,
        mover: Transfers,
        by_folder: dict[str, list[WantedFile]],
        stop: threading.Event,
        tell: Tell,
        manners: Manners,
    ) -> None:
        self._mover = mover
        self._by_folder = by_folder
        self._stop = stop
        self._tell = tell
        self._pace = Pace(manners, monotonic=clock.monotonic, stop=stop)
        self._found: dict[str, str] = {}
        self._answered = False
        """Whether a folder was listed since the last one that could not be."""

    def run(self) -> dict[str, str]:
        wake = threading.Event()
        errands = ThreadErrands(
            lanes={"list": AT_ONCE}, lane_of=lambda _kind: "list", wake=wake.set
        )
        ended = threading.Event()
        try:
            for folder in self._by_folder:
                errands.start("list", folder, partial(self._list, folder, ended))
            done = 0
            while done < len(self._by_folder):
                if self._stop.is_set():
                    raise StoppedError
                self._say(done)
                wake.wait(LOOK_UP)
                wake.clear()
                for outcome in errands.finished():
                    done += 1
                    self._take(outcome)
        finally:
            ended.set()
            errands.close()
        return self._found

    def _list(self, folder: str, ended: threading.Event) -> Sequence[Entry]:
        """On a thread of its own. Nothing more is asked once the look has ended."""
        if ended.is_set():
            return ()
        return self._pace.patiently(lambda: self._mover.list(folder))

    def _say(self, done: int) -> None:
        waits = ", which asks to wait" if self._pace.waiting_for else ""
        self._tell(Progress(f"looking into the archive{waits}", done, len(self._by_folder), 0, 0))

    def _take(self, outcome: Finished) -> None:
        members, error = self._by_folder[outcome.subject], outcome.error
        if error is None:
            self._answered = True
            entries = {entry.name: entry for entry in outcome.result}
            reasons = [_shortcoming(file, entries) for file in members]
            self._found.update(
                {file.path: why for file, why in zip(members, reasons, strict=True) if why}
            )
        elif self._stop.is_set():
            raise StoppedError
        elif isinstance(error, (TransferRefusedError, NotPermittedError)) or self._only_this(error):
            why = f"the archive does not show it: {error}"
            self._found.update({file.path: why for file in members})
        else:
            raise error

    def _only_this(self, error: BaseException) -> bool:
        """Whether others could be listed while one could not. The next one has to be well before that is said again."""
        well, self._answered = self._answered, False
        unavailable = isinstance(error, TransferUnavailableError)
        return unavailable and well and not isinstance(error, ArchiveMissingError)


def _shortcoming(file: WantedFile, entries: dict[str, Entry]) -> str:
    entry = entries.get(file.path.rpartition("/")[2])
    if entry is None:
        return "the archive does not hold it any more"
    if entry.type is not EntryType.FILE:
        return "the archive holds something else under this name, which is no file"
    if entry.size != file.size:
        return f"the archive holds {entry.size} bytes of it, {file.size} were archived"
    return ""
