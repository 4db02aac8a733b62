"""A machine that has no open files or threads left: nothing wrong is concluded from that, and nothing is left open."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from archived.core.formats import DiskTroubleError, UnreadableError, judge
from archived.core.model import FileStat
from archived.rig.reader import open_readable
from archived.rig.root import Root
from archived.rig.scanner import stat_files
from tests.rig.support import in_namespace, open_to_all, without_privileges

FEW_FILES = """
import resource
from archived.errors import RootUnavailableError
from archived.rig.root import Root
root = Root(sys.argv[1])
usual = root.identify()
used = len(os.listdir("/proc/self/fd")) - 1
limit = resource.getrlimit(resource.RLIMIT_NOFILE)
refused = 0
for spare in range(6):
    resource.setrlimit(resource.RLIMIT_NOFILE, (used + spare, limit[1]))
    try:
        assert root.identify() == usual
    except RootUnavailableError as error:
        assert "Too many open files" in str(error), error
        refused += 1
print(refused)
"""

NO_THREADS = """
import resource
from archived.rig.inotify import InotifySession
limit = resource.getrlimit(resource.RLIMIT_NPROC)
os.setresgid(65534, 65534, 65534)
os.setresuid(65534, 65534, 65534)
before = os.listdir("/proc/self/fd")
for _ in range(3):
    session = InotifySession(sys.argv[1], also=None, on_path=print, on_loss=print)
    resource.setrlimit(resource.RLIMIT_NPROC, (1, limit[1]))
    try:
        session.start()
    except OSError as error:
        print(error.strerror)
    assert os.listdir("/proc/self/fd") == before, os.listdir("/proc/self/fd")
    assert threading.enumerate() == [threading.main_thread()]
resource.setrlimit(resource.RLIMIT_NPROC, limit)
session = InotifySession(sys.argv[1], also=None, on_path=print, on_loss=print)
session.start()
assert session.alive
session.stop()
"""

NO_PIPE = """
import resource
from archived.rig.inotify import InotifySession
before = os.listdir("/proc/self/fd")
limit = resource.getrlimit(resource.RLIMIT_NOFILE)
for spare in (1, 2):
    resource.setrlimit(resource.RLIMIT_NOFILE, (len(before) - 1 + spare, limit[1]))
    for _ in range(3):
        try:
            InotifySession(sys.argv[1], also=None, on_path=print, on_loss=print).start()
        except OSError as error:
            print(error.errno)
    resource.setrlimit(resource.RLIMIT_NOFILE, limit)
    assert os.listdir("/proc/self/fd") == before
"""


def test_no_folder_seems_to_be_another_one_because_nothing_can_be_opened(tmp_path: Path) -> None:
    # From "not even the folder" to "everything": somewhere on the way only what the mounts are cannot be read.
    assert int(in_namespace(FEW_FILES, tmp_path, prefix=())) >= 2


@pytest.mark.skipif(sys.platform != "linux", reason="inotify is Linux'")
def test_where_no_thread_can_be_started_that_is_told_and_nothing_is_left_open() -> None:
    with open_to_all() as folder:
        told = in_namespace(NO_THREADS, folder, prefix=())
    assert told.split("\n") == ["no more threads can be started"] * 3 + [""]


@pytest.mark.skipif(sys.platform != "linux", reason="inotify is Linux'")
def test_an_instance_without_its_pipe_is_let_go_of(tmp_path: Path) -> None:
    told = in_namespace(NO_PIPE, tmp_path, prefix=())
    assert told.split() == [str(errno.EMFILE)] * 6


@contextmanager
def refusing(code: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Every read of a file is refused."""

    def refuse(*_: object) -> bytes:
        raise OSError(code, os.strerror(code))

    with monkeypatch.context() as patch:
        patch.setattr(os, "pread", refuse)
        yield


@pytest.mark.parametrize(
    ("rule", "names"),
    [
        ("spikeglx", ["r_g0_t0.imec0.ap.meta", "r_g0_t0.imec0.ap.bin"]),
        ("avi", ["video.avi"]),
        ("mp4", ["video.mp4"]),
        ("matroska", ["video.mkv"]),
        ("video", ["video.avi"]),
        ("mtscomp", ["r_g0_t0.imec0.ap.ch", "r_g0_t0.imec0.ap.cbin"]),
    ],
)
def test_no_rule_concludes_anything_from_a_disk_that_fails(
    rule: str, names: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in names:
        (tmp_path / name).write_bytes(bytes(100))
    root = Root(str(tmp_path))
    files = {
        path: stat for path, stat in stat_files(root, names).items() if isinstance(stat, FileStat)
    }
    assert len(files) == len(names)
    with (
        refusing(errno.EIO, monkeypatch),
        pytest.raises(DiskTroubleError, match="Input/output error"),
    ):
        judge([rule], "", files, lambda path: open_readable(root, path))


@pytest.mark.parametrize("code", [errno.EIO, errno.ESTALE, errno.EMFILE, errno.ENOMEM])
def test_what_may_pass_is_told_from_what_stays(
    code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.bin").write_bytes(b"x")
    with (
        open_readable(Root(str(tmp_path)), "a.bin") as file,
        refusing(code, monkeypatch),
        pytest.raises(DiskTroubleError) as error,
    ):
        file.read(0, 1)
    assert not error.value.permanent


def test_a_missing_permission_stays() -> None:
    with open_to_all() as folder:
        (folder / "a.bin").write_bytes(b"x")
        (folder / "a.bin").chmod(0)
        with (
            without_privileges(),
            pytest.raises(UnreadableError) as error,
            open_readable(Root(str(folder)), "a.bin"),
        ):
            pass
    assert not isinstance(error.value, DiskTroubleError)
    assert error.value.permanent
