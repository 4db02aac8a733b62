"""The doctor's visit at the local mover: both folders, and whether the archive really is another place."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence

from archived.core.paths import printable
from archived.ports import Finding

_LITTLE = 0.05
"""The part of a disk below which it counts as nearly full."""


def check(root: str, archive: str) -> Sequence[Finding]:
    """What is well and what is not."""
    return [*_root(root), *_archive(root, archive)]


def _root(root: str) -> Iterator[Finding]:
    if os.access(root, os.R_OK | os.X_OK) and os.path.isdir(root):
        yield Finding(True, f"{printable(root)} can be read")
    else:
        yield Finding(
            False,
            f"{printable(root)} is missing or cannot be read",
            "mount it, or check local_endpoint_local_path in the configuration",
        )


def _archive(root: str, archive: str) -> Iterator[Finding]:
    shown = printable(archive)
    if not os.path.isdir(archive):
        yield Finding(
            False,
            f"the archive {shown} is missing",
            "mount it, or make the folder; it is never made by this program",
        )
        return
    if not os.access(archive, os.W_OK | os.X_OK):
        yield Finding(
            False, f"the archive {shown} cannot be written", "let this account write there"
        )
    else:
        yield Finding(True, f"the archive {shown} can be written")
    yield _space(archive)
    yield from _place(root, archive)


def _space(archive: str) -> Finding:
    usage = shutil.disk_usage(archive)
    free = usage.free / usage.total if usage.total else 0.0
    words = f"the archive's disk has {free:.0%} free"
    fields = {"free_bytes": str(usage.free), "total_bytes": str(usage.total)}
    if free < _LITTLE:
        return Finding(False, words, "make room at the archive", fields)
    return Finding(True, words, fields=fields)


def _place(root: str, archive: str) -> Iterator[Finding]:
    if is_inside(archive, root):
        yield Finding(
            False,
            f"the archive {printable(archive)} lies inside the watched folder",
            "choose another folder: the program never writes under the watched one",
        )
    elif os.path.isdir(root) and os.stat(root).st_dev == os.stat(archive).st_dev:
        yield Finding(
            False,
            f"the archive {printable(archive)} is on the same disk as the recordings",
            "a copy there does not survive the disk: mount the archive, or choose another place",
        )


def is_inside(inner: str, outer: str) -> bool:
    """Whether one folder is or lies in another, links followed."""
    real_inner, real_outer = os.path.realpath(inner), os.path.realpath(outer)
    try:
        return os.path.commonpath([real_inner, real_outer]) == real_outer
    except ValueError:  # different drives
        return False
