"""The levers over HTTP, for programs that run beside the simulator."""

from __future__ import annotations

from typing import Any

import globus_sdk
import pytest
import requests

from tests.simulator.bench import ARCHIVE, Bench


def control(bench: Bench, method: str, path: str = "", **body: Any) -> Any:
    answer = requests.request(
        method, f"{bench.globus.url}_control{path}", json=body or None, timeout=10
    )
    answer.raise_for_status()
    return answer.json()


def test_faults_are_ordered_shown_and_cleared(bench: Bench) -> None:
    ordered = control(bench, "POST", "/faults", name="503", times=2, route="GET /v0.10/*")
    assert control(bench, "GET", "/faults") == [ordered]
    with pytest.raises(globus_sdk.TransferAPIError):
        bench.client.get_submission_id()
    assert control(bench, "GET", "/faults")[0]["struck"] == 1
    assert control(bench, "DELETE", f"/faults/{ordered['id']}") == {"cleared": 1}
    assert bench.client.get_submission_id()["value"]
    control(bench, "POST", "/faults", name="slow")
    control(bench, "POST", "/faults", name="429")
    assert control(bench, "DELETE", "/faults?name=slow") == {"cleared": 1}
    assert control(bench, "DELETE", "/faults") == {"cleared": 1}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"name": "gremlins"}, 404),
        ({"name": "503", "colour": "red"}, 400),
        ({"name": "503", "times": "many"}, 400),
        ({"name": "503", "path": 5}, 400),
    ],
)
def test_an_order_that_makes_no_sense_is_refused(bench: Bench, body: Any, status: int) -> None:
    answer = requests.post(f"{bench.globus.url}_control/faults", json=body, timeout=10)
    assert answer.status_code == status
    assert answer.json()["message"]


def test_faults_never_strike_the_control_interface(bench: Bench) -> None:
    bench.globus.order("refuse")
    bench.globus.order("slow", seconds=60)
    assert control(bench, "GET")["faults"][0]["name"] == "refuse"


def test_everything_is_told_at_a_glance(bench: Bench) -> None:
    bench.submit(bench.write("a.bin"), label="told")
    bench.globus.wait()
    state = control(bench, "GET")
    assert [task["label"] for task in state["tasks"]] == ["told"]
    assert state["submissions"][0]["codes"] == ["Accepted"]
    assert state["requests"]["POST /v0.10/transfer 202"] == 1
    assert {one["id"]: one["connected"] for one in state["collections"]}[ARCHIVE] is True
    assert control(bench, "GET", "/tasks") == state["tasks"]
    assert control(bench, "GET", "/submissions") == state["submissions"]


@pytest.mark.parametrize(
    ("verb", "body", "code"),
    [("expire", {}, "EXPIRED"), ("cancel", {"who": "BOTH"}, "CANCELED")],
)
def test_a_task_is_ended(bench: Bench, verb: str, body: Any, code: str) -> None:
    task_id = bench.submit("/absent")
    control(bench, "POST", f"/tasks/{task_id}/{verb}", **body)
    assert bench.task(task_id)["fatal_error"]["code"] == code


def test_a_task_is_paused_let_go_hurried_and_forgotten(bench: Bench) -> None:
    control(bench, "POST", "/settings", task_rate=1000)
    task_id = bench.submit(bench.write("a.bin", b"x" * 50_000))
    control(bench, "POST", f"/tasks/{task_id}/pause", message="wait")
    assert bench.task(task_id)["is_paused"] is True
    control(bench, "POST", f"/tasks/{task_id}/unpause")
    control(bench, "POST", f"/tasks/{task_id}/finish")
    bench.globus.wait()
    assert control(bench, "POST", f"/tasks/{task_id}/forget") == []


def test_the_clock_is_moved_and_stopped(bench: Bench) -> None:
    before = control(bench, "POST", "/clock", freeze=True)["now"]
    assert control(bench, "GET")["now"] == before
    assert control(bench, "POST", "/clock", advance=86_400)["now"] > before
    control(bench, "POST", "/clock", freeze=False)


def test_a_collection_is_taken_off_the_network(bench: Bench) -> None:
    control(bench, "POST", f"/collections/{ARCHIVE}", connected=False)
    with pytest.raises(globus_sdk.TransferAPIError, match="not currently connected"):
        bench.client.operation_ls(ARCHIVE)


def test_logins_are_ended(bench: Bench) -> None:
    token = bench.token()
    control(bench, "POST", "/logins/end")
    assert bench.globus.grants.access(token) is None


@pytest.mark.parametrize(
    "path",
    ["/settings", "/collections/nowhere", "/tasks/unknown/expire", "/tasks/unknown/tickle"],
)
def test_what_does_not_exist_is_refused(bench: Bench, path: str) -> None:
    answer = requests.post(f"{bench.globus.url}_control{path}", json={"colour": "red"}, timeout=10)
    assert answer.status_code in (400, 404)
    assert answer.json()["message"]


@pytest.mark.parametrize("body", [{"task_rate": "fast"}, {"latency": None}, {"active_tasks": []}])
def test_a_setting_of_the_wrong_kind_is_refused(bench: Bench, body: Any) -> None:
    answer = requests.post(f"{bench.globus.url}_control/settings", json=body, timeout=10)
    assert answer.status_code == 400
    assert next(iter(body)) in answer.json()["message"]
