"""Faults that strike requests, seen with the eyes of the real SDK."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from typing import Any

import globus_sdk
import pytest
import requests

from tests.simulator.bench import ARCHIVE, RIG, Bench, service_client

Ask = Callable[[globus_sdk.TransferClient], Any]
GET_ID = "GET /v0.10/submission_id"
SUBMIT = "POST /v0.10/transfer"


@pytest.fixture
def patient(bench: Bench) -> Iterator[globus_sdk.TransferClient]:
    """A client that tries again, as the SDK does by default."""
    with service_client(bench.globus, retries=3) as client:
        yield client


def refused(ask: Callable[[], Any]) -> globus_sdk.TransferAPIError:
    with pytest.raises(globus_sdk.TransferAPIError) as caught:
        ask()
    return caught.value


def answers(bench: Bench, path: str) -> list[int]:
    return [request.status for request in bench.globus.requests() if request.path == path]


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ("429", "ClientError.TooManyRequests"),
        ("500", "InternalError"),
        ("502", "ExternalError"),
        ("503", "ServiceUnavailable"),
    ],
)
def test_an_answer_that_says_no(bench: Bench, fault: str, code: str) -> None:
    bench.globus.order(fault, route=GET_ID, times=1, message="in these words")
    error = refused(bench.client.get_submission_id)
    assert (error.http_status, error.code, error.message) == (int(fault), code, "in these words")
    assert bench.client.get_submission_id()["value"]


def test_too_many_requests_says_when_to_come_back(bench: Bench) -> None:
    bench.globus.order("429", route=GET_ID, retry_after=30)
    assert refused(bench.client.get_submission_id).headers["Retry-After"] == "30"


def test_the_sdk_tries_again_after_503(bench: Bench, patient: globus_sdk.TransferClient) -> None:
    bench.globus.order("503", route=GET_ID, times=2)
    assert patient.get_submission_id()["value"]
    assert answers(bench, "/v0.10/submission_id") == [503, 503, 200]


def test_an_answer_may_be_a_web_page(bench: Bench) -> None:
    bench.globus.order("502", route=GET_ID, body="html")
    error = refused(bench.client.get_submission_id)
    assert (error.http_status, error.raw_json) == (502, None)
    assert "<h1>" in error.text


def test_an_answer_may_be_a_list_that_makes_the_sdk_stumble(
    bench: Bench, patient: globus_sdk.TransferClient
) -> None:
    bench.globus.order("502", route=GET_ID, body="list")
    with pytest.raises(TypeError):
        patient.get_submission_id()


@pytest.mark.parametrize("fault", ["refuse", "reset"])
def test_a_connection_that_breaks_is_a_network_error(bench: Bench, fault: str) -> None:
    bench.globus.order(fault, route=GET_ID, times=1)
    with pytest.raises(globus_sdk.GlobusConnectionError):
        bench.client.get_submission_id()
    assert bench.client.get_submission_id()["value"]
    assert answers(bench, "/v0.10/submission_id") == [0, 200]


def test_what_was_refused_was_not_done(bench: Bench) -> None:
    bench.globus.order("refuse", route=SUBMIT)
    with pytest.raises(globus_sdk.GlobusConnectionError):
        bench.submit(bench.write("a.bin"))
    assert bench.globus.tasks() == []


def test_what_was_accepted_before_the_reset_is_a_duplicate_the_second_time(
    bench: Bench, patient: globus_sdk.TransferClient
) -> None:
    bench.globus.order("reset", route=SUBMIT, times=1)
    bench.write("a.bin")
    answer = patient.submit_transfer(bench.order("/a.bin", submission_id=uuid.uuid4()))
    assert answer["code"] == "Duplicate"
    assert [task["task_id"] for task in bench.globus.tasks()] == [answer["task_id"]]


def test_a_slow_answer_runs_into_the_timeout(bench: Bench) -> None:
    bench.globus.order("slow", route=GET_ID, seconds=2)
    with (
        service_client(bench.globus, seconds=0.2) as hasty,
        pytest.raises(globus_sdk.GlobusTimeoutError),
    ):
        hasty.get_submission_id()


def test_every_answer_takes_its_latency(bench: Bench) -> None:
    bench.globus.settings.latency = 0.3
    with (
        service_client(bench.globus, seconds=0.1) as hasty,
        pytest.raises(globus_sdk.GlobusTimeoutError),
    ):
        hasty.get_submission_id()


def test_nobody_answers_while_it_is_away(bench: Bench) -> None:
    bench.client.get_submission_id()
    url = bench.globus.url
    bench.globus.go_away()
    with pytest.raises(requests.ConnectionError, match="refused"):
        requests.get(url, timeout=5)
    bench.globus.come_back()
    assert bench.globus.url == url
    assert bench.client.get_submission_id()["value"]


def test_tasks_go_on_while_it_is_away(bench: Bench) -> None:
    bench.globus.pause()
    task_id = bench.submit(bench.write("a.bin"))
    bench.globus.go_away()
    bench.globus.resume()
    (task,) = bench.globus.wait()
    bench.globus.come_back()
    assert bench.task(task_id)["status"] == task["status"] == "SUCCEEDED"


def test_a_token_that_ran_out_is_fetched_anew(
    bench: Bench, patient: globus_sdk.TransferClient
) -> None:
    patient.get_submission_id()
    bench.globus.order("expired_token", times=1)
    assert patient.get_submission_id()["value"]
    assert answers(bench, "/v0.10/submission_id") == [200, 401, 200]
    assert answers(bench, "/v2/oauth2/token") == [200, 200]


def test_a_token_ends_by_the_clock(bench: Bench) -> None:
    bench.client.get_submission_id()
    bench.globus.advance(172_801)
    error = refused(bench.client.get_submission_id)
    assert (error.http_status, error.code) == (401, "AuthenticationFailed")


def test_without_a_token_nothing_is_told(bench: Bench) -> None:
    answer = requests.get(f"{bench.globus.url}v0.10/task_list", timeout=5)
    assert (answer.status_code, answer.json()["code"]) == (401, "AuthenticationFailed")


def test_a_token_for_another_service_is_no_good(bench: Bench) -> None:
    header = {"Authorization": f"Bearer {bench.token('openid')}"}
    answer = requests.get(f"{bench.globus.url}v0.10/task_list", headers=header, timeout=5)
    assert answer.status_code == 401


def test_a_wrong_secret_is_an_invalid_client(bench: Bench) -> None:
    account = globus_sdk.ConfidentialAppAuthClient(
        bench.globus.client_id, "wrong", environment="sim"
    )
    with account, pytest.raises(globus_sdk.AuthAPIError) as caught:
        account.oauth2_client_credentials_tokens("openid")
    assert caught.value.http_status == 401
    assert caught.value.raw_json == {"error": "invalid_client"}


def test_a_service_account_can_be_switched_off(bench: Bench) -> None:
    bench.globus.order("invalid_client")
    with pytest.raises(globus_sdk.AuthAPIError) as caught:
        bench.client.get_submission_id()
    assert caught.value.raw_json == {"error": "invalid_client"}


@pytest.mark.parametrize(
    "ask",
    [
        lambda client: client.operation_ls(ARCHIVE),
        lambda client: client.operation_stat(ARCHIVE, "/"),
        lambda client: client.submit_transfer(globus_sdk.TransferData(RIG, ARCHIVE)),
    ],
    ids=["ls", "stat", "transfer"],
)
def test_a_missing_consent_names_the_scope(bench: Bench, ask: Ask) -> None:
    bench.globus.order("consent_missing", collection=ARCHIVE)
    error = refused(lambda: ask(bench.client))
    assert (error.http_status, error.code) == (403, "ConsentRequired")
    (scope,) = error.info.consent_required.required_scopes or [""]
    assert scope.endswith(f"[*https://auth.globus.org/scopes/{ARCHIVE}/data_access]")


def test_an_expired_session_looks_like_a_failed_login_of_the_domain(bench: Bench) -> None:
    bench.globus.order("session_expired", collection=ARCHIVE)
    error = refused(lambda: bench.client.operation_ls(ARCHIVE))
    assert error.http_status == 502
    assert error.code == "ExternalError.DirListingFailed.LoginFailed"
    assert "not_from_allowed_domain#1.0.0" in str(error.message)
    parameters = error.info.authorization_parameters
    assert parameters.session_required_single_domain == ["example.org"]


def test_a_computer_that_is_away_cannot_be_listed(bench: Bench) -> None:
    bench.globus.order("offline", collection=RIG, times=1)
    error = refused(lambda: bench.client.operation_ls(RIG))
    assert error.http_status == 502
    assert error.code == "ExternalError.DirListingFailed.GCDisconnected"
    assert bench.client.operation_ls(RIG)["DATA"] == []


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ("identical_paths", "Conflict"),
        ("too_many_tasks", "ClientError.Conflict.TooManyPendingJobs"),
    ],
)
def test_conflicts_can_be_ordered(bench: Bench, fault: str, code: str) -> None:
    bench.globus.order(fault, times=1)
    error = refused(lambda: bench.submit(bench.write("a.bin")))
    assert (error.http_status, error.code) == (409, code)
    assert bench.submit("/a.bin")


def test_a_first_submission_can_be_called_a_duplicate(bench: Bench) -> None:
    bench.globus.order("duplicate")
    bench.write("a.bin")
    assert bench.client.submit_transfer(bench.order("/a.bin"))["code"] == "Duplicate"


def test_receipts_can_be_late(bench: Bench) -> None:
    bench.globus.order("receipts_late", times=1)
    task_id = bench.submit(bench.write("a.bin"))
    bench.globus.wait()
    assert refused(lambda: bench.receipts(task_id)).http_status == 409
    assert set(bench.receipts(task_id)) == {"/a.bin"}


def test_a_fault_for_one_collection_leaves_the_other_alone(bench: Bench) -> None:
    bench.globus.order("503", collection=ARCHIVE)
    assert refused(lambda: bench.client.operation_ls(ARCHIVE)).http_status == 503
    assert bench.client.operation_ls(RIG).http_status == 200
    assert bench.client.get_submission_id().http_status == 200


def test_what_is_not_simulated_is_not_found(bench: Bench) -> None:
    error = refused(lambda: bench.client.get("/v0.10/bookmark_list"))
    assert (error.http_status, error.code) == (404, "ClientError.NotFound")
