"""The watcher with real inotify: what happens is hinted at, and what it cannot see it says."""

from __future__ import annotations

import logging
import os
import threading
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from archived.errors import ConfigurationError
from archived.rig import mounts
from archived.rig.root import Root
from archived.rig.scanner import look
from archived.rig.watcher import Watcher, WatcherHealth
from tests.rig.support import eventually, in_namespace, open_to_all, set_watches, without_privileges


class Watched:
    """A watcher, and everything that it hinted at so far."""

    def __init__(self, watcher: Watcher, root: str) -> None:
        self.watcher = watcher
        self.root = root
        self.paths: set[str] = set()
        self.everything = 0
        self._seconds = 0.0

    def collect(self) -> set[str]:
        hints = self.watcher.drain().get(self.root)
        if hints is not None:
            self.paths |= hints.paths
            self.everything += hints.everything
        return self.paths

    def hints_at(self, path: str) -> bool:
        """Whether the path, or a folder that holds it, is hinted at within some seconds."""
        above = {"/".join(path.split("/")[:end]) for end in range(1, path.count("/") + 2)}
        return eventually(lambda: self.collect() & above)

    def forget(self) -> None:
        self.collect()
        self.paths, self.everything = set(), 0

    def health(self, wanted: Callable[[WatcherHealth], object], step: int = 1) -> WatcherHealth:
        """Tick, `step` seconds a time, until the watcher's health is as wanted.

        What `confirm` returns may be older than what the test just did, so two turns are waited for.
        """
        for _ in range(2):
            self.tick(step)
            assert eventually(lambda: self.watcher._unanswered_since is None)
        return self.health_at_once(wanted, step)

    def health_at_once(
        self, wanted: Callable[[WatcherHealth], object], step: int = 1
    ) -> WatcherHealth:
        """The same without waiting for an examination, which may be hanging."""
        latest: list[WatcherHealth] = []

        def tick() -> object:
            latest.append(self.tick(step))
            return wanted(latest[-1])

        assert eventually(tick), latest[-1]
        return latest[-1]

    def tick(self, step: int) -> WatcherHealth:
        self._seconds += step
        return self.watcher.confirm(self._seconds)


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    raw = tmp_path / "raw"
    (raw / "SC011").mkdir(parents=True)
    return raw


@pytest.fixture
def watched(raw: Path, tmp_path: Path) -> Iterator[Watched]:
    watcher = Watcher([str(raw)], canary_dir=str(tmp_path / "canary"), wake=lambda: None)
    set_watches(watcher)
    yield Watched(watcher, str(raw))
    watcher.stop()


def well(health: WatcherHealth) -> bool:
    return health.alive and not health.reason and health.mode == "events"


def test_a_file_is_hinted_at_when_it_comes_when_it_is_closed_and_when_it_goes(
    raw: Path, watched: Watched
) -> None:
    path = raw / "SC011/a.bin"
    with path.open("wb") as file:
        assert watched.hints_at("SC011/a.bin")
        watched.forget()
        file.write(b"x")
    assert watched.hints_at("SC011/a.bin")
    watched.forget()
    path.unlink()
    assert watched.hints_at("SC011/a.bin")


@pytest.mark.parametrize("how", ["rename inside", "rename in", "link"])
def test_a_file_that_comes_without_being_written_here_is_hinted_at(
    raw: Path, watched: Watched, tmp_path: Path, how: str
) -> None:
    source = raw / "SC011/.partial" if how == "rename inside" else tmp_path / "elsewhere"
    source.write_text("x")
    (os.link if how == "link" else os.rename)(source, raw / "SC011/a.bin")
    assert watched.hints_at("SC011/a.bin")


def test_a_tree_made_at_once_is_hinted_at_as_a_whole_and_watched_from_then_on(
    raw: Path, watched: Watched
) -> None:
    for number in range(20):
        folder = raw / f"SC1{number}/session/probe"
        folder.mkdir(parents=True)
        (folder / "a.bin").write_text("x")
    assert all(watched.hints_at(f"SC1{number}/session/probe/a.bin") for number in range(20))
    assert watched.health(lambda health: health.watched == 2 + 3 * 20).unwatched == 0
    watched.forget()
    (raw / "SC17/session/probe/later.bin").write_text("x")
    assert watched.hints_at("SC17/session/probe/later.bin")


def test_a_folder_moved_in_is_hinted_at_and_watched_from_then_on(
    raw: Path, watched: Watched, tmp_path: Path
) -> None:
    (tmp_path / "new/deep").mkdir(parents=True)
    (tmp_path / "new").rename(raw / "SC011/new")
    assert watched.hints_at("SC011/new")
    assert watched.health(lambda health: health.watched == 4)
    watched.forget()
    (raw / "SC011/new/deep/file").write_text("x")
    assert watched.hints_at("SC011/new/deep/file")


def test_a_renamed_folder_is_hinted_at_under_both_names(raw: Path, watched: Watched) -> None:
    (raw / "SC011").rename(raw / "SC012")
    assert watched.hints_at("SC011")
    assert watched.hints_at("SC012")
    watched.forget()
    (raw / "SC012/file").write_text("x")
    assert watched.hints_at("SC012/file")


def test_hostile_names_are_hinted_at_as_they_are_on_disk(raw: Path, watched: Watched) -> None:
    names = [b"new\nline", b"\x1b[31m", b"not utf-8 \xff", b" ", b"n" * 255, b"-rf"]
    for name in names:
        with open(os.path.join(os.fsencode(raw), name), "wb"):
            pass
    for name in names:
        assert watched.hints_at(os.fsdecode(name))


def test_links_are_not_followed_out_of_the_root(
    raw: Path, watched: Watched, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (raw / "SC011/link").symlink_to(outside)
    assert watched.hints_at("SC011/link")
    watched.forget()
    (outside / "secret").write_text("x")
    (raw / "SC011/after").write_text("x")
    assert watched.hints_at("SC011/after")
    assert watched.paths == {"SC011/after"}


def test_looking_and_reading_raise_no_hints(raw: Path, watched: Watched) -> None:
    for number in range(50):
        (raw / f"SC011/{number}").write_text("x")
    assert watched.hints_at("SC011/49")
    watched.health(well)
    watched.forget()
    for sight in look(Root(str(raw))):
        for file in getattr(sight, "files", ()):
            (raw / file.path).read_bytes()
    (raw / "after").write_text("x")
    assert watched.hints_at("after")
    assert watched.paths == {"after"}


def test_the_daemon_is_woken_once_for_many_hints(raw: Path) -> None:
    woken: list[None] = []
    watcher = Watcher([str(raw)], canary_dir=None, wake=lambda: woken.append(None))
    set_watches(watcher)
    for number in range(100):
        (raw / str(number)).write_text("x")
    assert eventually(lambda: woken)
    watched = Watched(watcher, str(raw))
    assert watched.hints_at("99")
    watcher.stop()
    # Once, and once more at most for what came between two drains.
    assert 1 <= len(woken) < 100


def test_more_hints_than_fit_become_everything(raw: Path) -> None:
    watcher = Watcher([str(raw)], canary_dir=None, wake=lambda: None, capacity=10)
    set_watches(watcher)
    watched = Watched(watcher, str(raw))
    for number in range(30):
        (raw / str(number)).write_text("x")
    (raw / "last").mkdir()
    assert eventually(lambda: watched.collect() is not None and watched.everything)
    watcher.stop()


def test_thousands_of_folders_are_watched(raw: Path, tmp_path: Path) -> None:
    for number in range(2500):
        (raw / f"SC{number % 50}" / str(number)).mkdir(parents=True, exist_ok=True)
    watcher = Watcher([str(raw)], canary_dir=str(tmp_path / "canary"), wake=lambda: None)
    set_watches(watcher)
    watched = Watched(watcher, str(raw))
    health = watched.health(well)
    assert (health.watched, health.unwatched, health.overflows) == (2500 + 50 + 2, 0, 0)
    (raw / "SC49/2499/file").write_text("x")
    assert watched.hints_at("SC49/2499/file")
    watcher.stop()


def test_a_root_may_be_a_link_and_hints_are_told_under_its_name(raw: Path, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(raw)
    watcher = Watcher([str(link)], canary_dir=None, wake=lambda: None)
    set_watches(watcher)
    watched = Watched(watcher, str(link))
    (raw / "SC011/file").write_text("x")
    assert watched.hints_at("SC011/file")
    watched.health(well)
    other = tmp_path / "other"
    other.mkdir()
    link.unlink()
    link.symlink_to(other)
    watched.health(lambda _: watched.collect() is not None and watched.everything)
    (other / "there").write_text("x")
    assert watched.hints_at("there")
    watcher.stop()


def test_roots_are_told_apart(raw: Path, tmp_path: Path) -> None:
    second = tmp_path / "raw2"
    second.mkdir()
    watcher = Watcher([str(raw), str(second)], canary_dir=None, wake=lambda: None)
    set_watches(watcher)
    (second / "file").write_text("x")
    assert Watched(watcher, str(second)).hints_at("file")
    assert watcher.drain() == {}
    watcher.stop()


def test_a_missing_root_is_said_and_watched_when_it_comes(tmp_path: Path) -> None:
    raw = tmp_path / "raw"
    watcher = Watcher([str(raw)], canary_dir=None, wake=lambda: None)
    set_watches(watcher)
    watched = Watched(watcher, str(raw))
    health = watched.health(lambda health: "No such file" in health.reason)
    assert (health.mode, health.alive) == ("rescan only", False)
    raw.mkdir()
    watched.health(well)
    assert watched.collect() is not None
    assert watched.everything == 1
    (raw / "file").write_text("x")
    assert watched.hints_at("file")
    watcher.stop()


@pytest.mark.parametrize("how", ["removed and made anew", "renamed and replaced"])
def test_a_root_that_is_replaced_is_watched_anew(raw: Path, watched: Watched, how: str) -> None:
    watched.health(well)
    if how == "renamed and replaced":
        raw.rename(raw.with_name("away"))
    else:
        (raw / "SC011").rmdir()
        raw.rmdir()
    watched.health(lambda health: not well(health))
    raw.mkdir()
    watched.health(lambda health: well(health) and watched.collect() is not None)
    assert eventually(lambda: watched.collect() is not None and watched.everything)
    (raw / "file").write_text("x")
    assert watched.hints_at("file")


@pytest.mark.parametrize("file_system", ["nfs4", "cifs", "smb3", "fuse.sshfs", "9p"])
def test_where_others_write_too_only_the_rescan_is_relied_on(
    raw: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file_system: str
) -> None:
    table = tmp_path / "mountinfo"
    table.write_text(f"1 1 8:1 / / rw - ext4 x rw\n2 1 0:9 / {raw} rw - {file_system} x rw\n")
    monkeypatch.setattr(mounts, "MOUNTINFO", str(table))
    watcher = Watcher([str(raw)], canary_dir=str(tmp_path / "canary"), wake=lambda: None)
    set_watches(watcher)
    health = Watched(watcher, str(raw)).health(lambda health: file_system in health.reason)
    watcher.stop()
    assert (health.mode, health.alive, health.watched) == ("rescan only", True, 0)
    assert "the rescan finds everything" in health.reason


def test_a_network_folder_below_the_root_is_named(
    raw: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = tmp_path / "mountinfo"
    table.write_text(f"1 1 8:1 / / rw - ext4 x rw\n2 1 0:9 / {raw}/SC011 rw - nfs x rw\n")
    monkeypatch.setattr(mounts, "MOUNTINFO", str(table))
    watcher = Watcher([str(raw)], canary_dir=None, wake=lambda: None)
    set_watches(watcher)
    health = Watched(watcher, str(raw)).health(lambda health: health.reason)
    watcher.stop()
    assert (health.mode, health.alive) == ("events", True)
    assert f"what other machines write to {raw}/SC011 is seen by the rescan only" in health.reason


def test_folders_that_may_not_be_read_are_counted() -> None:
    with open_to_all() as raw:
        for name in ("open", "closed", "shut"):
            (raw / name).mkdir()
        for name in ("closed", "shut"):
            (raw / name).chmod(0o000)
        with without_privileges():
            watcher = Watcher([str(raw)], canary_dir=None, wake=lambda: None)
            set_watches(watcher)
            watched = Watched(watcher, str(raw))
            health = watched.health(lambda health: health.reason)
            assert (health.mode, health.watched, health.unwatched) == ("events", 2, 2)
            assert "2 folders may not be read" in health.reason
            for name in ("closed", "shut"):
                with pytest.raises(OSError, match="denied"):
                    os.listdir(raw / name)
        for name in ("closed", "shut"):
            (raw / name).chmod(0o755)
        # Half an hour later it is tried again.
        watched.health(well, step=600)
        (raw / "closed/file").write_text("x")
        assert watched.hints_at("closed/file")
        watcher.stop()


def test_the_canary_may_not_live_below_a_root(raw: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(raw)
    for folder in (raw, raw / "state", tmp_path / "link" / "x"):
        with pytest.raises(ConfigurationError, match="nothing may be written") as error:
            Watcher([str(raw)], canary_dir=str(folder), wake=lambda: None)
        assert "outside of the watched folders" in error.value.what_to_do
    assert sorted(os.listdir(raw)) == ["SC011"]


def test_a_canary_that_cannot_be_written_is_said_and_does_no_harm(
    raw: Path, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    watcher = Watcher([str(raw)], canary_dir=str(tmp_path / "file/canary"), wake=lambda: None)
    set_watches(watcher)
    watched = Watched(watcher, str(raw))
    health = watched.health(lambda health: "is not tested" in health.reason, step=60)
    assert (health.mode, health.alive) == ("events", True)
    (raw / "after").write_text("x")
    assert watched.hints_at("after")
    watcher.stop()


def test_a_canary_folder_that_was_taken_away_is_made_anew(watched: Watched, tmp_path: Path) -> None:
    watched.health(well, step=60)
    (tmp_path / "canary").rename(tmp_path / "away")
    watched.health_at_once(lambda health: "watched anew" in health.reason, step=10)
    watched.health(well)
    assert (tmp_path / "canary/canary").exists()


def test_stopping_leaves_no_thread_and_no_descriptor(raw: Path, tmp_path: Path) -> None:
    threads, descriptors = set(threading.enumerate()), set(os.listdir("/proc/self/fd"))
    for _ in range(3):
        watcher = Watcher([str(raw)], canary_dir=str(tmp_path / "canary"), wake=lambda: None)
        set_watches(watcher)
        (raw / "SC011/file").write_text("x")
        watcher.confirm(1.0)
        watcher.stop()
        watcher.stop()
        assert watcher.confirm(2.0).alive is False
    # What other tests left behind may end meanwhile.
    assert not set(threading.enumerate()) - threads
    assert not set(os.listdir("/proc/self/fd")) - descriptors


def test_a_watcher_that_was_never_started_says_so_and_can_be_stopped(raw: Path) -> None:
    watcher = Watcher([str(raw)], canary_dir=None, wake=lambda: None)
    health = watcher.confirm(1.0)
    assert (health.mode, health.alive) == ("rescan only", False)
    assert "is not running" in health.reason
    watcher.stop()


def test_nothing_is_warned_of_or_logged_by_the_library(
    raw: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        watcher = Watcher([str(raw)], canary_dir=None, wake=lambda: None)
        set_watches(watcher)
        caplog.set_level(logging.WARNING)
        watched = Watched(watcher, str(raw))
        # Folders that come and go while they are being watched are what it likes to warn of.
        for number in range(300):
            (raw / f"x{number}/y/z").mkdir(parents=True)
            if number % 2:
                (raw / f"x{number}").rename(tmp_path / f"x{number}")
                (tmp_path / f"x{number}").rename(raw / f"w{number}")
        assert watched.hints_at("x298")
        watched.health(well)
        watcher.stop()
    assert [str(warning.message)[:100] for warning in warned] == []
    assert [record.name for record in caplog.records if record.name.startswith("watchdog")] == []


DISKS_THAT_COME_AND_GO = """
from archived.rig.watcher import Watcher
top, canary = sys.argv[1:]
woken = threading.Event()
watcher = Watcher([top], canary_dir=canary, wake=woken.set)
second = 0.0
def until(condition, what):
    global second
    for _ in range(500):
        second += 1
        if condition(watcher.confirm(second)):
            return
        threading.Event().wait(0.02)
    raise SystemExit(f"{what}: {watcher.confirm(second)}")
def hinted(path):
    hints = watcher.drain().get(top)
    return hints is not None and path in hints.paths
sh("mount", "-t", "tmpfs", "first", top)
watcher.start()
until(lambda health: health.alive and not health.reason, "start")
open(f"{top}/one", "w").close()
until(lambda _: hinted("one"), "first disk")
for disk in ("second", "third"):
    sh("umount", top)
    watcher.drain()
    until(lambda _: watcher.drain().get(top), "unmounted")
    sh("mount", "-t", "tmpfs", disk, top)
    until(lambda _: getattr(watcher.drain().get(top), "everything", False), "mounted")
    until(lambda health: health.alive and not health.reason, "well again")
    open(f"{top}/{disk}", "w").close()
    until(lambda _: hinted(disk), disk)
watcher.stop()
"""


def test_a_disk_that_is_unmounted_and_mounted_again_is_watched_again(
    raw: Path, tmp_path: Path
) -> None:
    in_namespace(DISKS_THAT_COME_AND_GO, raw, tmp_path / "canary")
