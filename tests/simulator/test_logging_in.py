"""A person and a service account log in with the real SDK: codes with PKCE, refresh tokens, consents."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import globus_sdk
import pytest
from globus_sdk.login_flows import CommandLineLoginFlowManager
from globus_sdk.scopes import GCSCollectionScopes, TransferScopes
from globus_sdk.token_storage import JSONTokenStorage
from globus_sdk.token_storage.validating_token_storage import (
    MissingTokenError,
    UnmetScopeRequirementsError,
)
from globus_sdk.transport import RetryConfig

from archived.errors import LoginRequiredError
from archived.simulator import SimulatedGlobus
from archived.simulator.identities import PERSON
from tests.simulator.bench import ARCHIVE, RIG, Bench, bench


@pytest.fixture(name="mapped")
def _mapped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    """The archive is a mapped collection, which wants a consent."""
    with bench(tmp_path, monkeypatch, mapped=[ARCHIVE], guests=[RIG]) as made:
        yield made


class _AtTheDoor(CommandLineLoginFlowManager):
    """The SDK's own login on a command line, with the simulated person at the keyboard."""

    globus: SimulatedGlobus
    url = ""

    def print_authorize_url(self, authorize_url: str) -> None:
        self.url = authorize_url

    def prompt_for_code(self) -> str:
        return self.globus.approve(self.url)


def person(made: Bench, storage: Path, **config: Any) -> globus_sdk.UserApp:
    """An app by which the simulated person logs in; it keeps its tokens in a file."""
    manager = type("Manager", (_AtTheDoor,), {"globus": made.globus})
    return globus_sdk.UserApp(
        "tests",
        client_id=made.globus.native_client_id,
        config=globus_sdk.GlobusAppConfig(
            environment="sim",
            login_flow_manager=manager,
            request_refresh_tokens=True,
            token_storage=JSONTokenStorage(storage),
            **config,
        ),
    )


def client_of(app: globus_sdk.UserApp) -> globus_sdk.TransferClient:
    return globus_sdk.TransferClient(
        app=app,
        environment="sim",
        retry_config=RetryConfig(max_retries=2, max_sleep=0.05),
    )


def test_a_person_logs_in_with_pkce_and_transfers(bench: Bench, tmp_path: Path) -> None:
    with person(bench, tmp_path / "tokens.json") as app:
        client = client_of(app)
        app.login()
        bench.write("a.bin")
        task_id = client.submit_transfer(bench.order("/a.bin"))["task_id"]
        bench.globus.wait()
        assert client.get_task(task_id)["owner_id"] == PERSON.id
        assert (bench.archive / "a.bin").exists()


def test_tokens_in_a_file_outlive_the_program(bench: Bench, tmp_path: Path) -> None:
    with person(bench, tmp_path / "tokens.json") as app:
        client_of(app)
        app.login()
    asked = len(bench.globus.requests())
    with person(bench, tmp_path / "tokens.json", token_validation_error_handler=None) as again:
        assert client_of(again).get_submission_id()["value"]
    paths = [request.path for request in bench.globus.requests()[asked:]]
    assert paths == ["/v0.10/submission_id"]


def test_refresh_tokens_are_good_for_more_than_one_refresh(bench: Bench, tmp_path: Path) -> None:
    with person(bench, tmp_path / "tokens.json") as app:
        client = client_of(app)
        app.login()
        for _ in range(3):
            bench.globus.advance(200_000)
            assert client.get_submission_id()["value"]


def test_a_refresh_token_dies_after_half_a_year_without_use(bench: Bench, tmp_path: Path) -> None:
    with person(bench, tmp_path / "tokens.json") as app:
        client = client_of(app)
        app.login()
        bench.globus.advance(190 * 86_400)
        with pytest.raises(globus_sdk.AuthAPIError) as caught:
            client.get_submission_id()
        assert caught.value.raw_json is not None
        assert caught.value.raw_json["error"] == "invalid_grant"


@pytest.mark.parametrize("way", ["ended", "ordered"])
def test_a_login_that_was_ended_cannot_be_refreshed(bench: Bench, tmp_path: Path, way: str) -> None:
    with person(bench, tmp_path / "tokens.json") as app:
        client = client_of(app)
        app.login()
        if way == "ended":
            bench.globus.end_logins()
        else:
            bench.globus.end_logins(also_refresh_tokens=False)
            bench.globus.order("invalid_grant")
        with pytest.raises(globus_sdk.AuthAPIError) as caught:
            client.get_submission_id()
        assert (caught.value.http_status, caught.value.code) == (400, None)


def test_without_a_login_nothing_is_asked_of_a_person(bench: Bench, tmp_path: Path) -> None:
    storage = tmp_path / "tokens.json"
    with (
        person(bench, storage, token_validation_error_handler=None) as app,
        pytest.raises(MissingTokenError),
    ):
        client_of(app).get_submission_id()
    assert bench.globus.requests() == []


def test_logging_out_ends_the_tokens(bench: Bench, tmp_path: Path) -> None:
    with person(bench, tmp_path / "tokens.json", token_validation_error_handler=None) as app:
        client = client_of(app)
        app.login()
        held = app.token_storage.get_token_data("transfer.api.globus.org")
        app.logout()
        assert held is not None
        assert bench.globus.grants.access(held.access_token) is None
        assert bench.globus.grants.refresh(str(held.refresh_token), app.client_id) is None
        with pytest.raises(MissingTokenError):
            client.get_submission_id()


def test_a_person_learns_who_they_are(bench: Bench, tmp_path: Path) -> None:
    with person(bench, tmp_path / "tokens.json") as app:
        auth = globus_sdk.AuthClient(app=app, environment="sim")
        app.login()
        told = auth.userinfo()
        assert (told["sub"], told["preferred_username"]) == (PERSON.id, PERSON.username)
        found = auth.get_identities(usernames=PERSON.username)
        assert [one["id"] for one in found] == [PERSON.id]


def test_a_code_works_once_and_only_with_its_verifier(bench: Bench) -> None:
    def start() -> tuple[globus_sdk.NativeAppAuthClient, str]:
        client = globus_sdk.NativeAppAuthClient(bench.globus.native_client_id, environment="sim")
        client.oauth2_start_flow("openid", refresh_tokens=True)
        return client, bench.globus.approve(client.oauth2_get_authorize_url())

    (one, first), (other, second) = start(), start()
    with one, other:
        assert one.oauth2_exchange_code_for_tokens(first).by_resource_server["auth.globus.org"]
        for client, code in ((one, first), (one, second), (other, second)):
            with pytest.raises(globus_sdk.AuthAPIError):
                client.oauth2_exchange_code_for_tokens(code)


def test_the_id_token_is_signed_and_says_who_logged_in(bench: Bench) -> None:
    with globus_sdk.NativeAppAuthClient(bench.globus.native_client_id, environment="sim") as client:
        client.oauth2_start_flow("openid profile")
        code = bench.globus.approve(client.oauth2_get_authorize_url())
        claims = client.oauth2_exchange_code_for_tokens(code).decode_id_token()
    assert (claims["sub"], claims["aud"]) == (PERSON.id, bench.globus.native_client_id)


def test_the_login_page_refuses_what_is_no_login(bench: Bench) -> None:
    with pytest.raises(LoginRequiredError, match="not a request to log in"):
        bench.globus.approve(f"{bench.globus.url}v2/oauth2/authorize?scope=openid")


def test_a_mapped_collection_wants_a_consent_of_a_service_account(mapped: Bench) -> None:
    with pytest.raises(globus_sdk.TransferAPIError) as caught:
        mapped.client.operation_ls(ARCHIVE)
    assert caught.value.code == "ConsentRequired"
    mapped.log_in_again()
    mapped.client.add_app_data_access_scope(ARCHIVE)
    assert mapped.client.operation_ls(ARCHIVE)["DATA"] == []
    mapped.globus.withdraw_consents()
    with pytest.raises(globus_sdk.TransferAPIError, match="data_access consent"):
        mapped.client.operation_ls(ARCHIVE)


def test_consents_belong_to_the_identity_not_to_the_token(mapped: Bench) -> None:
    with pytest.raises(globus_sdk.TransferAPIError) as caught:
        mapped.client.operation_ls(ARCHIVE)
    (scope,) = caught.value.info.consent_required.required_scopes or [""]
    mapped.token(scope)  # thrown away, as the command line client does it
    assert mapped.client.operation_ls(ARCHIVE)["DATA"] == []


def test_a_person_consents_by_logging_in_again(mapped: Bench, tmp_path: Path) -> None:
    with person(mapped, tmp_path / "tokens.json", token_validation_error_handler=None) as app:
        client = client_of(app)
        app.login()
        with pytest.raises(globus_sdk.TransferAPIError, match="data_access"):
            client.operation_ls(ARCHIVE)
        client.add_app_data_access_scope(ARCHIVE)
        with pytest.raises(UnmetScopeRequirementsError):
            client.operation_ls(ARCHIVE)
        app.login(force=True)
        assert client.operation_ls(ARCHIVE)["DATA"] == []


@pytest.mark.parametrize("collection", [RIG, "99999999-9999-4999-8999-999999999999"])
def test_data_access_does_not_exist_for_other_collections(mapped: Bench, collection: str) -> None:
    scope = TransferScopes.all.with_dependency(GCSCollectionScopes(collection).data_access)
    with pytest.raises(globus_sdk.AuthAPIError) as caught:
        mapped.token(str(scope))
    assert "Unknown Scope" in caught.value.text


def test_a_high_assurance_collection_knows_no_data_access(mapped: Bench) -> None:
    mapped.globus.switch(ARCHIVE, high_assurance=True)
    assert mapped.client.operation_ls(ARCHIVE)["DATA"] == []
    mapped.log_in_again()
    mapped.client.add_app_data_access_scope(ARCHIVE)
    with pytest.raises(globus_sdk.AuthAPIError, match="Unknown Scope"):
        mapped.client.operation_ls(ARCHIVE)


def test_what_kind_a_collection_is_shows_in_its_document(mapped: Bench) -> None:
    kinds = {one: mapped.client.get_endpoint(one)["entity_type"] for one in (RIG, ARCHIVE)}
    assert kinds == {RIG: "GCSv5_guest_collection", ARCHIVE: "GCSv5_mapped_collection"}


def test_a_token_tells_whose_it_is(bench: Bench) -> None:
    account = globus_sdk.ConfidentialAppAuthClient(
        bench.globus.client_id, bench.globus.client_secret, environment="sim"
    )
    with account:
        told = account.oauth2_token_introspect(bench.token())
        assert (told["active"], told["sub"]) == (True, bench.globus.client_id)
        assert account.oauth2_token_introspect("nonsense")["active"] is False


def test_several_threads_may_log_in_at_once(bench: Bench) -> None:
    tokens: list[str] = []
    threads = [threading.Thread(target=lambda: tokens.append(bench.token())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(tokens)) == 4
