"""Faults that strike tasks: they show as the service shows them, and tasks go on once they are cleared."""

from __future__ import annotations

import pytest

from archived.errors import NameNotFoundError
from tests.simulator.bench import ARCHIVE, RIG, Bench


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ("quota", "QUOTA_EXCEEDED"),
        ("no_space", "NO_SPACE_LEFT"),
        ("permission_denied", "PERMISSION_DENIED"),
        ("source_vanished", "FILE_NOT_FOUND"),
        ("size_changed", "FILE_SIZE_CHANGED"),
        ("checksum_mismatch", "VERIFY_CHECKSUM"),
        ("offline", "GC_NOT_CONNECTED"),
    ],
)
def test_a_fault_keeps_a_task_active_with_its_code_until_it_is_cleared(
    bench: Bench, fault: str, code: str
) -> None:
    bench.globus.order(fault)
    path = bench.write("a.bin")
    task_id = bench.submit(path, verify_checksum=True)
    task = bench.until(task_id, nice_status=code)
    assert (task["status"], task["is_ok"], task["fatal_error"]) == ("ACTIVE", False, None)
    assert code in bench.codes(task_id)
    bench.globus.clear_faults(fault)
    ended = bench.ended(task_id)
    assert (ended["status"], ended["fatal_error"]) == ("SUCCEEDED", None)
    assert ended["faults"] >= 1
    assert (bench.archive / "a.bin").read_bytes() == b"some content"


def test_a_fault_strikes_as_often_as_it_was_ordered(bench: Bench) -> None:
    order = bench.globus.order("checksum_mismatch", times=2)
    task = bench.ended(bench.submit(bench.write("a.bin"), verify_checksum=True))
    assert (task["status"], task["faults"], order.struck) == ("SUCCEEDED", 2, 2)
    assert task["bytes_transferred"] == 3 * len(b"some content")


def test_a_fault_may_let_some_pass_first(bench: Bench) -> None:
    order = bench.globus.order("quota", times=1, after=2)
    paths = [bench.write(name) for name in ("a", "b", "c")]
    task_id = bench.submit(*paths)
    bench.globus.wait()
    assert order.struck == 1
    (event,) = [e for e in bench.client.task_event_list(task_id) if e["is_error"]]
    assert "File: /c\n" in event["details"]


def test_a_fault_strikes_only_the_paths_it_was_ordered_for(bench: Bench) -> None:
    bench.globus.order("permission_denied", path="/secret/*", collection=RIG)
    task_id = bench.submit(bench.write("open.bin"), bench.write("secret/a.bin"))
    task = bench.until(task_id, files_transferred=1, is_ok=False)
    assert (task["subtasks_succeeded"], task["subtasks_retrying"]) == (2, 1)
    assert {path.name for path in bench.archive.iterdir()} == {"open.bin"}
    events = [e for e in bench.client.task_event_list(task_id) if e["is_error"]]
    assert all("File: /secret/a.bin\n" in event["details"] for event in events)


def test_a_fault_strikes_only_the_labels_it_was_ordered_for(bench: Bench) -> None:
    bench.globus.order("quota", label="archived-*")
    stuck = bench.submit(bench.write("a.bin"), label="archived-1")
    free = bench.submit(bench.write("b.bin"), label="other")
    bench.until(free, status="SUCCEEDED")
    bench.until(stuck, nice_status="QUOTA_EXCEEDED")


def test_damage_goes_unnoticed_without_verification(bench: Bench) -> None:
    bench.globus.order("checksum_mismatch", times=1)
    task = bench.ended(bench.submit(bench.write("a.bin", b"content")))
    assert (task["status"], task["faults"]) == ("SUCCEEDED", 0)
    arrived = (bench.archive / "a.bin").read_bytes()
    assert arrived != b"content"
    assert len(arrived) == len(b"content")


def test_a_quota_ends_a_task_that_said_so(bench: Bench) -> None:
    bench.globus.order("quota")
    task = bench.ended(bench.submit(bench.write("a.bin"), fail_on_quota_errors=True))
    assert task["status"] == "FAILED"
    assert task["fatal_error"] == {"code": "QUOTA_EXCEEDED", "description": "quota exceeded"}


@pytest.mark.parametrize("fault", ["source_vanished", "permission_denied"])
def test_errors_at_the_source_are_skipped_where_that_was_said(bench: Bench, fault: str) -> None:
    bench.globus.order(fault, path="/bad.bin", collection=RIG)
    task_id = bench.submit(bench.write("good.bin"), bench.write("bad.bin"), skip_source_errors=True)
    task = bench.ended(task_id)
    assert (task["status"], task["subtasks_skipped_errors"]) == ("SUCCEEDED", 1)
    (skipped,) = bench.client.task_skipped_errors(task_id)
    assert (skipped["source_path"], skipped["is_directory"]) == ("/bad.bin", False)
    assert set(bench.receipts(task_id)) == {"/good.bin"}
    assert "SKIPPED_ERRORS" in bench.codes(task_id)


def test_errors_at_the_destination_are_never_skipped(bench: Bench) -> None:
    bench.globus.order("permission_denied", collection=ARCHIVE)
    task_id = bench.submit(bench.write("a.bin"), skip_source_errors=True)
    assert bench.until(task_id, nice_status="PERMISSION_DENIED")["status"] == "ACTIVE"


def test_an_external_checksum_can_be_made_to_fail(bench: Bench) -> None:
    bench.globus.order("external_checksum_mismatch", path="/a.bin")
    order = bench.order()
    order.add_item(
        bench.write("a.bin", b""), "/a.bin", external_checksum="d41d8cd98f00b204e9800998ecf8427e"
    )
    task_id = bench.client.submit_transfer(order)["task_id"]
    assert bench.ended(task_id)["fatal_error"]["code"] == "EXTERNAL_CHECKSUM_MISMATCH"


def test_an_administrator_cancels_a_task_by_order(bench: Bench) -> None:
    bench.globus.order("canceled_by_admin", who="DESTINATION", message="no more space for you")
    task = bench.ended(bench.submit(bench.write("a.bin")))
    assert task["status"] == "FAILED"
    assert task["fatal_error"]["code"] == "CANCELED"
    assert task["canceled_by_admin"] == "DESTINATION"
    assert task["canceled_by_admin_message"] == "no more space for you"


def test_an_administrator_cancels_one_task(bench: Bench) -> None:
    bench.globus.pause()
    task_id = bench.submit(bench.write("a.bin"))
    bench.globus.cancel_as_administrator(task_id, who="BOTH")
    assert bench.task(task_id)["canceled_by_admin"] == "BOTH"


def test_a_task_expires_by_order(bench: Bench) -> None:
    bench.globus.order("expires", times=1)
    assert bench.ended(bench.submit(bench.write("a.bin")))["fatal_error"]["code"] == "EXPIRED"
    assert bench.ended(bench.submit("/a.bin"))["status"] == "SUCCEEDED"


def test_one_task_is_made_to_expire(bench: Bench) -> None:
    task_id = bench.submit("/absent")
    bench.globus.expire(task_id)
    assert bench.ended(task_id)["fatal_error"]["code"] == "EXPIRED"


def test_a_paused_task_says_who_paused_it_and_why(bench: Bench) -> None:
    bench.globus.order("paused", who="DESTINATION", message="the tape robot is ill")
    task_id = bench.submit(bench.write("a.bin"))
    task = bench.until(task_id, is_paused=True)
    assert (task["status"], task["is_ok"], task["nice_status"]) == ("ACTIVE", True, "PAUSED")
    info = bench.client.task_pause_info(task_id)
    assert info["destination_pause_message"] == "the tape robot is ill"
    bench.globus.clear_faults()
    assert bench.ended(task_id)["status"] == "SUCCEEDED"
    assert [code for code in bench.codes(task_id) if "PAUSED" in code] == ["UNPAUSED", "PAUSED"]


def test_one_task_is_paused_and_goes_on(bench: Bench) -> None:
    bench.globus.set_rate(20_000)
    task_id = bench.submit(bench.write("a.bin", b"x" * 100_000))
    bench.until(task_id, nice_status="OK")
    bench.globus.pause_task(task_id)
    bench.globus.set_rate(None)
    assert bench.task(task_id)["is_paused"] is True
    bench.globus.unpause_task(task_id)
    assert bench.ended(task_id)["status"] == "SUCCEEDED"


def test_a_suspended_task_is_inactive_until_its_login_is_renewed(bench: Bench) -> None:
    bench.globus.order("inactive")
    task_id = bench.submit(bench.write("a.bin"))
    task = bench.until(task_id, status="INACTIVE")
    assert (task["is_ok"], task["nice_status"]) == (False, "AUTH")
    bench.globus.clear_faults()
    assert bench.ended(task_id)["status"] == "SUCCEEDED"


def test_an_absent_computer_holds_a_task_until_it_is_back(bench: Bench) -> None:
    bench.globus.disconnect(RIG)
    task_id = bench.submit(bench.write("a.bin"))
    bench.until(task_id, nice_status="GC_NOT_CONNECTED")
    assert bench.client.get_endpoint(RIG)["gcp_connected"] is False
    bench.globus.connect(RIG)
    assert bench.ended(task_id)["status"] == "SUCCEEDED"


def test_a_computer_whose_owner_paused_it_holds_a_task(bench: Bench) -> None:
    bench.globus.switch(ARCHIVE, paused=True)
    task_id = bench.submit(bench.write("a.bin"))
    bench.until(task_id, nice_status="GC_PAUSED")
    bench.globus.switch(ARCHIVE, paused=False)
    assert bench.ended(task_id)["status"] == "SUCCEEDED"


def test_any_event_code_can_be_ordered(bench: Bench) -> None:
    bench.globus.order("error", code="ENDPOINT_TOO_BUSY", times=1)
    task_id = bench.submit(bench.write("a.bin"))
    bench.globus.wait()
    assert "ENDPOINT_TOO_BUSY" in bench.codes(task_id)


def test_a_file_that_grows_while_it_travels_has_changed_its_size(bench: Bench) -> None:
    bench.globus.set_rate(50_000)
    path = bench.write("a.bin", b"x" * 20_000)
    task_id = bench.submit(path)
    with bench.globus.world.changed:
        while not bench.globus.world.tasks[task_id].bytes_transferred:
            bench.globus.world.changed.wait(0.01)
    with (bench.source / "a.bin").open("ab") as file:
        file.write(b"more")
    bench.globus.set_rate(None)
    bench.globus.wait()
    assert "FILE_SIZE_CHANGED" in bench.codes(task_id)
    assert (bench.archive / "a.bin").stat().st_size == 20_004


def test_a_destination_that_is_a_folder_is_an_error_of_its_own(bench: Bench) -> None:
    (bench.archive / "a.bin").mkdir()
    task_id = bench.submit(bench.write("a.bin"))
    assert bench.until(task_id, nice_status="IS_A_DIRECTORY")["is_ok"] is False


def test_a_fault_that_does_not_exist_is_refused(bench: Bench) -> None:
    with pytest.raises(NameNotFoundError, match="no fault called 'gremlins'") as caught:
        bench.globus.order("gremlins")
    assert "quota" in caught.value.what_to_do
