"""The watcher when things go wrong: lost events, used-up limits, dying threads, blindness, hanging disks."""

from __future__ import annotations

import ctypes
import errno
import itertools
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from archived.rig import inotify, rootwatch
from archived.rig.watcher import START_PATIENCE, Watcher
from tests.rig.support import eventually, in_namespace, set_watches, user_namespace
from tests.rig.test_watcher import Watched, well


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    raw = tmp_path / "raw"
    raw.mkdir()
    return raw


@pytest.fixture
def watched(raw: Path, tmp_path: Path) -> Iterator[Watched]:
    watcher = Watcher([str(raw)], canary_dir=str(tmp_path / "canary"), wake=lambda: None)
    set_watches(watcher)
    yield Watched(watcher, str(raw))
    watcher.stop()


class Gate:
    """Holds up the thread that reads the kernel's queue, so that it fills."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.waiting, self.opened = threading.Event(), threading.Event()
        real = inotify.Reader.handle_event

        def held_up(reader: inotify.Reader, event: Any) -> None:
            self.waiting.set()
            self.opened.wait(30)
            real(reader, event)

        monkeypatch.setattr(inotify.Reader, "handle_event", held_up)


def flood(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """More events than the kernel keeps, without as many files; what comes after them is lost."""
    gate = Gate(monkeypatch)
    (folder / "first").write_text("x")
    assert gate.waiting.wait(10)
    kept = int(Path("/proc/sys/fs/inotify/max_queued_events").read_text())
    here = os.open(folder, os.O_RDONLY)
    # Equal events that follow each other are one; and one read of the queue takes some 2000 out of it.
    for number in range(kept + 6000):
        os.close(os.open("ab"[number % 2], os.O_WRONLY | os.O_CREAT, dir_fd=here))
    os.mkdir("lost", dir_fd=here)
    os.close(here)
    gate.opened.set()


def test_an_overflow_is_told_and_folders_made_meanwhile_are_watched_afterwards(
    raw: Path, watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    watched.health(well)
    flood(raw, monkeypatch)
    assert eventually(lambda: watched.collect() is not None and watched.everything)
    assert watched.health(lambda health: well(health) and health.watched == 2).overflows == 1
    watched.forget()
    (raw / "lost/file").write_text("x")
    assert watched.hints_at("lost/file")


def test_above_thousands_of_folders_an_overflow_does_not_come_again_by_itself(
    raw: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(4500):
        (raw / str(number)).mkdir()
    watcher = Watcher([str(raw)], canary_dir=None, wake=lambda: None)
    set_watches(watcher)
    watched = Watched(watcher, str(raw))
    watched.health(lambda health: well(health) and health.watched == 4501)
    flood(raw, monkeypatch)
    watched.health(lambda health: well(health) and health.watched == 4502 and health.overflows)
    watched.forget()
    for number in range(0, 4500, 100):
        (raw / str(number) / "file").write_text("x")
    assert all(watched.hints_at(f"{number}/file") for number in range(0, 4500, 100))
    health = watched.health(lambda health: watched.collect() is not None)
    watcher.stop()
    assert (health.overflows, watched.everything) == (1, 0)


def test_overflows_that_come_again_are_waited_out_for_longer_and_longer(
    raw: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch = rootwatch.RootWatch(str(raw), None, lambda: None, 10)
    assert watch.build(0.0)
    rebuilt = []
    for second in range(1000):
        assert watch._session is not None
        watch._session.report.overflowed()
        if watch.check(float(second)):
            rebuilt.append(second)
    watch.stop()
    gaps = [after - before for before, after in itertools.pairwise(rebuilt)]
    assert gaps == sorted(gaps)
    assert rebuilt[0] == 10
    assert len(rebuilt) <= 7
    assert watch.overflows == 1000


def test_an_exception_while_hints_are_taken_loses_nothing_in_silence(
    raw: Path, tmp_path: Path
) -> None:
    broken = threading.Event()
    broken.set()

    def wake() -> None:
        if broken.is_set():
            raise RuntimeError("cannot wake \x1b[31m")

    watcher = Watcher([str(raw)], canary_dir=str(tmp_path / "canary"), wake=wake)
    set_watches(watcher)
    watched = Watched(watcher, str(raw))
    (raw / "one").write_text("x")
    health = watched.health_at_once(lambda health: "error of its own" in health.reason)
    assert r"RuntimeError: cannot wake \x1b[31m" in health.reason
    broken.clear()
    watched.health(well)
    watched.forget()
    (raw / "two").write_text("x")
    assert watched.hints_at("two")
    watcher.stop()


def test_an_exception_in_the_thread_that_reads_costs_one_event_and_is_told(
    raw: Path, watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    watched.health(well)
    with monkeypatch.context() as patch:

        def fail(*_: object) -> None:
            raise KeyError(b"some path")

        patch.setattr(inotify.WatchGroup, "on_event", fail)
        (raw / "one").write_text("x")
        assert eventually(lambda: watched.collect() is not None and watched.everything)
    watched.health(well)
    watched.forget()
    (raw / "two").write_text("x")
    assert watched.hints_at("two")


@pytest.mark.parametrize("thread", ["reader", "observer", "emitter"])
def test_a_thread_that_ended_is_told_and_replaced(raw: Path, watched: Watched, thread: str) -> None:
    watched.health(well)
    session = watched.watcher._watches[0]._session
    assert session is not None
    assert session._reader is not None
    assert session._observer is not None
    ended = {
        "reader": session._reader,
        "observer": session._observer,
        "emitter": next(iter(session._observer.emitters)),
    }[thread]
    ended.stop()
    ended.join()
    assert not session.alive
    watched.health(
        lambda health: well(health) and watched.watcher._watches[0]._session is not session
    )
    assert eventually(lambda: watched.collect() is not None and watched.everything)
    (raw / "file").write_text("x")
    assert watched.hints_at("file")


def test_a_reader_that_cannot_read_any_more_ends_and_leaves_nothing_open(
    raw: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = set(os.listdir("/proc/self/fd"))

    def refuse(*_: object, **__: object) -> list[Any]:
        raise OSError(errno.EIO, "Input/output error")

    watcher = Watcher([str(raw)], canary_dir=None, wake=lambda: None)
    set_watches(watcher)
    watched = Watched(watcher, str(raw))
    with monkeypatch.context() as patch:
        patch.setattr(inotify.Reader, "read_events", refuse)
        (raw / "one").write_text("x")
        assert eventually(lambda: watched.collect() is not None and watched.everything)
    watched.health(well)
    watched.forget()
    (raw / "two").write_text("x")
    assert watched.hints_at("two")
    watcher.stop()
    assert set(os.listdir("/proc/self/fd")) == before


def test_a_blind_watcher_is_found_out_by_the_canary_and_replaced(
    raw: Path, watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    watched.health(well, step=60)
    with monkeypatch.context() as patch:
        patch.setattr(inotify.Reader, "handle_event", lambda *_: None)
        # It is replaced at once, and again when the new one hears nothing either.
        for _ in range(2):
            watched.health_at_once(lambda health: "as no events arrive" in health.reason, step=10)
        (raw / "unseen").write_text("x")
    # Until the canary is heard the watch may be replaced once more, in the middle of what follows.
    watches = watched.watcher._watches
    assert eventually(
        lambda: watched.health(well, step=10) and watches[0]._ear._waiting_since is None
    )
    assert watched.collect() is not None
    assert watched.everything >= 1
    watched.forget()
    (raw / "seen").write_text("x")
    assert watched.hints_at("seen")


def test_a_watcher_that_sees_stays_well_for_hours(watched: Watched) -> None:
    ear = watched.watcher._watches[0]._ear
    for _ in range(60):
        assert watched.health(well, step=10).alive
        # Hours go by here in a second, which no event could keep up with.
        assert eventually(lambda: ear._waiting_since is None)
    assert watched.collect() == set()
    assert watched.everything == 0


def refusing_after(watches: int, code: int, monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """The kernel's answer where a limit is reached, for those who may not lower the limit itself."""
    real, lifted, count = inotify.inotify_add_watch, threading.Event(), itertools.count(1)

    def add(descriptor: int, path: bytes, mask: int) -> int:
        if not lifted.is_set() and next(count) > watches:
            ctypes.set_errno(code)
            return -1
        return real(descriptor, path, inotify.Mask(mask))

    monkeypatch.setattr(inotify, "inotify_add_watch", add)
    return lifted


def test_folders_above_the_limit_of_watches_are_counted_and_tried_again(
    raw: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(100):
        (raw / str(number)).mkdir()
    lifted = refusing_after(60, errno.ENOSPC, monkeypatch)
    watcher = Watcher([str(raw)], canary_dir=None, wake=lambda: None)
    set_watches(watcher)
    watched = Watched(watcher, str(raw))
    health = watched.health(lambda health: health.reason)
    assert (health.mode, health.alive, health.watched, health.unwatched) == ("events", True, 60, 41)
    assert "41 folders are seen by the rescan only" in health.reason
    assert "`sysctl fs.inotify.max_user_watches=" in health.reason
    lifted.set()
    watched.health(lambda health: well(health) and health.watched == 101, step=300)
    assert watched.collect() is not None
    assert watched.everything == 1
    watcher.stop()


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (errno.ENOSPC, "sysctl fs.inotify.max_user_watches="),
        (errno.EACCES, "it cannot be watched: Permission denied"),
    ],
)
def test_a_root_that_cannot_be_watched_is_left_to_the_rescan_and_tried_again(
    raw: Path, monkeypatch: pytest.MonkeyPatch, code: int, words: str
) -> None:
    before = set(threading.enumerate())
    lifted = refusing_after(0, code, monkeypatch)
    watcher = Watcher([str(raw)], canary_dir=None, wake=lambda: None)
    set_watches(watcher)
    assert set(threading.enumerate()) - before == {watcher._keeper}
    watched = Watched(watcher, str(raw))
    health = watched.health(lambda health: words in health.reason)
    assert (health.mode, health.alive) == ("rescan only", False)
    lifted.set()
    watched.health(well, step=60)
    (raw / "file").write_text("x")
    assert watched.hints_at("file")
    watcher.stop()


@pytest.mark.parametrize(
    ("code", "words", "alive"),
    [
        (errno.EMFILE, "sysctl fs.inotify.max_user_instances=", False),
        (errno.ENOSYS, "it cannot be watched: Function not implemented", True),
    ],
)
def test_without_an_inotify_instance_the_rescan_carries_on(
    raw: Path, monkeypatch: pytest.MonkeyPatch, code: int, words: str, alive: bool
) -> None:
    def refuse() -> int:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(inotify.Reader, "_create_inotify_fd", staticmethod(refuse))
    watcher = Watcher([str(raw)], canary_dir=None, wake=lambda: None)
    set_watches(watcher)
    health = Watched(watcher, str(raw)).health(lambda health: words in health.reason)
    watcher.stop()
    assert (health.mode, health.alive) == ("rescan only", alive)


REAL_LIMITS = """
from archived.rig.watcher import Watcher
top, canary, watches, instances = sys.argv[1:]
for name, value in (("watches", watches), ("instances", instances)):
    with open(f"/proc/sys/user/max_inotify_{name}", "w") as file:
        file.write(value)
for number in range(100):
    os.makedirs(f"{top}/{number}", exist_ok=True)
watcher = Watcher([top], canary_dir=canary, wake=lambda: None)
watcher.start()
for second in range(5):
    health = watcher.confirm(float(second))
    threading.Event().wait(0.1)
watcher.stop()
print(health)
"""


def test_the_kernels_own_limits_are_told(raw: Path, tmp_path: Path) -> None:
    prefix = user_namespace()
    few = in_namespace(REAL_LIMITS, raw, tmp_path / "canary", 60, 128, prefix=prefix)
    # One watch of the 60 is the canary's.
    assert "mode='events'" in few
    assert "watched=59, unwatched=42, overflows=0, alive=True" in few
    assert "max_user_watches" in few
    none = in_namespace(REAL_LIMITS, raw, tmp_path / "canary", 1000, 0, prefix=prefix)
    assert "mode='rescan only'" in none
    assert "alive=False" in none
    assert "max_user_instances" in none


def test_a_disk_that_hangs_never_holds_up_the_tick_and_is_told(
    raw: Path, watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    watched.health(well)
    going_on = threading.Event()
    real = rootwatch.RootWatch.check

    def hang(watch: rootwatch.RootWatch, now: float) -> bool:
        going_on.wait(30)
        return real(watch, now)

    monkeypatch.setattr(rootwatch.RootWatch, "check", hang)
    health = watched.health_at_once(lambda health: not health.alive, step=10)
    assert "does not answer; perhaps a disk hangs" in health.reason
    going_on.set()
    watched.health(well)


def test_a_start_that_takes_long_is_not_waited_for_and_everything_is_hinted_at_afterwards(
    raw: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    going_on = threading.Event()
    real = rootwatch.RootWatch.build

    def slow(watch: rootwatch.RootWatch, now: float, *, again: bool = False) -> bool:
        going_on.wait(30)
        return real(watch, now, again=again)

    monkeypatch.setattr(rootwatch.RootWatch, "build", slow)
    watcher = Watcher([str(raw)], canary_dir=None, wake=lambda: None)
    watcher.start()
    assert watcher.confirm(0.0).mode == "rescan only"
    assert not watcher.ready(), "a look would miss what happens before the watches are set"
    watcher.confirm(START_PATIENCE)
    assert watcher.ready(), "the disk may take as long as it likes, and the rescan goes on"
    assert watcher.drain() == {}
    going_on.set()
    watched = Watched(watcher, str(raw))
    assert eventually(lambda: watched.collect() is not None and watched.everything)
    watched.health(well)
    watcher.stop()


def test_an_error_about_one_root_is_told_and_keeps_none_of_the_others_from_being_watched(
    raw: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    second = tmp_path / "raw2"
    second.mkdir()
    real = rootwatch.RootWatch.build

    def build(watch: rootwatch.RootWatch, now: float, *, again: bool = False) -> bool:
        if watch.root == str(raw):
            raise ValueError("a mistake of ours")
        return real(watch, now, again=again)

    monkeypatch.setattr(rootwatch.RootWatch, "build", build)
    watcher = Watcher([str(raw), str(second)], canary_dir=None, wake=lambda: None)
    set_watches(watcher)
    health = Watched(watcher, str(raw)).health(lambda health: "a mistake of ours" in health.reason)
    assert (health.mode, health.alive) == ("events", False)
    (second / "file").write_text("x")
    assert Watched(watcher, str(second)).hints_at("file")
    watcher.stop()
