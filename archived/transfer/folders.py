"""Files and folders below one folder, reached without following any symbolic link on the way.

This is the only module that knows how: with descriptors of folders where the system has them (POSIX), so that
nobody can swap a folder for a link between the look and the use; by paths and a look at each part elsewhere.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Protocol, Self

_BINARY = getattr(os, "O_BINARY", 0)
_NO_FOLLOW = getattr(os, "O_NOFOLLOW", 0)
_NO_WAIT = getattr(os, "O_NONBLOCK", 0)
_FOLDER = getattr(os, "O_DIRECTORY", 0)
_CLOSE = getattr(os, "O_CLOEXEC", 0)

ENTERED_BY_ALL = 0o755

HAS_DESCRIPTORS = os.open in os.supports_dir_fd and os.scandir in os.supports_fd

_NO_LINKS = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK, errno.EACCES}
"""What a file system says that has no hard links (exFAT, SMB, some FUSE), or no more of them."""


class Folder(Protocol):
    """An open folder. Every verb raises `OSError`; names are single names, never paths."""

    def open_folder(self, name: str) -> Folder:
        """A folder in it; a symbolic link is refused as `ELOOP`."""

    def make_folder(self, name: str) -> None:
        """Make a folder in it."""

    def let_in(self) -> None:
        """Let every account of this machine enter and list it, where it needs to be let in."""

    def remove_folder(self, name: str) -> None:
        """Remove an empty folder in it."""

    def open_to_read(self, name: str) -> int:
        """A descriptor of a file in it; a symbolic link is refused as `ELOOP`, and a pipe does not block."""

    def open_to_write(self, name: str) -> int:
        """A descriptor of a new, empty file in it; `FileExistsError` where the name is taken."""

    def stat(self, name: str) -> os.stat_result | None:
        """What is under a name, a link itself rather than what it points to; None where nothing is."""

    def place(self, temporary: str, name: str, *, replace: bool) -> None:
        """Give a file its name at one stroke; without `replace`, `FileExistsError` where the name is taken."""

    def keep_times(self, descriptor: int, name: str, times: tuple[int, int]) -> None:
        """Give an open file its times of access and of change, in nanoseconds."""

    def remove(self, name: str) -> None:
        """Remove a file; nothing happens where there is none."""

    def entries(self) -> Sequence[os.DirEntry[str]]:
        """Everything in it."""

    def sync(self) -> None:
        """Make names that were given or removed outlast a power failure."""

    def descriptor(self) -> int | None:
        """What the system knows it by while it is open; None where it has no such thing."""

    def close(self) -> None:
        """Let go of it."""


class DescriptorFolder:
    """A folder held by a descriptor: whatever becomes of its path, this stays the same folder."""

    def __init__(self, descriptor: int) -> None:
        self._fd = descriptor

    def open_folder(self, name: str) -> DescriptorFolder:
        """See `Folder.open_folder`."""
        flags = os.O_RDONLY | _FOLDER | _NO_FOLLOW | _CLOSE
        try:
            return DescriptorFolder(os.open(name, flags, dir_fd=self._fd))
        except NotADirectoryError:
            _refuse_link(self.stat(name), name)
            raise

    def make_folder(self, name: str) -> None:
        """See `Folder.make_folder`."""
        os.mkdir(name, dir_fd=self._fd)

    def let_in(self) -> None:
        """See `Folder.let_in`."""
        os.fchmod(self._fd, ENTERED_BY_ALL)

    def remove_folder(self, name: str) -> None:
        """See `Folder.remove_folder`."""
        os.rmdir(name, dir_fd=self._fd)

    def open_to_read(self, name: str) -> int:
        """See `Folder.open_to_read`."""
        return os.open(name, os.O_RDONLY | _NO_FOLLOW | _NO_WAIT | _CLOSE, dir_fd=self._fd)

    def open_to_write(self, name: str) -> int:
        """See `Folder.open_to_write`."""
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | _NO_FOLLOW | _CLOSE
        return os.open(name, flags, 0o666, dir_fd=self._fd)

    def stat(self, name: str) -> os.stat_result | None:
        """See `Folder.stat`."""
        try:
            return os.stat(name, dir_fd=self._fd, follow_symlinks=False)
        except FileNotFoundError:
            return None

    def place(self, temporary: str, name: str, *, replace: bool) -> None:
        """See `Folder.place`. A hard link is the one way of POSIX that never replaces anything."""
        if replace:
            os.replace(temporary, name, src_dir_fd=self._fd, dst_dir_fd=self._fd)
            return
        try:
            os.link(
                temporary,
                name,
                src_dir_fd=self._fd,
                dst_dir_fd=self._fd,
                follow_symlinks=False,
            )
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
            # Without hard links, a look right before the renaming is the best there is.
            if self.stat(name) is not None:
                raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), name) from None
            os.rename(temporary, name, src_dir_fd=self._fd, dst_dir_fd=self._fd)
            return
        self.remove(temporary)

    def keep_times(self, descriptor: int, name: str, times: tuple[int, int]) -> None:
        """See `Folder.keep_times`."""
        os.utime(descriptor, ns=times)

    def remove(self, name: str) -> None:
        """See `Folder.remove`."""
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name, dir_fd=self._fd)

    def entries(self) -> Sequence[os.DirEntry[str]]:
        """See `Folder.entries`."""
        with os.scandir(self._fd) as entries:
            return list(entries)

    def sync(self) -> None:
        """See `Folder.sync`."""
        try:
            os.fsync(self._fd)
        except OSError as error:
            if error.errno not in (
                errno.EINVAL,
                errno.ENOTSUP,
            ):  # some file systems cannot, by design
                raise

    def descriptor(self) -> int:
        """See `Folder.descriptor`."""
        return self._fd

    def close(self) -> None:
        """See `Folder.close`."""
        os.close(self._fd)


class PathFolder:
    """A folder held by its path, for systems without descriptors of folders (Windows)."""

    def __init__(self, path: str) -> None:
        self._path = path

    def open_folder(self, name: str) -> PathFolder:
        """See `Folder.open_folder`."""
        found = self.stat(name)
        if found is None:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), name)
        _refuse_link(found, name)
        if not stat.S_ISDIR(found.st_mode):
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), name)
        return PathFolder(self._of(name))

    def make_folder(self, name: str) -> None:
        """See `Folder.make_folder`."""
        os.mkdir(self._of(name))

    def let_in(self) -> None:
        """On Windows the access list of the folder above says who may."""

    def remove_folder(self, name: str) -> None:
        """See `Folder.remove_folder`."""
        os.rmdir(self._of(name))

    def open_to_read(self, name: str) -> int:
        """See `Folder.open_to_read`."""
        _refuse_link(self.stat(name), name)
        return os.open(self._of(name), os.O_RDONLY | _BINARY | _NO_WAIT | _CLOSE)

    def open_to_write(self, name: str) -> int:
        """See `Folder.open_to_write`."""
        return os.open(self._of(name), os.O_RDWR | os.O_CREAT | os.O_EXCL | _BINARY | _CLOSE, 0o666)

    def stat(self, name: str) -> os.stat_result | None:
        """See `Folder.stat`."""
        try:
            return os.lstat(self._of(name))
        except FileNotFoundError:
            return None

    def place(self, temporary: str, name: str, *, replace: bool) -> None:
        """See `Folder.place`. On Windows, renaming refuses a name that is taken."""
        if replace:
            os.replace(self._of(temporary), self._of(name))
            return
        if self.stat(name) is not None:
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), name)
        os.rename(self._of(temporary), self._of(name))

    def keep_times(self, descriptor: int, name: str, times: tuple[int, int]) -> None:
        """See `Folder.keep_times`."""
        os.utime(self._of(name), ns=times)

    def remove(self, name: str) -> None:
        """See `Folder.remove`."""
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self._of(name))

    def entries(self) -> Sequence[os.DirEntry[str]]:
        """See `Folder.entries`."""
        with os.scandir(self._path) as entries:
            return list(entries)

    def sync(self) -> None:
        """Windows keeps the names of folders in order by itself."""

    def descriptor(self) -> None:
        """See `Folder.descriptor`."""
        return

    def close(self) -> None:
        """Nothing is held."""

    def _of(self, name: str) -> str:
        return os.path.join(self._path, name)


def _refuse_link(found: os.stat_result | None, name: str) -> None:
    if found is not None and stat.S_ISLNK(found.st_mode):
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), name)


def open_root(path: str) -> Folder:
    """The folder that everything lies below. It may itself be reached through links: a person configured it."""
    if HAS_DESCRIPTORS:
        return DescriptorFolder(os.open(path, os.O_RDONLY | _FOLDER | _CLOSE))
    if not os.path.isdir(path):
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)
    return PathFolder(path)


class Lasting:
    """The folders below one root whose names this process brought to the disk, or saw brought there.

    That a folder is there says nothing about a power failure: another thread may have made it a moment ago, or a
    process that was killed before it came to the folder above.
    """

    def __init__(self) -> None:
        self._known: set[tuple[tuple[str, ...], int, int]] = set()

    def insist(self, above: Folder, path: tuple[str, ...], *, made: bool) -> None:
        """Make the last name of `path`, which is one in the folder `above`, outlast a power failure.

        One that was `made` just now may have the number of another that was known, and is not there any more.
        """
        found = above.stat(path[-1])
        if found is None:
            return
        key = (path, found.st_dev, found.st_ino)
        if made or key not in self._known:
            above.sync()
            self._known.add(key)


def reach(
    root: str, names: Sequence[str], *, make: bool = False, lasting: Lasting | None = None
) -> Folder:
    """The folder under `names` below a root; whoever asks for it closes it.

    `make` makes what is missing, so that it outlasts a power failure; with `lasting` so do folders on the way that
    somebody else made.
    """
    folder = open_root(root)
    try:
        for number, name in enumerate(names):
            following, made = _step(folder, name, make=make)
            try:
                if lasting is not None:
                    lasting.insist(folder, tuple(names[: number + 1]), made=made)
                elif made:
                    folder.sync()
            finally:
                folder.close()
                folder = following
    except BaseException:
        folder.close()
        raise
    return folder


@contextlib.contextmanager
def folder_below(root: str, names: Sequence[str], *, make: bool = False) -> Iterator[Folder]:
    """The folder under `names` below a root, for as long as the block lasts; see `reach`."""
    with contextlib.closing(reach(root, names, make=make)) as folder:
        yield folder


class OpenFolders:
    """Folders below one root, each reached once and held until the end of the block.

    `insist` raises where the root is not what it should be; it is asked before and after each folder is reached. What
    happens in one that is held stays on the disk that it was reached on, whatever is mounted or unmounted meanwhile.
    """

    def __init__(
        self,
        root: str,
        *,
        make: bool = False,
        lasting: Lasting | None = None,
        insist: Callable[[], None] = lambda: None,
    ) -> None:
        self._reach = partial(reach, root, make=make, lasting=lasting)
        self._insist = insist
        self._open: dict[str, Folder] = {}
        self.root = root

    def at(self, path: str) -> Folder:
        """The folder of this path from the root, "" for the root itself. Raises `OSError`, and what `insist` raises."""
        folder = self._open.get(path)
        if folder is None:
            self._insist()
            folder = self._open[path] = self._reach(path.split("/") if path else [])
            try:
                self._insist()
            except BaseException:
                self._open.pop(path).close()
                raise
        return folder

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for folder in self._open.values():
            folder.close()
        self._open.clear()


def _step(folder: Folder, name: str, *, make: bool) -> tuple[Folder, bool]:
    """A folder in another one, and whether this made it."""
    try:
        return folder.open_folder(name), False
    except FileNotFoundError:
        if not make:
            raise
    made = False
    with contextlib.suppress(FileExistsError):  # another thread was faster
        folder.make_folder(name)
        made = True
    return folder.open_folder(name), made
