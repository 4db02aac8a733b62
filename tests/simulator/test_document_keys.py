"""The documents that the SDK has no recording of have the keys that the service documents for them."""

from __future__ import annotations

from tests.simulator.bench import RIG, Bench

TASK = """
    DATA_TYPE task_id type status label username owner_id request_time completion_time deadline source_endpoint
    source_endpoint_id source_endpoint_display_name destination_endpoint destination_endpoint_id
    destination_endpoint_display_name sync_level encrypt_data verify_checksum delete_destination_extra
    recursive_symlinks preserve_timestamp skip_source_errors fail_on_quota_errors command history_deleted faults
    files directories symlinks files_skipped files_transferred subtasks_total subtasks_pending subtasks_retrying
    subtasks_succeeded subtasks_expired subtasks_canceled subtasks_failed subtasks_skipped_errors
    bytes_transferred bytes_checksummed effective_bytes_per_second nice_status nice_status_details
    nice_status_short_description nice_status_expires_in is_ok is_paused canceled_by_admin
    canceled_by_admin_message filter_rules fatal_error source_base_path destination_base_path source_local_user
    source_local_user_status destination_local_user destination_local_user_status
"""
FILE = """
    DATA_TYPE name type size last_modified permissions user group link_target link_size link_user link_group
    link_last_modified
"""
SKIPPED = """
    DATA_TYPE source_path destination_path error_code error_details error_time is_directory is_symlink
    is_delete_destination_extra external_checksum checksum_algorithm
"""
PAUSE = """
    DATA_TYPE pause_rules source_pause_message destination_pause_message source_pause_message_share
    destination_pause_message_share
"""
RECEIPT = "DATA_TYPE source_path destination_path size checksum checksum_algorithm dynamic"
EVENT = "DATA_TYPE code description details is_error time"
LIST = "DATA_TYPE DATA length limit offset total"


def test_a_task_has_its_documented_keys_in_every_state(bench: Bench) -> None:
    bench.globus.pause()
    bench.write("a.bin")
    active = bench.submit("/a.bin")
    bench.until(active, nice_status="OK")
    assert set(bench.task(active)) == set(TASK.split())
    bench.client.cancel_task(active)
    assert set(bench.task(active)) == set(TASK.split())


def test_the_words_of_a_task_that_goes_well(bench: Bench) -> None:
    bench.globus.pause()
    bench.write("a.bin")
    task_id = bench.submit("/a.bin")
    document = bench.until(task_id, nice_status="OK")
    assert document["nice_status_short_description"] == "OK"
    assert (document["is_ok"], document["nice_status_expires_in"]) == (True, -1)
    assert document["completion_time"] is None
    assert document["status"] == "ACTIVE"


def test_a_file_in_a_listing_has_its_documented_keys(bench: Bench) -> None:
    bench.write("a.bin")
    answer = bench.client.operation_ls(RIG, path="/").data
    assert set(answer["DATA"][0]) == set(FILE.split())
    assert {"endpoint", "path", "absolute_path", "rename_supported", "length", "total"} <= set(
        answer
    )


def test_events_have_their_documented_keys_and_come_newest_first(bench: Bench) -> None:
    bench.write("a.bin")
    task_id = bench.submit("/a.bin")
    bench.globus.wait()
    answer = bench.client.task_event_list(task_id).data
    assert set(answer) == set(LIST.split())
    assert all(set(event) == set(EVENT.split()) for event in answer["DATA"])
    assert bench.codes(task_id) == ["SUCCEEDED", "PROGRESS", "STARTED"]


def test_receipts_have_their_documented_keys(bench: Bench) -> None:
    bench.write("a.bin", b"abcd")
    task_id = bench.submit("/a.bin", verify_checksum=True)
    bench.globus.wait()
    (receipt,) = bench.client.task_successful_transfers(task_id)
    assert set(receipt) == set(RECEIPT.split())


def test_skipped_errors_have_their_documented_keys(bench: Bench) -> None:
    task_id = bench.submit("/absent", skip_source_errors=True)
    bench.globus.wait()
    (error,) = bench.client.task_skipped_errors(task_id)
    assert set(error) == set(SKIPPED.split())
    assert error["error_code"] == "FILE_NOT_FOUND"


def test_pause_information_has_its_documented_keys(bench: Bench) -> None:
    bench.globus.pause()
    bench.write("a.bin")
    task_id = bench.submit("/a.bin")
    bench.globus.pause_task(task_id, message="maintenance")
    answer = bench.client.task_pause_info(task_id).data
    assert set(answer) == set(PAUSE.split())
    assert answer["source_pause_message"] == "maintenance"
    assert answer["destination_pause_message"] is None
    assert bench.task(task_id)["is_paused"] is True
