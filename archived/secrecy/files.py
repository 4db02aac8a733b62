"""Files that hold secrets: read only where nobody else can read, change or exchange them, as ssh does with its keys.

What is looked at is the open file itself, at each reading: a name may mean another file a moment later. Windows has
no such modes; there the access list of the folder guards a file.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from archived.core.paths import printable

OTHERS = stat.S_IRWXG | stat.S_IRWXO
LARGEST = 1_000_000
"""Bytes. A secret has a few hundred."""

_READ = (
    os.O_RDONLY
    | getattr(os, "O_CLOEXEC", 0)
    # A pipe would otherwise wait for its writer when it is opened.
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_BINARY", 0)
)


class NotPrivateError(Exception):
    """The file is not used; `str` says why, `what_to_do` what a person can do. For the doors, which say what it holds."""

    def __init__(self, why: str, what_to_do: str) -> None:
        super().__init__(why)
        self.what_to_do = what_to_do


def read_private(path: Path, *, own: bool = False, follow: bool = True) -> bytes:
    """The content of a file that only its owner may read or change, and nobody else exchange.

    Its owner is this account or root, and root itself uses files of others too; with `own` it is this account alone. Without
    `follow` a symbolic link in its place is an `OSError`. Raises `NotPrivateError`, and `OSError` as the system gives it.
    """
    no_follow = 0 if follow else getattr(os, "O_NOFOLLOW", 0)
    descriptor = os.open(path, _READ | no_follow)
    with os.fdopen(descriptor, "rb") as file:
        insist_on_privacy(path, os.fstat(descriptor), own=own)
        return file.read(LARGEST)


def insist_on_privacy(path: Path, found: os.stat_result, *, own: bool = False) -> None:
    """Raise `NotPrivateError` unless a file that was opened under this path is as `read_private` wants it."""
    if not stat.S_ISREG(found.st_mode):
        raise NotPrivateError("is not a regular file", "put a plain file there")
    if os.name != "posix":
        return
    shown = _quoted(printable(str(path)))
    user = os.geteuid()
    if found.st_uid != user and (own or 0 not in (user, found.st_uid)):
        raise NotPrivateError(
            "belongs to another user",
            f"run this as its owner (sudo -u '#{found.st_uid}'), or: sudo chown {user} {shown}",
        )
    if found.st_mode & OTHERS:
        raise NotPrivateError(
            f"may be read or changed by others than its owner (mode {stat.S_IMODE(found.st_mode):04o})",
            f"chmod 600 {shown}",
        )
    for folder in _folders(path):
        if everybody_may_exchange(folder):
            raise NotPrivateError(
                f"lies below {printable(str(folder))}, in which everybody may exchange files",
                f"chmod o-w {_quoted(printable(str(folder)))}",
            )


def everybody_may_exchange(folder: Path) -> bool:
    """Whether others may rename what is not theirs in a folder; the sticky bit of /tmp keeps them from that."""
    try:
        mode = folder.stat().st_mode
    except OSError:
        return False
    return bool(mode & stat.S_IWOTH) and not mode & stat.S_ISVTX


def _folders(path: Path) -> Iterator[Path]:
    """Every folder through which the name leads to the file, links followed."""
    named, real = Path(os.path.abspath(path)), Path(os.path.realpath(path))
    yield from dict.fromkeys((*named.parents, *real.parents))


def _quoted(text: str) -> str:
    """As a shell takes it. Loaded only here, where something is wrong."""
    from shlex import quote

    return quote(text)
