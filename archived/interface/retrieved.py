"""What became of a retrieval, or what would: a value that shows itself as a sentence or two."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from html import escape

from archived.core.paths import printable
from archived.core.units import format_size
from archived.interface.cells import many

SHOWN = 5
"""How many files of a kind are named; all of them are in the value."""


@dataclass(frozen=True, slots=True)
class RetrievedFile:
    """One file; `reason` says what is wrong where something is, `size` is in bytes as archived."""

    dataset_name: str
    file_subpath: str
    size: int
    reason: str = ""


Files = tuple[RetrievedFile, ...]


@dataclass(frozen=True, kw_only=True, repr=False)
class Retrieved:
    """Every file that was asked for, in the one list that says what became of it."""

    dry_run: bool
    """Nothing was done; `wanted` are the files that would be brought."""
    wanted: Files = ()
    brought: Files = ()
    there: Files = ()
    """There already, the same."""
    differing: Files = ()
    """Something else lies in their places; it was left alone."""
    missing: Files = ()
    """Not in the archive, or not as they were archived."""
    failed: Files = ()
    left: Files = ()
    """Still to be brought: it was stopped; the same call goes on with it."""
    folders: Mapping[str, str] = field(default_factory=dict)
    """Where the files of each location are put."""

    @property
    def complete(self) -> bool:
        """Whether everything that was asked for is there now, or would be."""
        return not (self.differing or self.missing or self.failed or self.left)

    @property
    def bytes(self) -> int:
        """How much was brought, or would be."""
        return sum(each.size for each in (*self.wanted, *self.brought))

    @property
    def paths(self) -> tuple[str, ...]:
        """Where the files are on this machine that are there now, sorted."""
        return tuple(sorted(self._path(each) for each in (*self.brought, *self.there)))

    def _path(self, file: RetrievedFile) -> str:
        location = file.dataset_name.partition("/")[0]
        return os.path.join(self.folders[location], *file.file_subpath.split("/"))

    def __repr__(self) -> str:
        """How many files of each kind, and the first of those that something is wrong with."""
        lines = [self._summary()]
        for what, files in (
            ("differs from what is there", self.differing),
            ("cannot be brought", self.missing),
            ("failed", self.failed),
            ("left", self.left),
        ):
            lines += _told(what, files)
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        """The same for a notebook."""
        return f"<pre>{escape(repr(self))}</pre>"

    def _summary(self) -> str:
        moved = self.wanted if self.dry_run else self.brought
        verb = "to bring" if self.dry_run else "brought"
        summary = f"{many(len(moved), 'files')} {verb}, {format_size(self.bytes)}"
        if self.there:
            summary += f"; {many(len(self.there), 'files')} there already"
        return summary


def _told(what: str, files: Files) -> Iterable[str]:
    for each in files[:SHOWN]:
        yield f"{what}: {printable(each.file_subpath)}" + (
            f" ({printable(each.reason)})" if each.reason else ""
        )
    if len(files) > SHOWN:
        yield f"{what}: {len(files) - SHOWN} more"
