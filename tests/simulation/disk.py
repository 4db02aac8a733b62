"""Disks in memory, as the rig's doors see them: folders, files, their inodes and times, and what may be wrong.

Every change keeps the version of the file that it made, so that the oracle knows what bytes a fingerprint stood for.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import cast

from archived.rig.folders import GONE, Listing, inode_of

GRAIN = 4_000_000
"""Nanoseconds: as coarse as the times of files are on a real kernel."""

Fingerprint = tuple[int, int, int, int]
"""Size, time of modification, time of change, inode: as `FileStat.fingerprint`."""


@dataclass(frozen=True)
class Status:
    """What the program reads of an `os.stat_result`."""

    st_mode: int
    st_ino: int
    st_dev: int
    st_size: int
    st_mtime_ns: int
    st_ctime_ns: int


@dataclass(eq=False)
class Node:
    """A folder (with `children`), a file (with `content`), or a link (with neither)."""

    inode: int
    mtime_ns: int
    ctime_ns: int
    content: bytes | None = None
    children: dict[str, Node] | None = None
    denied: bool = False
    """Whether nobody may read it."""
    born: float = 0.0
    touched: float = 0.0
    """When it came and was last changed, in true seconds."""

    @property
    def mode(self) -> int:
        """Its type."""
        if self.children is not None:
            return stat.S_IFDIR | 0o755
        return (stat.S_IFLNK if self.content is None else stat.S_IFREG) | 0o644

    def fingerprint(self) -> Fingerprint:
        """What the program compares of a file."""
        return (len(self.content or b""), self.mtime_ns, self.ctime_ns, self.inode)


@dataclass(frozen=True)
class Version:
    """What a file was, at some time."""

    content: bytes
    at: float


class Disk:
    """One file system. `clock` gives true seconds and the rig's own time in nanoseconds."""

    def __init__(self, device: int, clock: Callable[[], tuple[float, int]]) -> None:
        self.device = device
        self._clock = clock
        self._inodes = device * 1_000_000
        self.top = self._node(children={})
        self.versions: dict[str, dict[Fingerprint, Version]] = {}
        """By path, every state that each file ever had."""
        self.vanished: dict[str, float] = {}
        """When files were last removed."""

    def _node(
        self, *, content: bytes | None = None, children: dict[str, Node] | None = None
    ) -> Node:
        true, wall = self._clock()
        self._inodes += 1
        time = wall // GRAIN * GRAIN
        return Node(self._inodes, time, time, content, children, born=true, touched=true)

    def find(self, path: str) -> Node | None:
        """What lies at a path; None for nothing."""
        node = self.top
        for part in path.split("/") if path else ():
            if node.children is None or part not in node.children:
                return None
            node = node.children[part]
        return node

    def folder(self, path: str) -> Node:
        """A folder, made if need be. Raises `NotADirectoryError` where a file is in its way."""
        node = self.top
        for part in path.split("/") if path else ():
            if node.children is None:
                raise NotADirectoryError(errno.ENOTDIR, path)
            below = node.children.get(part)
            if below is None:
                below = node.children[part] = self._node(children={})
                self._stamp(node)
            node = below
        if node.children is None:
            raise NotADirectoryError(errno.ENOTDIR, path)
        return node

    def write(self, path: str, content: bytes, *, mtime_ns: int | None = None) -> Node:
        """Put content into a file, in place, making it if need be."""
        above, _, name = path.rpartition("/")
        parent = self.folder(above)
        assert parent.children is not None
        node = parent.children.get(name)
        if node is None:
            node = parent.children[name] = self._node(content=content)
            self._stamp(parent)
        else:
            node.content = content
            self._stamp(node)
        if mtime_ns is not None:
            node.mtime_ns = mtime_ns
        self._remember(path, node)
        return node

    def replace(self, path: str, content: bytes, *, keep_mtime: bool = False) -> Node:
        """Put another file in the place of one, as programs do that write beside it and rename."""
        above, _, name = path.rpartition("/")
        parent = self.folder(above)
        assert parent.children is not None
        before = parent.children.get(name)
        node = parent.children[name] = self._node(content=content)
        if keep_mtime and before is not None:
            node.mtime_ns = before.mtime_ns
        self._stamp(parent)
        self._remember(path, node)
        return node

    def link(self, path: str) -> None:
        """Make a symbolic link that leads nowhere of interest."""
        above, _, name = path.rpartition("/")
        parent = self.folder(above)
        assert parent.children is not None
        parent.children[name] = self._node()
        self._stamp(parent)

    def remove(self, path: str) -> None:
        """Remove a file, or a folder with all that is in it."""
        gone = [path] if self.content(path) is not None else [each for each, _ in self.files(path)]
        above, _, name = path.rpartition("/")
        parent = self.find(above)
        assert parent is not None
        assert parent.children is not None
        del parent.children[name]
        self._stamp(parent)
        self.vanished.update(dict.fromkeys(gone, self._clock()[0]))

    def rename(self, before: str, after: str) -> None:
        """Move a file or a folder to another name."""
        node = self.find(before)
        assert node is not None
        inside = [(path[len(before) :], each) for path, each in self.files(before)]
        self.remove(before)
        above, _, name = after.rpartition("/")
        parent = self.folder(above)
        assert parent.children is not None
        parent.children[name] = node
        self._stamp(parent)
        true, wall = self._clock()
        node.ctime_ns, node.born = wall // GRAIN * GRAIN, true
        for below, each in inside or ([("", node)] if node.content is not None else []):
            each.born = true
            self._remember(after + below, each)

    def content(self, path: str) -> bytes | None:
        """The bytes of a file; None where there is none."""
        node = self.find(path)
        return None if node is None or node.children is not None else node.content

    def files(self, below: str = "") -> Iterator[tuple[str, Node]]:
        """Every file below a folder, by its path, in order."""
        node = self.find(below)
        if node is None or node.children is None:
            return
        for name in sorted(node.children):
            path = f"{below}/{name}" if below else name
            child = node.children[name]
            if child.children is not None:
                yield from self.files(path)
            elif child.content is not None:
                yield path, child

    def folders(self, below: str = "") -> Iterator[tuple[str, Node]]:
        """Every folder below one, by its path, in order."""
        node = self.find(below)
        assert node is not None
        assert node.children is not None
        for name in sorted(node.children):
            path = f"{below}/{name}" if below else name
            if node.children[name].children is not None:
                yield path, node.children[name]
                yield from self.folders(path)

    def _stamp(self, node: Node) -> None:
        node.touched, wall = self._clock()
        node.mtime_ns = node.ctime_ns = wall // GRAIN * GRAIN

    def _remember(self, path: str, node: Node) -> None:
        assert node.content is not None
        versions = self.versions.setdefault(path, {})
        versions[node.fingerprint()] = Version(node.content, self._clock()[0])


@dataclass
class Mount:
    """What is at the path of a root just now."""

    path: str
    disk: Disk
    """The one that belongs there."""
    bare: Disk
    """What is seen there while nothing is mounted."""
    other: Disk | None = None
    """Another disk that is mounted in its place."""
    state: str = "mounted"
    """Or "empty" (unmounted), "gone" (no such folder), "denied", "broken" (EIO), "other"."""
    file_system: str = "ext4"

    @property
    def healthy(self) -> bool:
        """Whether what belongs there is there and can be read."""
        return self.state == "mounted"

    def seen(self) -> Disk | None:
        """The disk that a program sees there; None where it sees none."""
        return {"mounted": self.disk, "empty": self.bare, "other": self.other}.get(self.state)


TROUBLES = {"gone": errno.ENOENT, "denied": errno.EACCES, "broken": errno.EIO}


@dataclass
class FileSystem:
    """All mounts. `point` is called at every access: there the world may do something, or die."""

    mounts: dict[str, Mount]
    point: Callable[[str], None]
    failing: dict[str, int] = field(default_factory=dict)
    """Paths of files and folders whose next accesses meet an I/O error, with how many."""

    def open_top(self, path: str) -> SimFolder:
        """In place of `archived.rig.folders.open_top`."""
        self.point("open root")
        mount = self.mounts[path]
        disk = mount.seen()
        if disk is None:
            code = TROUBLES[mount.state]
            raise OSError(code, os.strerror(code), path)
        return SimFolder(self, disk, disk.top, "")

    def device_of(self, path: str) -> int:
        """In place of the number of the file system."""
        disk = self.mounts[path].seen()
        return 0 if disk is None else disk.device

    def check(self, path: str) -> None:
        """Raise what goes wrong with an access to this path."""
        left = self.failing.get(path, 0)
        if left > 0:
            self.failing[path] = left - 1
            raise OSError(errno.EIO, os.strerror(errno.EIO), path)


class SimFolder:
    """An open folder; see `archived.rig.folders.Folder`. It stays what it is when the mount is exchanged."""

    def __init__(self, system: FileSystem, disk: Disk, node: Node, path: str) -> None:
        self._system, self._disk, self._node, self._path = system, disk, node, path

    def status(self) -> Status:
        """See `Folder.status`."""
        return self._status(self._node)

    def listing(self) -> Listing:
        """See `Folder.listing`. Between the names and each inode anything may happen."""
        self._system.point("list")
        self._system.check(self._path)
        if self._node.denied:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), self._path)
        assert self._node.children is not None
        children = list(self._node.children.items())
        found = Listing([], [], [], [], [])
        for name, node in children:
            if node.children is not None:
                found.folders.append(name)
            elif node.content is None:
                found.others.append(name)
            else:
                self._add_file(found, name)
        return found

    def _add_file(self, found: Listing, name: str) -> None:
        try:
            inode = inode_of(cast("os.stat_result", self.status_of(name)))
        except OSError as error:
            if error.errno not in GONE:
                found.failures.append((name, error))
            return
        found.files.append(name)
        found.inodes.append(inode)

    def status_of(self, name: str) -> Status:
        """See `Folder.status_of`."""
        self._system.point("stat")
        return self._status(self._entry(name))

    def open(self, name: str) -> SimFolder:
        """See `Folder.open`."""
        self._system.point("open folder")
        node = self._entry(name)
        if node.children is None:
            code = errno.ENOTDIR if node.content is not None else errno.ELOOP
            raise OSError(code, os.strerror(code), name)
        self._refuse(node, name)
        return SimFolder(self._system, self._disk, node, self._below(name))

    def open_file(self, name: str) -> int:
        """See `Folder.open_file`: a real descriptor, of a copy, so that nothing here can be written to."""
        self._system.point("open file")
        node = self._entry(name)
        if node.content is None:
            code = errno.ELOOP if node.children is None else errno.EISDIR
            raise OSError(code, os.strerror(code), name)
        self._refuse(node, name)
        descriptor = os.memfd_create("simulated")
        os.write(descriptor, node.content)
        os.lseek(descriptor, 0, os.SEEK_SET)
        return descriptor

    def close(self) -> None:
        """See `Folder.close`."""

    def _below(self, name: str) -> str:
        if name == ".":
            return self._path
        return f"{self._path}/{name}" if self._path else name

    def _entry(self, name: str) -> Node:
        if name == ".":
            return self._node
        assert self._node.children is not None
        self._system.check(self._below(name))
        node = self._node.children.get(name)
        if node is None:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), name)
        return node

    def _refuse(self, node: Node, name: str) -> None:
        if node.denied:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), name)

    def _status(self, node: Node) -> Status:
        return Status(
            node.mode,
            node.inode,
            self._disk.device,
            len(node.content or b""),
            node.mtime_ns,
            node.ctime_ns,
        )
