"""A disk as it may be after the power was cut: what was synced is there, of the rest anything may be, or not.

The rules are those that POSIX gives, which is less than ext4 and XFS keep in practice:

* What was written to a file is sure once `fsync` of that file returned; before that, any part of it may be there in
  any order, torn at sectors, with the size of the file new or old, and zeros where nothing was written yet.
* A name that was given, changed or removed is sure once `fsync` of its folder returned; before that each name of the
  folder may be as it was at any moment since. `fsync` of a file says nothing about its name.
* A folder that was made is such a name in the folder above it.
* `syncfs` is as good as `fsync` of everything that the file system holds.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.power.recording import Operation

SECTOR = 512
PAGE = 4096

Tree = dict[str, bytes | None]
"""What lies on the disk, by path: the content of a file, None for a folder. Folders come before what is in them."""


@dataclass
class Node:
    """A file or a folder, whatever it is called."""

    folder: bool
    content: bytes = b""
    """What is sure to be there."""
    written: list[Operation] = field(default_factory=list)
    """What is not, oldest first."""
    names: dict[str, Node] = field(default_factory=dict)
    """Of a folder: what is in it now."""
    sure: dict[str, Node] = field(default_factory=dict)
    changes: list[tuple[str, Node | None, int]] = field(default_factory=list)
    """Names given (or taken away) since it was synced, and when."""

    def change(self, name: str, node: Node | None, ended: int) -> None:
        """Give a name in this folder to a node, or take it away."""
        if node is None:
            self.names.pop(name, None)
        else:
            self.names[name] = node
        self.changes.append((name, node, ended))

    def sync(self, began: int) -> None:
        """What was done before the call began is sure from now on."""
        self.content = _applied(self.content, [each for each in self.written if each.ended < began])
        self.written = [each for each in self.written if each.ended >= began]
        for name, node, ended in self.changes:
            if ended < began:
                _set(self.sure, name, node)
        self.changes = [each for each in self.changes if each[2] >= began]

    def sync_all(self, began: int) -> None:
        """The same of everything below."""
        for each in self.names.values():
            each.sync_all(began)
        self.sync(began)


class Disk:
    """The disk below `base`: begins as it is there now, and has every operation done to it that it is told of."""

    def __init__(self, base: Path) -> None:
        self._base = base.resolve()
        self._top = _read(base)
        self._clock = 0

    def take(self, operation: Operation) -> None:
        """One more operation happened."""
        self._clock = operation.ended
        if operation.kind != "send":
            getattr(self, f"_{operation.kind}")(operation)

    def after_power_cut(self, chance: random.Random) -> Tree:
        """One of the ways in which the disk may be found."""
        how = chance.choice((_Nothing, _Everything, _Journal, _Anything, _Anything))(
            chance, self._clock
        )
        tree: Tree = {}
        _walk(self._top, str(self._base), how, tree)
        return tree

    def surely(self) -> Tree:
        """What is there in any case, and nothing else."""
        tree: Tree = {}
        _walk(self._top, str(self._base), _Nothing(random.Random(0), self._clock), tree)
        return tree

    def _find(self, path: str) -> Node | None:
        node = self._top
        for part in Path(path).relative_to(self._base).parts:
            found = node.names.get(part)
            if found is None:
                return None
            node = found
        return node

    def _above(self, path: str) -> Node:
        found = self._find(str(Path(path).parent))
        assert found is not None, path
        return found

    def _create(self, operation: Operation) -> None:
        if self._find(operation.path) is None:
            node = Node(folder=False)
            self._above(operation.path).change(Path(operation.path).name, node, operation.ended)

    def _mkdir(self, operation: Operation) -> None:
        node = Node(folder=True)
        self._above(operation.path).change(Path(operation.path).name, node, operation.ended)

    def _write(self, operation: Operation) -> None:
        node = self._find(operation.path)
        if node is not None:
            node.written.append(operation)

    _truncate = _write

    def _sync(self, operation: Operation) -> None:
        node = self._find(operation.path)
        if node is not None:
            node.sync(operation.began)

    def _sync_all(self, operation: Operation) -> None:
        self._top.sync_all(operation.began)

    def _unlink(self, operation: Operation) -> None:
        self._above(operation.path).change(Path(operation.path).name, None, operation.ended)

    _rmdir = _unlink

    def _link(self, operation: Operation) -> None:
        node = self._find(operation.path)
        assert node is not None, operation
        self._above(operation.to).change(Path(operation.to).name, node, operation.ended)

    def _rename(self, operation: Operation) -> None:
        self._link(operation)
        self._unlink(operation)


class _Anything:
    """Each name as at any moment since its folder was synced, of each file any part of what was written."""

    def __init__(self, chance: random.Random, clock: int) -> None:
        self.chance = chance
        self.clock = clock
        self.then = chance.randint(0, clock)

    def names(self, node: Node) -> dict[str, Node]:
        """What is in a folder."""
        found = dict(node.sure)
        until = {name: self.moment() for name, _, _ in node.changes}
        for name, child, ended in node.changes:
            if ended <= until[name]:
                _set(found, name, child)
        return found

    def moment(self) -> int:
        """When the disk last heard of something."""
        return self.chance.randint(0, self.clock)

    def content(self, node: Node) -> bytes:
        """What is in a file."""
        how = self.chance.randrange(5)
        if how == 0 or not node.written:
            return node.content
        if how == 1:
            return _applied(node.content, node.written)
        if how == 2:  # the size came to the disk, what was written did not
            whole = _applied(node.content, node.written)
            return node.content[: len(whole)].ljust(len(whole), b"\0")
        if how == 3:  # what was written last is torn
            count = self.chance.randint(1, len(node.written))
            *before, last = node.written[:count]
            return _applied(node.content, [*before, *self._torn(last)])
        return self._in_any_order(node)

    def _in_any_order(self, node: Node) -> bytes:
        """A part of what was written, sector by sector. What was cut off or written over comes in its order."""
        kept: list[Operation] = []
        for each in node.written:
            kept += (
                self._torn(each)
                if self.chance.random() < 0.5
                else [each] * self.chance.randrange(2)
            )
        found = _applied(node.content, kept)
        if self.chance.random() < 0.3:
            whole = len(_applied(node.content, node.written))
            found = found[:whole].ljust(whole, b"\0")
        return found

    def _torn(self, operation: Operation) -> Iterator[Operation]:
        if operation.kind == "truncate":
            yield operation
            return
        unit = self.chance.choice((SECTOR, PAGE))
        for start in range(-(operation.offset % unit), len(operation.data), unit):
            first, last = max(0, start), start + unit
            if self.chance.random() < 0.5:
                yield Operation(
                    "write",
                    operation.path,
                    offset=operation.offset + first,
                    data=operation.data[first:last],
                )


class _Nothing(_Anything):
    """Only what was synced."""

    def moment(self) -> int:
        return -1

    def content(self, node: Node) -> bytes:
        return node.content


class _Everything(_Anything):
    """As after `kill -9`: all that was done is there."""

    def moment(self) -> int:
        return self.clock

    def content(self, node: Node) -> bytes:
        return _applied(node.content, node.written)


class _Journal(_Anything):
    """As a journal of names alone leaves it: all names of one moment, of the contents anything."""

    def moment(self) -> int:
        return self.then


def store(
    tree: Tree, base: Path, folder: Path, *, only: Callable[[str], bool] = lambda _path: True
) -> None:
    """Put what lies below `base` in a tree into a folder that is there."""
    top = str(base.resolve())
    for path, content in tree.items():
        if path == top or not only(path):
            continue
        target = folder / Path(path).relative_to(top)
        if content is None:
            target.mkdir(parents=True)
        else:
            target.write_bytes(content)


def _walk(node: Node, path: str, how: _Anything, tree: Tree) -> None:
    if not node.folder:
        tree[path] = how.content(node)
        return
    tree[path] = None
    for name, child in how.names(node).items():
        _walk(child, f"{path}/{name}", how, tree)


def _read(path: Path) -> Node:
    if not path.is_dir():
        return Node(folder=False, content=path.read_bytes())
    names = {each.name: _read(each) for each in path.iterdir()}
    return Node(folder=True, names=dict(names), sure=dict(names))


def _set(names: dict[str, Node], name: str, node: Node | None) -> None:
    if node is None:
        names.pop(name, None)
    else:
        names[name] = node


def _applied(content: bytes, operations: list[Operation]) -> bytes:
    if not operations:
        return content
    found = bytearray(content)
    for each in operations:
        if each.kind == "truncate":
            del found[each.offset :]
            found.extend(bytes(each.offset - len(found)))
        else:
            found.extend(bytes(max(0, each.offset - len(found))))
            found[each.offset : each.offset + len(each.data)] = each.data
    return bytes(found)
