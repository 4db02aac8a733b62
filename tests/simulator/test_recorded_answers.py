"""The simulator's answers have the keys that the SDK's recorded answers of the real service have."""

from __future__ import annotations

from typing import Any

import globus_sdk
import pytest
import requests
from globus_sdk.testing import get_response_set

from tests.simulator.bench import ARCHIVE, RIG, Bench


def recorded(name: str, case: str = "default") -> Any:
    """What the real service once answered."""
    return get_response_set(name).lookup(case).json


def kinds(document: dict[str, Any]) -> dict[str, str]:
    """The keys of a document with the kind of each value."""
    return {key: type(value).__name__ for key, value in document.items()}


@pytest.fixture
def finished(bench: Bench) -> str:
    bench.write("a.bin", b"abcd")
    task_id = bench.submit("/a.bin", verify_checksum=True)
    bench.globus.wait()
    return task_id


def test_a_submission_id_has_its_recorded_keys(bench: Bench) -> None:
    assert (
        recorded("transfer.get_submission_id").keys()
        <= bench.client.get_submission_id().data.keys()
    )


def test_a_submission_has_its_recorded_shape(bench: Bench) -> None:
    bench.write("a.bin")
    answer = bench.client.submit_transfer(bench.order("/a.bin")).data
    wanted = recorded("transfer.submit_transfer")
    assert kinds(answer) == kinds(wanted)
    assert kinds(answer["task_link"]) == kinds(wanted["task_link"])
    assert answer["message"] == wanted["message"]
    assert answer["code"] == "Accepted"


def test_an_order_without_items_is_refused_as_recorded(bench: Bench) -> None:
    with pytest.raises(globus_sdk.TransferAPIError) as caught:
        bench.client.submit_transfer(bench.order())
    wanted = recorded("transfer.submit_transfer", "failure")
    assert kinds(caught.value.raw_json or {}) == kinds(wanted)
    assert (caught.value.http_status, caught.value.code) == (400, wanted["code"])
    assert caught.value.message == wanted["message"]


def test_a_task_has_every_recorded_key(bench: Bench, finished: str) -> None:
    wanted = recorded("transfer.task_list")["DATA"][0]
    answer = bench.task(finished)
    assert wanted.keys() <= answer.keys()
    same = {key: kind for key, kind in kinds(wanted).items() if key != "username"}
    assert {key: kinds(answer)[key] for key in same} == same
    ended = ("status", "command", "is_ok", "nice_status", "subtasks_total", "recursive_symlinks")
    assert {key: answer[key] for key in ended} == {key: wanted[key] for key in ended}


def test_the_list_of_tasks_has_its_recorded_shape(bench: Bench, finished: str) -> None:
    answer = bench.client.task_list(limit=1000).data
    wanted = recorded("transfer.task_list")
    assert kinds(answer) == kinds(wanted)
    assert (answer["total"], answer["limit"]) == (wanted["total"], wanted["limit"])


def test_successful_transfers_have_every_recorded_key(bench: Bench, finished: str) -> None:
    answer = bench.client.task_successful_transfers(finished).data
    wanted = recorded("transfer.endpoint_manager_task_successful_transfers")
    assert answer.keys() == wanted.keys()
    assert wanted["DATA"][0].keys() <= answer["DATA"][0].keys()
    assert answer["DATA_TYPE"] == wanted["DATA_TYPE"]


def test_a_cancellation_has_its_recorded_shape(bench: Bench) -> None:
    bench.globus.pause()
    bench.write("a.bin")
    answer = bench.client.cancel_task(bench.submit("/a.bin")).data
    wanted = recorded("transfer.cancel_task")
    assert kinds(answer) == kinds(wanted)
    assert (answer["code"], answer["message"]) == (wanted["code"], wanted["message"])
    assert answer["resource"].startswith("/task/")


def test_a_change_of_a_task_answers_as_a_recorded_change_does(bench: Bench) -> None:
    bench.globus.pause()
    bench.write("a.bin")
    answer = bench.client.update_task(bench.submit("/a.bin"), {"label": "other"}).data
    wanted = recorded("transfer.update_endpoint")
    assert kinds(answer) == kinds(wanted)
    assert answer["code"] == wanted["code"] == "Updated"


def test_an_endpoint_has_every_recorded_key(bench: Bench) -> None:
    wanted = recorded("transfer.get_endpoint")
    answer = bench.client.get_endpoint(RIG).data
    assert wanted.keys() - {"expire_time"} <= answer.keys()
    assert wanted["DATA"][0].keys() <= answer["DATA"][0].keys()


def test_making_a_folder_answers_as_recorded(bench: Bench) -> None:
    answer = bench.client.operation_mkdir(ARCHIVE, "/new").data
    wanted = recorded("transfer.operation_mkdir")
    assert kinds(answer) == kinds(wanted)
    assert answer["code"] == wanted["code"]
    assert (bench.archive / "new").is_dir()


def test_renaming_answers_as_recorded(bench: Bench) -> None:
    bench.write("old")
    answer = bench.client.operation_rename(RIG, "/old", "/new").data
    wanted = recorded("transfer.operation_rename")
    assert kinds(answer) == kinds(wanted)
    assert answer["code"] == wanted["code"]
    assert [path.name for path in bench.source.iterdir()] == ["new"]


def test_stat_answers_as_recorded(bench: Bench) -> None:
    bench.write("folder/file1.txt", b"abcd")
    answer = bench.client.operation_stat(RIG, "/folder/file1.txt").data
    wanted = recorded("transfer.operation_stat")
    assert kinds(answer) == kinds(wanted)
    assert {key: answer[key] for key in ("name", "size", "type")} == {
        key: wanted[key] for key in ("name", "size", "type")
    }
    assert answer["last_modified"][10] == wanted["last_modified"][10] == " "


@pytest.mark.parametrize("case", ["not_found", "permission_denied"])
def test_stat_refuses_as_recorded(bench: Bench, case: str) -> None:
    if case == "permission_denied":
        bench.globus.order("operation_denied", collection=RIG)
    with pytest.raises(globus_sdk.TransferAPIError) as caught:
        bench.client.operation_stat(RIG, "/foo")
    response = get_response_set("transfer.operation_stat").lookup(case)
    assert caught.value.http_status == response.status
    assert caught.value.code == response.json["code"]
    assert kinds(caught.value.raw_json or {}) == kinds(response.json)
    assert "GlobusError: v=1 c=P" in (caught.value.message or "")


@pytest.mark.parametrize(
    ("case", "scope"),
    [("default", "urn:globus:auth:scope:transfer.api.globus.org:all"), ("openid", "openid")],
)
def test_a_service_accounts_tokens_have_their_recorded_shape(
    bench: Bench, case: str, scope: str
) -> None:
    wanted = recorded("auth.oauth2_client_credentials_tokens", case)
    answer = requests.post(
        f"{bench.globus.url}v2/oauth2/token",
        data={"grant_type": "client_credentials", "scope": scope},
        auth=(bench.globus.client_id, bench.globus.client_secret),
        timeout=10,
    ).json()
    assert kinds(answer) == kinds(wanted)
    same = ("scope", "expires_in", "token_type", "resource_server", "other_tokens")
    assert {key: answer[key] for key in same} == {key: wanted[key] for key in same}


def test_a_code_that_is_wrong_is_refused_as_recorded(bench: Bench) -> None:
    client = globus_sdk.NativeAppAuthClient(bench.globus.native_client_id, environment="sim")
    client.oauth2_start_flow("openid")
    with client, pytest.raises(globus_sdk.AuthAPIError) as caught:
        client.oauth2_exchange_code_for_tokens("nonsense")
    response = get_response_set("auth.oauth2_exchange_code_for_tokens").lookup("invalid_grant")
    assert caught.value.http_status == response.status
    assert caught.value.raw_json == response.json


@pytest.mark.parametrize("case", ["unauthorized", "forbidden"])
def test_userinfo_refuses_as_recorded(bench: Bench, case: str) -> None:
    token = bench.token() if case == "forbidden" else "nonsense"
    answer = requests.get(
        f"{bench.globus.url}v2/oauth2/userinfo",
        headers={"Authorization": f"Bearer {token}"},
        timeout=10,
    )
    response = get_response_set("auth.userinfo").lookup(case)
    assert answer.status_code == response.status
    assert kinds(answer.json()) == kinds(response.json)
    assert kinds(answer.json()["errors"][0]) == kinds(response.json["errors"][0])
    assert answer.json()["errors"][0]["code"] == response.json["errors"][0]["code"]


def test_giving_back_a_token_answers_as_recorded(bench: Bench) -> None:
    account = globus_sdk.ConfidentialAppAuthClient(
        bench.globus.client_id, bench.globus.client_secret, environment="sim"
    )
    with account:
        answer = account.oauth2_revoke_token("whatever").data
    assert answer == recorded("auth.oauth2_revoke_token")
