"""What the tests of disks share: system calls that fail to order, a store that is looked into, what may be left behind."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import itertools
import os
import shutil
import signal
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import apsw
import pytest

from archived import config
from archived.core.model import Dataset
from archived.store import Selector, Store
from tests.acceptance.conftest import TestRig, content
from tests.acceptance.promises import assert_events_explain

T = TypeVar("T")


def some(*cases: T, first: int) -> list[T]:
    """All cases in `make disks`, and the first of them otherwise: each costs seconds."""
    return list(cases if "FAULTS" in os.environ else cases[:first])


@cache
def _may_trace() -> str:
    """Why no system call can be made to fail here; "" where it can."""
    if shutil.which("strace") is None:
        return "there is no strace"
    with tempfile.NamedTemporaryFile() as trace:
        tried = subprocess.run(
            [
                *("strace", "-D", "-f", "--seccomp-bpf", "-o", trace.name),
                *("-e", "inject=getppid:error=EIO", "sh", "-c", "exit 0"),
            ],
            capture_output=True,
            text=True,
            check=False,
        )
    return "" if tried.returncode == 0 else f"strace may not trace here: {tried.stderr.strip()}"


def need_strace() -> None:
    """Skip where the kernel does not let us trace; where tests must not be skipped, strace has to be there."""
    why = _may_trace()
    if why and shutil.which("strace") is None and os.environ.get("CI"):
        pytest.fail(f"{why}, and nothing is skipped under CI")
    if why:
        pytest.skip(why)


@dataclass(frozen=True)
class Failing:
    """System calls that fail. Calls are counted thread by thread; with `paths`, only those that have to do with these."""

    calls: str
    error: str
    """The errno; or `delay_exit=200000` (microseconds): they do not fail, and take long."""
    when: str = ""
    paths: Sequence[Path] = field(default=(), repr=False)

    def under(self, trace: Path) -> list[str]:
        """The command under which a program meets them."""
        need_strace()
        when = f":when={self.when}" if self.when else ""
        what = self.error if "=" in self.error else f"error={self.error}"
        return [
            *("strace", "-D", "-f", "--seccomp-bpf", "-qqq", "-o", str(trace)),
            *("-e", f"trace={self.calls}", "-e", f"inject={self.calls}:{what}{when}"),
            *(word for path in self.paths for word in ("-P", str(path))),
        ]


def hits(trace: Path) -> int:
    """How often a call was made to fail."""
    return trace.read_text(errors="replace").count("(INJECTED)")


def assert_store_is_sound(rig: TestRig) -> None:
    """SQLite itself finds nothing wrong with the store."""
    connection = apsw.Connection(str(rig.base / "state/archived.db"))
    try:
        assert list(connection.execute("PRAGMA integrity_check")) == [("ok",)]
    finally:
        connection.close()


def until_no_leftovers(rig: TestRig) -> None:
    """Wait until nothing lies in the archive under a temporary name; its records are copied after the data."""
    rig.wait_for(
        "an archive without leftovers", lambda: not list(rig.archive.rglob("*.archived-part"))
    )


def catalogue(rig: TestRig) -> list[dict[str, Any]]:
    """Every dataset as `show --json` has it, as far as promises are about it; read without another process."""

    def read() -> list[dict[str, Any]]:
        with Store.open(config.load(rig.configuration, {}).store, rig="test-rig") as store:
            return [_shown(store, dataset) for dataset in store.select(Selector())]

    return as_seen_by(rig, read)


def _shown(store: Store, dataset: Dataset) -> dict[str, Any]:
    return {
        "name": dataset.name,
        "state": str(dataset.state),
        "files": [
            {"path": each.path, "state": str(each.state), "proof": each.proof}
            for each in store.files(dataset.id)
        ],
        "events": [
            {"before": each.before, "after": each.after, "at": each.at, "why": each.why}
            for each in store.events(name=dataset.name)
        ],
    }


def names(rig: TestRig, *states: str) -> set[str]:
    """The datasets that the catalogue has in these states."""
    return {each["name"] for each in catalogue(rig) if each["state"] in states}


def assert_archived_means_archived(rig: TestRig) -> set[str]:
    """The archive holds every file of what the catalogue calls archived; the names of these datasets."""
    archived = [each for each in catalogue(rig) if each["state"] == "archived"]
    for shown in archived:
        assert_events_explain(shown)
        for file in shown["files"]:
            there = rig.archive / _place(shown) / file["path"]
            assert content(there) == content(rig.root / file["path"])
    return {each["name"] for each in archived}


def _place(shown: dict[str, Any]) -> str:
    """The folder of the archive that a dataset goes to."""
    return "ephys" if shown["name"].startswith("raw-ephys/") else "video"


def assert_nothing_went_missing(rig: TestRig) -> None:
    """No file that is on the disk was ever called gone."""
    for shown in catalogue(rig):
        assert not [each for each in shown["events"] if "left the rig" in each["why"]], shown
        assert "missing" not in {file["state"] for file in shown["files"]}, shown


def small_disk(rig: TestRig, folder: Path, options: str) -> Path:
    """Mount a disk of a fixed size on a folder, for the programs of this rig; where a test finds it."""
    folder.mkdir(parents=True, exist_ok=True)
    rig.mount("-t", "tmpfs", "-o", options, "tmpfs", str(folder))
    return seen(rig, folder)


def seen(rig: TestRig, folder: Path) -> Path:
    """A folder as the programs of this rig see it, with their mounts."""
    return Path(f"/proc/{rig.prefix[2]}/root{folder}")


@contextlib.contextmanager
def until_full() -> Iterator[None]:
    """Go on until the disk has no room."""
    try:
        yield
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise


def fill(folder: Path, *, leave: int = 0) -> Path:
    """Fill a disk but for so many bytes (whole pages); the file to remove to make room."""
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as file:
        with until_full():
            while True:
                file.write(bytes(4096))
        file.truncate(max(0, file.tell() - leave))
    return ballast


def use_up_inodes(folder: Path) -> Path:
    """Make empty files until the disk has no room for another name; the folder to remove to make room."""
    ballast = folder / "ballast"
    ballast.mkdir()
    with until_full():
        for number in itertools.count():
            (ballast / str(number)).touch()
    return ballast


def waits_for_a_disk(pid: int) -> bool:
    """Whether a thread of a process is inside of a call to a FUSE file system that does not come back."""
    waiting = []
    for thread in Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(OSError):
            waiting.append((thread / "wchan").read_text())
    return any("fuse" in each or "request_wait" in each for each in waiting)


CLONE_FS, CLONE_NEWNS = 0x200, 0x20000


def in_mounts_of(pid: int, ask: Callable[[], T]) -> T:
    """Ask something on a thread that sees the mounts of another process."""
    answers: list[T] = []

    def work() -> None:
        libc = ctypes.CDLL(None, use_errno=True)
        mounts = os.open(f"/proc/{pid}/ns/mnt", os.O_RDONLY)
        try:
            if libc.unshare(CLONE_FS) or libc.setns(mounts, CLONE_NEWNS):
                raise OSError(ctypes.get_errno(), "the mounts of a test cannot be entered")
        finally:
            os.close(mounts)
        answers.append(ask())

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    [answer] = answers
    return answer


def as_seen_by(rig: TestRig, ask: Callable[[], T]) -> T:
    """Ask something with the mounts of a rig."""
    return in_mounts_of(int(rig.prefix[2]), ask) if "nsenter" in rig.prefix else ask()


class Glance:
    """The daemon's store, asked in the test's own process: a waiting test costs next to nothing so."""

    def __init__(self, rig: TestRig) -> None:
        self.rig = rig

    @property
    def file(self) -> Path:
        """Where the store is, as the daemon sees it."""
        return self.rig.base / "state/archived.db"

    def _rows(self, query: str) -> list[tuple[object, ...]]:
        # SQLite resolves links, and what leads through /proc into the mounts of others is one.
        return as_seen_by(self.rig, lambda: self._asked(query))

    def _asked(self, query: str) -> list[tuple[object, ...]]:
        try:
            connection = apsw.Connection(str(self.file), flags=apsw.SQLITE_OPEN_READONLY)
        except apsw.Error:
            return []
        try:
            connection.set_busy_timeout(10_000)
            return list(connection.execute(query))
        except apsw.Error:
            return []  # not begun yet, or its disk is away; whoever waits asks again
        finally:
            connection.close()

    def counts(self) -> dict[str, int]:
        """How many datasets there are in each state that has some."""
        rows = self._rows("SELECT state, count(*) FROM dataset GROUP BY state")
        return {str(state): int(str(number)) for state, number in rows}

    def alarms(self) -> dict[str, str]:
        """The alarms by their keys: what happened, and what to do."""
        rows = self._rows("SELECT name, message, what_to_do FROM alarm ORDER BY name")
        return {str(name): f"{message}; {what_to_do}" for name, message, what_to_do in rows}

    def setting(self, name: str) -> str:
        """One of the small things that the store keeps."""
        rows = self._rows(f"SELECT text FROM setting WHERE name = '{name}'")
        return str(rows[0][0]) if rows else ""

    def turns(self) -> str:
        """When the daemon last gave a sign of life."""
        rows = self._rows("SELECT max(last_tick) FROM rig")
        return str(rows[0][0]) if rows else ""

    def until(self, within: float = 90, **states: int) -> None:
        """Wait until there are so many datasets in these states, and none in any other."""
        self.rig.wait_for(f"{states}", lambda: self.counts() == states, within=within)

    def until_alarm(self, *kinds: str) -> str:
        """Wait for an alarm of one of these kinds; what it says."""
        found: list[str] = []

        def there() -> bool:
            found[:] = [
                text for key, text in self.alarms().items() if key.partition(":")[0] in kinds
            ]
            return bool(found)

        self.rig.wait_for(f"an alarm {' or '.join(kinds)}", there, within=90)
        return found[0]

    def until_all_is_well(self) -> None:
        """Wait until no alarm is left."""
        self.rig.wait_for("the end of the alarms", lambda: not self.alarms(), within=90)


def reload(rig: TestRig, daemon: subprocess.Popen[str], before: str, after: str) -> None:
    """Change the configuration, and let the daemon read it again."""
    text = rig.configuration.read_text()
    assert before in text
    rig.configuration.write_text(text.replace(before, after))
    daemon.send_signal(signal.SIGHUP)


def log_of(rig: TestRig) -> str:
    """Everything that the daemons said."""
    return (rig.base / "daemon.log").read_text()
