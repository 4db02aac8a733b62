"""The errand behind `settle`: a fresh look at one dataset, and what the formats say of its files."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from archived.core.conventions.base import Convention
from archived.core.formats import DiskTroubleError, Judgement, judge
from archived.core.model import Dataset, FileStat
from archived.core.paths import printable
from archived.daemon.roots import confirmed
from archived.rig.reader import reading
from archived.rig.root import Root, RootIdentity
from archived.rig.scanner import FolderSeen, FolderTrouble, look

PATIENCE = 1.0
"""Seconds that a judgement waits for the one before it. Two at once take longer than one after the other, as one core
does the work of both; but one that hangs with its file must not stop the others."""


@dataclass(frozen=True)
class Judged:
    """What a fresh look at one dataset brought."""

    seen: Mapping[str, FileStat]
    judgement: Judgement
    trouble: str


def in_turn(turn: threading.Lock, judgement: Callable[[], Judged]) -> Judged:
    """Judge once it is one's turn, or once that was waited for long enough; raises what the judgement raises."""
    has_turn = turn.acquire(timeout=PATIENCE)
    try:
        return judgement()
    finally:
        if has_turn:
            turn.release()


def fresh_judgement(
    root: Root,
    noted: RootIdentity | None,
    dataset: Dataset,
    archived: frozenset[str],
    convention: Convention,
) -> Judged:
    """Look at the dataset's folder now and judge its files. Touches the disk, never the store.

    Raises `RootUnavailableError` where the root is not the one that was noted, and `DiskTroubleError`.
    """
    with confirmed(root, noted), reading(root) as files:
        seen, trouble = _look(root, dataset, convention)
        try:
            judgement = judge(convention.finished, dataset.path, seen, files, skip=archived)
        except DiskTroubleError as error:
            raise DiskTroubleError(
                f"{printable(files.last)} cannot be read just now: {error}",
                what_to_do=error.what_to_do,
            ) from error
    return Judged(seen, judgement, trouble)


def _look(root: Root, dataset: Dataset, convention: Convention) -> tuple[dict[str, FileStat], str]:
    """The files that count, and what could not be looked at, in words."""
    seen: dict[str, FileStat] = {}
    trouble = ""
    for folder in look(root, below=(dataset.path,)):
        if isinstance(folder, FolderTrouble):
            trouble = f"{printable(folder.path)} cannot be read: {folder.why}"
        elif isinstance(folder, FolderSeen):
            seen.update(
                (file.path, file) for file in folder.files if not convention.excludes(file.path)
            )
    return seen, trouble
