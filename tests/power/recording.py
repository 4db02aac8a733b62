"""What real processes do to files, in the order in which the kernel did it: a log of strace, read.

Nothing of ours stands between the program and the disk: SQLite, Python and the program itself are recorded alike,
all processes and threads of it in one order. Writes through shared memory cannot be seen, so a file other than
SQLite's index of its WAL (which is void after a power cut) that is written so fails the recording.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

CALLS = (
    "open,openat,creat,write,pwrite64,writev,pwritev,pwritev2,ftruncate,truncate,fallocate,fsync,fdatasync,syncfs,"
    "sync_file_range,msync,rename,renameat,renameat2,link,linkat,unlink,unlinkat,mkdir,mkdirat,rmdir,"
    "copy_file_range,sendfile,lseek,sendto,sendmsg,mmap"
)
UNREAD = frozenset(
    {
        "writev",
        "pwritev",
        "pwritev2",
        "fallocate",
        "copy_file_range",
        "sendfile",
        "truncate",
        "msync",
    }
)
"""What would have to be understood if anybody used it on a file of ours."""

STRACE = shutil.which("strace")

_LINE = re.compile(r"(\d+) +(.*)", re.DOTALL)
_RESUMED = re.compile(r"<\.\.\. \w+ resumed>(.*)", re.DOTALL)
_CALL = re.compile(r"(\w+)\((.*)\) += (-?\d+)", re.DOTALL)
_STRING = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')
_PATH = re.compile(r"<((?:\\x[0-9a-f]{2})+)>")


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing that happened. `began` and `ended` count lines of the log: what overlaps has no order."""

    kind: str
    """create, write, truncate, sync, sync_all, rename, link, unlink, mkdir, rmdir or send."""
    path: str = ""
    began: int = 0
    ended: int = 0
    to: str = ""
    offset: int = 0
    data: bytes = b""


def record(
    words: Sequence[str | Path],
    base: Path,
    *,
    environ: Mapping[str, str] | None = None,
    expect: int = 0,
) -> list[Operation]:
    """Run a program to its end; what it, and all that it started, did to files below `base`."""
    assert STRACE is not None, "strace is not installed"
    log = base.parent / f"{base.name}.strace"
    traced = ["-f", "--seccomp-bpf", "-xx", "-y", "-s", "16777216", "-e", f"trace={CALLS}"]
    done = subprocess.run(
        [STRACE, *traced, "-o", log, *words],
        cwd=Path(__file__).parents[2],
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == expect, (words, done.stdout, done.stderr)
    with log.open(encoding="ascii") as lines:
        operations = list(_read(lines, base))
    log.unlink()
    return operations


def _read(lines: Iterator[str], base: Path) -> Iterator[Operation]:
    below = _hexed(str(base.resolve()))
    begun: dict[str, tuple[int, str]] = {}
    reader = _Reader(str(base.resolve()))
    for number, line in enumerate(lines):
        found = _LINE.fullmatch(line.rstrip("\n"))
        assert found is not None, line
        thread, text = found.groups()
        began = number
        if text.endswith("<unfinished ...>"):
            begun[thread] = (number, text.removesuffix("<unfinished ...>"))
            continue
        if (resumed := _RESUMED.fullmatch(text)) is not None:
            began, first = begun.pop(thread)
            text = first.rstrip() + resumed.group(1)
        if below in text or text.startswith("send"):
            yield from reader.read(text, began, number)


def _hexed(text: str) -> str:
    return "".join(f"\\x{byte:02x}" for byte in text.encode())


def _plain(hexed: str) -> bytes:
    return bytes.fromhex(hexed.replace("\\x", ""))


class _Reader:
    """Understands one call after another; knows where each file is written to next."""

    def __init__(self, base: str) -> None:
        self._base = base
        self._positions: dict[str, int] = {}

    def read(self, text: str, began: int, ended: int) -> Iterator[Operation]:
        """The operations of one call; none where it failed or changed nothing."""
        call = _CALL.match(text)
        if call is None or int(call.group(3)) < 0:
            return
        name, words, result = call.group(1), call.group(2), int(call.group(3))
        paths = [_plain(each).decode() for each in _PATH.findall(words)]
        strings = [_plain(each) for each in _STRING.findall(words)]
        for each in self._understood(name, words, result, paths, strings):
            if each.kind == "send" or self._ours(each.path) or self._ours(each.to):
                yield Operation(each.kind, each.path, began, ended, each.to, each.offset, each.data)

    def _ours(self, path: str) -> bool:
        return path == self._base or path.startswith(self._base + "/")

    def _understood(
        self, name: str, words: str, result: int, paths: list[str], strings: list[bytes]
    ) -> Iterator[Operation]:
        assert name not in UNREAD or not self._ours(paths[0]), (name, words[:200])
        if name in ("open", "openat", "creat"):
            yield from self._opened(words, paths, strings)
        elif name == "write" and paths:
            yield self._written(paths[0], strings[0][:result])
        elif name == "pwrite64":
            offset = int(words.rpartition(",")[2])
            yield Operation("write", paths[0], offset=offset, data=strings[0][:result])
        elif name == "ftruncate":
            yield Operation("truncate", paths[0], offset=int(words.rpartition(",")[2]))
        elif name in ("fsync", "fdatasync"):
            yield Operation("sync", paths[0])
        elif name == "syncfs":
            yield Operation("sync_all", paths[0])
        elif name == "lseek":
            self._positions[paths[0]] = result
        elif name in ("sendto", "sendmsg"):
            yield Operation("send", data=b"".join(strings))
        elif name == "mmap":
            shared = "MAP_SHARED" in words and "PROT_WRITE" in words
            assert not shared or paths[0].endswith("-shm"), words
        elif name != "sync_file_range":
            yield self._named(name, words, paths, strings)

    def _opened(self, words: str, paths: list[str], strings: list[bytes]) -> Iterator[Operation]:
        path = _joined(paths[:1], strings[0])
        self._positions[path] = 0
        if "O_CREAT" in words:
            yield Operation("create", path)
        if "O_TRUNC" in words:
            yield Operation("truncate", path)
        assert "O_APPEND" not in words or path.endswith(".log"), words

    def _written(self, path: str, data: bytes) -> Operation:
        offset = self._positions.get(path, 0)
        self._positions[path] = offset + len(data)
        return Operation("write", path, offset=offset, data=data)

    def _named(self, name: str, words: str, paths: list[str], strings: list[bytes]) -> Operation:
        kind = name.removesuffix("2").removesuffix("at")
        at = name != kind
        first = _joined(paths[:1] if at else [], strings[0])
        if kind == "unlink" and "AT_REMOVEDIR" in words:
            kind = "rmdir"
        if kind in ("rename", "link"):
            return Operation(kind, first, to=_joined(paths[1:2] if at else [], strings[1]))
        return Operation(kind, first)


def _joined(folders: list[str], name: bytes) -> str:
    return str(Path(folders[0] if folders else "/", name.decode()))
