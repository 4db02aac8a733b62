"""Files that cannot be read, that change while they are copied, and that are unusual: each costs at most itself."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from demo import rig as programs
from tests.acceptance import disks
from tests.acceptance.conftest import TestRig
from tests.acceptance.disks import Failing, Glance
from tests.acceptance.test_a_rig import RUN, record, session

pytestmark = [
    pytest.mark.timeout(240),
    pytest.mark.parametrize("rig", ["directory"], indirect=True),
]

FILES = int(os.environ.get("FILES", "500"))
"""How many files a large folder has; 50,000 by hand."""

UNPRIVILEGED = ("setpriv", "--bounding-set=-all", "--inh-caps=-all")
"""What makes of root a user whom permissions stop, as they stop any other; who is not root needs nothing."""


def unprivileged() -> tuple[str, ...]:
    """The command under which the daemon may read only what it is permitted to."""
    return UNPRIVILEGED if os.geteuid() == 0 else ()


def test_files_and_folders_that_may_not_be_read_wait_are_told_and_arrive_once_they_may(
    rig: TestRig,
) -> None:
    record(session(rig), 0)
    file = next((rig.root / "SC011" / RUN).rglob("*.ap.bin"))
    folder = rig.root / "SC011/02232019/video"
    file.chmod(0)
    folder.chmod(0)
    glance = Glance(rig)
    try:
        rig.start(under=unprivileged())
        glance.until(archived=1, failed=1)
        assert "02232019/video" in glance.until_alarm("unreadable")
        [attention] = rig.status()["attention"]
        assert file.name in attention["reason"]
        assert "ermission" in attention["reason"]
        assert not list(rig.archive.rglob(file.name))
    finally:
        file.chmod(0o644)
        folder.chmod(0o755)

    rig.control("retry", "--all")
    glance.until(archived=3)
    glance.until_all_is_well()
    rig.assert_nothing_was_lost()


def truncated(path: Path) -> None:
    os.truncate(path, 5)


def grown(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"and one line more\n")


def replaced(path: Path) -> None:
    """By another file of the same size and the same time of change."""
    before = path.stat()
    other = path.with_name("other")
    other.write_bytes(bytes(before.st_size))
    os.utime(other, ns=(before.st_atime_ns, before.st_mtime_ns))
    other.rename(path)


def rewritten(path: Path) -> None:
    """In place, with its time of change set back."""
    before = path.stat()
    path.write_bytes(bytes(before.st_size))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def gone(path: Path) -> None:
    path.unlink()


@pytest.mark.parametrize("change", disks.some(rewritten, gone, replaced, grown, truncated, first=2))
def test_a_file_that_changes_while_it_is_copied_arrives_as_it_is_afterwards(
    rig: TestRig, change: Callable[[Path], None]
) -> None:
    record(session(rig), 0)
    file = next((rig.root / "SC011").rglob("*_fyi.txt"))
    slow = Failing("read", "delay_enter=1500000", when="1..3", paths=(file,))
    copying = rig.base / "trace"
    rig.start(under=slow.under(copying))
    # The copy has the file open, and has asked for its first bytes.
    rig.wait_for("the copy", lambda: copying.exists() and "read(" in copying.read_text())
    change(file)

    Glance(rig).until(archived=3)
    rig.assert_nothing_was_lost()
    disks.until_no_leftovers(rig)


def test_files_that_come_and_go_while_the_disk_is_looked_at_trouble_nothing(rig: TestRig) -> None:
    """Names that were listed and are gone when they are asked about."""
    record(session(rig), 0)
    daemon = rig.start()
    folder = rig.root / "SC011" / RUN
    for number in range(3000):
        path = folder / f"{number}.tmp"
        path.touch()
        path.unlink()
    Glance(rig).until(archived=3)
    rig.assert_nothing_was_lost()
    assert daemon.poll() is None
    assert "Traceback" not in disks.log_of(rig)


def test_unusual_files_arrive_as_they_are(rig: TestRig) -> None:
    record(session(rig), 0)
    folder = rig.root / "SC011" / RUN
    with (folder / "sparse.dat").open("wb") as file:
        file.seek(30_000_000)
        file.write(b"end")
    (folder / "empty.dat").touch()
    (folder / ("n" * 251 + ".dat")).write_bytes(b"a name of 255 bytes")
    (folder / ("é" * 125 + ".dat")).write_bytes(b"another")
    (folder / "one.dat").write_bytes(b"two names")
    os.link(folder / "one.dat", folder / "two.dat")
    deep = folder.joinpath(*["deep"] * 60)
    deep.mkdir(parents=True)
    (deep / "far.dat").write_bytes(b"far down")
    os.utime(folder / "one.dat", ns=(0, -1))
    os.utime(folder / "empty.dat", ns=(0, 2**40 * 10**9 // 1000))

    rig.start()
    Glance(rig).until(archived=3)

    rig.assert_nothing_was_lost()
    disks.assert_archived_means_archived(rig)


@pytest.mark.timeout(240 + FILES // 10)
def test_a_folder_with_very_many_files_is_archived(rig: TestRig) -> None:
    video = rig.root / "SC011/02232019/video"
    record([programs.tracking_video(video, "SC011", "side", trials=2)], 0)
    for number in range(FILES):
        (video / f"frame_{number:06}.txt").write_bytes(str(number).encode())
    daemon = rig.start()
    Glance(rig).until(archived=1, within=120 + FILES // 10)
    rig.assert_nothing_was_lost()
    peak = Path(f"/proc/{daemon.pid}/status").read_text().partition("VmHWM:")[2].split()[0]
    assert int(peak) < 300_000
    if "FILES" in os.environ:
        print(f"\n{FILES} files, at most {peak} kB of memory")  # noqa: T201
