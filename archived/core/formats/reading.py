"""What every format rule is given (the files of a dataset, and bytes of them on request) and gives back."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import field
from functools import cached_property
from typing import Protocol

from archived.core.dataclass import dataclass
from archived.core.formats.wording import grouped, named
from archived.core.model import Answer, Checksum, FileStat, Verdict
from archived.errors import ArchivedError


class Readable(Protocol):
    """An open file."""

    @property
    def size(self) -> int:
        """Its size in bytes, asked of the open file."""

    def read(self, offset: int, length: int) -> bytes:
        """At most `length` bytes from `offset`, fewer only at the end of the file.

        Raises `UnreadableError` where the disk does not give them.
        """


class UnreadableError(ArchivedError):
    """A file cannot be read: permission, I/O, gone. `str(error)` says why, without its name."""


class DiskTroubleError(UnreadableError):
    """The disk or the machine refused just now (an I/O error, too many open files): nothing is known of the file.

    No rule may take that for an answer, so it passes through all of them.
    """

    permanent = False


Opener = Callable[[str], AbstractContextManager[Readable]]
"""Opens a file by its path from the root. Raises `UnreadableError`."""

Opinion = tuple[Answer, str]
"""What a rule makes of one file: an answer, and the sentence that follows the file's name."""


class ObjectionError(Exception):
    """A parser has seen enough to answer; never leaves `archived.core.formats`."""

    def __init__(self, answer: Answer, why: str) -> None:
        super().__init__(why)
        self.opinion: Opinion = (answer, why)


class Budget:
    """How many more steps a parser may take, so that hostile bytes cannot keep it busy."""

    def __init__(self, steps: int = 100_000) -> None:
        self._steps = self._left = steps

    def spend(self, steps: int = 1) -> None:
        """Take a step, or several. Raises `ObjectionError` (cannot tell) when there are none left."""
        if self._left < steps:
            raise ObjectionError(
                Answer.CANNOT_TELL,
                f"has more than {grouped(self._steps)} pieces, too many to look at; "
                "quiet time decides",
            )
        self._left -= steps


@dataclass(frozen=True)
class Judgement:
    """What the rules say of a dataset, and the checksums that its recording program left."""

    verdicts: tuple[Verdict, ...] = ()
    checksums: Mapping[str, Checksum] = field(default_factory=dict)
    """By the path of the file whose content they describe."""


@dataclass(frozen=True)
class Scene:
    """The files of one dataset as a look at the disk saw them, and the way to their bytes."""

    folder: str
    files: Mapping[str, FileStat]
    opener: Opener
    skip: Collection[str] = frozenset()
    """Files that are archived and unchanged: their own bytes need not be read again."""

    def ending(self, *suffixes: str) -> Iterator[FileStat]:
        """The files whose names end so (lower case, with a dot; any case on disk counts), by path."""
        extensions = {suffix.rpartition(".")[2] for suffix in suffixes}
        paths = [path for each in extensions for path in self._by_extension.get(each, ())]
        for path in paths if len(extensions) == 1 else sorted(paths):
            if path.lower().endswith(suffixes):
                yield self.files[path]

    @cached_property
    def _by_extension(self) -> Mapping[str, Sequence[str]]:
        """Paths, in order; there are many rules, and each has files of its own."""
        found: dict[str, list[str]] = {}
        for path in sorted(self.files):
            found.setdefault(path.rpartition(".")[2].lower(), []).append(path)
        return found

    def all_skipped(self, stats: Iterable[FileStat]) -> bool:
        """Whether nothing of these need be looked at again."""
        return all(stat.path in self.skip for stat in stats)


Check = Callable[[Scene], Judgement]
"""One rule, applied to a whole dataset. No verdict about a file means that it has no opinion of it."""


def examine(
    scene: Scene, stat: FileStat, rule: str, parse: Callable[[Readable], Opinion]
) -> Verdict:
    """Open one file and have `parse` judge its bytes; every trouble on the way becomes the verdict."""
    try:
        with scene.opener(stat.path) as readable:
            answer, why = _parsed(stat, readable, parse)
    except DiskTroubleError:
        raise
    except UnreadableError as error:
        advice = f"; {error.what_to_do}" if error.what_to_do else ""
        answer, why = Answer.CONTRADICTION, f"cannot be read: {error}{advice}"
    return Verdict(stat.path, rule, answer, f"{named(stat.path)} {why}")


def _parsed(stat: FileStat, readable: Readable, parse: Callable[[Readable], Opinion]) -> Opinion:
    if readable.size != stat.size:
        return (
            Answer.UNFINISHED,
            f"is changing: it had {grouped(stat.size)} bytes a moment ago "
            f"and has {grouped(readable.size)} now",
        )
    try:
        return parse(readable)
    except ObjectionError as objection:
        return objection.opinion


def each_file(rule: str, suffixes: tuple[str, ...], parse: Callable[[Readable], Opinion]) -> Check:
    """A check that judges every file with one of these endings by itself."""

    def parse_content(readable: Readable) -> Opinion:
        return parse(readable) if readable.size else (Answer.UNFINISHED, "is empty")

    def check(scene: Scene) -> Judgement:
        return Judgement(
            tuple(
                examine(scene, stat, rule, parse_content)
                for stat in scene.ending(*suffixes)
                if stat.path not in scene.skip
            )
        )

    return check
