"""What a mover remembers of the files it copied: which pairs are equal, and what it could not tidy up."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from archived.core.model import Checksum
from archived.transfer.folders import Folder
from archived.transfer.source import Fingerprint

_REMEMBERED = 50_000


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
        except OSError:
            if len(self._leftovers) < _REMEMBERED:
                self._leftovers[path].add(temporary)

    def tidy_up(self, path: str, folder: Folder) -> None:
        """Remove what could not be removed from a folder earlier."""
        for temporary in tuple(self._leftovers.pop(path, ())):
            self.tidy(path, folder, temporary)
