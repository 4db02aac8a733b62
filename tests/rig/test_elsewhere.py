"""The rig's side where there is no POSIX: it imports, it looks, and the rescan does without events."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from archived.rig import watchability
from archived.rig.watcher import Watcher
from tests.rig.support import in_namespace
from tests.rig.test_watcher import Watched

LIKE_WINDOWS = """
import pathlib, contextlib, dataclasses, datetime, hashlib, re, stat, typing, unicodedata, warnings, collections
import socket, ssl, logging, ctypes, threading
for name in ("O_NOFOLLOW", "O_DIRECTORY", "O_CLOEXEC", "O_NONBLOCK", "pread", "statvfs"):
    delattr(os, name)
os.supports_dir_fd, os.supports_fd = set(), set()
for name in ("fcntl", "pwd", "grp", "resource", "watchdog"):
    sys.modules[name] = None
sys.platform = "win32"
from archived import clock
from archived.rig import folders, mounts
from archived.rig.reader import open_readable
from archived.rig.root import Root
from archived.rig.scanner import FolderSeen, look, stat_files
from archived.rig.watcher import Watcher
mounts.MOUNTINFO = mounts.FSTAB = "/nonexistent"
assert not folders.BY_DESCRIPTOR
top, canary = sys.argv[1:]
root = Root(top)
identity = root.identify()
assert identity.file_system == "" and identity.inode, identity
seen = [each for each in look(root, now=clock.now()) if isinstance(each, FolderSeen)]
assert [file.path for each in seen for file in each.files] == ["SC011/a.bin"], seen
assert {each.mtime_ns for each in seen} == {-1}
assert stat_files(root, ["SC011/a.bin"])["SC011/a.bin"].size == 3
with open_readable(root, "SC011/a.bin") as file:
    assert file.read(1, 5) == b"bc"
watcher = Watcher([top], canary_dir=canary, wake=lambda: None)
watcher.start()
while not watcher.ready():
    threading.Event().wait(0.01)
print(watcher.confirm(1.0))
watcher.stop()
root.confirm(identity)
"""


def test_without_posix_everything_works_but_events(tmp_path: Path) -> None:
    raw = tmp_path / "raw"
    (raw / "SC011").mkdir(parents=True)
    (raw / "SC011/a.bin").write_bytes(b"abc")
    told = in_namespace(LIKE_WINDOWS, raw, tmp_path / "canary", prefix=())
    assert "mode='rescan only'" in told
    assert "events are used on Linux only" in told
    assert "alive=True" in told


@pytest.mark.parametrize("missing", ["the table of mounts", "inotify"])
def test_on_linux_too_the_rescan_does_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    if missing == "inotify":
        monkeypatch.setitem(sys.modules, "archived.rig.inotify", None)
        words = "there is no inotify on this system"
    else:
        monkeypatch.setattr("archived.rig.mounts.MOUNTINFO", "/nonexistent")
        words = "which file system it is on cannot be told"
    watcher = Watcher([str(tmp_path)], canary_dir=None, wake=lambda: None)
    watcher.start()
    health = Watched(watcher, str(tmp_path)).health(lambda health: words in health.reason)
    watcher.stop()
    assert (health.mode, health.alive) == ("rescan only", True)


def test_the_remedy_names_a_larger_limit_than_there_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watchability, "INOTIFY_LIMITS", str(tmp_path))
    few = OSError(28, "No space left on device")
    assert "max_user_watches=524288`" in watchability.refusal(few)
    assert "the limit of inotify watches is reached" in watchability.refusal(few)
    (tmp_path / "max_user_watches").write_text("1000000\n")
    assert "the limit of 1000000 inotify watches is reached" in watchability.refusal(few)
    assert "`sysctl fs.inotify.max_user_watches=2000000` raises it" in watchability.refusal(few)
