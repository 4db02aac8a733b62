"""A file in memory that counts what is asked of it, so that work is bounded by counting and not by a clock."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from archived.core.formats import judge
from archived.core.formats.reading import Readable
from archived.core.model import FileStat, Verdict

FOLDER = "SC011/catgt_SC011_022319_g0"

MOST_READS = 450_000
MOST_BYTES = 100 << 20
"""What judging one file may cost at the very most, however large it is and whatever is in it."""


@dataclass
class Counted:
    """An open file; beyond its content everything up to `size` reads as zeros, as in a sparse file."""

    content: bytes
    size: int
    cost: Cost

    def read(self, offset: int, length: int) -> bytes:
        length = max(0, min(length, self.size - offset))
        self.cost.reads += 1
        self.cost.bytes += length
        assert self.cost.reads <= MOST_READS, "reads without end"
        assert self.cost.bytes <= MOST_BYTES, "reads far too much"
        return self.content[offset : offset + length].ljust(length, b"\0")


@dataclass
class Cost:
    """What was asked so far."""

    reads: int = 0
    bytes: int = 0


@dataclass
class CountedDisk:
    """The files of one dataset. `sizes` are those of files that are larger than their content."""

    files: Mapping[str, bytes]
    sizes: Mapping[str, int] = field(default_factory=dict)
    cost: Cost = field(default_factory=Cost)

    def judge(self, *rules: str) -> tuple[Verdict, ...]:
        """What the rules say."""
        stats = {
            f"{FOLDER}/{name}": FileStat(f"{FOLDER}/{name}", self._size(name), 0)
            for name in self.files
        }
        return judge(rules, FOLDER, stats, self._open).verdicts

    @contextmanager
    def _open(self, path: str) -> Iterator[Readable]:
        name = path.removeprefix(f"{FOLDER}/")
        yield Counted(self.files[name], self._size(name), self.cost)

    def _size(self, name: str) -> int:
        return self.sizes.get(name, len(self.files[name]))
