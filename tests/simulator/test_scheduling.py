"""Three tasks of a user run at once, the others wait; deadlines come, by a clock that can be moved."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import globus_sdk
import pytest

from archived.simulator.task import Task
from tests.simulator.bench import RIG, Bench

DAY = 86_400


def hours_left(task: dict[str, Any], bench: Bench) -> float:
    left = datetime.fromisoformat(task["deadline"]) - bench.globus.world.clock.now()
    return left / timedelta(hours=1)


def test_the_fourth_task_is_queued_until_one_has_ended(bench: Bench) -> None:
    bench.globus.pause()
    ids = [bench.submit(bench.write(f"{number}.bin")) for number in range(5)]
    for task_id in ids[:3]:
        bench.until(task_id, nice_status="OK")
    for task_id in ids[3:]:
        task = bench.task(task_id)
        assert (task["status"], task["nice_status"], task["is_ok"]) == ("ACTIVE", "Queued", True)
    bench.client.cancel_task(ids[0])
    bench.until(ids[3], nice_status="OK")
    assert bench.task(ids[4])["nice_status"] == "Queued"
    bench.globus.resume()
    ended = {task["task_id"]: task["status"] for task in bench.globus.wait()}
    assert ended == {ids[0]: "FAILED", **dict.fromkeys(ids[1:], "SUCCEEDED")}


def test_a_task_with_an_error_keeps_its_place(bench: Bench) -> None:
    stuck = [bench.submit(f"/absent-{number}") for number in range(3)]
    for task_id in stuck:
        bench.until(task_id, nice_status="FILE_NOT_FOUND")
    waiting = bench.submit(bench.write("a.bin"))
    assert bench.task(waiting)["nice_status"] == "Queued"
    bench.client.cancel_task(stuck[0])
    bench.until(waiting, status="SUCCEEDED")


def test_a_queued_task_can_be_cancelled(bench: Bench) -> None:
    bench.globus.pause()
    ids = [bench.submit(bench.write(f"{number}.bin")) for number in range(4)]
    bench.client.cancel_task(ids[3])
    assert bench.task(ids[3])["status"] == "FAILED"
    bench.globus.resume()
    bench.globus.wait()
    assert not (bench.archive / "3.bin").exists()


def test_a_cancelled_task_has_failed_and_touches_nothing_any_more(bench: Bench) -> None:
    bench.globus.set_rate(10_000)
    task_id = bench.submit(bench.write("a.bin", b"x" * 1_000_000), bench.write("b.bin"))
    bench.until(task_id, nice_status="OK")
    answer = bench.client.cancel_task(task_id)
    task = bench.task(task_id)
    assert answer["code"] == "Canceled"
    assert task["status"] == "FAILED"
    assert task["fatal_error"] == {"code": "CANCELED", "description": "canceled"}
    assert (task["is_ok"], task["nice_status"]) == (None, None)
    assert (task["subtasks_pending"], task["canceled_by_admin"]) == (0, None)
    assert task["subtasks_canceled"] == 4
    assert not bench.globus.world.tasks[task_id].working
    assert not (bench.archive / "b.bin").exists()


def test_a_task_that_has_ended_cannot_be_cancelled(bench: Bench) -> None:
    task_id = bench.submit(bench.write("a.bin"))
    bench.globus.wait()
    assert bench.client.cancel_task(task_id)["code"] == "TaskComplete"
    assert bench.task(task_id)["status"] == "SUCCEEDED"


def test_a_missing_source_is_tried_until_the_deadline(bench: Bench) -> None:
    task_id = bench.submit("/absent")
    task = bench.until(task_id, nice_status="FILE_NOT_FOUND")
    assert (task["status"], task["is_ok"]) == ("ACTIVE", False)
    assert task["nice_status_short_description"] == "file not found"
    assert hours_left(task, bench) == pytest.approx(24, abs=0.1)
    bench.globus.advance(DAY + 60)
    ended = bench.ended(task_id)
    assert ended["status"] == "FAILED"
    assert ended["fatal_error"] == {"code": "EXPIRED", "description": "expired"}
    assert ended["subtasks_expired"] == 2
    assert ended["faults"] >= 1
    assert bench.codes(task_id)[0] == "EXPIRED"


def test_a_source_that_appears_is_copied_after_all(bench: Bench) -> None:
    task_id = bench.submit("/late.bin")
    bench.until(task_id, nice_status="FILE_NOT_FOUND")
    bench.write("late.bin")
    ended = bench.ended(task_id)
    assert (ended["status"], ended["is_ok"]) == ("SUCCEEDED", None)
    assert ended["faults"] >= 1


def test_a_success_gives_three_days_more(bench: Bench) -> None:
    task_id = bench.submit(bench.write("a.bin"), "/absent")
    task = bench.until(task_id, files_transferred=1, is_ok=False)
    assert hours_left(task, bench) == pytest.approx(72, abs=0.1)


def test_a_deadline_of_ones_own_is_not_moved(bench: Bench) -> None:
    deadline = bench.globus.world.clock.now() + timedelta(hours=1)
    task_id = bench.submit(bench.write("a.bin"), "/absent", deadline=deadline)
    task = bench.until(task_id, files_transferred=1, is_ok=False)
    assert task["deadline"] == deadline.replace(microsecond=0).isoformat()
    bench.globus.advance(3700)
    assert bench.ended(task_id)["fatal_error"]["code"] == "EXPIRED"


def test_a_queued_task_expires_only_by_a_deadline_of_its_own(bench: Bench) -> None:
    for number in range(3):
        bench.submit(f"/absent-{number}", deadline="2100-01-01")
    soon = bench.globus.world.clock.now() + timedelta(hours=1)
    expiring = bench.submit(bench.write("a.bin"), deadline=soon)
    patient = bench.submit(bench.write("b.bin"))
    bench.globus.advance(30 * DAY)
    bench.until(expiring, status="FAILED")
    task = bench.until(patient, nice_status="Queued")
    assert hours_left(task, bench) == pytest.approx(24, abs=0.1)


def test_the_clock_can_stand_still(bench: Bench) -> None:
    bench.globus.freeze()
    task_id = bench.submit(bench.write("a.bin"))
    task = bench.ended(task_id)
    assert task["request_time"] == task["completion_time"]
    bench.globus.advance(60)
    bench.globus.thaw()
    now = bench.globus.world.clock.now()
    assert 59 < (now - datetime.fromisoformat(task["request_time"])).total_seconds() < 70


def test_the_details_of_a_task_are_gone_after_a_month(bench: Bench) -> None:
    task_id = bench.submit(bench.write("a.bin"))
    bench.globus.wait()
    bench.globus.advance(31 * DAY)
    bench.log_in_again()
    assert bench.task(task_id)["history_deleted"] is True
    assert bench.codes(task_id) == []
    assert bench.receipts(task_id) == {}


def test_a_forgotten_task_is_not_found(bench: Bench) -> None:
    task_id = bench.submit("/absent")
    bench.globus.forget(task_id)
    with pytest.raises(globus_sdk.TransferAPIError, match="No task found") as caught:
        bench.client.get_task(task_id)
    assert caught.value.http_status == 404


def test_tasks_of_two_users_do_not_stand_in_each_others_way(bench: Bench) -> None:
    bench.globus.pause()
    mine = [bench.submit(bench.write(f"{number}.bin")) for number in range(3)]
    for task_id in mine:
        bench.until(task_id, nice_status="OK")
    theirs = bench.submit(bench.write("theirs.bin"))
    task: Task = bench.globus.world.tasks[theirs]
    with bench.globus.world.changing():
        task.owner = "somebody else"
    bench.until(theirs, nice_status="OK")
    assert task.source == RIG
