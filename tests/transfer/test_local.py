"""What only the local mover has to keep: the disk's own dangers, and never over a different file."""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from archived import clock
from archived.core.faults import FaultKind, classify
from archived.core.model import CollectionArchive, Direction, StorageLocation
from archived.errors import (
    NotPermittedError,
    TransferRefusedError,
    TransferUnavailableError,
)
from archived.ports import EntryType, TaskState, TransferItem
from archived.transfer import copying, folders, mount_point, streaming
from archived.transfer.barrier import WORTH_IT, Together
from archived.transfer.copying import SUFFIX, temporary_name
from archived.transfer.local import LocalTransfers
from archived.transfer.portions import portions
from archived.transfer.target import LARGE
from tests.transfer.benches import LocalBench, Order, codes, ended, until

PATH = "SC011/run/data.bin"
OTHER = "SC011/run/data.meta"


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalBench]:
    bench = LocalBench(tmp_path, monkeypatch)
    yield bench
    bench.close()


@pytest.fixture
def order(bench: LocalBench) -> Order:
    return Order(bench)


def left_behind(folder: Path) -> list[Path]:
    """Temporary files below a folder."""
    return sorted(folder.rglob(f"*{SUFFIX}")) + sorted(folder.rglob(f".*{SUFFIX}"))


def at_the_door(patch: pytest.MonkeyPatch, verb: str, instead: Any) -> Any:
    """Replace a verb of the module that alone touches the disk; the real one is returned."""
    really = getattr(folders.DescriptorFolder, verb)
    patch.setattr(folders.DescriptorFolder, verb, instead)
    return really


# -- never over a different file --------------------------------------------------------------------------------


@pytest.mark.parametrize("present", [b"something else", b"content that is as long"])
def test_a_different_file_in_the_archive_stays_and_the_others_are_copied(
    bench: LocalBench, order: Order, present: bytes
) -> None:
    bench.put(PATH, b"content that is copied")
    bench.put(OTHER, b"meta")
    bench.store(PATH, present)

    report = ended(bench, task_id := bench.mover.submit(order(PATH, OTHER)))

    assert report.state is TaskState.FAILED
    assert codes(report.faults) == [("DESTINATION_DIFFERS", PATH)]
    assert bench.archived(PATH) == present
    assert bench.archived(OTHER) == b"meta"
    assert [receipt.path for receipt in bench.mover.receipts(task_id)] == [OTHER]


def test_a_file_that_comes_there_while_we_copy_stays(
    bench: LocalBench, order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.put(PATH, b"ours")

    def somebody_is_faster(folder: Any, temporary: str, name: str, *, replace: bool) -> None:
        bench.store(PATH, b"theirs")
        really(folder, temporary, name, replace=replace)

    really = at_the_door(monkeypatch, "place", somebody_is_faster)
    report = ended(bench, bench.mover.submit(order(PATH)))

    assert codes(report.faults) == [("DESTINATION_DIFFERS", PATH)]
    assert bench.archived(PATH) == b"theirs"
    assert left_behind(bench.archive_folder) == []


def test_a_folder_of_the_same_name_is_never_replaced(bench: LocalBench, order: Order) -> None:
    bench.put(PATH, b"ours")
    bench.store(f"{PATH}/inside", b"theirs")

    report = ended(bench, bench.mover.submit(order(PATH, overwrite=True)))

    assert codes(report.faults) == [("IS_A_DIRECTORY", PATH)]
    assert bench.archived(f"{PATH}/inside") == b"theirs"


def test_without_hard_links_a_name_that_is_taken_is_still_respected(
    bench: LocalBench, order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_links(*args: Any, **kwargs: Any) -> None:
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(os, "link", no_links)
    bench.put(PATH, b"content")
    bench.put(OTHER, b"ours")
    bench.store(OTHER, b"different")

    report = ended(bench, bench.mover.submit(order(PATH, OTHER)))

    assert bench.archived(PATH) == b"content"
    assert bench.archived(OTHER) == b"different"
    assert codes(report.faults) == [("DESTINATION_DIFFERS", OTHER)]
    assert left_behind(bench.archive_folder) == []


def test_a_file_in_place_is_not_written_again(bench: LocalBench, order: Order) -> None:
    bench.put(PATH, b"content")
    bench.store(PATH, b"content")
    before = (bench.archive_folder / PATH).stat()

    task_id = bench.mover.submit(order(PATH))
    report = ended(bench, task_id)

    after = (bench.archive_folder / PATH).stat()
    assert report.state is TaskState.SUCCEEDED
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert [receipt.source for receipt in bench.mover.receipts(task_id)] == ["re-read"]


def test_what_was_copied_by_this_process_is_not_read_again_for_the_next_order(
    bench: LocalBench, order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.put(PATH, b"content")
    ended(bench, bench.mover.submit(order(PATH)))
    opened: list[str] = []

    def note(folder: Any, name: str) -> int:
        opened.append(name)
        return int(really(folder, name))

    really = at_the_door(monkeypatch, "open_to_read", note)
    assert ended(bench, bench.mover.submit(order(PATH))).state is TaskState.SUCCEEDED
    assert opened == ["data.bin"]  # the source, to see that it is unchanged

    (bench.archive_folder / PATH).write_bytes(b"tampere")
    report = ended(bench, bench.mover.submit(order(PATH)))
    assert codes(report.faults) == [("DESTINATION_DIFFERS", PATH)]


# -- what arrives is what was sent ------------------------------------------------------------------------------


def test_times_of_change_are_kept(bench: LocalBench, order: Order) -> None:
    bench.put(PATH, b"content")
    os.utime(bench.rig_folder / PATH, ns=(1_500_000_000_000_000_001, 1_400_000_000_123_456_789))

    ended(bench, bench.mover.submit(order(PATH)))

    assert (bench.archive_folder / PATH).stat().st_mtime_ns == 1_400_000_000_123_456_789


def test_a_copy_that_reads_back_differently_is_made_again(
    bench: LocalBench, order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    flips = spoil_what_is_written(monkeypatch, times=1)
    bench.put(PATH, b"content" * 1000)

    report = ended(bench, bench.mover.submit(order(PATH)))

    assert len(flips) == 1
    assert report.state is TaskState.SUCCEEDED
    assert bench.archived(PATH) == b"content" * 1000


def test_a_disk_that_never_reads_back_what_was_written_gets_no_file(
    bench: LocalBench, order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    spoil_what_is_written(monkeypatch, times=100)
    bench.put(PATH, b"content")

    report = ended(bench, bench.mover.submit(order(PATH)))

    assert codes(report.faults) == [("VERIFY_CHECKSUM", PATH)]
    assert bench.archived(PATH) is None
    assert left_behind(bench.archive_folder) == []


def test_a_disk_that_is_full_when_a_copy_is_made_again_is_told_as_such(
    bench: LocalBench, order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    flips = spoil_what_is_written(monkeypatch, times=1)
    really = at_the_door(monkeypatch, "open_to_write", lambda folder, name: write(folder, name))

    def write(folder: Any, name: str) -> int:
        if flips:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return int(really(folder, name))

    bench.put(PATH, b"content")

    report = ended(bench, bench.mover.submit(order(PATH)))

    assert codes(report.faults) == [("NO_SPACE_LEFT", None)]
    assert left_behind(bench.archive_folder) == []


def test_a_file_that_is_in_place_is_brought_to_the_disk_before_it_is_read_back(
    bench: LocalBench, order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.put(PATH, b"content")
    bench.store(PATH, b"content")
    there = os.path.realpath(bench.archive_folder / PATH)
    done: list[str] = []

    def noting(verb: str, really: Any) -> Any:
        def noted(descriptor: int, *rest: int) -> Any:
            if os.readlink(f"/proc/self/fd/{descriptor}") == there:
                done.append(verb)
            return really(descriptor, *rest)

        return noted

    for verb in ("fsync", "posix_fadvise", "read"):
        monkeypatch.setattr(os, verb, noting(verb, getattr(os, verb)))

    assert ended(bench, bench.mover.submit(order(PATH))).state is TaskState.SUCCEEDED

    assert done[:3] == ["fsync", "posix_fadvise", "read"]


def spoil_what_is_written(patch: pytest.MonkeyPatch, *, times: int) -> list[str]:
    """Flip a bit of a temporary file before it is read back."""
    spoilt: list[str] = []

    def spoil(folder: Any, name: str) -> int:
        descriptor = int(really(folder, name))
        if name.endswith(SUFFIX) and len(spoilt) < times:
            spoilt.append(name)
            path = f"/proc/self/fd/{descriptor}"
            writable = os.open(path, os.O_WRONLY)
            os.pwrite(writable, b"\xff", 0)
            os.close(writable)
        return descriptor

    really = at_the_door(patch, "open_to_read", spoil)
    return spoilt


def test_a_file_that_changes_while_it_is_read_is_not_archived(
    bench: LocalBench, order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.put(PATH, b"content")
    given = order(PATH)

    def writer_is_not_done(folder: Any, name: str) -> int:
        with (bench.rig_folder / PATH).open("ab") as file:
            file.write(b"more")
        return int(really(folder, name))

    really = at_the_door(monkeypatch, "open_to_write", writer_is_not_done)
    report = ended(bench, bench.mover.submit(given))

    assert codes(report.faults) == [("FILE_SIZE_CHANGED", PATH)]
    assert bench.archived(PATH) is None
    assert left_behind(bench.archive_folder) == []


def test_a_file_replaced_by_one_of_the_same_size_is_noticed(
    bench: LocalBench, order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.put(PATH, b"content")
    given = order(PATH)

    def rewritten(folder: Any, name: str) -> int:
        (bench.rig_folder / PATH).write_bytes(b"CONTENT")
        return int(really(folder, name))

    really = at_the_door(monkeypatch, "open_to_write", rewritten)
    report = ended(bench, bench.mover.submit(given))

    assert codes(report.faults) == [("FILE_SIZE_CHANGED", PATH)]


def test_a_disk_that_gives_less_than_it_says_is_not_believed(
    bench: LocalBench, order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    really = os.read

    def ends_early(descriptor: int, count: int) -> bytes:
        return really(descriptor, 3) if os.lseek(descriptor, 0, os.SEEK_CUR) < 3 else b""

    monkeypatch.setattr(os, "read", ends_early)
    bench.put(PATH, b"content")

    report = ended(bench, bench.mover.submit(order(PATH)))

    assert codes(report.faults) == [("FILE_SIZE_CHANGED", PATH)]
    assert bench.archived(PATH) is None


def test_a_name_is_given_only_after_the_bytes_are_on_the_disk(
    bench: LocalBench, order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    real_fsync = os.fsync

    def fsync(descriptor: int) -> None:
        kind = "folder" if os.path.isdir(f"/proc/self/fd/{descriptor}") else "file"
        done.append(f"sync {kind}")
        real_fsync(descriptor)

    def place(folder: Any, temporary: str, name: str, *, replace: bool) -> None:
        done.append("place")
        really(folder, temporary, name, replace=replace)

    monkeypatch.setattr(os, "fsync", fsync)
    really = at_the_door(monkeypatch, "place", place)
    bench.put(PATH, b"content")
    ended(bench, bench.mover.submit(order(PATH)))

    # Two new folders, each with its parent; then the file; then its name.
    assert done == ["sync folder", "sync folder", "sync file", "place", "sync folder"]


def test_nothing_under_the_root_is_touched(bench: LocalBench, order: Order) -> None:
    bench.put(PATH, b"content")
    bench.put(OTHER, b"meta")

    def look() -> dict[str, tuple[int, int, int]]:
        return {
            str(path): (s.st_mtime_ns, s.st_ctime_ns, s.st_size)
            for path in sorted(bench.rig_folder.rglob("*"))
            for s in [path.lstat()]
        }

    before = look()
    ended(bench, bench.mover.submit(order(PATH, OTHER)))

    assert look() == before


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux brings a file system to the disk")
def test_many_small_files_are_brought_to_the_disk_together(
    bench: LocalBench, order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk needs about as long for one file as for hundreds."""
    paths = [f"SC011/video/side_{number:03}.avi" for number in range(10 * WORTH_IT)]
    for path in paths:
        bench.put(path, path.encode())
    done: Counter[str] = Counter()
    real_fsync, reached = os.fsync, Together.reached

    def fsync(descriptor: int) -> None:
        done["folder" if os.path.isdir(f"/proc/self/fd/{descriptor}") else "file"] += 1
        real_fsync(descriptor)

    def together(barrier: Together) -> None:
        done["all"] += 1
        assert left_behind(bench.archive_folder), "they have no names yet"
        reached(barrier)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(Together, "reached", together)
    monkeypatch.setattr(copying, "barrier_for", Together)
    report = ended(bench, bench.mover.submit(order(*paths)))

    assert report.state is TaskState.SUCCEEDED
    # Two new folders in those above them, and the names in theirs.
    assert done == {"all": 1, "folder": 3}
    assert all(bench.archived(path) == path.encode() for path in paths)


def test_where_they_cannot_be_brought_there_together_each_is_by_itself(
    bench: LocalBench, order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One of them, or of somebody else's, is not on the disk, and nobody says which."""
    paths = [f"SC011/video/side_{number:03}.avi" for number in range(WORTH_IT)]
    for path in paths:
        bench.put(path, path.encode())
    synced: list[str] = []
    real_fsync = os.fsync

    def fail(barrier: Together) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    def fsync(descriptor: int) -> None:
        synced.append(os.readlink(f"/proc/self/fd/{descriptor}"))
        real_fsync(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(Together, "reached", fail)
    monkeypatch.setattr(copying, "barrier_for", Together)
    report = ended(bench, bench.mover.submit(order(*paths)))

    assert report.state is TaskState.SUCCEEDED
    assert sum(each.endswith(SUFFIX) for each in synced) == len(paths)


def test_a_large_file_that_reads_back_differently_is_copied_again(
    bench: LocalBench, order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = os.urandom(LARGE + 12_345)
    spoilt: list[int] = []
    bench.put(PATH, content)
    upto = streaming.ReadBack.upto

    def spoiled(reading: streaming.ReadBack, end: int) -> None:
        if not spoilt:
            spoilt.append(end)
            path = f"/proc/self/fd/{reading._written}"
            writable = os.open(path, os.O_WRONLY)
            os.pwrite(writable, bytes([content[0] ^ 1]), 0)
            os.close(writable)
        upto(reading, end)

    monkeypatch.setattr(streaming.ReadBack, "upto", spoiled)
    report = ended(bench, bench.mover.submit(order(PATH)))

    assert report.state is TaskState.SUCCEEDED
    assert len(spoilt) == 1
    assert bench.archived(PATH) == content


def test_what_goes_wrong_while_a_large_file_is_read_back_is_told(
    bench: LocalBench, order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.put(PATH, os.urandom(LARGE))

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fdatasync", full)
    report = ended(bench, bench.mover.submit(order(PATH)))

    assert codes(report.faults) == [("NO_SPACE_LEFT", None)]
    assert bench.archived(PATH) is None
    assert left_behind(bench.archive_folder) == []


@pytest.mark.parametrize("lacking", ["compute", "read-back"])
def test_where_no_thread_is_to_be_had_for_a_large_file_nothing_stays_open(
    bench: LocalBench, order: Order, monkeypatch: pytest.MonkeyPatch, lacking: str
) -> None:
    bench.put(PATH, os.urandom(LARGE))
    start = threading.Thread.start

    def refused(thread: threading.Thread) -> None:
        if thread.name == lacking:
            raise RuntimeError("can't start new thread")
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", refused)
    report = ended(bench, bench.mover.submit(order(PATH)))

    assert codes(report.faults) == [("ENDPOINT_ERROR", None)]
    assert bench.archived(PATH) is None
    for thread in threading.enumerate():
        if thread.name in ("compute", "read-back"):
            thread.join(10)
            assert not thread.is_alive()
    assert not [each for each in open_files() if SUFFIX in each]


def open_files() -> list[str]:
    """What this process has open."""
    found = []
    for each in os.listdir("/proc/self/fd"):
        with contextlib.suppress(FileNotFoundError):
            found.append(os.readlink(f"/proc/self/fd/{each}"))
    return found


@pytest.mark.parametrize(
    ("sizes", "lengths"),
    [
        ([10] * 1500, [700, 700, 100]),
        ([10, LARGE, 10, 10], [1, 1, 2]),
        ([5 << 20] * 7, [6, 1]),
        ([], []),
    ],
)
def test_small_files_are_copied_together_and_large_ones_alone(
    sizes: list[int], lengths: list[int]
) -> None:
    items = [TransferItem(f"SC011/{number}", size) for number, size in enumerate(sizes)]
    found = list(portions(items, "submission"))

    assert [len(each) for each in found] == lengths
    assert [piece.item for each in found for piece in each] == items
    assert len({piece.temporary for each in found for piece in each}) == len(items)


def test_no_more_than_a_few_folders_are_held_open_at_a_time() -> None:
    items = [TransferItem(f"SC{number:03}/a", 1) for number in range(40)]

    assert [len(each) for each in portions(items, "submission")] == [16, 16, 8]


# -- links, pipes, names ----------------------------------------------------------------------------------------


def test_a_link_on_the_rig_is_not_followed(bench: LocalBench, order: Order, tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"secret")
    (bench.rig_folder / "SC011").mkdir()
    (bench.rig_folder / "SC011" / "link").symlink_to(tmp_path / "secret")

    report = ended(bench, bench.mover.submit(order("SC011/link")))

    assert codes(report.faults) == [("INVALID_SYMLINK", "SC011/link")]
    assert bench.archived("SC011/link") is None


def test_a_folder_that_is_a_link_is_not_followed_at_either_end(
    bench: LocalBench, order: Order, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "data.bin").write_bytes(b"data")
    (bench.rig_folder / "linked").symlink_to(outside)
    bench.put("SC011/data.bin", b"data")
    (bench.archive_folder / "SC011").symlink_to(outside)

    from_link = ended(bench, bench.mover.submit(order("linked/data.bin")))
    to_link = ended(bench, bench.mover.submit(order("SC011/data.bin")))

    assert codes(from_link.faults) == [("INVALID_SYMLINK", "linked/data.bin")]
    assert codes(to_link.faults) == [("INVALID_SYMLINK", "SC011/data.bin")]
    assert [path.name for path in outside.iterdir()] == ["data.bin"]


def test_a_pipe_does_not_hang_the_mover(bench: LocalBench, order: Order) -> None:
    (bench.rig_folder / "SC011").mkdir()
    given = order("SC011/pipe")
    os.mkfifo(bench.rig_folder / "SC011" / "pipe")

    report = ended(bench, bench.mover.submit(given))

    assert codes(report.faults) == [("NOT_A_FILE", "SC011/pipe")]


def test_a_name_that_is_not_utf8_is_copied_as_it_is(bench: LocalBench, order: Order) -> None:
    path = "SC011/caf\udce9.bin"
    bench.put(path, b"content")

    ended(bench, bench.mover.submit(order(path)))

    assert os.listdir(os.fsencode(bench.archive_folder / "SC011")) == [b"caf\xe9.bin"]


def test_a_name_that_is_too_long_for_the_archive_is_that_files_fault(
    bench: LocalBench, order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.put(PATH, b"content")

    def too_long(folder: Any, temporary: str, name: str, *, replace: bool) -> None:
        raise OSError(errno.ENAMETOOLONG, os.strerror(errno.ENAMETOOLONG))

    at_the_door(monkeypatch, "place", too_long)
    report = ended(bench, bench.mover.submit(order(PATH)))

    assert codes(report.faults) == [("INVALID_PATH_NAME", PATH)]


# -- the disks themselves ---------------------------------------------------------------------------------------


def test_the_archives_own_folder_is_never_made(bench: LocalBench, order: Order) -> None:
    bench.put(PATH, b"content")
    bench.archive_folder.rmdir()

    with pytest.raises(TransferUnavailableError, match="cannot be used") as raised:
        bench.mover.submit(order(PATH))

    assert not raised.value.permanent
    assert "mount it" in raised.value.what_to_do
    assert not bench.archive_folder.exists()


def test_a_root_that_went_away_is_no_files_fault(bench: LocalBench, order: Order) -> None:
    bench.put(PATH, b"content")
    bench.hold()
    task_id = bench.mover.submit(order(PATH))
    bench.rig_folder.rename(bench.rig_folder.with_name("unmounted"))
    bench.rig_folder.mkdir()
    bench.go_on()

    report = ended(bench, task_id)

    assert codes(report.faults) == [("ENDPOINT_ERROR", None)]
    assert classify("ENDPOINT_ERROR") is FaultKind.SELF_CORRECTING


def test_an_archive_that_is_not_mounted_any_more_gets_no_file(
    bench: LocalBench, order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.put(PATH, b"content")
    bench.hold()
    monkeypatch.setattr(mount_point, "mount_of", lambda path: str(bench.archive_folder))
    task_id = bench.mover.submit(order(PATH))
    monkeypatch.undo()
    bench.go_on()

    report = ended(bench, task_id)

    assert codes(report.faults) == [("ENDPOINT_ERROR", None)]
    assert bench.archived(PATH) is None
    with pytest.raises(TransferUnavailableError, match="not mounted any more"):
        bench.mover.submit(order(PATH))


def test_an_archive_that_is_mounted_after_the_start_is_used_from_then_on(
    bench: LocalBench, order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A rig starts before its network is up."""
    bench.put(PATH, b"content")
    monkeypatch.setattr(mount_point, "mount_of", lambda path: str(bench.archive_folder))

    assert ended(bench, bench.mover.submit(order(PATH))).state is TaskState.SUCCEEDED
    assert bench.archived(PATH) == b"content"

    monkeypatch.undo()
    with pytest.raises(TransferUnavailableError, match="not mounted any more"):
        bench.mover.stat(PATH)


def test_what_was_copied_before_the_archive_was_mounted_proves_nothing(
    bench: LocalBench, order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.put(PATH, b"content")
    task_id = bench.mover.submit(order(PATH))
    assert ended(bench, task_id).state is TaskState.SUCCEEDED

    monkeypatch.setattr(mount_point, "mount_of", lambda path: str(bench.archive_folder))

    assert not list(bench.mover.receipts(task_id))


@pytest.mark.parametrize(
    ("error", "code", "path"),
    [
        (errno.EACCES, "DESTINATION_REFUSES", PATH),
        (errno.EFBIG, "DESTINATION_REFUSES", PATH),
        (errno.EROFS, "DESTINATION_READ_ONLY", None),
        (errno.EDQUOT, "QUOTA_EXCEEDED", None),
        (errno.ESTALE, "ENDPOINT_ERROR", None),
    ],
)
def test_what_writing_fails_of_is_told_from_what_reading_fails_of(
    bench: LocalBench,
    order: Order,
    monkeypatch: pytest.MonkeyPatch,
    error: int,
    code: str,
    path: str | None,
) -> None:
    bench.put(PATH, b"content")

    def refuse(folder: Any, name: str) -> int:
        raise OSError(error, os.strerror(error))

    at_the_door(monkeypatch, "open_to_write", refuse)

    report = ended(bench, bench.mover.submit(order(PATH)))

    assert codes(report.faults) == [(code, path)]


def test_a_failing_disk_of_the_rig_is_told_as_such(
    bench: LocalBench, order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.put(PATH, b"content")
    bench.put(OTHER, b"meta")

    def unreadable(folder: Any, name: str) -> int:
        if name == "data.bin":
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return int(really(folder, name))

    really = at_the_door(monkeypatch, "open_to_read", unreadable)
    report = ended(bench, bench.mover.submit(order(PATH, OTHER)))

    assert codes(report.faults) == [("SOURCE_READ_ERROR", PATH)]
    assert bench.archived(OTHER) == b"meta"


# -- crashes and stops ------------------------------------------------------------------------------------------


def test_leftovers_of_the_same_submission_are_swept_and_others_are_not(
    bench: LocalBench, order: Order
) -> None:
    bench.put(PATH, b"content")
    given = order(PATH)
    bench.store(f"SC011/run/{temporary_name(given.submission_id, 7)}", b"half a fi")
    bench.store(f"SC011/run/{temporary_name('another-rig', 0)}", b"somebody else copies")

    ended(bench, bench.mover.submit(given))

    names = sorted(path.name for path in (bench.archive_folder / "SC011/run").iterdir())
    assert names == [temporary_name("another-rig", 0), "data.bin"]
    assert [entry.name for entry in bench.mover.list("SC011/run")] == ["data.bin"]


def test_closing_stops_a_copy_at_once_and_leaves_nothing(bench: LocalBench, order: Order) -> None:
    bench.put(PATH, os.urandom(1 << 20) * 8)
    started, go_on = threading.Event(), threading.Event()

    def now() -> Any:
        if threading.current_thread().name.startswith("copy-") and left_behind(
            bench.archive_folder
        ):
            started.set()
            go_on.wait(0.05)
        return clock.now()

    mover = LocalTransfers(bench.location, now=now)
    task_id = mover.submit(order(PATH))
    assert started.wait(10)

    mover.close()

    assert left_behind(bench.archive_folder) == []
    assert bench.archived(PATH) is None
    assert mover.poll(task_id).state is TaskState.UNKNOWN
    with pytest.raises(TransferUnavailableError):
        mover.submit(order(PATH))


KILLED = """
import sys, threading, datetime
from archived import clock
from archived.core.model import DirectoryArchive, Direction, StorageLocation
from archived.ports import TransferItem, TransferOrder
from archived.transfer.local import LocalTransfers
from archived.transfer.portions import portions
from archived.transfer.target import LARGE
root, archive, path, size, at = sys.argv[1:]
looks = 0
def now():
    global looks
    if threading.current_thread().name.startswith("copy-"):
        looks += 1
        if looks == int(at):
            print("now", flush=True)
            threading.Event().wait()
    return clock.now()
location = StorageLocation("raw", DirectoryArchive(archive), (), root)
order = TransferOrder("the-submission", "label", Direction.ARCHIVE, [TransferItem(path, int(size))],
                      clock.now() + datetime.timedelta(hours=1))
mover = LocalTransfers(location, now=now)
mover.submit(order)
threading.Event().wait()
"""


@pytest.mark.parametrize("at", [3, 6, 40])
def test_a_copy_killed_half_way_is_finished_by_the_next_process(
    bench: LocalBench, order: Order, at: int
) -> None:
    content = os.urandom(12 << 20)
    bench.put(PATH, content)
    arguments = [bench.rig_folder, bench.archive_folder, PATH, len(content), at]
    with subprocess.Popen(
        [sys.executable, "-c", KILLED, *map(str, arguments)], stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"now\n"
        process.send_signal(signal.SIGKILL)

    assert bench.archived(PATH) in (None, content)
    report = ended(bench, bench.mover.submit(order(PATH, submission_id="the-submission")))

    assert report.state is TaskState.SUCCEEDED
    assert bench.archived(PATH) == content
    assert left_behind(bench.archive_folder) == []


def test_a_task_that_failed_is_not_begun_again_by_its_submission_id(
    bench: LocalBench, order: Order
) -> None:
    bench.put(PATH, b"content")
    given = order(PATH)
    bench.remove(PATH)
    ended(bench, bench.mover.submit(given))
    bench.put(PATH, b"content")

    task_id = bench.mover.submit(given)

    assert bench.mover.poll(task_id).state is TaskState.FAILED
    assert bench.archived(PATH) is None


# -- the rest ---------------------------------------------------------------------------------------------------


def test_progress_is_reported_while_it_goes_on(bench: LocalBench, order: Order) -> None:
    bench.put(PATH, b"x" * (1 << 20))
    bench.put(OTHER, b"meta")

    task_id = bench.mover.submit(order(OTHER, PATH))
    report = until(bench, task_id, lambda r: r.files_done == 2, pause=0.001)

    assert report.bytes_done == (1 << 20) + 4
    assert ended(bench, task_id).rate is None


def test_what_comes_back_never_replaces_a_different_file(bench: LocalBench, order: Order) -> None:
    bench.store(PATH, b"archived")
    bench.put(PATH, b"changed on the rig")

    report = ended(bench, bench.mover.submit(order(PATH, direction=Direction.RETRIEVE)))

    assert codes(report.faults) == [("DESTINATION_DIFFERS", PATH)]
    assert bench.rig(PATH) == b"changed on the rig"


def test_without_descriptors_of_folders_it_works_the_same(
    bench: LocalBench, order: Order, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """As on Windows; here at least the logic is tried."""
    monkeypatch.setattr(folders, "HAS_DESCRIPTORS", False)
    bench.put(PATH, b"content")
    bench.put(OTHER, b"meta")
    bench.store(OTHER, b"different")
    (tmp_path / "outside").mkdir()
    (bench.rig_folder / "linked").symlink_to(tmp_path / "outside")
    (tmp_path / "outside" / "x").write_bytes(b"x")
    (bench.rig_folder / "link").symlink_to(tmp_path / "outside" / "x")

    report = ended(bench, bench.mover.submit(order(PATH, OTHER, "linked/x", "link")))

    assert bench.archived(PATH) == b"content"
    assert sorted(codes(report.faults)) == [
        ("DESTINATION_DIFFERS", OTHER),
        ("INVALID_SYMLINK", "link"),
        ("INVALID_SYMLINK", "linked/x"),
    ]
    assert left_behind(bench.archive_folder) == []
    accepted = ended(bench, bench.mover.submit(order(OTHER, overwrite=True)))
    assert accepted.state is TaskState.SUCCEEDED
    assert bench.archived(OTHER) == b"meta"
    assert [entry.name for entry in bench.mover.list("SC011/run")] == ["data.bin", "data.meta"]


def test_a_link_in_a_listing_is_neither_file_nor_folder(bench: LocalBench) -> None:
    (bench.archive_folder / "link").symlink_to("/etc/passwd")

    assert [(entry.name, entry.type) for entry in bench.mover.list("")] == [
        ("link", EntryType.OTHER)
    ]


@pytest.mark.parametrize(
    ("error", "raised"),
    [
        (errno.EACCES, NotPermittedError),
        (errno.EIO, TransferUnavailableError),
        (errno.ELOOP, TransferRefusedError),
    ],
)
def test_a_listing_is_whole_or_an_error(
    bench: LocalBench, monkeypatch: pytest.MonkeyPatch, error: int, raised: type[Exception]
) -> None:
    bench.store("SC011/x", b"")

    def refuse(folder: Any) -> None:
        raise OSError(error, os.strerror(error))

    at_the_door(monkeypatch, "entries", refuse)

    with pytest.raises(raised):
        bench.mover.list("SC011")


def test_an_archive_that_is_a_collection_is_not_for_this_mover() -> None:
    location = StorageLocation("raw", CollectionArchive("uuid", "/x"), (), "/rig")

    with pytest.raises(TransferRefusedError, match="not a directory"):
        LocalTransfers(location, now=clock.now)


def test_a_visit_tells_what_is_wrong(bench: LocalBench, tmp_path: Path) -> None:
    bench.archive_folder.rmdir()
    missing = [finding for finding in bench.mover.check() if not finding.ok]
    assert any("is missing" in finding.what for finding in missing)
    assert all(finding.what_to_do for finding in missing)

    inside = bench.rig_folder / "archive"
    inside.mkdir()
    (tmp_path / "archive").symlink_to(inside)
    found = [finding.what for finding in bench.mover.check() if not finding.ok]
    assert any("lies inside the watched folder" in what for what in found)
    bench.put(PATH, b"content")
    with pytest.raises(TransferRefusedError, match="inside the watched folder"):
        bench.mover.submit(Order(bench)(PATH))
    assert list(inside.iterdir()) == []


def test_an_hour_later_the_deadline_has_passed(bench: LocalBench, order: Order) -> None:
    bench.put(PATH, b"content")
    task_id = bench.mover.submit(order(PATH, deadline=timedelta(seconds=-1)))

    report = ended(bench, task_id)

    assert codes(report.faults) == [("EXPIRED", None)]
    assert bench.archived(PATH) is None


def test_a_mistake_in_the_program_fails_the_task_and_not_the_mover(
    bench: LocalBench, order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.put(PATH, b"content")

    def mistake(folder: Any, name: str) -> int:
        raise ZeroDivisionError

    with monkeypatch.context() as patch:
        at_the_door(patch, "open_to_write", mistake)
        report = ended(bench, bench.mover.submit(order(PATH)))

    assert codes(report.faults) == [("INTERNAL_ERROR", PATH)]
    assert ended(bench, bench.mover.submit(order(PATH))).state is TaskState.SUCCEEDED


@pytest.mark.parametrize("submission_id", ["", "..", "a/b", "a\0b"])
def test_a_submission_id_that_is_no_part_of_a_name_is_refused(
    bench: LocalBench, order: Order, submission_id: str
) -> None:
    bench.put(PATH, b"content")

    with pytest.raises(TransferRefusedError, match="submission id"):
        bench.mover.submit(replace(order(PATH), submission_id=submission_id))


# -- disks that fail, or are exchanged --------------------------------------------------------------------------


def test_a_file_of_another_disk_that_has_the_same_size_is_not_taken_for_the_planned_one(
    bench: LocalBench, order: Order
) -> None:
    bench.put(PATH, b"content")
    planned = order(PATH)
    mtime_ns = (bench.rig_folder / PATH).stat().st_mtime_ns
    [item] = planned.items
    other = replace(planned, items=[replace(item, mtime_ns=mtime_ns + 1)])

    report = ended(bench, bench.mover.submit(other))

    assert codes(report.faults) == [("FILE_SIZE_CHANGED", PATH)]
    assert bench.archived(PATH) is None
    same = replace(order(PATH), items=[replace(item, mtime_ns=mtime_ns)])
    assert ended(bench, bench.mover.submit(same)).state is TaskState.SUCCEEDED


def test_what_a_failing_disk_would_not_remove_is_removed_later(
    bench: LocalBench, order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.put(PATH, b"content")
    bench.store(OTHER, b"a folder is there")

    def fail() -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    def path_of(descriptor: int) -> str:
        return os.readlink(f"/proc/self/fd/{descriptor}")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", lambda file: fail() if path_of(file).endswith(SUFFIX) else None)
        really = folders.DescriptorFolder.remove

        def remove(folder: folders.DescriptorFolder, name: str) -> None:
            if folder.stat(name) is not None:
                fail()
            really(folder, name)

        patch.setattr(folders.DescriptorFolder, "remove", remove)
        report = ended(bench, bench.mover.submit(order(PATH)))
    assert codes(report.faults) == [("ENDPOINT_ERROR", None)]
    assert left_behind(bench.archive_folder)

    assert ended(bench, bench.mover.submit(order(PATH))).state is TaskState.SUCCEEDED
    assert left_behind(bench.archive_folder) == []
    assert bench.archived(PATH) == b"content"
