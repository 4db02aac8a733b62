"""Where something happened: a bounded set that threads of the watcher fill and the daemon empties."""

from __future__ import annotations

import threading
from collections.abc import Callable

from archived.core.dataclass import dataclass


@dataclass(frozen=True)
class Hints:
    """What was noticed below one root since the last time.

    `paths` are folders or files, from the root ("" is the root itself), where something came, went or was closed
    after writing; a folder stands for all that is in it. They are not checked: what they name may be gone.
    `everything` means that events were lost, or were not watched for: look at all. The paths that are known still
    come with it.
    """

    paths: frozenset[str]
    everything: bool


class HintSet:
    """Hints of one root, each once. What exceeds `capacity` becomes "everything". Used by several threads.

    `wake` is called when there is something after nothing was found to take: while things go on happening, whoever
    takes them has his own pace.
    """

    def __init__(self, wake: Callable[[], None], capacity: int) -> None:
        self._wake = wake
        self._capacity = capacity
        self._lock = threading.Lock()
        self._paths: set[str] = set()
        self._folders: set[str] = set()
        self._everything = False
        self._missed = True
        """Whether the last who came found nothing."""

    def add(self, path: str, *, folder: bool = False) -> None:
        """Something happened at `path`; with `folder`, anything may have happened in it as well."""
        with self._lock:
            if self._covered(path):
                return
            wakes, self._missed = self._missed, False
            if len(self._paths) < self._capacity:
                self._paths.add(path)
                if folder:
                    self._folders.add(path)
            else:
                self._everything = True
        if wakes:
            self._wake()

    def lose(self) -> None:
        """Something happened, and nobody knows where."""
        with self._lock:
            wakes, self._missed = self._missed, False
            self._everything = True
        if wakes:
            self._wake()

    def take(self) -> Hints | None:
        """What there is, which is then forgotten; None for nothing."""
        with self._lock:
            self._missed = not self._paths and not self._everything
            if self._missed:
                return None
            taken = Hints(frozenset(self._paths), self._everything)
            self._paths, self._folders, self._everything = set(), set(), False
        return taken

    def _covered(self, path: str) -> bool:
        """Whether the path or a folder above it is to be looked at as a whole anyway."""
        if path in self._paths or "" in self._folders:
            return True
        above = path.rpartition("/")[0]
        while above:
            if above in self._folders:
                return True
            above = above.rpartition("/")[0]
        return False
