"""What the daemon relies on, of every mover alike."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from archived.core.faults import FaultKind, classify
from archived.core.model import Checksum, Direction
from archived.errors import TransferRefusedError, TransferUnavailableError
from archived.ports import EntryType, TaskState
from tests.transfer.benches import (
    Bench,
    FakeBench,
    LateBench,
    LocalBench,
    Order,
    codes,
    ended,
    until,
)
from tests.transfer.globus_bench import GlobusBench

RECORDING = {
    "SC011/catgt_SC011_022319_g0/run.ap.bin": bytes(range(256)) * 1200,
    "SC011/catgt_SC011_022319_g0/run.ap.meta": b"nSavedChans=385\n",
    "SC011/catgt_SC011_022319_g0/empty.txt": b"",
}
DATA, META, EMPTY = RECORDING


@pytest.fixture(params=["fake", "local", "late", "globus"])
def bench(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Bench]:
    bench: Bench
    if request.param == "fake":
        bench = FakeBench()
    elif request.param == "local":
        bench = LocalBench(tmp_path, monkeypatch)
    elif request.param == "late":
        bench = LateBench(tmp_path, monkeypatch)
    else:
        bench = GlobusBench(tmp_path, request.getfixturevalue("globus"))
    yield bench
    bench.close()


@pytest.fixture
def order(bench: Bench) -> Order:
    return Order(bench)


@pytest.fixture
def recording(bench: Bench) -> dict[str, bytes]:
    for path, data in RECORDING.items():
        bench.put(path, data)
    return RECORDING


def test_files_arrive_as_they_are(bench: Bench, order: Order, recording: dict[str, bytes]) -> None:
    report = ended(bench, bench.mover.submit(order(*recording)))

    assert report.state is TaskState.SUCCEEDED
    assert {path: bench.archived(path) for path in recording} == recording
    assert report.files_done == len(recording)
    assert report.bytes_done == sum(map(len, recording.values()))
    assert not report.faulty


def test_files_that_travelled_have_a_receipt_with_size_and_checksum(
    bench: Bench, order: Order, recording: dict[str, bytes]
) -> None:
    task_id = bench.mover.submit(order(*recording))
    ended(bench, task_id)

    receipts = {receipt.path: receipt for receipt in bench.mover.receipts(task_id)}

    assert receipts.keys() == recording.keys()
    for path, data in recording.items():
        assert receipts[path].size == len(data)
        checksum = receipts[path].checksum
        assert checksum is not None
        assert hashlib.new(checksum.algorithm.lower(), data).hexdigest() == checksum.value


def test_there_are_no_receipts_before_the_end(
    bench: Bench, order: Order, recording: dict[str, bytes]
) -> None:
    bench.hold()
    task_id = bench.mover.submit(order(*recording))

    with pytest.raises(TransferUnavailableError):
        list(bench.mover.receipts(task_id))

    bench.go_on()
    assert ended(bench, task_id).state is TaskState.SUCCEEDED


def test_the_same_order_is_the_same_task(
    bench: Bench, order: Order, recording: dict[str, bytes]
) -> None:
    once = order(*recording)

    first, second = bench.mover.submit(once), bench.mover.submit(once)
    ended(bench, first)
    third = bench.mover.submit(once)

    assert first == second == third
    assert bench.mover.poll(third).state is TaskState.SUCCEEDED


def test_an_order_whose_answer_was_lost_is_given_again_and_carried_out_once(
    bench: Bench, order: Order, recording: dict[str, bytes]
) -> None:
    once = order(*recording)
    bench.lose_reply()
    with pytest.raises(TransferUnavailableError):
        bench.mover.submit(once)

    task_id = bench.mover.submit(once)

    assert ended(bench, task_id).state is TaskState.SUCCEEDED
    assert bench.mover.submit(once) == task_id
    assert {path: bench.archived(path) for path in recording} == recording


def test_an_order_whose_answer_was_lost_can_be_found(
    bench: Bench, order: Order, recording: dict[str, bytes]
) -> None:
    once = order(*recording)
    assert bench.mover.find(once.submission_id, once.label) is None
    bench.lose_reply()
    with pytest.raises(TransferUnavailableError):
        bench.mover.submit(once)

    task_id = bench.mover.find(once.submission_id, once.label)

    assert task_id is not None
    assert ended(bench, task_id).state is TaskState.SUCCEEDED
    assert bench.mover.find(once.submission_id, once.label) == task_id
    assert bench.mover.submit(once) == task_id


def test_an_order_given_before_a_crash_is_carried_out_when_it_is_given_again(
    bench: Bench, order: Order, recording: dict[str, bytes]
) -> None:
    once = order(*recording)
    bench.hold()
    task_id = bench.mover.submit(once)

    bench.restart()
    bench.go_on()
    if bench.mover.poll(task_id).state is TaskState.UNKNOWN:
        assert list(bench.mover.receipts(task_id)) == []
    again = bench.mover.submit(once)

    assert again == task_id
    assert ended(bench, again).state is TaskState.SUCCEEDED
    assert {path: bench.archived(path) for path in recording} == recording


def test_what_is_in_place_already_stays_and_the_task_succeeds(
    bench: Bench, order: Order, recording: dict[str, bytes]
) -> None:
    for path, data in recording.items():
        bench.store(path, data)

    report = ended(bench, bench.mover.submit(order(*recording)))

    assert report.state is TaskState.SUCCEEDED
    assert {path: bench.archived(path) for path in recording} == recording


def test_an_accepted_overwrite_replaces_the_archived_file(
    bench: Bench, order: Order, recording: dict[str, bytes]
) -> None:
    bench.store(META, b"older")

    report = ended(bench, bench.mover.submit(order(META, overwrite=True)))

    assert report.state is TaskState.SUCCEEDED
    assert bench.archived(META) == recording[META]


def test_a_file_that_vanished_is_named_and_the_others_arrive(
    bench: Bench, order: Order, recording: dict[str, bytes]
) -> None:
    given = order(*recording)
    bench.remove(DATA)
    task_id = bench.mover.submit(given)

    report = until(bench, task_id, lambda r: bool(r.faults) and bench.archived(META) is not None)
    bench.mover.cancel(task_id)

    assert ("FILE_NOT_FOUND", DATA) in codes(report.faults)
    assert classify("FILE_NOT_FOUND") is FaultKind.SOURCE
    assert ended(bench, task_id).state is TaskState.FAILED
    assert bench.archived(DATA) is None
    assert bench.archived(META) == recording[META]


def test_a_file_that_may_not_be_read_is_named(
    bench: Bench, order: Order, recording: dict[str, bytes]
) -> None:
    bench.forbid(DATA)
    task_id = bench.mover.submit(order(*recording))

    report = until(bench, task_id, lambda r: bool(r.faults) and bench.archived(META) is not None)
    bench.mover.cancel(task_id)

    assert ("SOURCE_PERMISSION_DENIED", DATA) in codes(report.faults)
    assert classify("SOURCE_PERMISSION_DENIED") is FaultKind.SOURCE
    assert bench.archived(DATA) is None


def test_a_file_that_grew_never_counts_as_the_planned_one(
    bench: Bench, order: Order, recording: dict[str, bytes]
) -> None:
    given = order(DATA)
    grown = recording[DATA] + b"more"
    bench.put(DATA, grown)
    task_id = bench.mover.submit(given)

    report = until(bench, task_id, lambda r: bool(r.faults) or r.state is TaskState.SUCCEEDED)

    if (
        report.state is TaskState.SUCCEEDED
    ):  # Globus moves what is there; the receipt tells the size
        assert [receipt.size for receipt in bench.mover.receipts(task_id)] == [len(grown)]
    else:
        assert ("FILE_SIZE_CHANGED", DATA) in codes(report.faults)


def test_a_checksum_of_the_acquisition_program_that_is_right_is_no_hindrance(
    bench: Bench, order: Order, recording: dict[str, bytes]
) -> None:
    noted = Checksum("SHA1", hashlib.sha1(recording[DATA]).hexdigest())

    report = ended(bench, bench.mover.submit(order(DATA, external=noted)))

    assert report.state is TaskState.SUCCEEDED
    assert bench.archived(DATA) == recording[DATA]


def test_a_file_that_is_not_what_the_acquisition_program_noted_fails_by_its_name(
    bench: Bench, order: Order, recording: dict[str, bytes]
) -> None:
    noted = Checksum("SHA1", "0" * 40)

    report = ended(bench, bench.mover.submit(order(DATA, external=noted)))

    assert report.state is TaskState.FAILED
    assert ("EXTERNAL_CHECKSUM_MISMATCH", DATA) in codes(report.faults)
    assert classify("EXTERNAL_CHECKSUM_MISMATCH") is FaultKind.SOURCE


def test_a_full_archive_is_no_single_files_fault(
    bench: Bench, order: Order, recording: dict[str, bytes]
) -> None:
    bench.fill_archive()

    report = ended(bench, bench.mover.submit(order(DATA, META)))

    assert report.state is TaskState.FAILED
    assert {fault.code for fault in report.faults} & {"QUOTA_EXCEEDED", "NO_SPACE_LEFT"}
    assert all(classify(fault.code) is FaultKind.PERSON for fault in report.faults)
    assert not bench.archived(DATA)


def test_an_archive_that_cannot_be_reached_costs_nothing_but_time(
    bench: Bench, order: Order, recording: dict[str, bytes]
) -> None:
    once = order(*recording)
    bench.go_offline()
    try:
        task_id = bench.mover.submit(once)
    except TransferUnavailableError:
        pass
    else:
        report = until(bench, task_id, lambda report: report.faulty)
        assert report.state is TaskState.ACTIVE
        assert classify(report.faults[0].code) is FaultKind.SELF_CORRECTING

    bench.come_back()
    report = ended(bench, bench.mover.submit(once))

    assert report.state is TaskState.SUCCEEDED
    assert {path: bench.archived(path) for path in recording} == recording


def test_a_task_that_is_cancelled_ends_and_says_so(
    bench: Bench, order: Order, recording: dict[str, bytes]
) -> None:
    bench.hold()
    task_id = bench.mover.submit(order(*recording))

    bench.mover.cancel(task_id)
    bench.mover.cancel(task_id)
    bench.go_on()

    report = ended(bench, task_id)
    assert report.state is TaskState.FAILED
    assert FaultKind.CANCELLED in {classify(fault.code) for fault in report.faults}


def test_cancelling_what_has_ended_changes_nothing(
    bench: Bench, order: Order, recording: dict[str, bytes]
) -> None:
    task_id = bench.mover.submit(order(META))
    ended(bench, task_id)

    bench.mover.cancel(task_id)

    assert bench.mover.poll(task_id).state is TaskState.SUCCEEDED


def test_an_unknown_task_is_unknown_and_proves_nothing(bench: Bench) -> None:
    unknown = "ffffffff-0000-4000-8000-000000000000"

    assert bench.mover.poll(unknown).state is TaskState.UNKNOWN
    assert list(bench.mover.receipts(unknown)) == []
    bench.mover.cancel(unknown)


def test_a_listing_shows_files_and_folders(bench: Bench, order: Order) -> None:
    bench.store("SC011/run/data.bin", b"12345")
    bench.store("SC011/run/deeper/more.bin", b"1")
    bench.store("top.txt", b"")

    top = {entry.name: entry for entry in bench.mover.list("")}
    run = {entry.name: entry for entry in bench.mover.list("SC011/run")}

    assert {name: entry.type for name, entry in top.items()} == {
        "SC011": EntryType.FOLDER,
        "top.txt": EntryType.FILE,
    }
    assert {name: entry.type for name, entry in run.items()} == {
        "data.bin": EntryType.FILE,
        "deeper": EntryType.FOLDER,
    }
    assert run["data.bin"].size == 5


def test_a_folder_that_does_not_exist_is_empty(bench: Bench) -> None:
    assert bench.mover.list("SC099/nothing here") == []


def test_a_file_in_the_place_of_a_folder_holds_nothing(bench: Bench) -> None:
    bench.store("SC011/run", b"a file")

    assert bench.mover.list("SC011/run") == []
    assert bench.mover.list("SC011/run/deeper") == []


def test_one_entry_can_be_looked_at(bench: Bench) -> None:
    bench.store("SC011/run/data.bin", b"12345")

    file, folder = bench.mover.stat("SC011/run/data.bin"), bench.mover.stat("SC011/run")

    assert file is not None
    assert (file.name, file.type, file.size) == ("data.bin", EntryType.FILE, 5)
    assert folder is not None
    assert folder.type is EntryType.FOLDER
    assert bench.mover.stat("SC011/run/other.bin") is None
    assert bench.mover.stat("SC099/run/data.bin") is None


def test_what_was_archived_comes_back(bench: Bench, order: Order) -> None:
    bench.store(DATA, RECORDING[DATA])

    task_id = bench.mover.submit(order(DATA, direction=Direction.RETRIEVE))

    assert ended(bench, task_id).state is TaskState.SUCCEEDED
    assert bench.rig(DATA) == RECORDING[DATA]
    assert [(r.path, r.size) for r in bench.mover.receipts(task_id)] == [(DATA, 307200)]


def test_a_comparison_comes_from_the_archive_and_moves_only_what_differs(
    bench: Bench, order: Order
) -> None:
    for path, data in RECORDING.items():
        bench.store(path, data)
        bench.put(path, data if path != META else b"nSavedChans=384\n")
    before = {path: bench.archived(path) for path in RECORDING}
    items = order(*RECORDING, direction=Direction.VERIFY, overwrite=True)

    task_id = bench.mover.submit(items)

    assert ended(bench, task_id).state is TaskState.SUCCEEDED
    assert {path: bench.rig(path) for path in RECORDING} == RECORDING
    assert {path: bench.archived(path) for path in RECORDING} == before
    assert META in [each.path for each in bench.mover.receipts(task_id)]


def test_a_task_ends_at_its_deadline(
    bench: Bench, order: Order, recording: dict[str, bytes]
) -> None:
    bench.hold()
    task_id = bench.mover.submit(order(*recording))

    bench.expire(task_id)
    bench.go_on()

    report = ended(bench, task_id)
    assert report.state is TaskState.FAILED
    assert classify(report.faults[0].code) is FaultKind.EXPIRED


@pytest.mark.parametrize(
    "path", ["../outside", "SC011/../../x", "a//b", "/etc/passwd", "", "a/./b"]
)
def test_a_path_that_could_leave_the_root_is_refused(bench: Bench, order: Order, path: str) -> None:
    bench.put("SC011/x", b"x")
    given = order(submission_id=bench.mover.reserve())
    hostile = type(given)(
        given.submission_id,
        given.label,
        given.direction,
        [type(order("SC011/x").items[0])(path, 1)],
        given.deadline,
    )

    with pytest.raises(TransferRefusedError):
        bench.mover.submit(hostile)


@pytest.mark.parametrize(
    "name",
    ["two\nlines", "-rf", "100% #?&+;", "Größe 日本", "\u202etxt.exe", "a" * 250, "'\"\\"],
)
def test_strange_names_arrive(bench: Bench, order: Order, name: str) -> None:
    path = f"SC011/{name}"
    bench.put(path, b"content")

    task_id = bench.mover.submit(order(path))

    assert ended(bench, task_id).state is TaskState.SUCCEEDED
    assert bench.archived(path) == b"content"
    assert [receipt.path for receipt in bench.mover.receipts(task_id)] == [path]


def test_several_tasks_run_beside_each_other(bench: Bench, order: Order) -> None:
    paths = [f"SC011/run{number}/data.bin" for number in range(5)]
    for number, path in enumerate(paths):
        bench.put(path, bytes([number]) * 1000)

    tasks = [bench.mover.submit(order(path)) for path in paths]

    assert len(set(tasks)) == 5
    for task_id in tasks:
        assert ended(bench, task_id).state is TaskState.SUCCEEDED
    assert [bench.archived(path) for path in paths] == [bytes([n]) * 1000 for n in range(5)]


def test_a_visit_finds_nothing_wrong_with_what_works(bench: Bench) -> None:
    findings = bench.mover.check()

    assert findings
    assert [finding.what for finding in findings if not finding.ok] in (
        [],
        [finding.what for finding in findings if "same disk" in finding.what],
    )
