"""Paths of the configuration, by arithmetic alone: absolute, POSIX or Windows, and whether one holds another."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import PurePath, PurePosixPath, PureWindowsPath

HOME = "~"


def local_path(text: str) -> str:
    """An absolute path in its plain spelling: `/data/raw`, `C:\\globus`, `\\\\nas\\ephys`, or below `~`.

    Raises `ValueError` with what was expected. What belongs to another kind of machine is accepted here.
    """
    if text == HOME or text.startswith((f"{HOME}/", f"{HOME}\\")):
        return text
    path = pure(text)
    if not path.is_absolute() or ".." in path.parts or not text.isprintable():
        raise ValueError("an absolute path without `..`, such as /data/raw or C:\\data\\raw")
    return str(path)


@lru_cache(1024)
def pure(text: str) -> PurePath:
    """The path as arithmetic of the machine that it belongs to, told by its spelling."""
    if text.startswith("/"):
        # Two leading slashes mean nothing special on the systems we run on.
        return PurePosixPath("/" + text.lstrip("/"))
    windows = PureWindowsPath(text)
    return windows if windows.drive else PurePosixPath(text)


def expand_home(text: str, environ: Mapping[str, str]) -> str:
    """The path with a leading `~` replaced by the user's folder. Raises `ValueError` where that is unknown."""
    if not text.startswith(HOME):
        return text
    home = environ.get("HOME") or environ.get("USERPROFILE")
    if not home:
        raise ValueError("a path without `~`, as $HOME is not set here")
    return str(pure(home).joinpath(*pure(text[1:].lstrip("/\\")).parts))


def holds(outer: str, inner: str) -> bool:
    """Whether `inner` is `outer` or lies below it."""
    above, below = pure(outer), pure(inner)
    return type(above) is type(below) and below.is_relative_to(above)


def same(first: str, second: str) -> bool:
    """Whether two spellings name the same path."""
    return pure(first) == pure(second)


def belongs_here(path: str, *, windows: bool) -> bool:
    """Whether a path is one of this machine's kind."""
    return isinstance(pure(path), PureWindowsPath) is windows
