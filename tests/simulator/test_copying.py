"""Real files are copied, compared, verified and proved."""

from __future__ import annotations

import hashlib
import os
import zlib
from pathlib import Path
from typing import Any

import globus_sdk
import pytest

from tests.simulator.bench import ARCHIVE, RIG, Bench


def tree(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def with_item(bench: Bench, path: str, item: dict[str, Any], **options: Any) -> str:
    data = globus_sdk.TransferData(RIG, ARCHIVE, **options)
    data.add_item(path, path, **item)
    return str(bench.client.submit_transfer(data)["task_id"])


def test_files_arrive_byte_by_byte_in_folders_that_are_made(bench: Bench) -> None:
    content = os.urandom(3_000_001)
    bench.write("a/b/c.bin", content)
    bench.write("empty", b"")
    task = bench.ended(bench.submit("/a/b/c.bin", "/empty", verify_checksum=True))
    assert task["status"] == "SUCCEEDED"
    assert tree(bench.archive) == {"a/b/c.bin": content, "empty": b""}
    assert (task["files"], task["files_transferred"], task["subtasks_succeeded"]) == (2, 2, 4)
    assert task["bytes_transferred"] == len(content)
    assert task["bytes_checksummed"] == 2 * len(content)


def test_a_folder_travels_with_everything_in_it(bench: Bench) -> None:
    bench.write("run/one.bin", b"1")
    bench.write("run/probe/two.bin", b"2")
    (bench.source / "run" / "nothing").mkdir()
    task = bench.ended(bench.submit("/run"))
    assert tree(bench.archive) == {"run/one.bin": b"1", "run/probe/two.bin": b"2"}
    assert (bench.archive / "run" / "nothing").is_dir()
    assert (task["files"], task["directories"]) == (2, 3)
    assert set(bench.receipts(task["task_id"])) == {"/run/one.bin", "/run/probe/two.bin"}


def test_filter_rules_leave_files_out(bench: Bench) -> None:
    for name in ("keep.bin", "drop.tmp", "folder/inside.bin", "folder/drop.tmp"):
        bench.write(f"run/{name}", name.encode())
    order = bench.order("/run")
    order.add_filter_rule("*.tmp", type="file")
    bench.client.submit_transfer(order)
    bench.globus.wait()
    assert set(tree(bench.archive)) == {"run/keep.bin", "run/folder/inside.bin"}


@pytest.mark.parametrize("recursive", [True, False])
def test_an_item_that_is_not_what_it_says_stays_with_an_error(
    bench: Bench, recursive: bool
) -> None:
    bench.write("folder/file.bin")
    path = "/folder/file.bin" if recursive else "/folder"
    task_id = with_item(bench, path, {"recursive": recursive})
    wanted = "NOT_A_DIRECTORY" if recursive else "IS_A_DIRECTORY"
    assert bench.until(task_id, nice_status=wanted)["is_ok"] is False


def test_links_below_the_top_are_passed_over_and_none_leads_out(
    bench: Bench, tmp_path: Path
) -> None:
    (tmp_path / "secret").write_text("outside")
    bench.write("run/file.bin")
    (bench.source / "run" / "link").symlink_to(tmp_path / "secret")
    (bench.source / "direct").symlink_to(tmp_path / "secret")
    assert bench.ended(bench.submit("/run"))["files"] == 1
    task_id = bench.submit("/direct")
    bench.until(task_id, nice_status="PERMISSION_DENIED")
    assert set(tree(bench.archive)) == {"run/file.bin"}


def test_a_path_with_two_dots_is_not_followed(bench: Bench) -> None:
    task_id = bench.submit("/../archive/x")
    assert bench.until(task_id, nice_status="PERMISSION_DENIED")["faults"] >= 1


def test_a_name_that_is_not_text_is_an_invalid_path_name(bench: Bench) -> None:
    task_id = bench.submit("/caf\udce9")
    assert bench.until(task_id, nice_status="INVALID_PATH_NAME")["status"] == "ACTIVE"


@pytest.mark.parametrize("algorithm", ["MD5", "SHA1", "SHA256", "SHA512", "ADLER32"])
def test_receipts_carry_the_checksum_in_the_algorithm_that_was_asked_for(
    bench: Bench, algorithm: str
) -> None:
    content = os.urandom(100_000)
    path = bench.write("a.bin", content)
    task_id = with_item(bench, path, {"checksum_algorithm": algorithm}, verify_checksum=True)
    bench.globus.wait()
    receipt = bench.receipts(task_id)[path]
    if algorithm == "ADLER32":
        wanted = f"{zlib.adler32(content):08x}"
    else:
        wanted = hashlib.new(algorithm, content).hexdigest()
    assert (receipt["checksum"], receipt["checksum_algorithm"]) == (wanted, algorithm)
    assert receipt["size"] == len(content)


def test_an_external_checksum_that_fits_is_proof(bench: Bench) -> None:
    path = bench.write("a.bin", b"content")
    given = hashlib.sha1(b"content").hexdigest().upper()
    item = {"external_checksum": given, "checksum_algorithm": "SHA1"}
    task_id = with_item(bench, path, item)
    assert bench.ended(task_id)["status"] == "SUCCEEDED"
    assert bench.receipts(task_id)[path]["checksum"] == given.lower()


def test_an_external_checksum_that_does_not_fit_fails_the_whole_task(bench: Bench) -> None:
    good, bad = bench.write("good.bin"), bench.write("bad.bin")
    data = globus_sdk.TransferData(RIG, ARCHIVE, verify_checksum=True)
    data.add_item(good, good)
    data.add_item(bad, bad, external_checksum="0" * 40, checksum_algorithm="SHA1")
    task_id = bench.client.submit_transfer(data)["task_id"]
    task = bench.ended(task_id)
    assert task["status"] == "FAILED"
    assert task["fatal_error"]["code"] == "EXTERNAL_CHECKSUM_MISMATCH"
    (event,) = bench.client.task_event_list(task_id, query_params={"filter": "is_error:1"})
    assert "File: /bad.bin\n" in event["details"]
    assert set(bench.receipts(task_id)) == {"/good.bin"}


def test_an_algorithm_that_the_archive_lacks_is_an_error_of_the_endpoint(bench: Bench) -> None:
    bench.globus.switch(ARCHIVE, algorithms=["MD5"])
    path = bench.write("a.bin")
    item = {"external_checksum": "0" * 40, "checksum_algorithm": "SHA1"}
    task_id = with_item(bench, path, item)
    assert bench.until(task_id, nice_status="ENDPOINT_ERROR")["is_ok"] is False


@pytest.mark.parametrize(
    ("level", "same_size", "newer", "skipped"),
    [
        (0, False, True, True),
        (1, True, True, True),
        (1, False, False, False),
        (2, True, False, True),
        (2, True, True, False),
        (3, True, True, False),
    ],
)
def test_the_sync_level_decides_what_is_copied_again(
    bench: Bench, level: int, same_size: bool, newer: bool, skipped: bool
) -> None:
    path = bench.write("a.bin", b"new content")
    there = bench.archive / "a.bin"
    there.write_bytes(b"old content" if same_size else b"old")
    ours = (bench.source / "a.bin").stat().st_mtime
    os.utime(there, (ours, ours - 100 if newer else ours + 100))
    task_id = bench.submit(path, sync_level=level)
    task = bench.ended(task_id)
    assert task["files_skipped"] == int(skipped)
    assert (there.read_bytes() == b"new content") is not skipped
    assert (path in bench.receipts(task_id)) is not skipped


def test_a_file_that_is_there_already_is_skipped_by_its_checksum(bench: Bench) -> None:
    path = bench.write("a.bin", b"content")
    (bench.archive / "a.bin").write_bytes(b"content")
    task_id = bench.submit(path, sync_level="checksum", verify_checksum=True)
    task = bench.ended(task_id)
    assert (task["status"], task["files_skipped"], task["files_transferred"]) == (
        "SUCCEEDED",
        1,
        0,
    )
    assert bench.receipts(task_id) == {}


def test_times_are_kept_where_that_is_asked_for(bench: Bench) -> None:
    path = bench.write("a.bin")
    os.utime(bench.source / "a.bin", (1_000_000_000, 1_000_000_000))
    bench.ended(bench.submit(path, preserve_timestamp=True))
    assert (bench.archive / "a.bin").stat().st_mtime == 1_000_000_000


def test_half_a_file_is_seen_while_it_travels(bench: Bench) -> None:
    bench.globus.set_rate(100_000)
    path = bench.write("a.bin", b"x" * 1_000_000)
    task_id = bench.submit(path)
    with bench.globus.world.changed:
        while bench.globus.world.tasks[task_id].bytes_transferred < 20_000:
            bench.globus.world.changed.wait(0.02)
    assert 0 < (bench.archive / "a.bin").stat().st_size < 1_000_000
    assert bench.task(task_id)["status"] == "ACTIVE"
    bench.globus.finish(task_id)
    assert bench.ended(task_id)["bytes_transferred"] == 1_000_000


def test_the_rate_is_kept(bench: Bench) -> None:
    bench.globus.set_rate(200_000)
    path = bench.write("a.bin", b"x" * 100_000)
    task_id = bench.submit(path)
    bench.globus.wait()
    task = bench.globus.world.tasks[task_id]
    assert task.completion_time is not None
    assert task.started is not None
    assert (task.completion_time - task.started).total_seconds() >= 0.45


def test_receipts_come_in_pages(bench: Bench) -> None:
    bench.globus.settings.page = 3
    paths = [bench.write(f"{number}.bin") for number in range(8)]
    task_id = bench.submit(*paths)
    bench.globus.wait()
    first = bench.client.task_successful_transfers(task_id).data
    assert (len(first["DATA"]), first["marker"], first["next_marker"]) == (3, 0, 3)
    assert set(bench.receipts(task_id)) == set(paths)


def test_there_are_no_receipts_before_a_task_has_ended(bench: Bench) -> None:
    bench.globus.pause()
    task_id = bench.submit(bench.write("a.bin"))
    with pytest.raises(globus_sdk.TransferAPIError, match="not completed"):
        bench.client.task_successful_transfers(task_id)
