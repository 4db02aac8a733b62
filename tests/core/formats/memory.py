"""A disk in memory: files by path, as the rules are given them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from archived.core.formats import Judgement, UnreadableError, judge
from archived.core.formats.reading import Readable
from archived.core.model import Answer, FileStat, Verdict

FOLDER = "SC011/catgt_SC011_022319_g0"


class Bytes:
    """An open file whose content is known. `size` may be larger: the rest reads as zeros."""

    def __init__(self, content: bytes, size: int | None = None) -> None:
        self.content = content
        self.size = len(content) if size is None else size
        self.reads = 0
        self.longest_read = 0
        self.bytes_read = 0

    def read(self, offset: int, length: int) -> bytes:
        length = max(0, min(length, self.size - offset))
        self.reads += 1
        self.longest_read = max(self.longest_read, length)
        self.bytes_read += length
        return self.content[offset : offset + length].ljust(length, b"\0")


@dataclass
class Disk:
    """The files of a dataset. A content of `None` is a file that cannot be read, a number one of that many zeros."""

    files: dict[str, bytes | int | None]
    times: Mapping[str, int] = field(default_factory=dict)
    grown: Mapping[str, int] = field(default_factory=dict)
    opened: list[str] = field(default_factory=list)

    def stats(self) -> dict[str, FileStat]:
        return {
            f"{FOLDER}/{name}": FileStat(
                f"{FOLDER}/{name}", _size(content), self.times.get(name, 0)
            )
            for name, content in self.files.items()
        }

    @contextmanager
    def open(self, path: str) -> Iterator[Readable]:
        name = path.removeprefix(f"{FOLDER}/")
        self.opened.append(name)
        content = self.files[name]
        if content is None:
            raise UnreadableError("Permission denied")
        known = content if isinstance(content, bytes) else b""
        yield Bytes(known, _size(content) + self.grown.get(name, 0))

    def judge(self, *rules: str, skip: Collection[str] = ()) -> Judgement:
        skipped = [f"{FOLDER}/{name}" for name in skip]
        return judge(rules, FOLDER, self.stats(), self.open, skip=skipped)

    def only_verdict(self, *rules: str) -> Verdict:
        (verdict,) = self.judge(*rules).verdicts
        return verdict

    def answers(self, *rules: str) -> dict[str, Answer]:
        return {
            verdict.file.removeprefix(f"{FOLDER}/"): verdict.answer
            for verdict in self.judge(*rules).verdicts
        }


def _size(content: bytes | int | None) -> int:
    if content is None:
        return 7
    return content if isinstance(content, int) else len(content)


def judged(content: bytes, name: str) -> Verdict:
    """What the video rules say of one file."""
    return Disk({name: content}).only_verdict("video")
