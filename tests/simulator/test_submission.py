"""Orders: one submission id is one task, defaults are the service's, conflicts are conflicts."""

from __future__ import annotations

import uuid
from typing import Any

import globus_sdk
import pytest

from tests.simulator.bench import ARCHIVE, RIG, Bench


def refusal(bench: Bench, data: Any) -> globus_sdk.TransferAPIError:
    with pytest.raises(globus_sdk.TransferAPIError) as caught:
        bench.client.submit_transfer(data)
    return caught.value


def test_the_same_submission_id_is_the_same_task(bench: Bench) -> None:
    bench.write("a.bin")
    order = bench.order("/a.bin", submission_id=uuid.uuid4())
    first, second = bench.client.submit_transfer(order), bench.client.submit_transfer(order)
    assert (first["code"], second["code"]) == ("Accepted", "Duplicate")
    assert first["task_id"] == second["task_id"]
    assert len(bench.globus.tasks()) == 1
    assert bench.globus.submissions()[0]["codes"] == ["Accepted", "Duplicate"]


def test_the_same_submission_id_after_the_task_has_ended_is_still_the_same_task(
    bench: Bench,
) -> None:
    bench.write("a.bin")
    order = bench.order("/a.bin", submission_id=uuid.uuid4())
    first = bench.client.submit_transfer(order)
    bench.globus.wait()
    assert bench.client.submit_transfer(order)["task_id"] == first["task_id"]
    assert len(bench.globus.tasks()) == 1


def test_what_is_left_out_gets_the_services_defaults_and_no_verification(bench: Bench) -> None:
    bench.write("a.bin")
    task = bench.ended(bench.submit("/a.bin"))
    assert task["verify_checksum"] is False
    assert task["sync_level"] is None
    assert task["fail_on_quota_errors"] is False
    assert task["preserve_timestamp"] is False
    assert bench.receipts(task["task_id"])["/a.bin"]["checksum"] is None


def test_paths_that_travel_already_are_a_conflict_until_they_have_arrived(bench: Bench) -> None:
    bench.globus.pause()
    bench.write("a.bin")
    bench.submit("/a.bin")
    error = refusal(bench, bench.order("/a.bin"))
    assert (error.http_status, error.code) == (409, "Conflict")
    assert "identical paths has not yet completed" in str(error.message)
    bench.globus.resume()
    bench.globus.wait()
    assert bench.ended(bench.submit("/a.bin"))["status"] == "SUCCEEDED"


def test_other_paths_are_no_conflict(bench: Bench) -> None:
    bench.globus.pause()
    bench.write("a.bin")
    bench.write("b.bin")
    bench.submit("/a.bin")
    assert bench.submit("/a.bin", "/b.bin")


def test_the_hundred_and_first_pending_task_is_refused(bench: Bench) -> None:
    bench.globus.pause()
    for number in range(100):
        bench.submit(f"/{number}")
    error = refusal(bench, bench.order("/one-too-many"))
    assert (error.http_status, error.code) == (409, "ClientError.Conflict.TooManyPendingJobs")
    assert len(bench.globus.tasks()) == 100


def test_an_unknown_collection_is_refused(bench: Bench) -> None:
    data = globus_sdk.TransferData(RIG, str(uuid.uuid4()))
    data.add_item("/a", "/a")
    error = refusal(bench, data)
    assert (error.http_status, error.code) == (404, "EndpointNotFound")


@pytest.mark.parametrize(
    "options",
    [
        {"label": "x" * 129},
        {"label": " blank in front"},
        {"label": "two\nlines"},
        {"deadline": "the day after tomorrow"},
        {"delete_destination_extra": True},
        {"submission_id": "not-a-uuid"},
        {"sync_level": 7},
    ],
    ids=str,
)
def test_an_order_that_makes_no_sense_is_refused(bench: Bench, options: dict[str, Any]) -> None:
    bench.write("a.bin")
    order = bench.order("/a.bin")
    order.update(options)
    assert refusal(bench, order).http_status == 400
    assert bench.globus.tasks() == []


@pytest.mark.parametrize(
    "line",
    [
        {"DATA_TYPE": "transfer_item", "source_path": "/a"},
        {"DATA_TYPE": "something", "source_path": "/a", "destination_path": "/a"},
        {
            "DATA_TYPE": "transfer_item",
            "source_path": "/a",
            "destination_path": "/a",
            "checksum_algorithm": "CRC5",
        },
        "just text",
    ],
    ids=str,
)
def test_an_item_that_makes_no_sense_is_refused(bench: Bench, line: Any) -> None:
    order = bench.order()
    order["DATA"] = [line]
    assert refusal(bench, order).http_status == 400


def test_a_label_of_128_characters_is_kept(bench: Bench) -> None:
    bench.write("a.bin")
    assert bench.ended(bench.submit("/a.bin", label="x" * 128))["label"] == "x" * 128


def test_a_running_task_gets_another_label_and_deadline(bench: Bench) -> None:
    bench.globus.pause()
    bench.write("a.bin")
    task_id = bench.submit("/a.bin", label="before")
    bench.client.update_task(task_id, {"label": "after", "deadline": "2100-01-01 00:00:00"})
    task = bench.task(task_id)
    assert (task["label"], task["deadline"]) == ("after", "2100-01-01T00:00:00+00:00")


def test_an_ended_task_cannot_be_changed(bench: Bench) -> None:
    bench.write("a.bin")
    task_id = bench.submit("/a.bin")
    bench.globus.wait()
    with pytest.raises(globus_sdk.TransferAPIError, match="has ended"):
        bench.client.update_task(task_id, {"label": "after"})


def test_a_task_of_somebody_else_does_not_exist(bench: Bench) -> None:
    bench.write("a.bin")
    task_id = bench.submit("/a.bin")
    bench.globus.wait()
    bench.globus.world.tasks[task_id].owner = str(uuid.uuid4())
    with pytest.raises(globus_sdk.TransferAPIError) as caught:
        bench.client.get_task(task_id)
    assert (caught.value.http_status, caught.value.code) == (404, "ClientError.NotFound")
    assert bench.client.task_list(limit=1000)["total"] == 0


def test_a_removed_task_is_gone_but_its_submission_id_is_remembered(bench: Bench) -> None:
    bench.write("a.bin")
    order = bench.order("/a.bin", submission_id=uuid.uuid4())
    task_id = bench.client.submit_transfer(order)["task_id"]
    bench.globus.wait()
    bench.client.post(f"/v0.10/task/{task_id}/remove")
    with pytest.raises(globus_sdk.TransferAPIError, match="No task found"):
        bench.client.get_task(task_id)
    assert bench.client.submit_transfer(order)["code"] == "Duplicate"
    assert bench.globus.tasks() == []


def test_the_tasks_can_be_found_by_label_status_and_time(bench: Bench) -> None:
    bench.write("a.bin")
    bench.write("b.bin")
    first = bench.submit("/a.bin", label="archived-one")
    bench.globus.wait()
    second = bench.submit("/b.bin", label="archived-two")
    bench.globus.wait()

    def found(**filters: Any) -> list[str]:
        return [task["task_id"] for task in bench.client.task_list(filter=filters, limit=1000)]

    assert found() == found(status=["SUCCEEDED"]) == found(label="~archived-*") == [second, first]
    assert found(label="=archived-one") == found(label="archived-one") == [first]
    assert found(label="!archived-one") == found(task_id=second) == [second]
    assert found(label="!~archived-*") == found(status="ACTIVE") == found(type="DELETE") == []
    assert found(request_time="2000-01-01,2001-01-01") == []
    assert len(found(request_time="2000-01-01,")) == 2


def test_the_list_of_tasks_comes_in_pages(bench: Bench) -> None:
    bench.globus.pause()
    ids = [bench.submit(f"/{number}") for number in range(12)]
    assert len(list(bench.client.task_list())) == 10
    page = bench.client.task_list(limit=5, offset=10, orderby="request_time ASC").data
    assert (page["total"], page["length"], page["offset"]) == (12, 2, 10)
    assert len(list(bench.client.paginated.task_list().items())) == len(ids)


def test_an_unknown_filter_is_refused(bench: Bench) -> None:
    with pytest.raises(globus_sdk.TransferAPIError, match="Invalid filter"):
        bench.client.task_list(filter="colour:red")


def test_both_collections_are_named_in_the_task(bench: Bench) -> None:
    bench.write("a.bin")
    task = bench.ended(bench.submit("/a.bin"))
    assert (task["source_endpoint_id"], task["destination_endpoint_id"]) == (RIG, ARCHIVE)
    assert task["owner_id"] == bench.globus.client_id
